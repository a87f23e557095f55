//! The ways that control takes through a flow, between steps only.
//!
//! A [`FlowGraph`] has places where blocks come together, and no way back to a loop. Here each edge goes on to the step behind such a place, and what leads to
//! the end of a loop's body leads back to the loop.

use std::collections::BTreeSet;

use petgraph::visit::EdgeRef as _;

use super::labels::caught;
use super::{Edge, EdgeKind, Point};
use crate::graph::{self, FlowGraph, Place};
use crate::op::Leave;
use crate::render::expr::inline;
use crate::{FlowId, NodeId, Op, Plan};

/// The ways of one flow.
pub(super) struct Ways {
    pub(super) edges: Vec<Edge>,
    /// The steps that control can come to.
    pub(super) reached: BTreeSet<NodeId>,
}

pub(super) fn ways(plan: &Plan, flow: FlowId) -> Ways {
    let graph = FlowGraph::new(plan, flow);
    let mut edges = Vec::new();
    for way in graph.graph.edge_references() {
        let from = match graph.graph[way.source()] {
            Place::Start => Point::Start(flow),
            Place::Node(id) => Point::Step(id),
            Place::After(_) | Place::Finally(_) | Place::End => continue,
        };
        let Some((to, is_back)) = target(plan, &graph, flow, &way) else { continue };
        let kind = match way.weight() {
            _ if is_back => EdgeKind::Back,
            graph::Edge::Catch(_) | graph::Edge::Uncaught => EdgeKind::Error,
            graph::Edge::Next
            | graph::Edge::Arm(_)
            | graph::Edge::Otherwise
            | graph::Edge::Body
            | graph::Edge::Branch(_)
            | graph::Edge::Skipped
            | graph::Edge::Done
            | graph::Edge::Left => EdgeKind::Forward,
        };
        let edge = Edge { from, to, kind, label: label(plan, from, *way.weight()) };
        if !edges.contains(&edge) {
            edges.push(edge);
        }
    }
    for id in graph::nodes_of(plan, plan.flow(flow).body) {
        if let Some(called) = called(&plan.node(id).op) {
            edges.push(Edge { from: Point::Step(id), to: Point::Start(called), kind: EdgeKind::Call, label: Some("calls".to_owned()) });
        }
    }
    Ways { edges, reached: graph.reachable() }
}

/// The flow that an op calls.
pub(super) fn called(op: &Op) -> Option<FlowId> {
    match op {
        Op::RunFlow(op) => Some(op.flow),
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
        | Op::Block(_) => None,
    }
}

type Way<'a> = petgraph::graph::EdgeReference<'a, graph::Edge>;

/// The step or the end that an edge leads to in the end, and whether that is a loop's next round. `None` where an error ends the flow on the way.
fn target(plan: &Plan, graph: &FlowGraph, flow: FlowId, way: &Way<'_>) -> Option<(Point, bool)> {
    let mut at = way.target();
    let mut leaves_loop = match (way.weight(), graph.graph[way.source()]) {
        (graph::Edge::Done | graph::Edge::Skipped, _) => true,
        (graph::Edge::Left, Place::Node(id)) => matches!(plan.node(id).op, Op::Leave(Leave::Break)),
        _ => false,
    };
    loop {
        match graph.graph[at] {
            Place::Start => return None,
            Place::Node(id) => return Some((Point::Step(id), false)),
            Place::End => return Some((Point::End(flow), false)),
            Place::After(id) if is_loop(&plan.node(id).op) && !leaves_loop => return Some((Point::Step(id), true)),
            Place::After(_) | Place::Finally(_) => at = graph.graph.neighbors(at).next()?,
        }
        // It leaves one loop; the body of the loop around that one ends like any other.
        leaves_loop = false;
    }
}

fn is_loop(op: &Op) -> bool {
    matches!(op, Op::WhileLoop(_) | Op::ForEach(_))
}

fn label(plan: &Plan, from: Point, edge: graph::Edge) -> Option<String> {
    let Point::Step(id) = from else { return None };
    let op = &plan.node(id).op;
    match (edge, op) {
        (graph::Edge::Arm(index), Op::IfElse(op)) => op.arms.get(index as usize).map(|arm| inline(plan, arm.condition)),
        (graph::Edge::Branch(index), Op::Parallel(op)) => {
            op.branches.get(index as usize).map(|branch| super::labels::named(plan, branch.name))
        }
        (graph::Edge::Catch(index), Op::TryCatch(op)) => op.catches.get(index as usize).map(|catch| caught(plan, catch)),
        (graph::Edge::Otherwise, _) => Some("else".to_owned()),
        (graph::Edge::Body, Op::WhileLoop(op)) => Some(inline(plan, op.condition)),
        (graph::Edge::Body, Op::ForEach(_)) => Some("each".to_owned()),
        (graph::Edge::Skipped, _) => Some("skipped".to_owned()),
        (graph::Edge::Done, _) => Some("done".to_owned()),
        (graph::Edge::Uncaught, _) => Some("uncaught".to_owned()),
        (
            graph::Edge::Next
            | graph::Edge::Body
            | graph::Edge::Left
            | graph::Edge::Arm(_)
            | graph::Edge::Branch(_)
            | graph::Edge::Catch(_),
            _,
        ) => None,
    }
}
