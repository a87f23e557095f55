//! What a text is, as far as it is literal.

use crate::snippet::expression::{Expression, Kind};

/// Stands for a computed stretch.
const COMPUTED: char = '\u{1}';

/// A text with its computed stretches marked.
pub(in crate::check) struct Shape {
    pub(in crate::check) text: String,
}

impl Shape {
    /// `None` where not even its beginning is known.
    pub(in crate::check) fn of(expression: &Expression) -> Option<Self> {
        let text = match &expression.kind {
            Kind::Text(text) => text.clone(),
            Kind::Concat(parts) => parts
                .iter()
                .map(|part| match &part.kind {
                    Kind::Text(text) => text.as_str(),
                    _ => "\u{1}",
                })
                .collect(),
            Kind::Jinja { code, typed: false } => of_template(&code.text),
            _ => return None,
        };
        let text = text.trim_start();
        (!text.starts_with(COMPUTED)).then(|| Self { text: text.to_owned() })
    }

    /// Nothing in it is computed.
    pub(in crate::check) fn is_whole(&self) -> bool {
        !self.text.contains(COMPUTED)
    }

    /// What stands before the first computed stretch.
    pub(in crate::check) fn start(&self) -> &str {
        self.text.split(COMPUTED).next().unwrap_or_default()
    }
}

/// Whether a text of a shape is literal.
pub(super) fn is_literal(text: &str) -> bool {
    !text.contains(COMPUTED)
}

/// From a statement on, nothing is known.
fn of_template(text: &str) -> String {
    let mut shape = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{']) {
        shape.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("{%") || rest.starts_with("{#") {
            shape.push(COMPUTED);
            return shape;
        }
        match rest.strip_prefix("{{").and_then(|inner| inner.find("}}")) {
            Some(end) => {
                shape.push(COMPUTED);
                rest = &rest[end + 4..];
            }
            None => {
                shape.push('{');
                rest = &rest[1..];
            }
        }
    }
    shape.push_str(rest);
    shape
}
