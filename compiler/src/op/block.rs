//! `block`: steps that belong together.

use sequor_plan_format::op as plan;

use super::Op;
use crate::diagnostic::Span;
use crate::lower::{Lowering, Unresolved};
use crate::syntax::fields::Fields;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Reader, Step, step};

pub static KEYS: Table = Table::new(
    "op 'block'",
    "Groups steps under one id, title and 'when'.",
    &[Key::new("steps", Kind::Steps, "what is done, in order").required()],
);

#[derive(Debug)]
pub struct Block {
    pub steps: Vec<Step>,
}

pub(super) fn read(fields: &Fields<'_>, _at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    Some(Op::Block(Block { steps: step::read_key(fields, "steps", reader)? }))
}

impl Block {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        visit::steps(&self.steps, visitor);
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::Group, Unresolved> {
        Ok(plan::Group { body: lowering.block(&self.steps)? })
    }
}
