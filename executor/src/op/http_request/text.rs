//! Values as the texts that requests are made of, and texts cut for messages.

use crate::error::{ErrorKind, RunError};
use crate::value::Value;

/// What a template writes for null in places that only hold text.
pub(super) const NULL: &str = "__NULL__";

/// Null, or the text that stands for it.
pub(super) fn is_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => &**text == NULL,
        _ => false,
    }
}

/// A scalar as URLs, forms and headers hold it: `true` and `false`, numbers with their own digits. `None` for what is no scalar.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Bool(b) => Some(b.to_string()),
        Value::Text(text) => Some(text.to_string()),
        Value::Int(_) | Value::Float(_) | Value::Number(_) => crate::json::to_text(value).ok(),
        Value::Null | Value::Bytes(_) | Value::List(_) | Value::Tuple(_) | Value::Map(_) | Value::Row(_) => None,
    }
}

/// A text that must be there: `what` names it in the error.
pub(super) fn required_text(what: &str, value: &Value) -> Result<String, RunError> {
    match plain(value).filter(|text| !text.trim().is_empty() && text != NULL) {
        Some(text) => Ok(text),
        None => {
            let found = if matches!(value, Value::Text(t) if t.trim().is_empty()) { "empty".to_owned() } else { a_kind(value) };
            Err(RunError::new(ErrorKind::Configuration, format!("{what} must be text, but it is {found}")))
        }
    }
}

/// `a list`, `null`.
pub(super) fn a_kind(value: &Value) -> String {
    match value {
        Value::Null | Value::Text(_) | Value::Bytes(_) => value.kind().to_owned(),
        _ => format!("a {}", value.kind()),
    }
}

/// The start of a body as errors carry it: at most 4 KiB.
pub(super) fn body_start(body: &[u8]) -> String {
    String::from_utf8_lossy(body.get(..4096).unwrap_or(body)).into_owned()
}

/// At most `longest` characters on one line.
pub(crate) fn one_line(text: &str, longest: usize) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
        if out.len() > longest * 4 {
            break;
        }
    }
    if out.chars().count() > longest {
        out = out.chars().take(longest).chain(['…']).collect();
    }
    out
}

/// `a, b and 3 more`.
pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 20;
    let all: Vec<&str> = names.into_iter().collect();
    match all.len() {
        0 => "none".to_owned(),
        n if n > SHOWN => format!("{} and {} more", all[..SHOWN].join(", "), n - SHOWN),
        _ => all.join(", "),
    }
}
