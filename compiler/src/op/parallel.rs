//! `parallel`: branches that run side by side.

use sequor_plan_format::op as plan;

use super::Op;
use crate::diagnostic::{Diagnostic, Span};
use crate::lower::{Lowering, Unresolved};
use crate::snippet::expression::Named;
use crate::syntax::fields::{Fields, scalar, wrong_kind};
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Reader, Step, step};
use crate::yaml::{self, Node};

pub static KEYS: Table = Table::new(
    "op 'parallel'",
    "Runs branches side by side. Each starts with a copy of the variables; what it sets is visible after the step.",
    &[
        Key::new("branches", Kind::Branches, "the branches: a name for each, and its steps").mistaken(&["steps", "tasks"]).required(),
        Key::new("max_concurrency", Kind::Integer, "how many branches run at the same time; absent: all")
            .mistaken(&["concurrency", "max_parallel"]),
    ],
);

#[derive(Debug)]
pub struct Parallel {
    pub branches: Vec<Branch>,
    max_concurrency: Option<u32>,
}

#[derive(Debug)]
pub struct Branch {
    pub name: Named,
    pub steps: Vec<Step>,
}

pub(super) fn read(fields: &Fields<'_>, _at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    let max_concurrency = fields.integer("max_concurrency", 1, &mut reader.faults).and_then(|most| u32::try_from(most).ok());
    let branches = branches(fields.node("branches")?, reader)?;
    Some(Op::Parallel(Parallel { branches, max_concurrency }))
}

fn branches(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<Branch>> {
    let yaml::Kind::Mapping(entries) = &node.kind else {
        let example = "branches: {customers: [steps], orders: [steps]}";
        reader.faults.push(wrong_kind(node, "'branches'", "a mapping of branch names to steps").help(format!("for example {example}")));
        let yaml::Kind::Sequence(items) = &node.kind else { return None };
        return Some(items.iter().filter_map(|item| listed(item, reader)).collect());
    };
    if entries.is_empty() {
        reader
            .faults
            .push(Diagnostic::error("S106", node.span.clone(), "'branches' names no branch").help("give each branch a name and its steps"));
        return None;
    }
    let branch = entries.iter().map(|entry| Branch {
        name: Named { name: entry.key.clone(), span: entry.key_span.clone() },
        steps: step::read_list(&entry.value, &format!("branch '{}'", entry.key), reader),
    });
    Some(branch.collect())
}

/// A branch in a list: `{name: …, steps: […]}`, a list of steps, or one step. The list itself has been reported.
fn listed(item: &Node, reader: &mut Reader<'_>) -> Option<Branch> {
    let entries = match &item.kind {
        yaml::Kind::Mapping(entries) => entries.as_slice(),
        yaml::Kind::Sequence(_) => &[],
        yaml::Kind::Scalar(_) => return None,
    };
    let of = |key: &str| entries.iter().find(|e| e.key == key);
    let name =
        of("name").or_else(|| of("id")).and_then(|e| Some(Named { name: scalar(&e.value)?.text.clone(), span: e.value.span.clone() }));
    let steps = match (of("op"), of("steps"), entries) {
        (None, Some(steps), _) => step::read_list(&steps.value, "'steps'", reader),
        // `- shop: [steps]`
        (None, None, [only]) => step::read_list(&only.value, &format!("branch '{}'", only.key), reader),
        (None, None, [_, ..]) => return None,
        (None, None, []) => step::read_list(item, "a branch", reader),
        (Some(_), ..) => {
            step::read_list(&Node { span: item.span.clone(), kind: yaml::Kind::Sequence(vec![item.clone()]) }, "a branch", reader)
        }
    };
    Some(Branch { name: name.unwrap_or_else(|| Named { name: String::new(), span: item.span.clone() }), steps })
}

impl Parallel {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        for branch in &self.branches {
            visit::steps(&branch.steps, visitor);
        }
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::Parallel, Unresolved> {
        let mut branches = Vec::with_capacity(self.branches.len());
        for branch in &self.branches {
            branches.push(plan::parallel::Branch { name: lowering.text(&branch.name.name), body: lowering.block(&branch.steps)? });
        }
        let all = u32::try_from(branches.len()).unwrap_or(u32::MAX);
        Ok(plan::Parallel { max_concurrency: self.max_concurrency.unwrap_or(all).min(all), branches })
    }
}
