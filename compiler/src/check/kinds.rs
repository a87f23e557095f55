//! C330: a `catch` that takes every error is the last one.
//! C314: a `catch` or a `retry` names a kind of error that something raises.

use std::collections::BTreeSet;

use sequor_plan_format::op::assert::Severity;

use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::op::Op;
use crate::op::try_catch::{Catch, TryCatch};
use crate::resolve::Resolved;
use crate::snippet::expression::{Kind, Named};
use crate::syntax::Step;
use crate::syntax::fields::instead;

/// Kinds of error that steps raise by themselves, `fail` without a kind and `assert` among them.
pub(crate) const KINDS: &[&str] = &[
    "assertion",
    "configuration",
    "data",
    "database",
    "expression",
    "failed",
    "http_status",
    "limit",
    "network",
    "reply",
    "sql",
    "timeout",
];

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    let mut raised = Some(BTreeSet::new());
    for flow in &resolved.flows {
        raise(&flow.steps, &mut raised);
    }
    // What a computed kind is nobody knows.
    let Some(raised) = raised else { return };
    for flow in &resolved.flows {
        named(&flow.steps, &raised, faults);
    }
}

/// The kinds of all `fail` steps; `None` once one is computed. The depth of steps, here and below, is bounded by the YAML reader.
fn raise<'p>(steps: &'p [Step], raised: &mut Option<BTreeSet<&'p str>>) {
    for step in steps {
        if let Op::Fail(op) = &step.op
            && let Some(kind) = &op.kind
        {
            match (&kind.kind, &mut *raised) {
                (Kind::Text(kind), Some(raised)) => {
                    raised.insert(kind);
                }
                _ => *raised = None,
            }
        }
        step.op.blocks().into_iter().for_each(|block| raise(block, raised));
    }
}

fn named(steps: &[Step], raised: &BTreeSet<&str>, faults: &mut Vec<Diagnostic>) {
    for step in steps {
        let retried = step.retry.iter().flat_map(|retry| &retry.kinds);
        let caught = match &step.op {
            Op::TryCatch(op) => op.catches.iter().flat_map(|catch| &catch.kinds).collect(),
            _ => Vec::new(),
        };
        if let Op::TryCatch(op) = &step.op {
            shadowed(&op.catches, faults);
            faults.extend(only_warned(op));
        }
        let unknown = retried.chain(caught).filter(|kind| !KINDS.contains(&kind.name.as_str()) && !raised.contains(kind.name.as_str()));
        faults.extend(unknown.map(|kind| fault(kind, raised)));
        step.op.blocks().into_iter().for_each(|block| named(block, raised, faults));
    }
}

/// C330: behind a catch that takes every error, no other one is reached.
fn shadowed(catches: &[Catch], faults: &mut Vec<Diagnostic>) {
    let Some(all) = catches.iter().position(|catch| catch.kinds.is_empty()) else { return };
    for late in catches.iter().skip(all + 1).filter_map(|catch| catch.kinds.first()) {
        let fault = Diagnostic::warning(
            "C330",
            late.span.clone(),
            "an entry of this 'catch' before this one takes every error: this one is never reached",
        );
        faults.push(fault.help("put the entry without 'on' last"));
    }
}

/// C330: a catch for assertions, where all asserts of the `try` only warn.
fn only_warned(op: &TryCatch) -> Option<Diagnostic> {
    let caught = op.catches.iter().flat_map(|catch| &catch.kinds).find(|kind| kind.name == "assertion")?;
    let mut found = Asserts::default();
    found.look(&op.steps);
    let (Some(at), true) = (found.warned, found.all) else { return None };
    let fault = Diagnostic::warning("C330", at, "this assert only warns, so that the catch for it is never reached");
    Some(fault.also(caught.span.clone(), "the catch of an 'assertion'").help("take `severity: warn` out, or take the catch out"))
}

/// The asserts of steps.
struct Asserts {
    /// Where the first one is told to warn.
    warned: Option<Span>,
    /// Nothing else may raise an assertion.
    all: bool,
}

impl Default for Asserts {
    fn default() -> Self {
        Self { warned: None, all: true }
    }
}

impl Asserts {
    fn look(&mut self, steps: &[Step]) {
        for step in steps {
            match &step.op {
                Op::Assert(op) => match (&op.severity, &op.severity_at) {
                    (Severity::Warn, Some(at)) => {
                        self.warned.get_or_insert_with(|| at.clone());
                    }
                    _ => self.all = false,
                },
                Op::RunFlow(_) => self.all = false,
                Op::Fail(op) => self.all &= op.kind.is_none(),
                _ => step.op.blocks().into_iter().for_each(|block| self.look(block)),
            }
        }
    }
}

fn fault(kind: &Named, raised: &BTreeSet<&str>) -> Diagnostic {
    let known = || KINDS.iter().copied().chain(raised.iter().copied());
    let fault = Diagnostic::warning("C314", kind.span.clone(), format!("nothing raises an error of the kind '{}'", kind.name));
    let near = meant(&kind.name).or_else(|| did_you_mean(&kind.name, known()));
    match near {
        Some(near) => instead(fault, &kind.name, near).help(format!("did you mean '{near}'?")),
        None => fault.help(format!("kinds: {}; a 'fail' with that 'kind' would raise it", known().collect::<Vec<_>>().join(", "))),
    }
}

/// Words of other tools for a kind.
fn meant(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "http" | "http_error" | "status" | "status_code" => Some("http_status"),
        "assert" => Some("assertion"),
        "connection" | "connection_error" => Some("network"),
        "db" => Some("database"),
        "python" | "jinja" | "template" => Some("expression"),
        _ => None,
    }
}
