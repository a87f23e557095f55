//! The manifest says nothing that the plan does not: a reviewer signs it without reading every node.

use std::collections::BTreeSet;

use super::Invalid;
use crate::manifest::TableUse;
use crate::op::http_request::Request;
use crate::{Manifest, NodeId, Op, Plan, Replay, TextId};

pub(super) fn check(plan: &Plan) -> Result<(), Invalid> {
    let Manifest { hosts, computed_hosts: _, methods, tables, variables, python: _, effects } = &plan.manifest;
    once(plan, "host", hosts)?;
    once(plan, "method", methods)?;
    once(plan, "variable", variables)?;
    table_uses(plan, tables)?;
    method_uses(plan, methods)?;
    listed_effects(plan, effects)
}

fn once(plan: &Plan, what: &str, names: &[TextId]) -> Result<(), Invalid> {
    let mut seen = BTreeSet::new();
    match names.iter().map(|&id| plan.text(id)).find(|name| !seen.insert(*name)) {
        Some(twice) => Err(Invalid::Manifest(format!("{what} '{twice}' is listed twice"))),
        None => Ok(()),
    }
}

fn table_uses(plan: &Plan, tables: &[TableUse]) -> Result<(), Invalid> {
    let mut seen = BTreeSet::new();
    for TableUse { source, table, access } in tables {
        let source = plan.source(*source);
        let name = plan.text(source.name);
        if !source.kind.is_database() {
            return Err(Invalid::Manifest(format!("it lists a table of source '{name}', which is no database")));
        }
        if !seen.insert((name, table.map(|id| plan.text(id)), *access)) {
            return Err(Invalid::Manifest(format!("a table of source '{name}' is listed twice")));
        }
    }
    Ok(())
}

fn method_uses(plan: &Plan, methods: &[TextId]) -> Result<(), Invalid> {
    let listed: BTreeSet<&str> = methods.iter().map(|&id| plan.text(id)).collect();
    for request in plan.nodes.iter().flat_map(|node| requests(&node.op)) {
        let method = request.method.name();
        if !listed.contains(method) {
            return Err(Invalid::Manifest(format!("it does not list the method {method}")));
        }
    }
    Ok(())
}

/// The request of an op, and the one that its `verify` sends.
fn requests(op: &Op) -> Vec<&Request> {
    match op {
        Op::HttpRequest(op) => std::iter::once(&op.request).chain(op.verify.as_ref().map(|verify| &verify.request)).collect(),
        Op::Transform(_)
        | Op::Copy(_)
        | Op::Execute(_)
        | Op::SetVariable(_)
        | Op::Print(_)
        | Op::Fail(_)
        | Op::Sleep(_)
        | Op::Assert(_)
        | Op::Leave(_)
        | Op::IfElse(_)
        | Op::WhileLoop(_)
        | Op::ForEach(_)
        | Op::TryCatch(_)
        | Op::Parallel(_)
        | Op::Block(_)
        | Op::RunFlow(_) => Vec::new(),
    }
}

/// Each effect is listed once, with the node's own replay class, and no node with an effect of its own is left out.
fn listed_effects(plan: &Plan, effects: &[(NodeId, Replay)]) -> Result<(), Invalid> {
    let mut listed = BTreeSet::new();
    for &(id, replay) in effects {
        let node = plan.node(id);
        let name = plan.text(node.id);
        if replay != node.replay {
            return Err(Invalid::Manifest(format!("it gives step '{name}' another replay class than the step has")));
        }
        if !listed.insert(id) {
            return Err(Invalid::Manifest(format!("step '{name}' is listed twice")));
        }
    }
    for (id, node) in (0u32..).map(NodeId).zip(&plan.nodes) {
        if acts(&node.op) && node.replay != Replay::Pure && !listed.contains(&id) {
            return Err(Invalid::Manifest(format!("it does not list step '{}' ({})", plan.text(node.id), node.op.name())));
        }
    }
    Ok(())
}

/// Ops whose purpose is an effect outside the run.
fn acts(op: &Op) -> bool {
    match op {
        Op::HttpRequest(_) | Op::Transform(_) | Op::Copy(_) | Op::Execute(_) => true,
        Op::SetVariable(_)
        | Op::Print(_)
        | Op::Fail(_)
        | Op::Sleep(_)
        | Op::Assert(_)
        | Op::Leave(_)
        | Op::IfElse(_)
        | Op::WhileLoop(_)
        | Op::ForEach(_)
        | Op::TryCatch(_)
        | Op::Parallel(_)
        | Op::Block(_)
        | Op::RunFlow(_) => false,
    }
}
