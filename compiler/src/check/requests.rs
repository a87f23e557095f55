//! Requests that are sent together or twice.
//!
//! C317: rows in flight together do not depend on each other. H814, H815: what happens to requests that must not be sent twice is known to whoever wrote
//! them. H816: `verify` and `on_in_doubt` stand where they have a use. S107: a key in a field of the body has such a body.

use std::collections::{BTreeMap, BTreeSet};

use sequor_plan_format::op::http_request::BodyFormat;

use super::parsed::parsed_names;
use crate::compile::Parsed;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::http_request::{ForEachRow, HttpRequest, Key};
use crate::resolve::Resolved;
use crate::snippet::expression::{DictItem, Expression, Kind};
use crate::source::Definition;
use crate::syntax::{SourceRef, Step};

pub(super) fn check(parsed: &Parsed, resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        block(parsed, &flow.steps, false, faults);
    }
}

/// The depth of steps is bounded by the YAML reader.
fn block(parsed: &Parsed, steps: &[Step], repeated: bool, faults: &mut Vec<Diagnostic>) {
    for step in steps {
        match &step.op {
            Op::HttpRequest(op) => {
                if let Some(for_each) = &op.for_each {
                    independent(parsed, op, for_each, faults);
                }
                key_place(parsed, op, faults);
                sent_twice(op, &step.span, repeated || op.for_each.is_some() || op.response.repeat.is_some(), faults);
            }
            Op::WhileLoop(op) => block(parsed, &op.steps, true, faults),
            Op::ForEach(op) => block(parsed, &op.steps, true, faults),
            Op::IfElse(_) | Op::TryCatch(_) | Op::Parallel(_) | Op::Block(_) => {
                for steps in step.op.blocks() {
                    block(parsed, steps, repeated, faults);
                }
            }
            Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::Sleep(_)
            | Op::Assert(_)
            | Op::Leave(_)
            | Op::RunFlow(_) => {}
        }
    }
}

/// A row's request is made while replies of rows before it are still out, so it must not be made from what they say.
fn independent(parsed: &Parsed, op: &HttpRequest, for_each: &ForEachRow, faults: &mut Vec<Diagnostic>) {
    let Some((items @ 2.., at)) = &for_each.concurrency else { return };
    let mut set: BTreeMap<&str, &Span> = BTreeMap::new();
    if let Some(parser) = &op.response.parser {
        parsed_variables(&parser.expression, &mut set);
    }
    set.extend(op.response.variables.iter().map(|assign| (assign.name.name.as_str(), &assign.name.span)));
    set.remove(for_each.item.name.as_str());
    let source = op.request.source.as_ref().and_then(SourceRef::name).and_then(|name| parsed.source(name));
    // A source's URL, headers and credentials are made anew for each request.
    let read = op.request.expressions().into_iter().chain(source.into_iter().flat_map(|source| source.expressions()));
    for used in read.flat_map(|e| &e.uses().variables) {
        if let Some(setter) = set.remove(used.name.as_str()) {
            let message = format!("{items} rows cannot be in flight together: each needs the variable '{}' of the one before", used.name);
            faults.push(
                Diagnostic::error("C317", at.clone(), message)
                    .also(setter.clone(), "each reply sets it")
                    .also(used.span.clone(), "the next request reads it")
                    .help("set 'concurrency: 1', or make the request from its own row only"),
            );
        }
    }
}

/// The names of `variables` that a parser gives, where it is a map that says them literally.
fn parsed_variables<'e>(expression: &'e Expression, set: &mut BTreeMap<&'e str, &'e Span>) {
    match &expression.kind {
        Kind::Dict(items) => {
            let given = items.iter().filter_map(|item| match item {
                DictItem::Pair(key, value) => is_text(key, "variables").then_some(value),
                DictItem::Spread(_) => None,
            });
            for variables in given {
                names(variables, set);
            }
        }
        Kind::Let { body, .. } => parsed_variables(body, set),
        Kind::If { then, otherwise, .. } => {
            parsed_variables(then, set);
            parsed_variables(otherwise, set);
        }
        _ => {}
    }
}

fn is_text(expression: &Expression, text: &str) -> bool {
    matches!(&expression.kind, Kind::Text(found) if found == text)
}

