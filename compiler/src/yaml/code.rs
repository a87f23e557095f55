//! Questions that only those can ask who know what a value is for: is it text that YAML reads as something else, or code that YAML folds.

use super::{Kind, Node, ScalarValue, Style};
use crate::diagnostic::{Diagnostic, Fix};

/// What a value is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Python,
    Sql,
}

/// Y006: an unquoted scalar where text is meant, in a form that YAML readers disagree about or that loses characters as a number.
#[must_use]
pub fn ambiguous(node: &Node) -> Option<Diagnostic> {
    let Kind::Scalar(scalar) = &node.kind else { return None };
    if scalar.style != Style::Plain {
        return None;
    }
    let text = scalar.text.as_str();
    let reading = match scalar.value {
        ScalarValue::Text if is_old_boolean(text) => "other YAML readers take it for a boolean",
        ScalarValue::Text if is_date(text) => "other YAML readers take it for a date",
        ScalarValue::Int(_) | ScalarValue::Number(_) if has_leading_zero(text) => "as a number it has no leading zero",
        ScalarValue::Float(_) if has_trailing_zero(text) => "as a number it has no zero at its end",
        _ => return None,
    };
    Some(
        Diagnostic::warning("Y006", node.span.clone(), format!("`{text}` stands where text is meant, without quotes"))
            .label(reading)
            .help(format!("write `\"{text}\"`"))
            .fix(Fix { description: "put it in quotes".to_owned(), edits: vec![(node.span.clone(), format!("\"{text}\""))] }),
    )
}

fn is_old_boolean(text: &str) -> bool {
    ["yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"].contains(&text)
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() })
}

fn has_leading_zero(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit())
}

/// A version such as `1.10`. `3.0` is printed as it is written.
fn has_trailing_zero(text: &str) -> bool {
    text.ends_with('0') && !text.ends_with(".0") && text.contains('.') && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// Y012: code under `>`, where YAML has made one line of several that do not mean the same on one.
#[must_use]
pub fn folded_code(node: &Node, language: Language) -> Option<Diagnostic> {
    let Kind::Scalar(scalar) = &node.kind else { return None };
    if scalar.style != Style::Folded {
        return None;
    }
    let source = node.span.file.text.get(node.span.start as usize..node.span.end as usize)?;
    let lines: Vec<&str> = source.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let folded = scalar.text.lines().filter(|l| !l.trim().is_empty()).count() < lines.len();
    let harmed = match language {
        Language::Python => lines.iter().any(|l| is_python_statement(l)),
        Language::Sql => lines.iter().any(|l| l.contains("--") || l.eq_ignore_ascii_case("go")),
    };
    if !folded || !harmed {
        return None;
    }
    let header = header(node);
    let mut fault = Diagnostic::warning("Y012", node.span.clone(), "code under `>` is joined into one line")
        .help("write `|` instead of `>`: it keeps the lines as they are");
    if let Some(header) = header {
        fault.span = Some(header.clone());
        fault = fault.fix(Fix { description: "write `|`".to_owned(), edits: vec![(header, "|".to_owned())] });
    }
    Some(fault)
}

/// The `>` of a folded scalar: its line ends before the content, with nothing but chomping, a comment and blank lines in between.
fn header(node: &Node) -> Option<crate::diagnostic::Span> {
    let before = node.span.file.text.get(..node.span.start as usize)?.trim_end();
    let line = before.rfind('\n').map_or(0, |i| i + 1);
    let text = &before[line..];
    let content = text.find(" #").map_or(text, |i| &text[..i]);
    let at = u32::try_from(line + content.rfind('>')?).ok()?;
    Some(crate::diagnostic::Span { file: node.span.file.clone(), start: at, end: at + 1 })
}

fn is_python_statement(line: &str) -> bool {
    const WORDS: [&str; 13] =
        ["def", "return", "if", "elif", "else:", "for", "while", "import", "from", "with", "try:", "except", "assert"];
    let first = line.split([' ', '(']).next().unwrap_or("");
    WORDS.contains(&first) || line.starts_with('#') || line.contains(" # ")
}
