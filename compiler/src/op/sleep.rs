//! `sleep`: a pause.

use sequor_plan_format::op as plan;

use super::Op;
use crate::diagnostic::Span;
use crate::lower::Lowering;
use crate::snippet::expression::Expression;
use crate::syntax::fields::Fields;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::value::{self, Scalars};
use crate::syntax::visit::Visitor;
use crate::syntax::{BEFORE_REPLY, Reader};

pub static KEYS: Table = Table::new(
    "op 'sleep'",
    "Waits for some seconds.",
    &[Key::dynamic("seconds", Kind::Any, "how long, in seconds, at least 0; fractions are fine")
        .mistaken(&["duration", "delay", "time", "for"])
        .required()],
);

#[derive(Debug)]
pub struct Sleep {
    pub seconds: Expression,
}

pub(super) fn read(fields: &Fields<'_>, _at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    let seconds = value::of_key(fields, "seconds", Scalars::Written, BEFORE_REPLY, &mut reader.faults)?;
    Some(Op::Sleep(Sleep { seconds }))
}

impl Sleep {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        visitor.expression(&self.seconds);
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> plan::Sleep {
        plan::Sleep { seconds: lowering.expr(&self.seconds) }
    }
}
