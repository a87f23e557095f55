//! Y014: a `#` that was meant as text begins a comment, and cuts a value short.
//!
//! Comments that people write begin with a blank behind their `#`. Reported is a value that ends before `#7` or `#{{`, or that is nothing but `#word`.

use std::sync::Arc;

use super::{Kind, Node, ScalarValue, Style, span};
use crate::diagnostic::{Diagnostic, SourceFile};

pub(super) fn check(file: &Arc<SourceFile>, node: &Node) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    if file.text.contains(" #") {
        walk(file, node, &mut faults);
    }
    faults
}

/// The depth of nodes is bounded by the reader.
fn walk(file: &Arc<SourceFile>, node: &Node, faults: &mut Vec<Diagnostic>) {
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::Sequence(nodes) => nodes.iter().for_each(|node| {
            faults.extend(cut(file, node, node.span.end));
            walk(file, node, faults);
        }),
        Kind::Mapping(entries) => {
            for entry in entries {
                faults.extend(cut(file, &entry.value, entry.key_span.end));
                walk(file, &entry.value, faults);
            }
        }
    }
}

/// `from`: where the line goes on for a value that is nothing.
fn cut(file: &Arc<SourceFile>, node: &Node, from: u32) -> Option<Diagnostic> {
    let Kind::Scalar(scalar) = &node.kind else { return None };
    if scalar.style != Style::Plain || !Arc::ptr_eq(file, &node.span.file) {
        return None;
    }
    let nothing = scalar.value == ScalarValue::Null && scalar.text.is_empty();
    let start = if nothing { from } else { node.span.end } as usize;
    let rest = file.text.get(start..)?.lines().next()?;
    let rest = if nothing { rest.strip_prefix(':')? } else { rest };
    let hash = rest.find('#')?;
    if !rest[..hash].chars().all(|c| c == ' ') || !rest[..hash].ends_with(' ') {
        return None;
    }
    let next = rest[hash + 1..].chars().next()?;
    let template = rest[hash + 1..].starts_with("{{");
    let meant = if nothing { next.is_alphanumeric() } else { scalar.value == ScalarValue::Text && (next.is_ascii_digit() || template) };
    if !meant {
        return None;
    }
    let at = start + file.text.get(start..)?.find('#')?;
    let word = rest[hash..].split_whitespace().next().unwrap_or("#");
    let what = if nothing { "the value is empty" } else { "the value ends before it" };
    let fault = Diagnostic::warning("Y014", span(file, at, at + word.len()), format!("`{word}` begins a comment: {what}"));
    Some(fault.help("put the whole value into quotes; in a comment, write a blank behind the `#`"))
}
