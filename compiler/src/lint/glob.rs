//! Patterns of paths: `*` within a name, `**` across folders, `?` for one character. A pattern that ends with `/` means all below.

/// Whether a path, relative to the project, is meant.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    let mut parts: Vec<&str> = pattern.split('/').collect();
    if pattern.ends_with('/') {
        parts.pop();
        parts.push("**");
    }
    let names: Vec<&str> = path.split('/').collect();
    // `reached[i]`: the parts so far can stand for the first `i` names.
    let mut reached = vec![false; names.len() + 1];
    reached[0] = true;
    for part in parts {
        let mut next = vec![false; names.len() + 1];
        if part == "**" {
            let mut open = false;
            for (i, next) in next.iter_mut().enumerate() {
                open |= reached[i];
                *next = open;
            }
        } else {
            for i in 0..names.len() {
                next[i + 1] = reached[i] && name(part, names[i]);
            }
        }
        reached = next;
    }
    reached[names.len()]
}

fn name(pattern: &str, name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for c in pattern.chars() {
        let mut next = vec![false; name.len() + 1];
        let mut open = false;
        for i in 0..=name.len() {
            open |= reached[i];
            match c {
                '*' => next[i] = open,
                '?' => next[i] = i > 0 && reached[i - 1],
                c => next[i] = i > 0 && reached[i - 1] && name[i - 1] == c,
            }
        }
        reached = next;
    }
    reached[name.len()]
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_mean_paths() {
        let yes = [
            ("flows/a.yaml", "flows/a.yaml"),
            ("flows/*.yaml", "flows/a.yaml"),
            ("flows/?.yaml", "flows/ä.yaml"),
            ("flows/**", "flows/old/a.yaml"),
            ("flows/old/", "flows/old/b/a.yaml"),
            ("**/a.yaml", "a.yaml"),
            ("**/a.yaml", "flows/x/y/a.yaml"),
            ("flows/**/a*.yaml", "flows/abc.yaml"),
            ("./flows/**", "flows/a.yaml"),
        ];
        let no = [
            ("flows/*", "flows/old/a.yaml"),
            ("flows", "flows/a.yaml"),
            ("*.yaml", "flows/a.yaml"),
            ("flows/?.yaml", "flows/ab.yaml"),
            ("flows/old/", "flows/older/a.yaml"),
            ("", "flows/a.yaml"),
        ];
        assert!(yes.iter().all(|(pattern, path)| matches(pattern, path)), "{yes:?}");
        assert!(!no.iter().any(|(pattern, path)| matches(pattern, path)), "{no:?}");
        assert!(!matches(&"*a".repeat(200), &"a".repeat(199)), "takes no time");
    }
}
