//! The variables that a response parser sets, as far as its text shows them.

use std::collections::BTreeSet;

use crate::snippet::expression::{DictItem, Expression, Kind};

/// Every name that the parser may set. Where it is plain Python, each text in it may be one.
pub(super) fn parsed_names(parser: &Expression) -> BTreeSet<String> {
    if let Kind::Dict(items) = &parser.kind
        && !items.iter().any(|item| matches!(item, DictItem::Spread(_)))
    {
        let mut names = BTreeSet::new();
        for (key, value) in items.iter().filter_map(pair) {
            match (&key.kind, &value.kind) {
                (Kind::Text(part), Kind::Dict(variables)) if part == "variables" && variables.iter().all(is_named) => {
                    names.extend(variables.iter().filter_map(pair).filter_map(|(name, _)| text(name)));
                }
                (Kind::Text(part), _) if part != "variables" => {}
                _ => return any_text(parser),
            }
        }
        return names;
    }
    any_text(parser)
}

fn any_text(parser: &Expression) -> BTreeSet<String> {
    let uses = parser.uses();
    let gives = match &parser.kind {
        Kind::Python { code, .. } => code.text.contains("variables"),
        _ => uses.texts.iter().any(|t| t == "variables"),
    };
    if gives { uses.texts.into_iter().collect() } else { BTreeSet::new() }
}

fn pair(item: &DictItem) -> Option<(&Expression, &Expression)> {
    match item {
        DictItem::Pair(key, value) => Some((key, value)),
        DictItem::Spread(_) => None,
    }
}

fn is_named(item: &DictItem) -> bool {
    pair(item).is_some_and(|(key, _)| text(key).is_some())
}

fn text(expression: &Expression) -> Option<String> {
    match &expression.kind {
        Kind::Text(text) => Some(text.clone()),
        _ => None,
    }
}
