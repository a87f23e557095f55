//! `set_variable`: values for variables, one after the other.

use sequor_plan_format::op as plan;

use super::Op;
use crate::diagnostic::{Diagnostic, Span};
use crate::lower::Lowering;
use crate::syntax::fields::{EXPRESSION, Fields, scalar};
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, BEFORE_REPLY, Reader, assign};
use crate::yaml::{self, Entry, Node};

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
pub fn other_form(step: &Node) -> Option<(Diagnostic, Node)> {
    let yaml::Kind::Mapping(entries) = &step.kind else { return None };
    let find = |names: &[&str]| entries.iter().find(|e| names.contains(&e.key.as_str()));
    let (None, Some(name), Some(value)) = (find(&["set"]), find(&["name", "variable", "var"]), find(&["value", "value_expression"])) else {
        return None;
    };
    let written = scalar(&name.value).map(|s| s.text.as_str());
    let suffix = if value.key == "value" { "" } else { EXPRESSION };
    let fault = Diagnostic::error("S103", name.key_span.clone(), format!("op 'set_variable' has no '{}' and '{}'", name.key, value.key))
        .also(value.key_span.clone(), "the value")
        .help(format!("write `set: {{{}{suffix}: …}}` instead of both", written.unwrap_or("NAME")));
    let assign = written.map(|name_text| Entry {
        key: format!("{name_text}{suffix}"),
        key_span: name.value.span.clone(),
        value: value.value.clone(),
    });
    let set = Node { span: value.value.span.clone(), kind: yaml::Kind::Mapping(assign.into_iter().collect()) };
    let others = entries.iter().filter(|e| e.key != name.key && e.key != value.key).cloned();
    let set = Entry { key: "set".to_owned(), key_span: name.key_span.clone(), value: set };
    let whole = Node { span: step.span.clone(), kind: yaml::Kind::Mapping(others.chain(std::iter::once(set)).collect()) };
    Some((fault, whole))
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
