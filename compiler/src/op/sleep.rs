//! `sleep`: a pause.

use sequor_plan_format::op as plan;

use super::Op;
use crate::diagnostic::{Diagnostic, Span};
use crate::lower::Lowering;
use crate::snippet::expression::{self, Expression};
use crate::syntax::fields::{Fields, scalar};
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
    if let (Some(node), false) = (fields.node("seconds"), is_pause(&seconds.kind)) {
        let written = scalar(node).map_or_else(String::new, |s| format!(", but is '{}'", s.text));
        let fault = Diagnostic::error("S106", node.span.clone(), format!("'seconds' must be a number, at least 0{written}"));
        reader.faults.push(fault.help("write the seconds as a plain number: 5, 0.5, 120"));
    }
    Some(Op::Sleep(Sleep { seconds }))
}

/// Whether it may be a number of seconds. What is computed may.
fn is_pause(seconds: &expression::Kind) -> bool {
    use expression::Kind;
    match seconds {
        Kind::Int(i) => *i >= 0,
        Kind::Float(f) => *f >= 0.0,
        Kind::Text(text) | Kind::Number(text) => text.trim().parse::<f64>().is_ok_and(|f| f >= 0.0),
        Kind::Null | Kind::Bool(_) | Kind::List(_) | Kind::Dict(_) => false,
        _ => true,
    }
}

impl Sleep {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        visitor.expression(&self.seconds);
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> plan::Sleep {
        plan::Sleep { seconds: lowering.expr(&self.seconds) }
    }
}
