//! `print`: a line in the run's log.

use sequor_plan_format::op as plan;
use sequor_plan_format::op::print::Level;

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
    "op 'print'",
    "Writes a line to the run's log.",
    &[
        Key::dynamic("message", Kind::Any, "what is written").mistaken(&["text", "msg"]).required(),
        Key::new("level", Kind::Choice(&["debug", "info", "warning", "warn", "error"]), "how important the line is").default("info"),
    ],
);

#[derive(Debug)]
pub struct Print {
    pub message: Expression,
    pub level: Level,
}

pub(super) fn read(fields: &Fields<'_>, _at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    let level = match fields.choice("level", &mut reader.faults) {
        Some("debug") => Level::Debug,
        Some("warning" | "warn") => Level::Warning,
        Some("error") => Level::Error,
        _ => Level::Info,
    };
    let message = value::of_key(fields, "message", Scalars::Text, BEFORE_REPLY, &mut reader.faults)?;
    Some(Op::Print(Print { message, level }))
}

impl Print {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        visitor.expression(&self.message);
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> plan::Print {
        plan::Print { message: lowering.expr(&self.message), level: self.level }
    }
}
