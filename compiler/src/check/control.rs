//! Control flow. C315: `break` and `continue` stand inside of a loop.

use crate::diagnostic::Diagnostic;
use crate::op::Op;
use crate::op::leave::Leave;
use crate::resolve::Resolved;
use crate::syntax::Step;

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        block(&flow.steps, Around::default(), faults);
    }
}

/// What stands around a step in its flow.
#[derive(Clone, Copy, Default)]
struct Around {
    in_loop: bool,
    /// Of a `parallel`. A loop around that one does not count.
    in_branch: bool,
}

/// The depth of steps is bounded by the YAML reader.
fn block(steps: &[Step], around: Around, faults: &mut Vec<Diagnostic>) {
    for step in steps {
        let inside = match &step.op {
            Op::WhileLoop(_) | Op::ForEach(_) => Around { in_loop: true, ..around },
            Op::Parallel(_) => Around { in_loop: false, in_branch: true },
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
        for steps in step.op.blocks() {
            block(steps, inside, faults);
        }
    }
}
