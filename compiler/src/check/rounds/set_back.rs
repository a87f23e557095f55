//! C319: what adds up over the rounds of a loop is not set back in each of them.

use sequor_plan_format::expr::Compare;

use super::super::assigned::Assigned;
use super::super::counting::{added, compared, growth, number, outcome};
use super::super::loops::Changes;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::assert::Check;
use crate::snippet::expression::{Expression, Kind};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, Flow, Step};

pub(super) fn check(flow: &Flow, assigned: &Assigned<'_>, faults: &mut Vec<Diagnostic>) {
    block(flow, &flow.steps, assigned, faults);
}

/// The depth of steps is bounded by the YAML reader.
fn block<'p>(flow: &'p Flow, steps: &'p [Step], assigned: &Assigned<'p>, faults: &mut Vec<Diagnostic>) {
    for step in steps {
        let body = match &step.op {
            Op::WhileLoop(op) => Some((&op.steps, Some(&op.condition))),
            Op::ForEach(op) => Some((&op.steps, None)),
            _ => None,
        };
        if let Some((body, condition)) = body {
            for assign in resets(body) {
                // A `while` may well ask what its last round has done.
                if condition.is_none_or(|condition| !reads(condition, &assign.name.name)) {
                    faults.extend(set_back(flow, step, body, assign, assigned));
                }
            }
        }
        for inner in step.op.blocks() {
            block(flow, inner, assigned, faults);
        }
    }
}

/// What each round sets to a literal before anything else is done with it.
fn resets(body: &[Step]) -> impl Iterator<Item = &Assign> {
    let plain = body.iter().filter(|step| step.when.is_none());
    let sets = plain.filter_map(|step| match &step.op {
        Op::SetVariable(op) => Some(&op.assigns),
        _ => None,
    });
    sets.flatten().filter(|assign| number(&assign.value).is_some() || matches!(&assign.value.kind, Kind::List(list) if list.is_empty()))
}

fn reads(value: &Expression, name: &str) -> bool {
    let uses = value.uses();
    uses.variables.iter().chain(&uses.tested).any(|used| used.name == name)
}

fn set_back<'p>(flow: &'p Flow, step: &'p Step, body: &'p [Step], reset: &'p Assign, assigned: &Assigned<'p>) -> Option<Diagnostic> {
    let name = reset.name.name.as_str();
    let mut changes = Changes::of(assigned);
    visit::steps(body, &mut changes);
    let adding = adding(body, name)?;
    // Set back and added to, and nothing else: no parser, no call, no loop of its own.
    if changes.count(name) != 2 || adding.name.span.start <= reset.name.span.start {
        return None;
    }
    let mut seen = Seen { name, adding: adding.value.span.start, comparisons: Vec::new(), reads: Vec::new(), sets: Vec::new() };
    visit::steps(body, &mut seen);
    let fault = || {
        let message = format!("'{name}' is set back in each round of the loop, so that it never adds up over the rounds");
        Diagnostic::warning("C319", reset.name.span.clone(), message)
            .also(adding.name.span.clone(), "what is added here is lost with the round")
            .also(step.span.clone(), "the loop")
    };
    let values = number(&reset.value).zip(growth(&adding.value, name)).map(|(first, by)| [first, first + by]);
    if let Some(values) = values
        && let Some((at, answer)) = seen.comparisons.iter().find_map(|(at, operator, limit)| {
            let [one, other] = values.map(|value| outcome(value, *operator, *limit));
            (one == other).then_some((*at, one?))
        })
    {
        return Some(fault().also(at.clone(), format!("this is {answer} in every round")).help("set its first value before the loop"));
    }
    // What a round does with it is its own business.
    if !seen.reads.is_empty() {
        return None;
    }
    let mut all = Seen { name, adding: adding.value.span.start, comparisons: Vec::new(), reads: Vec::new(), sets: Vec::new() };
    visit::steps(&flow.steps, &mut all);
    let end = seen.sets.iter().map(|at| at.start).max()?;
    let behind = all.reads.iter().find(|at| at.start > end)?;
    if all.sets.iter().any(|at| at.start > end) {
        return None;
    }
    Some(fault().also((*behind).clone(), "this sees the last round only").help("set its first value before the loop"))
}

/// Where the variable is computed from itself, in the round itself and not in a loop inside of it. The depth of steps is bounded by the YAML reader.
fn adding<'p>(steps: &'p [Step], name: &str) -> Option<&'p Assign> {
    steps.iter().find_map(|step| match &step.op {
        Op::SetVariable(op) => op
            .assigns
            .iter()
            .find(|assign| assign.name.name == name && (growth(&assign.value, name).is_some() || added(&assign.value, name).is_some())),
        Op::IfElse(_) | Op::Block(_) => step.op.blocks().into_iter().find_map(|inner| adding(inner, name)),
        _ => None,
    })
}

/// What steps do with a variable.
struct Seen<'r, 'p> {
    name: &'r str,
    /// The place where it is added to.
    adding: u32,
    /// With numbers, in conditions.
    comparisons: Vec<(&'p Span, Compare, f64)>,
    reads: Vec<&'p Span>,
    sets: Vec<&'p Span>,
}

impl<'p> Seen<'_, 'p> {
    fn condition(&mut self, condition: &'p Expression) {
        if condition.span.start < self.adding {
            return;
        }
        if let Some((_, operator, limit)) = compared(condition).filter(|(name, ..)| *name == self.name) {
            self.comparisons.extend(number(limit).map(|limit| (&condition.span, operator, limit)));
        }
    }
}

impl<'p> Visitor<'p> for Seen<'_, 'p> {
    fn enter_step(&mut self, step: &'p Step) {
        if let Some(when) = &step.when {
            self.condition(when);
        }
        match &step.op {
            Op::IfElse(op) => op.arms.iter().for_each(|arm| self.condition(&arm.condition)),
            Op::Assert(op) => {
                if let Check::Condition(condition) = &op.check {
                    self.condition(condition);
                }
            }
            _ => {}
        }
    }

    fn expression(&mut self, expression: &'p Expression) {
        if expression.span.start != self.adding && reads(expression, self.name) {
            self.reads.push(&expression.span);
        }
    }

    fn assign(&mut self, assign: &'p Assign) {
        if assign.name.name == self.name {
            self.sets.push(&assign.name.span);
        }
    }
}
