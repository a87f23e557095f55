//! C323: a step's `timeout` is longer than the pauses in it.

use super::counting::number;
use crate::diagnostic::Diagnostic;
use crate::op::Op;
use crate::resolve::Resolved;
use crate::syntax::Step;

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        block(&flow.steps, faults);
    }
}

/// The depth of steps, here and below, is bounded by the YAML reader.
fn block(steps: &[Step], faults: &mut Vec<Diagnostic>) {
    for step in steps {
        if let (Some(timeout), Some(at)) = (step.timeout_ms, &step.timeout_at) {
            let pauses = pauses(step);
            #[expect(clippy::cast_precision_loss, reason = "a timeout of 285,000 years is no matter")]
            let timeout = timeout as f64 / 1000.0;
            if pauses >= timeout {
                let message = format!("this step ends with a timeout after {timeout} s in every run: it pauses for {pauses} s");
                let fault = Diagnostic::warning("C323", at.clone(), message);
                faults.push(fault.help("give it more time than its pauses and its other steps take, or put 'timeout' on those"));
                continue;
            }
        }
        step.op.blocks().into_iter().for_each(|inner| block(inner, faults));
    }
}

/// The seconds of the pauses that are made whatever happens.
fn pauses(step: &Step) -> f64 {
    match &step.op {
        Op::Sleep(op) => number(&op.seconds).unwrap_or(0.0),
        Op::Block(op) => always(&op.steps),
        Op::TryCatch(op) => always(&op.steps),
        _ => 0.0,
    }
}

fn always(steps: &[Step]) -> f64 {
    let ends = steps.iter().position(may_leave).unwrap_or(steps.len());
    steps.iter().take(ends).filter(|step| step.when.is_none()).map(pauses).sum()
}

fn may_leave(step: &Step) -> bool {
    matches!(step.op, Op::Leave(_) | Op::Fail(_)) || step.op.blocks().into_iter().flatten().any(may_leave)
}
