//! C304: a `while` has something in it that can end it. C310: a loop has a variable of its own. C313: a `catch` does something.

use std::collections::BTreeSet;

use sequor_plan_format::manifest::Access;

use super::assigned::Assigned;
use super::graph::constant;
use super::parsed::parsed_names;
use crate::diagnostic::Diagnostic;
use crate::op::Op;
use crate::op::run_flow::RunFlow;
use crate::op::while_loop::WhileLoop;
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Kind, Named};
use crate::syntax::visit::{self, Visitor, Wanted};
use crate::syntax::{Assign, SourceRef, Step, TableRef};

pub(super) fn check(resolved: &Resolved<'_>, assigned: &Assigned<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        visit::steps(
            &flow.steps,
            &mut Loops { assigned, faulty: flow.unreadable || !flow.suspected.is_empty(), bound: Vec::new(), faults },
        );
    }
}

struct Loops<'r, 'p, 'f> {
    assigned: &'r Assigned<'p>,
    /// Some steps of the flow could not be read.
    faulty: bool,
    bound: Vec<&'p Named>,
    faults: &'f mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Loops<'_, 'p, '_> {
    fn enter_step(&mut self, step: &'p Step) {
        match &step.op {
            Op::WhileLoop(op) => self.endless(op),
            Op::TryCatch(op) => {
                for catch in op.catches.iter().filter(|c| c.steps.is_empty()) {
                    let place = catch.error.as_ref().or(catch.kinds.first()).map_or(&step.span, |named| &named.span);
                    self.faults.push(
                        Diagnostic::hint("C313", place.clone(), "this 'catch' does nothing, so that errors vanish without a trace")
                            .help("print the error's message, so that somebody can find out"),
                    );
                }
            }
            Op::HttpRequest(_)
            | Op::Transform(_)
            | Op::Copy(_)
            | Op::Parallel(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::IfElse(_)
            | Op::ForEach(_)
            | Op::Block(_)
            | Op::RunFlow(_)
            | Op::Sleep(_)
            | Op::Assert(_)
            | Op::Leave(_) => {}
        }
    }

    fn bind(&mut self, name: &'p Named) {
        if let Some(outer) = self.bound.iter().find(|outer| outer.name == name.name) {
            self.faults.push(
                Diagnostic::warning(
                    "C310",
                    name.span.clone(),
                    format!("'{}' is already the variable of the loop or catch around this one", name.name),
                )
                .also(outer.span.clone(), "the outer one")
                .help("give it another name: in these steps the outer one cannot be read"),
            );
        }
        self.bound.push(name);
    }

    fn unbind(&mut self) {
        self.bound.pop();
    }
}

impl Loops<'_, '_, '_> {
    fn endless(&mut self, op: &WhileLoop) {
        if self.faulty || constant(&op.condition) == Some(false) || leaves(&op.steps) {
            return;
        }
        let uses = op.condition.uses();
        let mut changes = Changes::of(self.assigned);
        visit::steps(&op.steps, &mut changes);
        let asks = asks_outside(&op.condition) || uses.computed_variables;
        let queries = !uses.query_sources.is_empty() && (changes.outside || changes.waits);
        if asks || queries || uses.variables.iter().chain(&uses.tested).any(|v| changes.set.contains(v.name.as_str())) {
            return;
        }
        let mut names: Vec<String> = uses.variables.iter().map(|v| format!("'{}'", v.name)).collect();
        names.dedup();
        let message = match names.as_slice() {
            [] => "nothing in this loop can change its condition, so it never ends".to_owned(),
            names => {
                format!("nothing in this loop changes {}, so its condition stays as it is and the loop never ends", names.join(" or "))
            }
        };
        self.faults.push(
            Diagnostic::error("C304", op.condition.span.clone(), message)
                .help("change in its steps what the condition reads, or leave the loop with 'break'"),
        );
    }
}

/// Python and Jinja may look at the clock or at chance: words that do so.
fn asks_outside(condition: &Expression) -> bool {
    let mut asks = false;
    condition.walk(&mut |e| {
        asks |= match &e.kind {
            Kind::Python { code, .. } | Kind::Jinja { code, .. } => {
                ["now", "time", "today", "random", "uuid"].iter().any(|word| code.text.contains(word))
            }
            _ => false,
        }
    });
    asks
}

/// Some step ends the loop, or may: with an error of its own too. The depth of steps is bounded by the YAML reader.
pub(super) fn leaves(steps: &[Step]) -> bool {
    steps.iter().any(|step| match &step.op {
        Op::Leave(_) | Op::Fail(_) | Op::Assert(_) => true,
        Op::HttpRequest(_)
        | Op::Transform(_)
        | Op::Copy(_)
        | Op::Parallel(_)
        | Op::Execute(_)
        | Op::SetVariable(_)
        | Op::Print(_)
        | Op::Sleep(_)
        | Op::RunFlow(_)
        | Op::IfElse(_)
        | Op::TryCatch(_)
        | Op::Block(_)
        | Op::WhileLoop(_)
        | Op::ForEach(_) => step.op.blocks().into_iter().any(leaves),
    })
}

/// What the steps of a loop change.
struct Changes<'r, 'p> {
    assigned: &'r Assigned<'p>,
    set: BTreeSet<String>,
    /// Something that a query may see.
    outside: bool,
    /// It waits for somebody else.
    waits: bool,
}

impl<'r, 'p> Changes<'r, 'p> {
    fn of(assigned: &'r Assigned<'p>) -> Self {
        Self { assigned, set: BTreeSet::new(), outside: false, waits: false }
    }
}

impl<'p> Visitor<'p> for Changes<'_, 'p> {
    fn enter_step(&mut self, step: &'p Step) {
        self.outside |= matches!(step.op, Op::Execute(_) | Op::Transform(_) | Op::Copy(_));
        self.waits |= matches!(step.op, Op::Sleep(_));
    }

    fn source(&mut self, _: &'p SourceRef, wanted: Wanted) {
        self.outside |= wanted == Wanted::Http;
    }

    fn table(&mut self, _: &'p TableRef, access: Access) {
        self.outside |= access != Access::Read;
    }

    fn assign(&mut self, assign: &'p Assign) {
        self.set.insert(assign.name.name.clone());
    }

    fn parser(&mut self, parser: &'p Expression, _: bool) {
        self.set.extend(parsed_names(parser));
    }

    /// What a called flow does beyond its variables is not looked into.
    fn call(&mut self, call: &'p RunFlow) {
        self.outside = true;
        self.set.extend(call.output.iter().map(|name| name.name.clone()));
        let sets = self.assigned.sets.get(call.flow.name.as_str());
        self.set.extend(sets.into_iter().flatten().map(|name| (*name).to_owned()));
    }

    fn bind(&mut self, name: &'p Named) {
        self.set.insert(name.name.clone());
    }
}