fn names<'e>(variables: &'e Expression, set: &mut BTreeMap<&'e str, &'e Span>) {
    let Kind::Dict(items) = &variables.kind else { return };
    for item in items {
        if let DictItem::Pair(Expression { span, kind: Kind::Text(name), .. }, _) = item {
            set.insert(name, span);
        }
    }
}

/// A key that its source wants in the body needs a body with fields.
fn key_place(parsed: &Parsed, op: &HttpRequest, faults: &mut Vec<Diagnostic>) {
    let Some(key) = &op.request.key else { return };
    let Some(name) = op.request.source.as_ref().and_then(SourceRef::name) else { return };
    let field = match parsed.source(name).map(|source| &source.definition) {
        Some(Definition::Http(http)) => http.idempotency.as_ref().and_then(|i| i.field.as_ref()),
        Some(Definition::Sqlite(_) | Definition::Postgres(_)) | None => None,
    };
    let has_fields = match &op.request.body {
        Some((BodyFormat::Auto | BodyFormat::Json | BodyFormat::Form, _)) => true,
        Some((BodyFormat::Text, _)) | None => false,
    };
    if let (Some(field), false) = (field, has_fields) {
        let message =
            format!("source '{name}' wants the idempotency key in the body field '{field}', but this request has no body with fields");
        faults
            .push(Diagnostic::error("S107", key.span.clone(), message).help("give it a JSON or form body, or take 'idempotency_key' out"));
    }
}

/// The rows of `for_each` differ, and nothing in the key does.
fn is_same_for_all_rows(op: &HttpRequest, key: &Expression) -> bool {
    let (Some(for_each), Kind::Concat(_) | Kind::Var(_) | Kind::Text(_)) = (&op.for_each, &key.kind) else { return false };
    let mut differ: BTreeSet<String> = op.response.parser.iter().flat_map(|parser| parsed_names(&parser.expression)).collect();
    differ.extend(op.response.variables.iter().map(|assign| assign.name.name.clone()));
    differ.insert(for_each.item.name.clone());
    let uses = key.uses();
    let computes = !uses.query_sources.is_empty() || uses.computed_variables || uses.response;
    !computes && !uses.variables.iter().any(|used| differ.contains(&used.name))
}

fn sent_twice(op: &HttpRequest, step: &Span, repeated: bool, faults: &mut Vec<Diagnostic>) {
    let method = op.request.method.name();
    if let Some(Key { span, given: Some(given) }) = &op.request.key
        && ((repeated && matches!(given.kind, Kind::Text(_) | Kind::Int(_))) || is_same_for_all_rows(op, given))
    {
        let message = "every request of this loop has the same idempotency key: the API takes all but the first one for repetitions";
        let fault = Diagnostic::warning("H827", span.clone(), message);
        faults.push(fault.help("write 'idempotency_key: auto', or put what tells the rows apart into the key"));
    }
    if op.request.key.is_some() || op.request.may_be_repeated() {
        let why = if op.request.key.is_some() {
            "its idempotency key"
        } else if op.request.idempotent {
            "'idempotent: true'"
        } else {
            method
        };
        let unused = op.verify.iter().map(|v| ("verify", &v.span)).chain(op.in_doubt.iter().map(|(_, span)| ("on_in_doubt", span)));
        for (name, span) in unused {
            let message = format!("'{name}' is never used: with {why} the request is simply sent again on resume");
            faults.push(Diagnostic::warning("H816", span.clone(), message).help(format!("take '{name}' out")));
        }
        return;
    }
    if let Some((policy, span)) = &op.request.retry
        && policy.network
    {
        let message = format!("{method} is not tried again after a network error once it may have arrived, whatever 'retry' says");
        faults.push(
            Diagnostic::warning("H814", span.clone(), message)
                .help("where the API knows idempotency keys, add 'idempotency_key: auto'; else leave 'network' out of 'on'"),
        );
    }
    if repeated && op.verify.is_none() && op.in_doubt.is_none() {
        let message =
            format!("after a crash, a resume cannot know whether the last {method} arrived: it stops, and lists what is in doubt");
        faults.push(
            Diagnostic::hint("H815", step.clone(), message)
                .help("add 'idempotency_key: auto', a 'verify' that asks the other side, or 'on_in_doubt: send | skip | done'"),
        );
    }
}
