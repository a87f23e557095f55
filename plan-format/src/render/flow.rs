//! Flows and their nodes.

use crate::{BlockId, Flow, Node, NodeId, Parameter, Replay, Retry, TextId};

use super::expr::field;
use super::http;
use super::op::op;
use super::text::{Out, listed, name, place, quote};

pub(super) fn flow(out: &mut Out<'_>, flow: &Flow) {
    let plan = out.plan;
    let Flow { name: flow_name, description, parameters, body, span } = flow;
    out.line(&format!("flow {} ({})", name(plan.text(*flow_name)), place(plan, *span)));
    out.indented(|out| {
        head(out, *description, parameters);
        steps(out, *body);
    });
}

/// What stands before the steps of a flow.
pub(super) fn head(out: &mut Out<'_>, description: Option<TextId>, parameters: &[Parameter]) {
    let plan = out.plan;
    if let Some(description) = description {
        out.line(&format!("description {}", quote(plan.text(description))));
    }
    for parameter in parameters {
        let label = format!("parameter {}", name(plan.text(parameter.name)));
        match parameter.default {
            Some(default) => field(out, &label, default),
            None => out.line(&format!("{label}, required")),
        }
    }
}

/// A block that a node owns, under its name.
pub(super) fn block(out: &mut Out<'_>, label: &str, block: BlockId) {
    out.line(label);
    if !out.is_own() {
        out.indented(|out| steps(out, block));
    }
}

fn steps(out: &mut Out<'_>, block: BlockId) {
    let plan = out.plan;
    let nodes = &plan.block(block).nodes;
    if nodes.is_empty() {
        out.line("(no steps)");
    }
    for &id in nodes {
        node(out, id);
    }
}

/// Recursion, through the blocks of ops, is bounded by the depth of blocks.
fn node(out: &mut Out<'_>, id: NodeId) {
    let plan = out.plan;
    let node = plan.node(id);
    let Node { id, title: _, span, when: _, retry: _, timeout_ms: _, replay, op } = node;
    out.line(&format!("{}: {} [{}] ({})", name(plan.text(*id)), op.name(), replay_name(*replay), place(plan, *span)));
    out.indented(|out| content(out, node));
}

/// What stands below the line with a step's id.
pub(super) fn content(out: &mut Out<'_>, node: &Node) {
    let Node { id: _, title, span: _, when, retry, timeout_ms, replay: _, op: payload } = node;
    if let Some(title) = title {
        out.line(&format!("title {}", quote(out.plan.text(*title))));
    }
    if let Some(when) = when {
        field(out, "when", *when);
    }
    if let Some(Retry { attempts, kinds, backoff, delay_ms, max_delay_ms }) = retry {
        let kinds: Vec<_> = kinds.iter().map(|kind| out.plan.text(*kind)).collect();
        let on = if kinds.is_empty() { "any error".to_owned() } else { listed(&kinds) };
        out.line(&format!("retry: {attempts} attempts, on {on}; {}", http::wait(*backoff, *delay_ms, *max_delay_ms)));
    }
    http::timeout(out, *timeout_ms);
    op(out, payload);
}

pub(super) fn replay_name(replay: Replay) -> &'static str {
    match replay {
        Replay::Pure => "pure",
        Replay::Transactional => "transactional",
        Replay::Idempotent => "idempotent",
        Replay::Keyed => "keyed",
        Replay::Once => "once",
    }
}
