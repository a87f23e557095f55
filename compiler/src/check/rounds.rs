//! What the rounds of a loop do to variables. C304: a `while` counts away from its limit, or goes on before it has counted. C319: what adds up over the
//! rounds is not set back in each of them.

mod set_back;

use std::collections::BTreeSet;

use sequor_plan_format::expr::Compare;
use sequor_plan_format::op::WriteMode;

use super::assigned::Assigned;
use super::counting::{compared, growth, number, variable};
use super::loops::{Changes, asks_outside, leaves};
use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::leave::Leave;
use crate::op::while_loop::WhileLoop;
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Kind};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, Step};
use crate::tables::text;

pub(super) fn check(resolved: &Resolved<'_>, assigned: &Assigned<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        // A step that could not be read may be the one that counts.
        if flow.unreadable || !flow.suspected_text.is_empty() {
            continue;
        }
        visit::steps(&flow.steps, &mut Rounds { assigned, faults });
        set_back::check(flow, assigned, faults);
    }
}

struct Rounds<'r, 'p, 'f> {
    assigned: &'r Assigned<'p>,
    faults: &'f mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Rounds<'_, 'p, '_> {
    fn enter_step(&mut self, step: &'p Step) {
        if let Op::WhileLoop(op) = &step.op {
            self.away(op);
            self.skipped(op);
        }
    }
}

impl<'p> Rounds<'_, 'p, '_> {
    /// A counter goes the other way than its limit.
    fn away(&mut self, op: &'p WhileLoop) {
        if leaves(&op.steps) {
            return;
        }
        let parts = match &op.condition.seen().kind {
            Kind::And(parts) => parts.as_slice(),
            _ => std::slice::from_ref(op.condition.seen()),
        };
        for (name, operator, limit) in parts.iter().filter_map(compared) {
            let up = match operator {
                Compare::Less | Compare::LessEqual => true,
                Compare::Greater | Compare::GreaterEqual => false,
                Compare::Equal | Compare::NotEqual | Compare::In | Compare::NotIn | Compare::Is | Compare::IsNot => continue,
            };
            let mut sets = Sets { name, found: Vec::new() };
            visit::steps(&op.steps, &mut sets);
            let mut others = Changes::of(self.assigned);
            visit::steps(&op.steps, &mut others);
            let fixed = number(limit).is_some() || variable(limit).is_some_and(|limit| !others.sets(limit));
            let away = |by: f64| if up { by < 0.0 } else { by > 0.0 };
            // A parser, a call or a loop may set it as well.
            let only = others.count(name) == sets.found.len();
            let Some(first) = sets.found.first().filter(|_| fixed && only) else { continue };
            if sets.found.iter().all(|assign| growth(&assign.value, name).is_some_and(away)) {
                let message = format!("this takes '{name}' further and further away from the limit at which the loop ends");
                self.faults.push(
                    Diagnostic::error("C304", first.value.span.clone(), message).also(op.condition.span.clone(), "the limit").help(if up {
                        "count up, or turn the comparison around"
                    } else {
                        "count down, or turn the comparison around"
                    }),
                );
            }
        }
    }

    /// `continue` stands before what changes the condition, and nothing on the way to it could come out otherwise in the next round.
    fn skipped(&mut self, op: &'p WhileLoop) {
        let uses = op.condition.uses();
        let names: BTreeSet<&str> = uses.variables.iter().chain(&uses.tested).map(|used| used.name.as_str()).collect();
        let queries = !uses.query_sources.is_empty() || uses.computed_sources;
        if names.is_empty() || uses.computed_variables || queries || asks_outside(&op.condition) {
            return;
        }
        let mut changes = Changes::of(self.assigned);
        visit::steps(&op.steps, &mut changes);
        if !names.iter().any(|name| changes.sets(name)) {
            return;
        }
        let mut way = Way { read: names.iter().map(|name| (*name).to_owned()).collect(), set: BTreeSet::new(), found: Vec::new() };
        way.steps(&op.steps);
        let listed: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
        for at in way.found {
            let message = format!("where the loop goes on here, {} stays as it is, and so does all that leads here", listed.join(" and "));
            self.faults.push(
                Diagnostic::warning("C304", at.clone(), format!("{message}: the loop never ends"))
                    .also(op.condition.span.clone(), "the condition of the loop")
                    .help("change what the condition reads before 'continue', or leave the loop with 'break'"),
            );
        }
    }
}

/// The assignments of a variable.
struct Sets<'r, 'p> {
    name: &'r str,
    found: Vec<&'p Assign>,
}

impl<'p> Visitor<'p> for Sets<'_, 'p> {
    fn assign(&mut self, assign: &'p Assign) {
        if assign.name.name == self.name {
            self.found.push(assign);
        }
    }
}

/// The ways through a round that do the same in every round, as long as nothing that they read is changed.
#[derive(Clone)]
struct Way {
    read: BTreeSet<String>,
    set: BTreeSet<String>,
    /// Where they end with `continue`.
    found: Vec<Span>,
}

impl Way {
    /// False where no such way goes on behind the steps. The depth of steps is bounded by the YAML reader.
    fn steps(&mut self, steps: &[Step]) -> bool {
        for step in steps {
            if let Some(when) = &step.when
                && !self.reads(when)
            {
                return false;
            }
            match &step.op {
                Op::Leave(Leave::Continue) => {
                    if self.set.is_disjoint(&self.read) {
                        self.found.push(step.span.clone());
                    }
                    if step.when.is_none() {
                        return false;
                    }
                }
                Op::Print(_) => {}
                Op::SetVariable(op) => {
                    if !op.assigns.iter().all(|assign| self.reads(&assign.value)) {
                        return false;
                    }
                    self.set.extend(op.assigns.iter().map(|assign| assign.name.name.clone()));
                }
                // Made anew from what is as it was.
                Op::Transform(op)
                    if op.write_mode == WriteMode::Create
                        && text(&op.target.name)
                            .is_some_and(|name| !op.query.uses().texts.iter().any(|t| t.to_lowercase().contains(&name.to_lowercase()))) =>
                {
                    if !self.reads(&op.query) {
                        return false;
                    }
                }
                Op::Block(op) => {
                    if !self.steps(&op.steps) {
                        return false;
                    }
                }
                Op::IfElse(op) => {
                    let mut behind = self.clone();
                    let mut goes_on = op.otherwise.is_none();
                    for arm in &op.arms {
                        if !self.reads(&arm.condition) {
                            return false;
                        }
                        let mut inside = Self { found: Vec::new(), ..self.clone() };
                        goes_on |= inside.steps(&arm.then);
                        self.found.append(&mut inside.found);
                        behind.set.append(&mut inside.set);
                        behind.read.append(&mut inside.read);
                    }
                    let mut inside = Self { found: Vec::new(), ..self.clone() };
                    goes_on |= inside.steps(op.otherwise.as_deref().unwrap_or_default());
                    self.found.append(&mut inside.found);
                    self.read.append(&mut behind.read);
                    self.read.append(&mut inside.read);
                    self.set.append(&mut behind.set);
                    self.set.append(&mut inside.set);
                    if !goes_on {
                        return false;
                    }
                }
                _ => return false,
            }
        }
        true
    }

    /// False for what may come out otherwise at any time.
    fn reads(&mut self, value: &Expression) -> bool {
        let uses = value.uses();
        self.read.extend(uses.variables.iter().chain(&uses.tested).map(|used| used.name.clone()));
        !uses.computed_variables && !asks_outside(value)
    }
}
