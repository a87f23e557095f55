//! C303: some way through the flow comes to every step.
//!
//! Told is the first step of a list that is never reached although the step before it is; not what follows it or stands in it.

use std::collections::BTreeSet;

use super::graph::{Graph, constant};
use super::loops::leaves;
use crate::diagnostic::Diagnostic;
use crate::op::Op;
use crate::resolve::Resolved;
use crate::syntax::Step;

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        let faulty = flow.unreadable || !flow.suspected.is_empty();
        Rule { reached: Graph::of(flow).reached(), faulty, faults }.block(&flow.steps);
    }
}

struct Rule<'f> {
    /// By where the steps start.
    reached: BTreeSet<u32>,
    /// Some steps of the flow could not be read: they may be a way on.
    faulty: bool,
    faults: &'f mut Vec<Diagnostic>,
}

impl Rule<'_> {
    /// The depth of steps is bounded by the YAML reader.
    fn block(&mut self, steps: &[Step]) {
        let is_reached = |step: &Step| self.reached.contains(&step.span.start);
        if let Some((before, step)) = steps.iter().zip(steps.iter().skip(1)).find(|(before, step)| is_reached(before) && !is_reached(step))
            && !has_fault(before)
            && (!self.faulty || before.op.blocks().is_empty())
        {
            self.faults.push(fault(before, step));
        }
        for block in steps.iter().flat_map(|step| step.op.blocks()) {
            self.block(block);
        }
    }
}

fn fault(before: &Step, step: &Step) -> Diagnostic {
    let name = before.op.name();
    let (why, help) = match &before.op {
        Op::Leave(_) | Op::Fail(_) => {
            (format!("'{name}' comes before it in every case"), format!("take it out, or give '{name}' a 'when'"))
        }
        Op::WhileLoop(_) => {
            ("the 'while' before it never ends".to_owned(), "leave the loop with 'break', or take this step out".to_owned())
        }
        Op::IfElse(_)
        | Op::TryCatch(_)
        | Op::Block(_)
        | Op::Parallel(_)
        | Op::ForEach(_)
        | Op::HttpRequest(_)
        | Op::Transform(_)
        | Op::Copy(_)
        | Op::Execute(_)
        | Op::SetVariable(_)
        | Op::Print(_)
        | Op::RunFlow(_)
        | Op::Sleep(_)
        | Op::Assert(_) => {
            (format!("no way through the '{name}' before it goes on"), "take it out, or let one of those ways go on to it".to_owned())
        }
    };
    Diagnostic::warning("C303", step.span.clone(), format!("this step is never reached: {why}"))
        .also(before.span.clone(), "here the steps end")
        .help(help)
}

/// A condition that is always the same, or a loop without an end, has been reported: what follows from it has not to be told again.
fn has_fault(step: &Step) -> bool {
    let settled = match &step.op {
        Op::IfElse(op) => op.arms.iter().any(|arm| constant(&arm.condition).is_some()),
        Op::WhileLoop(op) => constant(&op.condition) == Some(true) && !leaves(&op.steps),
        Op::HttpRequest(_)
        | Op::Transform(_)
        | Op::Copy(_)
        | Op::Execute(_)
        | Op::SetVariable(_)
        | Op::Print(_)
        | Op::Fail(_)
        | Op::ForEach(_)
        | Op::TryCatch(_)
        | Op::Parallel(_)
        | Op::Block(_)
        | Op::RunFlow(_)
        | Op::Sleep(_)
        | Op::Assert(_)
        | Op::Leave(_) => false,
    };
    settled || step.when.as_ref().is_some_and(|when| constant(when).is_some()) || step.op.blocks().into_iter().flatten().any(has_fault)
}
