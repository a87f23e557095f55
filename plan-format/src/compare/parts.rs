//! The parts of a step, each with a content of its own.

use std::collections::BTreeMap;
use std::fmt;

use crate::fingerprint::{Fingerprint, Fingerprints, Own};
use crate::op::http_request::{ForEachRow, Request, Response, ResponseTable, Verify};
use crate::op::{HttpRequest, Print};
use crate::{Node, NodeId, Op, Plan};

/// A part of a step that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The condition that the step runs under.
    When,
    /// What the step does: its own payload, whatever its op. Of an `http_request` this is said only where it was another op.
    Op,
    /// Of an `http_request`: what is sent and where rows go. `init`, `for_each`, `request`, and the tables with their columns and write modes.
    Request,
    /// Of an `http_request`: how replies are read. `success_status`, format, `parser`, where the rows of tables are, `variables`, `while`.
    Reply,
    /// What the sources that the step uses say: addresses, headers, credentials, variables.
    Sources,
    /// What does not change what the step does: title, time limits, retries, log level, items in flight, `verify`, `on_in_doubt`.
    Settings,
    /// Steps that it owns or calls.
    Inside,
}

/// As `sequor diff` names them.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::When => "condition",
            Self::Op => "payload",
            Self::Request => "request",
            Self::Reply => "reply",
            Self::Sources => "source",
            Self::Settings => "settings",
            Self::Inside => "steps inside",
        })
    }
}

/// One of the two plans, with its contents.
pub(super) struct Side<'a> {
    pub(super) plan: &'a Plan,
    pub(super) own: Own<'a>,
    pub(super) whole: Fingerprints,
}

impl<'a> Side<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        Self { plan, own: Own::new(plan), whole: Fingerprints::new(plan) }
    }

    /// The steps that a step owns and calls, each with all that is in it.
    pub(super) fn inside(&self, id: NodeId) -> Fingerprint {
        let mut hasher = blake3::Hasher::new();
        let op = &self.plan.node(id).op;
        for block in op.blocks() {
            let nodes = &self.plan.block(block).nodes;
            hasher.update(&(nodes.len() as u64).to_le_bytes());
            for &node in nodes {
                hasher.update(&self.whole.node(node).0);
            }
        }
        match op {
            Op::RunFlow(op) => {
                hasher.update(&self.whole.flow(op.flow).0);
            }
            Op::HttpRequest(_)
            | Op::Transform(_)
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
            | Op::Block(_) => {}
        }
        Fingerprint(*hasher.finalize().as_bytes())
    }

    /// Everything about a step but its id.
    pub(super) fn content(&self, id: NodeId) -> Fingerprint {
        let Node { id: _, title: _, span: _, when, retry: _, timeout_ms: _, replay, op } = self.plan.node(id);
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.own.of(&(when, replay, op)).0);
        hasher.update(&self.inside(id).0);
        Fingerprint(*hasher.finalize().as_bytes())
    }

    /// The sources that a step uses, by name.
    fn sources(&self, id: NodeId) -> BTreeMap<&'a str, Fingerprint> {
        let named = self.own.sources(id).into_iter();
        named.map(|source| (self.plan.text(self.plan.source(source).name), self.whole.source(source))).collect()
    }
}

/// The parts that differ between a step of one plan and a step of the other, in order.
pub(super) fn differing(old: &Side<'_>, before: NodeId, new: &Side<'_>, after: NodeId) -> Vec<Part> {
    let (old_node, new_node) = (old.plan.node(before), new.plan.node(after));
    let mut parts = Vec::new();
    let mut unless = |same: bool, part: Part| {
        if !same {
            parts.push(part);
        }
    };
    unless(old.own.of(&old_node.when) == new.own.of(&new_node.when), Part::When);
    match (&old_node.op, &new_node.op) {
        (Op::HttpRequest(a), Op::HttpRequest(b)) => {
            unless(request(old, old_node, a) == request(new, new_node, b), Part::Request);
            unless(reply(old, a) == reply(new, b), Part::Reply);
        }
        (a, b) => unless(old.own.of(&(&old_node.replay, a)) == new.own.of(&(&new_node.replay, b)), Part::Op),
    }
    let (old_sources, new_sources) = (old.sources(before), new.sources(after));
    let differs = |(name, content)| new_sources.get(name).is_some_and(|other| other != content);
    unless(!old_sources.iter().any(differs), Part::Sources);
    let same_op = std::mem::discriminant(&old_node.op) == std::mem::discriminant(&new_node.op);
    let about = |side: &Side<'_>, node: &Node| side.own.of(&(node.title, &node.retry, node.timeout_ms));
    let same = about(old, old_node) == about(new, new_node);
    unless(same && (!same_op || settings(old, old_node) == settings(new, new_node)), Part::Settings);
    unless(old.inside(before) == new.inside(after), Part::Inside);
    parts
}

fn request(side: &Side<'_>, node: &Node, op: &HttpRequest) -> Fingerprint {
    let HttpRequest { init, for_each, request, response, verify: _, in_doubt: _ } = op;
    let Response { success: _, format: _, tables, parser: _, variables: _, repeat: _ } = response;
    let targets: Vec<_> = tables.iter().map(|ResponseTable { table, columns, write_mode, data: _ }| (table, columns, write_mode)).collect();
    side.own.of(&(node.replay, init, for_each, request, targets))
}

fn reply(side: &Side<'_>, op: &HttpRequest) -> Fingerprint {
    let Response { success, format, tables, parser, variables, repeat } = &op.response;
    let data: Vec<_> = tables.iter().map(|table| &table.data).collect();
    side.own.of(&(success, format, data, parser, variables, repeat))
}

/// What fingerprints leave out of a payload, except positions.
fn settings(side: &Side<'_>, node: &Node) -> Fingerprint {
    match &node.op {
        Op::HttpRequest(op) => {
            let HttpRequest { init: _, for_each, request, response: _, verify, in_doubt } = op.as_ref();
            let at_once = for_each.as_ref().map(|ForEachRow { concurrency, .. }| concurrency);
            let patience = |request: &Request| (request.timeout_ms, request.retry.clone());
            let asked = verify.as_ref().map(|verify: &Verify| (verify, patience(&verify.request)));
            side.own.of(&(at_once, patience(request), asked, in_doubt))
        }
        Op::Print(Print { message: _, level }) => side.own.of(level),
        Op::Transform(_)
        | Op::Copy(_)
        | Op::Execute(_)
        | Op::SetVariable(_)
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
        | Op::RunFlow(_) => Fingerprint::default(),
    }
}
