//! `run_flow`: a flow called with parameters.

use sequor_plan_format::op as plan;

use super::Op;
use crate::diagnostic::{Severity, Span};
use crate::lower::{Lowering, Unresolved};
use crate::project::flow_name;
use crate::snippet::expression::{Expression, Named};
use crate::syntax::fields::Fields;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::scalars::named;
use crate::syntax::value::{self, Scalars};
use crate::syntax::visit::Visitor;
use crate::syntax::{BEFORE_REPLY, Reader};

pub static KEYS: Table = Table::new(
    "op 'run_flow'",
    "Runs another flow of the project with parameters, as a step of this one.",
    &[
        Key::new("flow", Kind::Text, "the flow that runs: its file's path below flows/, without .yaml")
            .mistaken(&["name", "workflow"])
            .required(),
        Key::new("parameters", Kind::Entries, "values for the parameters of that flow, by name").mistaken(&[
            "params",
            "args",
            "arguments",
            "inputs",
            "with",
        ]),
        Key::new("start_step", Kind::Text, "the id of the step that the flow starts at; those before it are left out"),
        Key::new("output", Kind::Text, "the local variable that takes what the flow returns; null where it returns nothing")
            .mistaken(&["as", "result", "into"]),
    ],
);

#[derive(Debug)]
pub struct RunFlow {
    pub flow: Named,
    /// Where a missing parameter is reported.
    pub span: Span,
    pub parameters: Vec<(Named, Expression)>,
    /// They are written in a way that was reported: what is missing may be there.
    pub misread: bool,
    pub output: Option<Named>,
    pub start: Option<Named>,
}

pub(super) fn read(fields: &Fields<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    let before = reader.faults.len();
    let parameters = match fields.node("parameters") {
        Some(node) => value::entries(node, "'parameters'", Scalars::Variable, BEFORE_REPLY, &mut reader.faults)
            .into_iter()
            .map(|(name, entry, value)| (Named { name: name.to_owned(), span: entry.key_span.clone() }, value))
            .collect(),
        None => Vec::new(),
    };
    let misread = fields.is_misspelt("parameters") || reader.faults[before..].iter().any(|f| f.severity == Severity::Error);
    let (name, span) = fields.name("flow", &mut reader.faults)?;
    let flow = Named { name: flow_name(name).to_owned(), span: span.clone() };
    let output = match fields.filled("output") {
        Some(_) => Some(fields.name("output", &mut reader.faults)?),
        None => None,
    };
    let output = output.map(named);
    let start = match fields.filled("start_step") {
        Some(_) => Some(named(fields.name("start_step", &mut reader.faults)?)),
        None => None,
    };
    Some(Op::RunFlow(RunFlow { flow, span: at.clone(), parameters, misread, output, start }))
}

impl RunFlow {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        for (_, value) in &self.parameters {
            visitor.expression(value);
        }
        visitor.call(self);
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::RunFlow, Unresolved> {
        let flow = lowering.flow(&self.flow)?;
        let parameters = self.parameters.iter().map(|(name, value)| (lowering.text(&name.name), lowering.expr(value))).collect();
        let output = self.output.as_ref().map(|name| lowering.text(&name.name));
        let start = self.start.as_ref().map(|step| lowering.text(&step.name));
        Ok(plan::RunFlow { flow, parameters, output, start })
    }
}
