//! `break`, `continue` and `return`: the steps that follow are left out.

use sequor_plan_format::op as plan;

use super::Op;
use crate::diagnostic::Span;
use crate::lower::Lowering;
use crate::snippet::expression::Expression;
use crate::syntax::fields::Fields;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::value::{self, Scalars};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{BEFORE_REPLY, Reader};

pub static BREAK: Table = Table::new("op 'break'", "Ends the innermost 'while' or 'for_each'.", &[]);
pub static CONTINUE: Table = Table::new("op 'continue'", "Skips the rest of a round of the innermost 'while' or 'for_each'.", &[]);
pub static RETURN: Table = Table::new(
    "op 'return'",
    "Ends the flow at once, with a value for the flow that called it.",
    &[Key::dynamic("value", Kind::Any, "the value that 'output' of run_flow takes; absent: null").mistaken(&["output", "result"])],
);

#[derive(Debug)]
pub enum Leave {
    Break,
    Continue,
    Return(Option<Expression>),
}

#[allow(clippy::unnecessary_wraps, reason = "as all ops are read")]
pub(super) fn read_break(_: &Fields<'_>, _: &Span, _: &mut Reader<'_>) -> Option<Op> {
    Some(Op::Leave(Leave::Break))
}

#[allow(clippy::unnecessary_wraps, reason = "as all ops are read")]
pub(super) fn read_continue(_: &Fields<'_>, _: &Span, _: &mut Reader<'_>) -> Option<Op> {
    Some(Op::Leave(Leave::Continue))
}

#[allow(clippy::unnecessary_wraps, reason = "as all ops are read")]
pub(super) fn read_return(fields: &Fields<'_>, _: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    let value = value::of_key(fields, "value", Scalars::Variable, BEFORE_REPLY, &mut reader.faults);
    Some(Op::Leave(Leave::Return(value)))
}

impl Leave {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Break => "break",
            Self::Continue => "continue",
            Self::Return(_) => "return",
        }
    }

    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        match self {
            Self::Break | Self::Continue => {}
            Self::Return(value) => visit::optional(value.as_ref(), visitor),
        }
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> plan::Leave {
        match self {
            Self::Break => plan::Leave::Break,
            Self::Continue => plan::Leave::Continue,
            Self::Return(value) => plan::Leave::Return(lowering.optional(value.as_ref())),
        }
    }
}
