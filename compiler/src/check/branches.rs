//! C316: branches of a `parallel` leave each other's tables and variables alone.

use std::collections::BTreeMap;

use sequor_plan_format::manifest::Access;

use crate::compile::Parsed;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::parallel::Parallel;
use crate::op::run_flow::RunFlow;
use crate::resolve::Resolved;
use crate::snippet::expression::Kind;
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, Step, TableRef};

pub(super) fn check(parsed: &Parsed, resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        block(parsed, &flow.steps, faults);
    }
}

/// The depth of steps is bounded by the YAML reader.
fn block(parsed: &Parsed, steps: &[Step], faults: &mut Vec<Diagnostic>) {
    for step in steps {
        if let Op::Parallel(op) = &step.op {
            compare(parsed, op, faults);
        }
        for steps in step.op.blocks() {
            block(parsed, steps, faults);
        }
    }
}

/// Each thing that two branches write is reported once, at the second of them.
fn compare(parsed: &Parsed, op: &Parallel, faults: &mut Vec<Diagnostic>) {
    let mut written: BTreeMap<Written<'_>, (usize, &Span)> = BTreeMap::new();
    let mut told = Vec::new();
    for (index, branch) in op.branches.iter().enumerate() {
        let mut writes = Writes { parsed, found: BTreeMap::new() };
        visit::steps(&branch.steps, &mut writes);
        for (what, at) in writes.found {
            let (first, other) = *written.entry(what).or_insert((index, at));
            if first == index || told.contains(&what) {
                continue;
            }
            told.push(what);
            let names = (&op.branches[first].name.name, &branch.name.name);
            let message = match what {
                Written::Table { name, .. } => format!("branches '{}' and '{}' both write the table '{name}'", names.0, names.1),
                Written::Variable(name) => format!("branches '{}' and '{}' both set the variable '{name}'", names.0, names.1),
            };
            faults.push(
                Diagnostic::error("C316", at.clone(), message).also(other.clone(), "the other branch").help(
                    "which of them comes last is a matter of luck: give each branch one of its own, and join them after the parallel",
                ),
            );
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Written<'a> {
    Table { source: &'a str, name: &'a str },
    Variable(&'a str),
}

/// What the steps of a branch write, each with its first place. Names that are computed are not known.
struct Writes<'a> {
    parsed: &'a Parsed,
    found: BTreeMap<Written<'a>, &'a Span>,
}

impl<'a> Visitor<'a> for Writes<'a> {
    fn table(&mut self, table: &'a TableRef, access: Access) {
        let source = table.source.name().or(self.parsed.index.default.as_deref());
        if let (Some(source), Kind::Text(name), Access::Create | Access::Append) = (source, &table.name.kind, access) {
            self.found.entry(Written::Table { source, name }).or_insert(&table.name.span);
        }
    }

    fn assign(&mut self, assign: &'a Assign) {
        self.found.entry(Written::Variable(&assign.name.name)).or_insert(&assign.name.span);
    }

    fn call(&mut self, call: &'a RunFlow) {
        if let Some(output) = &call.output {
            self.found.entry(Written::Variable(&output.name)).or_insert(&output.span);
        }
    }
}
