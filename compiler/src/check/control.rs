//! Control flow. C315: `break` and `continue` stand inside of a loop. C322: a row that lacks a value does not end the flow.

use crate::diagnostic::Diagnostic;
use crate::op::Op;
use crate::op::if_else::Arm;
use crate::op::leave::Leave;
use crate::resolve::Resolved;
use crate::snippet::expression::Named;
use crate::syntax::Step;

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        block(&flow.steps, Around::default(), faults);
    }
}

/// What stands around a step in its flow.
#[derive(Clone, Copy, Default)]
struct Around<'p> {
    /// What the innermost `for_each` calls its row.
    row: Option<&'p Named>,
    in_loop: bool,
    /// Of a `parallel`. A loop around that one does not count.
    in_branch: bool,
}

/// The depth of steps is bounded by the YAML reader.
fn block<'p>(steps: &'p [Step], around: Around<'p>, faults: &mut Vec<Diagnostic>) {
    for step in steps {
        let inside = match &step.op {
            Op::WhileLoop(_) => Around { in_loop: true, row: None, ..around },
            Op::ForEach(op) => Around { in_loop: true, row: Some(&op.item), ..around },
            Op::Parallel(_) => Around { in_loop: false, in_branch: true, row: None },
            Op::Leave(Leave::Return(_)) if around.in_branch => {
                faults.push(
                    Diagnostic::error("C315", step.span.clone(), "'return' stands inside of a parallel branch")
                        .help("the other branches are still running: set a variable in the branch, and return after the parallel"),
                );
                around
            }
            Op::Leave(leave @ (Leave::Break | Leave::Continue)) if !around.in_loop => {
                let name = leave.name();
                faults.push(Diagnostic::error("C315", step.span.clone(), format!("'{name}' stands outside of a loop")).help(
                    if around.in_branch {
                        "a loop around the parallel cannot be left from a branch; the loop must be in the branch itself"
                    } else {
                        "it belongs into the steps of a for_each or while of the same flow; 'return' ends a flow"
                    },
                ));
                around
            }
            Op::HttpRequest(_)
            | Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::IfElse(_)
            | Op::TryCatch(_)
            | Op::Block(_)
            | Op::RunFlow(_)
            | Op::Sleep(_)
            | Op::Assert(_)
            | Op::Leave(_) => around,
        };
        if let (Op::IfElse(op), Some(row)) = (&step.op, around.row) {
            op.arms.iter().for_each(|arm| faults.extend(ends_flow(arm, row)));
        }
        if let Op::ForEach(op) = &step.op {
            faults.extend(first_round(&op.steps));
        }
        for steps in step.op.blocks() {
            block(steps, inside, faults);
        }
    }
}

/// C322: `return` or `break` where a row of the loop lacks a value. All rows behind it are left out.
fn ends_flow(arm: &Arm, row: &Named) -> Option<Diagnostic> {
    let (last, before) = arm.then.split_last()?;
    let (word, left) = match &last.op {
        Op::Leave(Leave::Return(None)) => ("return", "ends the flow"),
        Op::Leave(Leave::Break) => ("break", "ends the loop"),
        _ => return None,
    };
    let ends = last.when.is_none();
    if !ends || !before.iter().all(|step| matches!(step.op, Op::Print(_))) {
        return None;
    }
    let condition = &arm.condition;
    let text = condition.span.file.text.get(condition.span.start as usize..condition.span.end as usize)?.to_lowercase();
    let lacks =
        ["is none", "is not defined", "is undefined", "== ''", "== \"\"", "not var(", "0) == 0"].iter().any(|test| text.contains(test));
    if !lacks || !condition.uses().variables.iter().any(|used| used.name == row.name) {
        return None;
    }
    let message = format!("'{word}' {left}: the rows behind this '{}' are left out", row.name);
    Some(Diagnostic::warning("C322", last.span.clone(), message).help("write `continue` to go on with the next row"))
}

/// C322: a loop that adds something up, and that its last step leaves in the first round.
fn first_round(steps: &[Step]) -> Option<Diagnostic> {
    let (last, before) = steps.split_last()?;
    let (Op::Leave(leave @ (Leave::Return(_) | Leave::Break)), None) = (&last.op, &last.when) else { return None };
    let adds_up = |step: &Step| match &step.op {
        Op::SetVariable(op) => {
            op.assigns.iter().any(|assign| assign.value.uses().variables.iter().any(|used| used.name == assign.name.name))
        }
        _ => false,
    };
    let goes_on = |step: &Step| !step.op.blocks().is_empty() || matches!(step.op, Op::Leave(_));
    if !before.iter().any(adds_up) || before.iter().any(goes_on) {
        return None;
    }
    let message = format!("this '{}' ends the loop in its first round", leave.name());
    Some(Diagnostic::warning("C322", last.span.clone(), message).help("put it behind the loop: as far to the left as the `for_each`"))
}
