//! `set_variable`: values for variables, one after the other.

use sequor_plan_format::op as plan;

use super::Op;
use crate::diagnostic::{Diagnostic, Span};
use crate::lower::Lowering;
use crate::syntax::fields::{EXPRESSION, Fields, scalar};
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, BEFORE_REPLY, Reader, assign};
use crate::yaml::Entry;

pub static KEYS: Table = Table::new(
    "op 'set_variable'",
    "Sets variables, for this flow or for the project.",
    &[Key::new("set", Kind::Assigns, "the variables, as name: value, or name: {value, scope}; they are set one after the other")
        .mistaken(&["variables", "values", "vars"])
        .required()],
);

#[derive(Debug)]
pub struct SetVariable {
    pub assigns: Vec<Assign>,
}

/// The form of other tools, with `name` and `value` beside `op`: one fault instead of one for each key.
pub fn other_form(entries: &[Entry]) -> Option<Diagnostic> {
    let find = |names: &[&str]| entries.iter().find(|e| names.contains(&e.key.as_str()));
    let (None, Some(name), Some(value)) = (find(&["set"]), find(&["name", "variable", "var"]), find(&["value", "value_expression"])) else {
        return None;
    };
    let variable = scalar(&name.value).map_or("NAME", |s| s.text.as_str());
    let suffix = if value.key == "value" { "" } else { EXPRESSION };
    Some(
        Diagnostic::error("S103", name.key_span.clone(), format!("op 'set_variable' has no '{}' and '{}'", name.key, value.key))
            .also(value.key_span.clone(), "the value")
            .help(format!("write `set: {{{variable}{suffix}: …}}` instead of both")),
    )
}

pub(super) fn read(fields: &Fields<'_>, _at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    let node = fields.node("set")?;
    Some(Op::SetVariable(SetVariable { assigns: assign::read(node, "'set'", BEFORE_REPLY, reader) }))
}

impl SetVariable {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        visit::assigns(&self.assigns, visitor);
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> plan::SetVariable {
        plan::SetVariable { assigns: lowering.assigns(&self.assigns) }
    }
}
