//! Two texts line by line: what went and what came.

/// A line of one of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Gone(&'a str),
    Come(&'a str),
}

/// Cells of the table of common lines, at most: larger texts are shown whole, old before new.
const TABLE: usize = 1 << 20;

/// The lines that differ, in order, as few as there can be.
pub(super) fn differing<'a>(old: &'a [String], new: &'a [String]) -> Vec<Line<'a>> {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[start..], &new[start..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    let width = new.len() + 1;
    if old.len().saturating_mul(width) > TABLE {
        return old.iter().map(|line| Line::Gone(line)).chain(new.iter().map(|line| Line::Come(line))).collect();
    }
    // How many lines the rests behind two places have in common.
    let mut common = vec![0u32; (old.len() + 1) * width];
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            let (below, right) = (common[(i + 1) * width + j], common[i * width + j + 1]);
            common[i * width + j] = if a == b { common[(i + 1) * width + j + 1] + 1 } else { below.max(right) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            i += 1;
            j += 1;
        } else if j == new.len() || (i < old.len() && common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            lines.push(Line::Gone(&old[i]));
            i += 1;
        } else {
            lines.push(Line::Come(&new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Line, differing};

    fn shown(old: &str, new: &str) -> String {
        let split = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
        let (old, new) = (split(old), split(new));
        let sign = |line: &Line<'_>| match line {
            Line::Gone(line) => format!("-{line}"),
            Line::Come(line) => format!("+{line}"),
        };
        differing(&old, &new).iter().map(sign).collect()
    }

    #[test]
    fn only_lines_that_differ_are_given_in_order() {
        for (old, new, expected) in [
            ("abc", "abc", ""),
            ("", "ab", "+a+b"),
            ("ab", "", "-a-b"),
            ("abcd", "axcd", "-b+x"),
            ("abcd", "bcde", "-a+e"),
            ("abcabba", "cbabac", "-a-b-a+a+c"),
        ] {
            assert_eq!(shown(old, new), expected, "{old} {new}");
        }
    }

    #[test]
    fn long_texts_are_given_whole() {
        let (old, new) = ("a".repeat(1500), "b".repeat(1500));
        assert_eq!(shown(&old, &new).matches('-').count(), 1500);
    }
}
