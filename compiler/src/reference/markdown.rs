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

/// The text as a sentence: with a capital and a full stop, unless it begins with a word that is code.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let capital = letters.next().map_or_else(String::new, |first| first.to_uppercase().collect());
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{capital}{}{stop}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::{anchor, code, row};

    #[test]
    fn anchors_are_those_of_renderers() {
        assert_eq!(anchor("`response.tables`"), "responsetables");
        assert_eq!(anchor("Kinds of values"), "kinds-of-values");
        assert_eq!(anchor("`for_each`"), "for_each");
    }

    #[test]
    fn cells_keep_their_bars_and_backticks() {
        assert_eq!(row(&["a|b", ""]), "| a\\|b | |\n");
        assert_eq!(code("a`b"), "`` a`b ``");
    }
}
