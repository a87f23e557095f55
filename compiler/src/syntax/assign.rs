//! Variables that are set: `name: value`, or `name: {value, scope}`.

use std::collections::HashMap;

use sequor_plan_format::op::Scope;

use super::key::{Key, Kind, Table};
use super::{Assign, Reader};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::snippet::Place;
use crate::snippet::expression::{self, Expression, Named};
use crate::syntax::fields::{Fields, instead, scalar, wrong_kind};
use crate::syntax::value::{self, Scalars, is_template};
use crate::yaml::{self, Entry, Node};

const SCOPES: &[&str] = &["project", "local"];

/// The keys of one assignment in its long form.
pub static ASSIGNMENT: Table = Table::new(
    "a variable",
    "A variable's value and its scope.",
    &[
        Key::dynamic("value", Kind::Any, "the value; absent: null"),
        Key::new(
            "scope",
            Kind::Choice(SCOPES),
            "project: seen by all flows, and kept for the next run; local: seen by this flow only, until it ends",
        )
        .default("project"),
    ],
);

/// Reads the mapping of names to values. V409 where it has something that is neither.
pub fn read(node: &Node, what: &str, place: Place, reader: &mut Reader<'_>) -> Vec<Assign> {
    let yaml::Kind::Mapping(entries) = &node.kind else {
        reader.faults.push(wrong_kind(node, what, "a mapping of names to values"));
        return Vec::new();
    };
    let mut assigns: Vec<Assign> = Vec::new();
    let mut given: HashMap<String, usize> = HashMap::with_capacity(entries.len());
    for entry in entries {
        let Some(assign) = assign(entry, place, reader) else { continue };
        match given.get(&assign.name.name) {
            Some(&i) => reader.faults.push(
                Diagnostic::error("S105", assign.name.span, format!("'{}' is set twice", assign.name.name))
                    .also(assigns[i].name.span.clone(), "the other one")
                    .help("keep one of the two"),
            ),
            None => {
                given.insert(assign.name.name.clone(), assigns.len());
                assigns.push(assign);
            }
        }
    }
    assigns
}

fn assign(entry: &Entry, place: Place, reader: &mut Reader<'_>) -> Option<Assign> {
    let (name, is_python) = value::split_name(entry);
    if let Some(fault) = no_name(name, entry).or_else(|| without_value(name, entry)) {
        reader.faults.push(fault);
        return None;
    }
    let mut scope = Scope::Project;
    let value = if is_python {
        value::python(&entry.value, place, &mut reader.faults)
    } else if is_long(&entry.value)
        && let Some(fields) = Fields::read(&entry.value, &entry.key_span, &[&ASSIGNMENT], &mut reader.faults)
    {
        if fields.choice("scope", &mut reader.faults) == Some("local") {
            scope = Scope::Local;
        }
        value::of_key(&fields, "value", Scalars::Variable, place, &mut reader.faults)
            .unwrap_or_else(|| Expression::new(entry.value.span.clone(), expression::Kind::Null))
    } else {
        value::of_node(&entry.value, Scalars::Variable, place, &mut reader.faults)
    };
    Some(Assign { name: Named { name: name.to_owned(), span: entry.key_span.clone() }, scope, value })
}

/// A mapping is the long form when it says `value` and nothing that the long form does not have, or nearly.
fn is_long(node: &Node) -> bool {
    let yaml::Kind::Mapping(entries) = &node.kind else { return false };
    let is = |e: &Entry, name: &str| e.key == name;
    entries.iter().any(|e| is(e, "value") || is(e, "value_expression"))
        && entries.iter().all(|e| is(e, "value") || is(e, "value_expression") || did_you_mean(&e.key, ["scope"]).is_some())
}

/// The entry can only be the scope of a variable.
fn is_scope(entry: &Entry) -> bool {
    entry.key == "scope" && scalar(&entry.value).is_some_and(|s| SCOPES.contains(&s.text.as_str()))
}

/// V409: a name under which no variable can be read.
pub fn no_name(name: &str, entry: &Entry) -> Option<Diagnostic> {
    let at = || entry.key_span.clone();
    if name.trim().is_empty() {
        return Some(Diagnostic::error("V409", at(), "a variable has no name").help("write 'name: value'"));
    }
    is_template(name).then(|| {
        Diagnostic::error("V409", at(), "the name of a variable cannot be computed")
            .help("write the name itself; to keep values by name, let one variable hold a mapping")
    })
}

/// V409: a mapping that has a scope, and no value beside it.
fn without_value(name: &str, entry: &Entry) -> Option<Diagnostic> {
    let yaml::Kind::Mapping(entries) = &entry.value.kind else { return None };
    match entries.as_slice() {
        [only] if is_scope(only) => Some(
            Diagnostic::error("V409", only.key_span.clone(), format!("variable '{name}' has a scope and no value"))
                .help("add 'value: …' beside it; a variable that is to hold this very mapping has it under 'value'"),
        ),
        [one, other] if is_scope(one) || is_scope(other) => {
            let key = if is_scope(one) { other } else { one };
            let near = nearly_value(&key.key)?;
            if near == key.key {
                return None;
            }
            let message = format!("variable '{name}' has a scope, and '{}' in place of its value", key.key);
            let fault = Diagnostic::error("V409", key.key_span.clone(), message);
            Some(instead(fault, &key.key, near).help(format!("did you mean '{near}'?")))
        }
        _ => None,
    }
}

/// The key that was meant by one that stands for the value.
fn nearly_value(key: &str) -> Option<&'static str> {
    match key {
        "val" | "values" | "v" | "default" => Some("value"),
        "expression" | "expr" | "val_expression" => Some("value_expression"),
        _ => did_you_mean(key, ["value", "value_expression"]),
    }
}

/// V409: a constant is written as a variable of a flow, whose scope it does not have.
pub fn constant_with_scope(name: &str, entry: &Entry) -> Option<Diagnostic> {
    let yaml::Kind::Mapping(entries) = &entry.value.kind else { return None };
    let scope = entries.iter().find(|e| is_scope(e))?;
    is_long(&entry.value).then(|| {
        Diagnostic::error("V409", scope.key_span.clone(), format!("the constant '{name}' has a scope"))
            .help("only variables that a flow sets have one; write the value itself")
    })
}
