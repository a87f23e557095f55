//! S118: `${NAME}`, `$NAME` and `env:NAME` in a source, which other tools replace; here they are text.

use crate::diagnostic::Diagnostic;
use crate::yaml::{Kind, Node, ScalarValue};

/// Keys with words for people, and places of files, which may well begin with `file:`.
const OTHERS: &[&str] = &["description", "type", "path", "variables"];

/// Looks at the texts of a source. The depth of a node is bounded by the YAML reader.
pub(super) fn check(node: &Node, faults: &mut Vec<Diagnostic>) {
    match &node.kind {
        Kind::Scalar(scalar) if scalar.value == ScalarValue::Text => {
            if let Some((start, end, help)) = reference(&scalar.text) {
                let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                let message = format!("'{}' is taken as it stands: nothing is put in its place", &scalar.text[start..end]);
                let fault = Diagnostic::warning("S118", scalar.span_of(&node.span, place(start), place(end)), message);
                faults.push(fault.help(help));
            }
        }
        Kind::Scalar(_) => {}
        Kind::Sequence(items) => items.iter().for_each(|item| check(item, faults)),
        Kind::Mapping(entries) => {
            let looked_at = |key: &str| !OTHERS.contains(&key) && !key.ends_with("_expression");
            entries.iter().filter(|e| looked_at(&e.key)).for_each(|entry| check(&entry.value, faults));
        }
    }
}

/// Where a reference is, and what to write.
fn reference(text: &str) -> Option<(usize, usize, String)> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let help = |name: &str| {
        let variable = name.to_ascii_lowercase();
        format!(
            "write `{{{{ var('{variable}') }}}}`, and `{variable}: env:{name}` under 'secrets' of the environment; or `{{{{ env('{name}') }}}}`"
        )
    };
    if let Some(start) = text.find("${") {
        let rest = text.get(start + 2..)?;
        let name = rest.split('}').next().filter(|name| name.len() < rest.len())?;
        let bare = name.split(":-").next().unwrap_or(name);
        return is_name(bare).then(|| (start, start + 2 + name.len() + 1, help(bare)));
    }
    let whole = text.trim();
    let is_capital = |name: &&str| name.len() > 2 && is_name(name) && !name.chars().any(|c| c.is_ascii_lowercase());
    let name = whole.strip_prefix('$').filter(is_capital).or_else(|| whole.strip_prefix("env:").filter(|name| is_name(name)));
    name.map(|name| (0, text.len(), help(name)))
}

#[cfg(test)]
mod tests {
    use super::reference;

    #[test]
    fn references_of_other_tools() {
        for text in ["${API_TOKEN}", "https://${HOST}/v1", "$API_TOKEN", "env:API_TOKEN", "${api_token:-x}"] {
            assert!(reference(text).is_some(), "{text}");
        }
        for text in ["$5", "{{ env('API_TOKEN') }}", "pa$$WORD", "$Rate", "environment: x", "${{ var('x') }}", "a ${ b", "env: x"] {
            assert!(reference(text).is_none(), "{text}");
        }
    }
}
