//! Paths: a name for each node of a plan that people can read, and that stays the same while the steps around it change.
//!
//! `main/loop/then[0]/send` is step `send` in the first arm of step `loop` of flow `main`: the flow's name, the ids of the nodes that own the step, and
//! before each step the block that it stands in, where the owning op has several. Takes validated plans.

use std::fmt;

use crate::op::{IfElse, TryCatch};
use crate::{BlockId, FlowId, NodeId, Op, Plan};

/// The path of one node. For many nodes of one plan, [`Paths`] looks their owners up once.
#[must_use]
pub fn node_path(plan: &Plan, id: NodeId) -> String {
    Paths::new(plan).path(id)
}

/// The node of that path; or of that step id, where one node of the plan has it. `None` where there is none, or several.
#[must_use]
pub fn find(plan: &Plan, path: &str) -> Option<NodeId> {
    Paths::new(plan).find(path)
}

/// Which of its owner's blocks a node stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The op has one block.
    Only,
    /// The arm of an `if`, counted from 0.
    Then(u32),
    Else,
    /// The body of a `try`.
    Steps,
    /// The `catch` of a `try`, counted from 0.
    Catch(u32),
    Finally,
    /// The branch of a `parallel`, counted from 0.
    Branch(u32),
}

/// As in a path; empty where the op has one block.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only => Ok(()),
            Self::Then(index) => write!(f, "then[{index}]"),
            Self::Else => f.write_str("else"),
            Self::Steps => f.write_str("steps"),
            Self::Catch(index) => write!(f, "catch[{index}]"),
            Self::Finally => f.write_str("finally"),
            Self::Branch(index) => write!(f, "branches[{index}]"),
        }
    }
}

/// What a node stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    Flow(FlowId),
    Node(NodeId, Field),
}

/// The owners of a plan's nodes. Paths are written when asked for: those of all nodes together may be long.
#[derive(Clone, Debug)]
pub struct Paths<'a> {
    plan: &'a Plan,
    owners: Vec<Option<Owner>>,
}

impl<'a> Paths<'a> {
    /// One pass over a validated plan.
    #[must_use]
    pub fn new(plan: &'a Plan) -> Self {
        let mut paths = Self { plan, owners: vec![None; plan.nodes.len()] };
        for (flow, index) in plan.flows.iter().zip(0u32..) {
            paths.own(flow.body, Owner::Flow(FlowId(index)));
        }
        for (node, index) in plan.nodes.iter().zip(0u32..) {
            for (block, field) in blocks(&node.op) {
                paths.own(block, Owner::Node(NodeId(index), field));
            }
        }
        paths
    }

    fn own(&mut self, block: BlockId, owner: Owner) {
        for node in &self.plan.block(block).nodes {
            self.owners[node.index()] = Some(owner);
        }
    }

    /// `None` for no node of a validated plan: each has one owner.
    #[must_use]
    pub fn owner(&self, id: NodeId) -> Option<Owner> {
        self.owners[id.index()]
    }

    #[must_use]
    pub fn path(&self, id: NodeId) -> String {
        let mut parts = Vec::new();
        let mut at = Some(id);
        while let Some(id) = at {
            parts.push(self.plan.text(self.plan.node(id).id).to_owned());
            at = match self.owner(id) {
                Some(Owner::Node(owner, field)) => {
                    if field != Field::Only {
                        parts.push(field.to_string());
                    }
                    Some(owner)
                }
                Some(Owner::Flow(flow)) => {
                    parts.push(self.plan.text(self.plan.flow(flow).name).to_owned());
                    None
                }
                None => None,
            };
        }
        parts.reverse();
        parts.join("/")
    }

    /// The node of that path; or of that step id, where one node of the plan has it. `None` where there is none, or several.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<NodeId> {
        // Names of flows may hold '/', so two nodes may have one path.
        self.only(|id| path.ends_with(self.plan.text(self.plan.node(id).id)) && self.path(id) == path)
            .or_else(|| self.only(|id| self.plan.text(self.plan.node(id).id) == path))
    }

    fn only(&self, holds: impl Fn(NodeId) -> bool) -> Option<NodeId> {
        let mut found = (0u32..).zip(&self.plan.nodes).map(|(index, _)| NodeId(index)).filter(|&id| holds(id));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }
}

/// The blocks that an op owns, in the order they are written, each with its field.
#[must_use]
pub fn blocks(op: &Op) -> Vec<(BlockId, Field)> {
    match op {
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
        | Op::RunFlow(_) => Vec::new(),
        Op::IfElse(IfElse { arms, otherwise }) => {
            let arms = arms.iter().zip(0u32..).map(|(arm, index)| (arm.then, Field::Then(index)));
            arms.chain(otherwise.map(|block| (block, Field::Else))).collect()
        }
        Op::TryCatch(TryCatch { body, catches, finally }) => {
            let catches = catches.iter().zip(0u32..).map(|(catch, index)| (catch.body, Field::Catch(index)));
            std::iter::once((*body, Field::Steps)).chain(catches).chain(finally.map(|block| (block, Field::Finally))).collect()
        }
        Op::WhileLoop(op) => vec![(op.body, Field::Only)],
        Op::ForEach(op) => vec![(op.body, Field::Only)],
        Op::Block(op) => vec![(op.body, Field::Only)],
        Op::Parallel(op) => op.branches.iter().zip(0u32..).map(|(branch, index)| (branch.body, Field::Branch(index))).collect(),
    }
}
