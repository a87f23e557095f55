//! Names that must be there, and be there once.

use std::collections::BTreeSet;

use super::{Invalid, MAX_NAME_BYTES, Owner};
use crate::refs::Ref;
use crate::{FlowId, NodeId, Plan, SourceId, TextId, Value};

pub(super) fn check(plan: &Plan) -> Result<(), Invalid> {
    entries(plan)?;
    unique(plan, "flows", plan.flows.iter().map(|flow| flow.name))?;
    unique(plan, "sources", plan.sources.iter().map(|source| source.name))?;
    unique(plan, "project variables", names(&plan.project.variables))?;
    for (index, flow) in (0u32..).zip(&plan.flows) {
        present(plan, Ref::Flow(FlowId(index)), flow.name)?;
        unique(plan, "parameters of a flow", flow.parameters.iter().map(|parameter| parameter.name))?;
    }
    for (index, source) in (0u32..).zip(&plan.sources) {
        present(plan, Ref::Source(SourceId(index)), source.name)?;
        unique(plan, "variables of a source", names(&source.variables))?;
    }
    for (index, node) in (0u32..).zip(&plan.nodes) {
        present(plan, Ref::Node(NodeId(index)), node.id)?;
    }
    for block in &plan.blocks {
        unique(plan, "steps of a block", block.nodes.iter().map(|&node| plan.node(node).id))?;
    }
    for value in &plan.values {
        match value {
            Value::Map(members) => unique(plan, "keys of a map", names(members))?,
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => {}
        }
    }
    lines(plan)
}

fn entries(plan: &Plan) -> Result<(), Invalid> {
    let mut seen = BTreeSet::new();
    match plan.project.entries.iter().find(|&&entry| !seen.insert(entry)) {
        Some(twice) => Err(Invalid::DuplicateEntry(twice.0)),
        None if seen.is_empty() => Err(Invalid::NoEntry),
        None => Ok(()),
    }
}

fn lines(plan: &Plan) -> Result<(), Invalid> {
    let mut seen = BTreeSet::new();
    for (index, line) in (0u32..).zip(&plan.lines) {
        if line.line == 0 {
            return Err(Invalid::Incomplete { owner: Owner::Line(index), rule: "lines count from 1" });
        }
        let file = plan.text(line.file);
        if !seen.insert((file, line.line)) {
            return Err(Invalid::DuplicateName { what: "source lines", name: format!("{file}:{}", line.line) });
        }
    }
    Ok(())
}

fn names<T>(pairs: &[(TextId, T)]) -> impl Iterator<Item = TextId> {
    pairs.iter().map(|(name, _)| *name)
}

pub(super) fn unique(plan: &Plan, what: &'static str, names: impl Iterator<Item = TextId>) -> Result<(), Invalid> {
    let mut seen = BTreeSet::new();
    for name in names.map(|id| plan.text(id)) {
        if !seen.insert(name) {
            return Err(Invalid::DuplicateName { what, name: name.to_owned() });
        }
    }
    Ok(())
}

fn present(plan: &Plan, owner: Ref, name: TextId) -> Result<(), Invalid> {
    let owner = Owner::Entry(owner);
    match plan.text(name).len() {
        0 => Err(Invalid::EmptyName { owner }),
        1..=MAX_NAME_BYTES => Ok(()),
        _ => Err(Invalid::LongName { owner }),
    }
}
