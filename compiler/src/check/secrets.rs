//! Where secrets go. X002: into logs. X003: into the query string of a URL. X004: into what outlives the run.
//!
//! A variable is a secret by its name. Only the value itself counts: its length, or whether it is there, may be shown.

use sequor_plan_format::expr::Function;
use sequor_plan_format::op::Scope;

use super::http::Shape;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::http_request::{HttpRequest, Pairs, TableData};
use crate::resolve::Resolved;
use crate::secret::is_secret_name;
use crate::snippet::expression::{DictItem, Expression, Kind};
use crate::syntax::{Assign, Step};

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        block(&flow.steps, faults);
    }
}

/// The depth of steps is bounded by the YAML reader.
fn block(steps: &[Step], faults: &mut Vec<Diagnostic>) {
    for step in steps {
        match &step.op {
            Op::Print(op) => printed(&op.message, faults),
            Op::Fail(op) => printed(&op.message, faults),
            Op::Assert(op) => op.message.iter().for_each(|m| printed(m, faults)),
            Op::SetVariable(op) => op.assigns.iter().for_each(|a| stored(a, faults)),
            Op::HttpRequest(op) => request(op, faults),
            Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::IfElse(_)
            | Op::WhileLoop(_)
            | Op::ForEach(_)
            | Op::TryCatch(_)
            | Op::Parallel(_)
            | Op::Block(_)
            | Op::RunFlow(_)
            | Op::Sleep(_)
            | Op::Leave(_) => {}
        }
        for steps in step.op.blocks() {
            block(steps, faults);
        }
    }
}

fn request(op: &HttpRequest, faults: &mut Vec<Diagnostic>) {
    in_query(op, faults);
    let kept = op.init.iter().chain(&op.response.variables).filter(|assign| !is_cursor(op, &assign.name.name));
    kept.for_each(|a| stored(a, faults));
    for table in &op.response.tables {
        if let TableData::Value(data) = &table.data {
            for (name, at) in shown(data) {
                faults.push(
                    Diagnostic::warning("X004", at.clone(), format!("'{name}' is a secret, and is written into a table"))
                        .help("leave the column out: whoever reads the table reads the secret"),
                );
            }
        }
    }
}

fn printed(message: &Expression, faults: &mut Vec<Diagnostic>) {
    for (name, at) in shown(message) {
        faults.push(
            Diagnostic::warning("X002", at.clone(), format!("'{name}' is a secret, and is printed"))
                .help(format!("print whether it is there: `{{{{ is_var_defined('{name}') }}}}`")),
        );
    }
}

fn stored(assign: &Assign, faults: &mut Vec<Diagnostic>) {
    let name = &assign.name.name;
    let keeps = |kind: &Kind| {
        !matches!(kind, Kind::Null | Kind::Bool(_) | Kind::Int(_) | Kind::IsVarDefined(_) | Kind::Compare { .. })
            && !matches!(kind, Kind::Text(t) if t.is_empty())
    };
    // A literal is a fault of its own.
    let is_secret = is_secret_name(name) && keeps(&assign.value.kind) && !matches!(assign.value.kind, Kind::Text(_));
    if assign.scope == Scope::Project && (is_secret || !shown(&assign.value).is_empty()) {
        faults.push(
            Diagnostic::warning("X004", assign.name.span.clone(), format!("'{name}' holds a secret, and is kept after the run, as it is"))
                .help(format!("write `{name}: {{value: …, scope: local}}`: it then ends with the flow")),
        );
    }
}

/// A reply gives it and the next request sends it back: `page_token` is a place in a list and no secret.
fn is_cursor(op: &HttpRequest, name: &str) -> bool {
    let given = op.response.variables.iter().any(|assign| assign.name.name == name);
    let Pairs::Listed(pairs) = &op.request.parameters else { return false };
    given && pairs.iter().any(|(_, value)| value.uses().variables.iter().any(|used| used.name == name))
}

fn in_query(op: &HttpRequest, faults: &mut Vec<Diagnostic>) {
    let request = &op.request;
    let report = |name: &str, at: &Span| {
        Diagnostic::warning(
            "X003",
            at.clone(),
            format!("'{name}' is a secret, and is sent in the URL, which servers write into their logs"),
        )
        .help("send it in a header by the source's 'auth'; where the API takes it only in the URL, write 'auth' with 'add_to: query'")
    };
    if let Pairs::Listed(pairs) = &request.parameters {
        for (name, value) in pairs {
            let by_name = is_secret_name(&name.name) && !matches!(value.kind, Kind::Null | Kind::Bool(_) | Kind::Int(_));
            match shown(value).first() {
                Some((used, _)) if is_cursor(op, used) => {}
                Some((used, at)) => faults.push(report(used, at)),
                None if by_name => faults.push(report(&name.name, &name.span)),
                None => {}
            }
        }
    }
    let Some(shape) = Shape::of(&request.url) else { return };
    let Some((_, query)) = shape.text.split_once('?') else { return };
    let names = query.split('&').filter_map(|pair| pair.split_once('=')).filter(|(_, value)| !value.is_empty());
    if let Some((name, _)) = names.into_iter().find(|(name, _)| is_secret_name(name)) {
        faults.push(report(name, &request.url.span));
    }
}

/// The secrets whose values are a part of a value, each with its place.
fn shown(value: &Expression) -> Vec<(&str, &Span)> {
    let mut found = Vec::new();
    let mut pending = vec![value];
    while let Some(e) = pending.pop() {
        match &e.kind {
            Kind::Var(name) if is_secret_name(name) => found.push((name.as_str(), &e.span)),
            Kind::Concat(parts) | Kind::List(parts) | Kind::Tuple(parts) | Kind::Or(parts) => pending.extend(parts),
            Kind::Format { value, .. } => pending.push(value),
            Kind::Call { function: Function::Str | Function::Repr, arguments } => pending.extend(arguments),
            Kind::If { then, otherwise, .. } => pending.extend([then.as_ref(), otherwise.as_ref()]),
            Kind::Dict(items) => pending.extend(items.iter().map(|item| match item {
                DictItem::Pair(_, value) | DictItem::Spread(value) => value,
            })),
            _ => {}
        }
    }
    found
}
