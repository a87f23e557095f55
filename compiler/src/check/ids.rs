//! S111: an `id` is unique among the steps beside it. S112: a request that is sent again and again has one.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::resolve::Resolved;
use crate::syntax::Step;

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        block(&flow.steps, false, faults);
    }
}

/// The depth of steps is bounded by the YAML reader.
fn block(steps: &[Step], in_loop: bool, faults: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<&str, &Span> = BTreeMap::new();
    for step in steps {
        match &step.id {
            Some(id) => match seen.get(id.name.as_str()) {
                Some(first) => faults.push(
                    Diagnostic::error("S111", id.span.clone(), format!("the id '{}' is used twice", id.name))
                        .also((*first).clone(), "the first one")
                        .help("give each step an id of its own"),
                ),
                None => {
                    seen.insert(&id.name, &id.span);
                }
            },
            None => faults.extend(unnamed(step, in_loop)),
        }
        let in_loop = in_loop || matches!(step.op, Op::ForEach(_) | Op::WhileLoop(_));
        for steps in step.op.blocks() {
            block(steps, in_loop, faults);
        }
    }
}

/// One request is looked for by its place, and found. Of many, reports and resumed runs have to say which step they are about.
fn unnamed(step: &Step, in_loop: bool) -> Option<Diagnostic> {
    let Op::HttpRequest(request) = &step.op else { return None };
    let why = if request.for_each.is_some() {
        "is sent for each row"
    } else if in_loop {
        "is sent in a loop"
    } else if request.request.retry.as_ref().is_some_and(|(policy, _)| policy.attempts > 1) {
        "is tried again"
    } else {
        return None;
    };
    let help = "add an 'id': reports, --op-id and 'resume --plan' find the step by it, wherever it comes to stand";
    Some(Diagnostic::hint("S112", step.span.clone(), format!("this request {why} and has no id")).help(help))
}
