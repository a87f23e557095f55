//! S117: values of an environment stand as they are, so that a template in one is a text with braces. X001: secrets do not stand there either.

use crate::diagnostic::{Diagnostic, Severity};
use crate::secret;
use crate::yaml::{Kind, Node, ScalarValue};

/// Looks at the variables of an environment.
pub(super) fn check(node: &Node, faults: &mut Vec<Diagnostic>) {
    walk(node, faults);
    let mut found = Vec::new();
    secret::of_settings(node, &mut found);
    // Not every file of this kind is kept with the project.
    faults.extend(found.into_iter().map(|fault| Diagnostic { severity: Severity::Warning, ..fault }));
}

/// The depth of a node is bounded by the YAML reader.
fn walk(node: &Node, faults: &mut Vec<Diagnostic>) {
    match &node.kind {
        Kind::Scalar(scalar) if scalar.value == ScalarValue::Text => {
            if let Some((start, end, help)) = template(&scalar.text) {
                let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                faults.push(
                    Diagnostic::warning(
                        "S117",
                        scalar.span_of(&node.span, place(start), place(end)),
                        "values of an environment stand as they are: this is no template here",
                    )
                    .help(help),
                );
            }
        }
        Kind::Scalar(_) => {}
        Kind::Sequence(items) => items.iter().for_each(|item| walk(item, faults)),
        Kind::Mapping(entries) => entries.iter().for_each(|entry| walk(&entry.value, faults)),
    }
}

/// `{{ … }}`, or `${NAME}` where it is all of the value.
fn template(text: &str) -> Option<(usize, usize, &'static str)> {
    if let Some(start) = text.find("{{").or_else(|| text.find("{%")) {
        let close = if text[start..].starts_with("{{") { "}}" } else { "%}" };
        let end = text[start..].find(close).map(|end| start + end + 2)?;
        return Some((start, end, "write the value itself here, or put the template into project.yaml's 'variables' or into the source"));
    }
    let name = text.trim().strip_prefix("${").and_then(|rest| rest.strip_suffix('}'))?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    is_name.then_some((0, text.len(), "for a variable of the process write it under 'secrets', as `name: env:NAME`"))
}
