//! `if`: the first arm whose condition is true.

use sequor_plan_format::op as plan;

use super::Op;
use crate::diagnostic::{Diagnostic, Span};
use crate::lower::{Lowering, Unresolved};
use crate::snippet::expression::Expression;
use crate::syntax::fields::{Fields, wrong_kind};
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::value;
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{BEFORE_REPLY, Reader, Step, step};
use crate::yaml;

pub static KEYS: Table = Table::new(
    "op 'if'",
    "Runs the steps of the first condition that is true, or of 'else'.",
    &[
        Key::new(
            "conditions",
            Kind::Sections(&ARM),
            "a list of conditions with their steps: the first that is true runs; either this, or 'condition' with 'then'",
        )
        .parts(&["elif", "elsif", "elseif", "else_if"]),
        Key::dynamic("condition", Kind::Condition, "the condition, where there is only one; with 'then'"),
        Key::new("then", Kind::Steps, "what is done where 'condition' is true").mistaken(&["steps", "do"]),
        Key::new("else", Kind::Steps, "what is done where no condition is true; absent: nothing").mistaken(&["otherwise"]),
    ],
);

/// The keys of one entry of `conditions`.
pub static ARM: Table = Table::new(
    "a condition",
    "A condition and its steps.",
    &[
        Key::dynamic("condition", Kind::Condition, "the condition").mistaken(&["if", "when"]).required(),
        Key::new("then", Kind::Steps, "what is done where it is true").mistaken(&["steps", "do"]).required(),
    ],
);

#[derive(Debug)]
pub struct IfElse {
    pub arms: Vec<Arm>,
    pub otherwise: Option<Vec<Step>>,
}

#[derive(Debug)]
pub struct Arm {
    pub condition: Expression,
    pub then: Vec<Step>,
}

pub(super) fn read(fields: &Fields<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    let arms = match (fields.get("conditions"), fields.get("condition")) {
        (Some(list), Some(one)) => {
            reader.faults.push(value::twice(list.entry, one.entry));
            None
        }
        (Some(list), None) => {
            if let Some(then) = fields.get("then").filter(|_| !fields.is_misspelt("then")) {
                reader.faults.push(
                    Diagnostic::error("S103", then.entry.key_span.clone(), "'then' stands outside of 'conditions'")
                        .help("put it beside the 'condition' that it belongs to"),
                );
            }
            arms(&list.entry.value, reader)
        }
        (None, Some(_)) => {
            if fields.get("then").is_none() && !fields.is_misspelt("then") {
                reader.faults.push(
                    Diagnostic::error("S104", at.clone(), "'then' is missing in op 'if'")
                        .help("then: what is done where the condition is true"),
                );
            }
            if !fields.has("condition") {
                reader.faults.push(empty_condition(fields, at));
            }
            arm(fields, reader).map(|a| vec![a])
        }
        (None, None) if fields.is_misspelt("condition") || fields.is_misspelt("conditions") => None,
        (None, None) => {
            reader.faults.push(
                Diagnostic::error("S104", at.clone(), "'conditions' or 'condition' is missing in op 'if'")
                    .help("give 'condition' and 'then', or 'conditions' with a list of them"),
            );
            None
        }
    };
    let otherwise = step::read_key(fields, "else", reader);
    Some(Op::IfElse(IfElse { arms: arms?, otherwise }))
}

/// `condition:` with nothing behind it.
fn empty_condition(fields: &Fields<'_>, at: &Span) -> Diagnostic {
    let at = fields.get("condition").map_or(at, |field| &field.entry.key_span);
    Diagnostic::error("S104", at.clone(), "'condition' is empty in op 'if'").help("condition: what must be true, a template or Python")
}

fn arms(node: &yaml::Node, reader: &mut Reader<'_>) -> Option<Vec<Arm>> {
    let yaml::Kind::Sequence(items) = &node.kind else {
        reader.faults.push(wrong_kind(node, "'conditions'", "a list of conditions").help("write '- condition: …' with 'then:' below it"));
        return None;
    };
    if items.is_empty() {
        reader.faults.push(Diagnostic::error("S106", node.span.clone(), "'conditions' has no condition"));
        return None;
    }
    let arms: Vec<Option<Arm>> = items
        .iter()
        .map(|item| {
            let fields = Fields::read(item, &item.span, &[&ARM], &mut reader.faults)?;
            arm(&fields, reader)
        })
        .collect();
    Some(arms.into_iter().flatten().collect())
}

fn arm(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Arm> {
    let then = step::read_key(fields, "then", reader);
    let condition = value::condition(fields, "condition", BEFORE_REPLY, &mut reader.faults)?;
    Some(Arm { condition, then: then? })
}

impl IfElse {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        for arm in &self.arms {
            visitor.expression(&arm.condition);
            visit::steps(&arm.then, visitor);
        }
        if let Some(otherwise) = &self.otherwise {
            visit::steps(otherwise, visitor);
        }
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::IfElse, Unresolved> {
        let mut arms = Vec::with_capacity(self.arms.len());
        for arm in &self.arms {
            let condition = lowering.expr(&arm.condition);
            arms.push(plan::if_else::Arm { condition, then: lowering.block(&arm.then)? });
        }
        let otherwise = self.otherwise.as_ref().map(|steps| lowering.block(steps)).transpose()?;
        Ok(plan::IfElse { arms, otherwise })
    }
}
