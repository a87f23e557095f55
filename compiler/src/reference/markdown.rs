//! Small parts of Markdown.

/// `code`; a text with a backtick in it is fenced by two.
pub(super) fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// Texts as code, one after the other.
pub(super) fn codes<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().map(code).collect::<Vec<_>>().join(", ")
}

/// A row of a table. A bar inside a cell would end it.
pub(super) fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | ")).replace("  |", " |")
}

/// The head of a table.
pub(super) fn head(cells: &[&str]) -> String {
    let rule: String = cells.iter().map(|_| "---|").collect();
    format!("{}|{rule}\n", row(cells))
}

/// An example in a file format.
pub(super) fn fenced(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```\n", text.trim_end())
}

/// The anchor of a heading, as GitHub and most renderers make it.
pub(super) fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() })
        .collect()
}

/// A text of the tables, which are printed in messages too: words in 'quotes' become code. The apostrophe of a genitive stays.
pub(super) fn prose(text: &str) -> String {
    let mut prose = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\'') {
        let (before, quoted) = (&rest[..at], &rest[at + 1..]);
        let opens = !before.ends_with(char::is_alphanumeric);
        prose.push_str(before);
        match quoted.split_once('\'').filter(|_| opens) {
            Some((word, after)) => {
                prose.push_str(&code(word));
                rest = after;
            }
            None => {
                prose.push('\'');
                rest = quoted;
            }
        }
    }
    prose.push_str(rest);
    prose
}

#[cfg(test)]
mod tests {
    use super::{anchor, code, prose, row};

    #[test]
    fn anchors_are_those_of_renderers() {
        assert_eq!(anchor("`response.tables`"), "responsetables");
        assert_eq!(anchor("Kinds of values"), "kinds-of-values");
        assert_eq!(anchor("`for_each`"), "for_each");
    }

    #[test]
    fn quoted_words_become_code() {
        assert_eq!(prose("as 'retry' of the source's request"), "as `retry` of the source's request");
        assert_eq!(prose("'a' or 'b c'"), "`a` or `b c`");
    }

    #[test]
    fn cells_keep_their_bars_and_backticks() {
        assert_eq!(row(&["a|b", ""]), "| a\\|b | |\n");
        assert_eq!(code("a`b"), "`` a`b ``");
    }
}
