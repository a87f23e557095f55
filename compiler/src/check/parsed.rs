//! The variables that a response parser sets, as far as its text shows them.

use std::collections::BTreeSet;

use crate::diagnostic::Span;
use crate::snippet::expression::{DictItem, Expression, Kind};
use crate::tables::text;

/// Every name that the parser may set. Where it is plain Python, each text in it may be one.
pub(super) fn parsed_names(parser: &Expression) -> BTreeSet<String> {
    if let Kind::Dict(items) = &parser.kind
        && !items.iter().any(|item| matches!(item, DictItem::Spread(_)))
    {
        let mut names = BTreeSet::new();
        for (key, value) in items.iter().filter_map(pair) {
            match (&key.kind, &value.kind) {
                (Kind::Text(part), Kind::Dict(variables)) if part == "variables" && variables.iter().all(is_named) => {
                    names.extend(variables.iter().filter_map(pair).filter_map(|(name, _)| text(name).map(str::to_owned)));
                }
                (Kind::Text(part), _) if part != "variables" => {}
                _ => return any_text(parser),
            }
        }
        return names;
    }
    any_text(parser)
}

/// A literal result of the parser has `while`.
pub(super) fn has_while(parser: &Expression) -> bool {
    any_while(parser, |_| true)
}

/// A literal result of the parser may ask for another page: its `while` is not plainly false.
pub(super) fn may_repeat(parser: &Expression) -> bool {
    // What is neither true nor false is a fault of its own.
    any_while(parser, |value| {
        !matches!(
            value.kind,
            Kind::Bool(false) | Kind::Null | Kind::Text(_) | Kind::Concat(_) | Kind::List(_) | Kind::Tuple(_) | Kind::Dict(_)
        )
    })
}

fn any_while(parser: &Expression, fits: impl Fn(&Expression) -> bool) -> bool {
    let mut found = false;
    results(parser, &mut |result| {
        if let Kind::Dict(items) = &result.kind {
            found |= items.iter().filter_map(pair).any(|(key, value)| text(key) == Some("while") && fits(value));
        }
    });
    found
}

/// The variables that literal results of the parser set for sure, with the place of each name.
pub(super) fn literal_variables(parser: &Expression) -> Vec<(&str, &Span)> {
    literal_values(parser).into_iter().map(|(name, at, _)| (name, at)).collect()
}

/// The same with their values.
pub(super) fn literal_values(parser: &Expression) -> Vec<(&str, &Span, &Expression)> {
    let mut found = Vec::new();
    results(parser, &mut |result| {
        let Kind::Dict(items) = &result.kind else { return };
        for (key, value) in items.iter().filter_map(pair) {
            if let (Some("variables"), Kind::Dict(variables)) = (text(key), &value.kind) {
                found.extend(variables.iter().filter_map(pair).filter_map(|(name, value)| Some((text(name)?, &name.span, value))));
            }
        }
    });
    found
}

/// Everything that an expression may come out as.
pub(super) fn results<'e>(expression: &'e Expression, found: &mut dyn FnMut(&'e Expression)) {
    match &expression.kind {
        Kind::Let { body, .. } => results(body, found),
        Kind::If { then, otherwise, .. } => {
            results(then, found);
            results(otherwise, found);
        }
        Kind::Python { code, .. } => code.uses.results.iter().for_each(found),
        _ => found(expression),
    }
}

/// All variables that the parser may set can be seen, with their values.
pub(super) fn shows_variables(parser: &Expression) -> bool {
    let mut count = 0;
    let mut shown = true;
    results(parser, &mut |result| {
        count += 1;
        let Kind::Dict(items) = &result.kind else {
            shown = false;
            return;
        };
        shown &= items.iter().all(|item| match item {
            DictItem::Pair(key, value) => match (text(key), &value.kind) {
                (Some("variables"), Kind::Dict(variables)) => variables.iter().all(is_named),
                (part, _) => part.is_some_and(|part| part != "variables"),
            },
            DictItem::Spread(_) => false,
        });
    });
    match &parser.kind {
        // What is not literal is no result that could be seen.
        Kind::Python { code, .. } => shown && code.text.matches("return").count() == count,
        _ => shown,
    }
}

/// The value behind a name of the parser, if it is bound once.
pub(super) fn behind<'e>(parser: &'e Expression, value: &'e Expression) -> &'e Expression {
    let Kind::Local(wanted) = value.kind else { return value };
    let mut found = Vec::new();
    parser.walk(&mut |e| {
        if let Kind::Let { slot, value, .. } = &e.kind
            && *slot == wanted
        {
            found.push(value.as_ref());
        }
    });
    match found.as_slice() {
        [only] => only,
        _ => value,
    }
}

fn any_text(parser: &Expression) -> BTreeSet<String> {
    let uses = parser.uses();
    let gives = match &parser.kind {
        Kind::Python { code, .. } => code.text.contains("variables"),
        _ => uses.texts.iter().any(|t| t == "variables"),
    };
    if gives { uses.texts.iter().cloned().collect() } else { BTreeSet::new() }
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
