//! The flow graph of a flow: which evaluations may follow which. Rules about paths (definite assignment, unreachable steps) work on it.
//!
//! A node evaluates its actions one after the other. An edge says how it is left: in the ordinary way, with the outcome of a condition, or by an error at
//! any point of the node. `finally` stands in the graph twice where it is also reached by errors or leaving steps, so that what comes after it
//! knows which way it was reached.

mod build;
mod loops;

use std::collections::BTreeSet;

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, VisitMap};
use sequor_plan_format::op::Scope;

use crate::op::run_flow::RunFlow;
use crate::snippet::expression::{Expression, Kind, Named};
use crate::syntax::{Flow, Step};

pub(super) struct Graph<'p> {
    pub(super) nodes: DiGraph<Vec<Action<'p>>, Edge<'p>>,
    pub(super) entry: NodeIndex,
    /// Where the flow has ended without an error.
    pub(super) exit: NodeIndex,
    /// Each step with the nodes that lead to it.
    starts: Vec<(&'p Step, Vec<NodeIndex>)>,
}

/// One thing that a node does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action<'p> {
    Read(&'p Expression),
    Set(&'p Named, Scope),
    /// A reply goes through a parser, which may set variables.
    Parse(&'p Expression),
    Call(&'p RunFlow),
}

/// How a node is left.
#[derive(Clone, Copy, Debug)]
pub(super) enum Edge<'p> {
    Next,
    /// A condition came out so.
    Branch(&'p Expression, bool),
    /// An error at any point of the node.
    Error,
    /// The end of a branch. What it leads to waits for all other branches.
    Together,
}

impl<'p> Graph<'p> {
    pub(super) fn of(flow: &'p Flow) -> Self {
        build::build(&flow.steps)
    }

    /// The steps that some way through the flow comes to, by where they start in the file.
    pub(super) fn reached(&self) -> BTreeSet<u32> {
        let mut ways = Dfs::new(&self.nodes, self.entry);
        while ways.next(&self.nodes).is_some() {}
        let is_reached = |node: &NodeIndex| ways.discovered.is_visited(node);
        self.starts.iter().filter(|(_, from)| from.iter().any(is_reached)).map(|(step, _)| step.span.start).collect()
    }
}

/// The value of a condition that is the same in every run.
pub(super) fn constant(condition: &Expression) -> Option<bool> {
    match &condition.kind {
        Kind::Bool(value) => Some(*value),
        Kind::Null => Some(false),
        Kind::Int(value) => Some(*value != 0),
        Kind::Unary { operator: sequor_plan_format::expr::Unary::Not, operand } => constant(operand).map(|value| !value),
        _ => None,
    }
}

/// Variables that are known to be defined where the condition came out as `outcome`.
pub(super) fn tested(condition: &Expression, outcome: bool, names: &mut Vec<String>) {
    match (&condition.kind, outcome) {
        (Kind::IsVarDefined(name), true) => names.push(name.clone()),
        (Kind::Unary { operator: sequor_plan_format::expr::Unary::Not, operand }, _) => tested(operand, !outcome, names),
        (Kind::And(parts), true) | (Kind::Or(parts), false) => parts.iter().for_each(|part| tested(part, outcome, names)),
        // What a snippet concludes from its test cannot be seen: it is taken to be right.
        (Kind::Jinja { .. } | Kind::Python { .. } | Kind::If { .. } | Kind::Let { .. } | Kind::Compare { .. } | Kind::Call { .. }, _) => {
            names.extend(condition.uses().tested.iter().map(|name| name.name.clone()));
        }
        _ => {}
    }
}
