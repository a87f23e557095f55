//! `fail`: ends the flow with an error of its own.

use sequor_plan_format::op as plan;

use super::Op;
use crate::diagnostic::Span;
use crate::lower::Lowering;
use crate::snippet::expression::Expression;
use crate::syntax::fields::Fields;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::value::text_of_key;
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{BEFORE_REPLY, Reader};

pub static KEYS: Table = Table::new(
    "op 'fail'",
    "Raises an error: a 'try' around it may catch it, otherwise the run fails.",
    &[
        Key::dynamic("message", Kind::Text, "what the error says").mistaken(&["msg", "text", "error"]).required(),
        Key::dynamic("kind", Kind::Text, "the kind of the error: a word of your own, which 'catch' can name in its 'on'").default("failed"),
    ],
);

#[derive(Debug)]
pub struct Fail {
    pub message: Expression,
    pub kind: Option<Expression>,
}

pub(super) fn read(fields: &Fields<'_>, _at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    let kind = text_of_key(fields, "kind", BEFORE_REPLY, &mut reader.faults);
    let message = text_of_key(fields, "message", BEFORE_REPLY, &mut reader.faults)?;
    Some(Op::Fail(Fail { message, kind }))
}

impl Fail {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        visitor.expression(&self.message);
        visit::optional(self.kind.as_ref(), visitor);
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> plan::Fail {
        plan::Fail { message: lowering.expr(&self.message), kind: lowering.optional(self.kind.as_ref()) }
    }
}
