//! `set_variable`: values for variables, one after the other.

use sequor_plan_format::op as plan;

use super::Op;
use crate::diagnostic::Span;
use crate::lower::Lowering;
use crate::syntax::fields::Fields;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, BEFORE_REPLY, Reader, scalars};

pub static KEYS: Table = Table::new(
    "op 'set_variable'",
    "Sets variables.",
    &[Key::new("set", Kind::Assigns, "name: value, or name: {value, scope}").mistaken(&["variables", "values", "vars"]).required()],
);

#[derive(Debug)]
pub struct SetVariable {
    pub assigns: Vec<Assign>,
}

pub(super) fn read(fields: &Fields<'_>, _at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    let node = fields.node("set")?;
    Some(Op::SetVariable(SetVariable { assigns: scalars::assigns(node, "'set'", BEFORE_REPLY, reader) }))
}

impl SetVariable {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        visit::assigns(&self.assigns, visitor);
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> plan::SetVariable {
        plan::SetVariable { assigns: lowering.assigns(&self.assigns) }
    }
}
