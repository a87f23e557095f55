//! Graph views of a plan, built when asked for and never written to disk.
//!
//! [`calls`] is the graph of flows that call each other. [`FlowGraph`] is one flow's control flow, without back edges: a loop is a node with
//! a body, so that reachability and definite assignment are one pass in topological order.
//!
//! Ids must be in range. [`calls`] and [`recursion`] take plans that are being validated; [`FlowGraph`] wants a validated one.

mod flow;

pub use flow::{Edge, FlowGraph, Place};

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::{BlockId, FlowId, NodeId, Op, Plan};

/// Flows by index, each edge being the node that calls. A flow that calls another one twice has two edges.
#[must_use]
pub fn calls(plan: &Plan) -> DiGraph<FlowId, NodeId> {
    let mut graph = DiGraph::with_capacity(plan.flows.len(), 0);
    let flows: Vec<NodeIndex> = (0u32..).zip(&plan.flows).map(|(i, _)| graph.add_node(FlowId(i))).collect();
    for (&caller, flow) in flows.iter().zip(&plan.flows) {
        for id in nodes_of(plan, flow.body) {
            match &plan.node(id).op {
                Op::RunFlow(op) => {
                    graph.add_edge(caller, flows[op.flow.index()], id);
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
        }
    }
    graph
}

/// The nodes of a block and of all blocks inside it, owners before what they own, in the order they are written.
#[must_use]
pub fn nodes_of(plan: &Plan, block: BlockId) -> Vec<NodeId> {
    let mut found = Vec::new();
    let mut open: Vec<NodeId> = plan.block(block).nodes.iter().rev().copied().collect();
    while let Some(id) = open.pop() {
        found.push(id);
        for block in plan.node(id).op.blocks().into_iter().rev() {
            open.extend(plan.block(block).nodes.iter().rev());
        }
    }
    found
}

/// Every flow after the flows that it calls; `None` where flows call each other in a circle.
#[must_use]
pub fn callees_first(plan: &Plan) -> Option<Vec<FlowId>> {
    let graph = calls(plan);
    let order = toposort(&graph, None).ok()?;
    Some(order.into_iter().rev().map(|index| graph[index]).collect())
}

/// Flows that call each other in a circle: each calls the next one, and the last one calls the first. The shortest circle through one of its flows.
#[must_use]
pub fn recursion(plan: &Plan) -> Option<Vec<FlowId>> {
    let graph = calls(plan);
    let start = toposort(&graph, None).err()?.node_id();
    let mut reached_from = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(flow) = open.pop_front() {
        for next in graph.neighbors(flow) {
            if next == start {
                let mut circle = vec![graph[flow]];
                let mut at = flow;
                while let Some(&before) = reached_from.get(&at) {
                    circle.push(graph[before]);
                    at = before;
                }
                circle.reverse();
                return Some(circle);
            }
            if let Entry::Vacant(entry) = reached_from.entry(next) {
                entry.insert(flow);
                open.push_back(next);
            }
        }
    }
    None
}
