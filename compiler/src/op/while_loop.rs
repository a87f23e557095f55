//! `while`: steps repeated as long as a condition holds.

use sequor_plan_format::op as plan;

use super::Op;
use crate::diagnostic::Span;
use crate::lower::{Lowering, Unresolved};
use crate::snippet::expression::Expression;
use crate::syntax::fields::Fields;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::value;
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{BEFORE_REPLY, Reader, Step, step};

/// Iterations after which a loop is taken to be endless, where the flow does not say.
const MAX_ITERATIONS: u64 = 10_000;

pub static KEYS: Table = Table::new(
    "op 'while'",
    "Repeats steps as long as a condition is true.",
    &[
        Key::dynamic("condition", Kind::Condition, "looked at before each round; the loop ends where it is false").required(),
        Key::new("steps", Kind::Steps, "what is repeated, in order").mistaken(&["do", "then", "body"]).required(),
        Key::new("max_iterations", Kind::Integer, "how many rounds there may be; one more is an error of kind 'limit'").default("10000"),
    ],
);

#[derive(Debug)]
pub struct WhileLoop {
    pub condition: Expression,
    pub steps: Vec<Step>,
    pub max_iterations: u64,
}

pub(super) fn read(fields: &Fields<'_>, _at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    let max_iterations =
        fields.integer("max_iterations", 1, &mut reader.faults).and_then(|n| u64::try_from(n).ok()).unwrap_or(MAX_ITERATIONS);
    let steps = step::read_key(fields, "steps", reader);
    let condition = value::condition(fields, "condition", BEFORE_REPLY, &mut reader.faults)?;
    Some(Op::WhileLoop(WhileLoop { condition, steps: steps?, max_iterations }))
}

impl WhileLoop {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        visitor.expression(&self.condition);
        visit::steps(&self.steps, visitor);
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::WhileLoop, Unresolved> {
        let condition = lowering.expr(&self.condition);
        Ok(plan::WhileLoop { condition, body: lowering.block(&self.steps)?, max_iterations: self.max_iterations })
    }
}
