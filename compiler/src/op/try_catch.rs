//! `try`: steps whose errors are caught.

use sequor_plan_format::op as plan;

use super::Op;
use crate::diagnostic::{Diagnostic, Span};
use crate::lower::{Lowering, Unresolved};
use crate::snippet::expression::Named;
use crate::syntax::fields::Fields;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::scalars::{kinds, named};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Reader, Step, step};
use crate::yaml::{self, Node};

pub static KEYS: Table = Table::new(
    "op 'try'",
    "Runs steps, catches their errors, and cleans up; it needs 'catch' or 'finally'.",
    &[
        Key::new("steps", Kind::Steps, "the steps whose errors are caught").mistaken(&["do", "body", "try"]).required(),
        Key::new(
            "catch",
            Kind::Sections(&CATCH),
            "what is done on an error: a list of steps, one mapping as below, or a list of those, of which the first that matches runs",
        )
        .mistaken(&["except", "on_error"]),
        Key::new("finally", Kind::Steps, "what is done last in every case, also where an error goes on"),
    ],
);

/// The keys of one catch.
pub static CATCH: Table = Table::new(
    "'catch'",
    "What is done on an error.",
    &[
        Key::new("on", Kind::Names, "the kinds of error that it is for; absent: every error").aliases(&["kinds"]),
        Key::new(
            "as",
            Kind::Text,
            "the variable that holds the error, a map of kind, message, op, status_code and body; it is there inside 'steps' only",
        ),
        Key::new("steps", Kind::Steps, "what is done").mistaken(&["then", "do"]).required(),
    ],
);

#[derive(Debug)]
pub struct TryCatch {
    pub steps: Vec<Step>,
    pub catches: Vec<Catch>,
    pub finally: Option<Vec<Step>>,
}

#[derive(Debug)]
pub struct Catch {
    pub kinds: Vec<Named>,
    pub error: Option<Named>,
    pub steps: Vec<Step>,
}

pub(super) fn read(fields: &Fields<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    if fields.get("catch").is_none() && fields.get("finally").is_none() && !fields.is_misspelt("catch") && !fields.is_misspelt("finally") {
        reader.faults.push(
            Diagnostic::error("S104", at.clone(), "op 'try' has neither 'catch' nor 'finally'")
                .help("say with 'catch' what is done on an error"),
        );
    }
    let steps = step::read_key(fields, "steps", reader);
    let catches = fields.get("catch").map(|f| catches(&f.entry.value, &f.entry.key_span, reader)).unwrap_or_default();
    let finally = step::read_key(fields, "finally", reader);
    Some(Op::TryCatch(TryCatch { steps: steps?, catches, finally }))
}

/// A list of steps, one catch, or a list of catches.
fn catches(node: &Node, at: &Span, reader: &mut Reader<'_>) -> Vec<Catch> {
    match &node.kind {
        yaml::Kind::Mapping(entries) if !entries.iter().any(|e| e.key == "op") => catch(node, at, reader).into_iter().collect(),
        yaml::Kind::Sequence(items) if !items.is_empty() && items.iter().all(is_catch) => {
            items.iter().filter_map(|item| catch(item, &item.span, reader)).collect()
        }
        yaml::Kind::Mapping(_) | yaml::Kind::Sequence(_) | yaml::Kind::Scalar(_) => {
            vec![Catch { kinds: Vec::new(), error: None, steps: step::read_list(node, "'catch'", reader) }]
        }
    }
}

fn is_catch(node: &Node) -> bool {
    match &node.kind {
        yaml::Kind::Mapping(entries) => !entries.iter().any(|e| e.key == "op") && entries.iter().any(|e| CATCH.key(&e.key).is_some()),
        yaml::Kind::Scalar(_) | yaml::Kind::Sequence(_) => false,
    }
}

fn catch(node: &Node, at: &Span, reader: &mut Reader<'_>) -> Option<Catch> {
    let fields = Fields::read(node, at, &[&CATCH], &mut reader.faults)?;
    let kinds = kinds(&fields, &mut reader.faults);
    let error = fields.name("as", &mut reader.faults).map(named);
    let steps = step::read_key(&fields, "steps", reader)?;
    Some(Catch { kinds, error, steps })
}

impl TryCatch {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        visit::steps(&self.steps, visitor);
        for catch in &self.catches {
            if let Some(error) = &catch.error {
                visitor.bind(error);
            }
            visit::steps(&catch.steps, visitor);
            if catch.error.is_some() {
                visitor.unbind();
            }
        }
        if let Some(finally) = &self.finally {
            visit::steps(finally, visitor);
        }
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::TryCatch, Unresolved> {
        let body = lowering.block(&self.steps)?;
        let mut catches = Vec::with_capacity(self.catches.len());
        for catch in &self.catches {
            catches.push(plan::try_catch::Catch {
                kinds: catch.kinds.iter().map(|k| lowering.text(&k.name)).collect(),
                error: catch.error.as_ref().map(|e| lowering.text(&e.name)),
                body: lowering.block(&catch.steps)?,
            });
        }
        let finally = self.finally.as_ref().map(|steps| lowering.block(steps)).transpose()?;
        Ok(plan::TryCatch { body, catches, finally })
    }
}
