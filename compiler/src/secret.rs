//! Secrets in the text of files (X001), and which names stand for secrets.
//!
//! A value is reported where its form is that of a known kind of token, wherever it stands; or where its key says that it is a secret and it looks like
//! one. Placeholders, test values, templates and names of columns stay silent. No message holds any part of the value.

mod forms;
mod names;
mod settings;

use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::fields::EXPRESSION;
use crate::yaml::{Kind, Node, Scalar, ScalarValue};

pub use names::is_secret_name;

/// Values of the forms `name: {value: …}` belong to the name around them.
const VALUE_KEYS: &[&str] = &["value", "default"];
/// Keys whose entries name columns, with types as their values.
const COLUMN_KEYS: &[&str] = &["columns", "model"];

/// Reports the secrets in a file's nodes.
pub fn check(node: &Node, faults: &mut Vec<Diagnostic>) {
    walk(node, "", false, faults);
}

/// The same for a source or an environment, where a value under the key of a secret can hardly be anything else: it need not look random.
pub fn of_settings(node: &Node, faults: &mut Vec<Diagnostic>) {
    walk(node, "", true, faults);
}

/// The depth of a node is bounded by the YAML reader.
fn walk(node: &Node, key: &str, in_settings: bool, faults: &mut Vec<Diagnostic>) {
    match &node.kind {
        Kind::Scalar(scalar) => faults.extend(of_scalar(scalar, &node.span, key, in_settings)),
        Kind::Sequence(items) => items.iter().for_each(|n| walk(n, key, in_settings, faults)),
        Kind::Mapping(entries) => {
            for entry in entries.iter().filter(|e| !COLUMN_KEYS.contains(&e.key.as_str())) {
                let name = entry.key.strip_suffix(EXPRESSION).unwrap_or(&entry.key);
                let is_value = VALUE_KEYS.contains(&name);
                walk(&entry.value, if is_value { key } else { &entry.key }, in_settings, faults);
            }
        }
    }
}

fn of_scalar(scalar: &Scalar, span: &Span, key: &str, in_settings: bool) -> Option<Diagnostic> {
    let text = scalar.text.as_str();
    if scalar.value != ScalarValue::Text || text.len() < 6 {
        return None;
    }
    let report = |start: usize, end: usize, what: String| {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Diagnostic::error("X001", scalar.span_of(span, place(start), place(end)), what)
            .help("write `{{ var('…') }}` and let the environment give it; then change the secret, for this one has been seen")
    };
    if let Some(found) = forms::known(text) {
        return Some(report(found.start, found.end, format!("{} is written into the file", found.what)));
    }
    if let Some((start, end)) = forms::password_of_url(text) {
        return Some(report(start, end, "the password of a connection is written into the file".to_owned()));
    }
    // Python is looked at only where it is nothing but a text.
    let (name, start, value) = match key.strip_suffix(EXPRESSION) {
        Some(name) => {
            let inner = text.trim();
            let quote = inner.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            let value = inner.strip_prefix(quote)?.strip_suffix(quote)?;
            (name, text.find(quote)? + 1, value)
        }
        None => (key, 0, text),
    };
    if value.contains("{{") || value.contains("{%") || !is_secret_name(name) {
        return None;
    }
    let (scheme, secret) = names::without_scheme(value);
    let random = if names::is_password(name) { forms::looks_like_password(secret) } else { forms::looks_like_token(secret) };
    let is_secret = random || in_settings && settings::may_be_password(secret);
    let from = start + scheme;
    is_secret.then(|| report(from, from + secret.len(), format!("the value of '{name}' is a secret, and it is written into the file")))
}
