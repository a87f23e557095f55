//! The error of a `catch` that gives it no name.

use crate::op::Op;
use crate::snippet::expression::{Expression, Named};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Flow, Step};

/// Names that errors usually have.
const USUAL: &[&str] = &["e", "err", "error", "exc", "exception", "ex", "last_error", "failure"];

/// Whether a name that an error usually has is used in a catch without `as`.
pub(super) fn is_in_nameless(flow: &Flow, used: &Named) -> bool {
    USUAL.contains(&used.name.as_str()) && flow.steps.iter().any(|step| is_in(step, used))
}

fn is_in(step: &Step, used: &Named) -> bool {
    if let Op::TryCatch(op) = &step.op {
        for catch in op.catches.iter().filter(|catch| catch.error.is_none()) {
            let mut reads = Reads { used, found: false };
            visit::steps(&catch.steps, &mut reads);
            if reads.found {
                return true;
            }
        }
    }
    step.op.blocks().into_iter().flatten().any(|step| is_in(step, used))
}

struct Reads<'u> {
    used: &'u Named,
    found: bool,
}

impl<'p> Visitor<'p> for Reads<'_> {
    fn expression(&mut self, expression: &'p Expression) {
        let here = |name: &Named| name.name == self.used.name && name.span.start == self.used.span.start;
        self.found |= expression.uses().variables.iter().any(here);
    }
}
