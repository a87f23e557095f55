//! Branches of a `parallel`: each is a state of its own, so that it does not matter in which order branches come to their ends.

use std::sync::Arc;

use sequor_plan_format::op::Scope;
use sequor_plan_format::{BlockId, NodeId, Op, Plan};
use serde::{Deserialize, Serialize};

use super::carry::{Carrier, Lost};
use super::frame::{Activation, FlowFrame, Frame, State};
use super::variables::Visible;
use crate::scope::Assigned;
use crate::value::Map;

/// Gives every start of a node a number of its own, whatever else runs: branches of k share the numbers of what is around them, each taking every k-th.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    next: u64,
    stride: u64,
}

/// Which branch a state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Branch {
    parallel: NodeId,
    index: u32,
}

impl Default for Counter {
    /// Of a run: from 1, all of them.
    fn default() -> Self {
        Self { next: 1, stride: 1 }
    }
}

impl Counter {
    pub(super) fn take(&mut self) -> Activation {
        let taken = Activation(self.next);
        self.next += self.stride;
        taken
    }

    fn branch(self, index: u32, of: u32) -> Self {
        Self { next: self.next + u64::from(index) * self.stride, stride: self.stride * u64::from(of.max(1)) }
    }

    /// Goes on behind every number that the other has taken, whose numbers may be others.
    fn beyond(self, other: Self) -> Self {
        let behind = other.next.saturating_sub(self.next).div_ceil(self.stride);
        Self { next: self.next + behind * self.stride, ..self }
    }

    /// Goes on behind every number that both have taken. The other's are among this one's.
    pub(super) fn after(self, other: Self) -> Self {
        Self { next: self.next.max(other.next), ..self }
    }
}

impl Branch {
    pub(super) fn body(self, plan: &Plan) -> Option<BlockId> {
        match &plan.node(self.parallel).op {
            Op::Parallel(op) => op.branches.get(self.index as usize).map(|branch| branch.body),
            _ => None,
        }
    }

    /// The branch of that name of the other plan's step.
    pub(super) fn carried(self, carrier: &Carrier<'_>) -> Result<Self, Lost> {
        let name = |plan: &Plan, node: NodeId, index: u32| match &plan.node(node).op {
            Op::Parallel(op) => op.branches.get(index as usize).map(|branch| plan.text(branch.name).to_owned()),
            _ => None,
        };
        let wanted = name(carrier.old, self.parallel, self.index);
        let parallel = carrier.node(self.parallel);
        // Branches share out numbers by their places: a branch must stay where it was.
        match parallel.filter(|new| wanted.is_some() && name(carrier.new, *new, self.index) == wanted) {
            Some(parallel) => Ok(Self { parallel, index: self.index }),
            None => Err(Lost(format!("branch '{}'", wanted.unwrap_or_default()))),
        }
    }
}

impl State {
    /// A branch before its first step; this state's innermost node is the `parallel`. The branch sees a copy of what is visible.
    #[must_use]
    pub(crate) fn branch(&self, plan: &Plan, index: u32) -> Option<Self> {
        let Some(Frame::Node(node)) = self.frames.last() else { return None };
        let Op::Parallel(op) = &plan.node(node.node).op else { return None };
        let flow = self.frames.iter().rev().find_map(|frame| match frame {
            Frame::Flow(frame) => Some(frame.flow),
            Frame::Block(_) | Frame::Node(_) => None,
        })?;
        let branch = Some(Branch { parallel: node.node, index });
        let counter = self.counter.branch(index, u32::try_from(op.branches.len()).unwrap_or(u32::MAX));
        let frame = FlowFrame { branch, ..FlowFrame::new(flow, self.copied()) };
        Some(Self { frames: vec![Frame::Flow(frame)], project: Arc::clone(&self.project), counter, left: None })
    }

    /// The variables that branches which have ended have set, in their order.
    pub(crate) fn joined<'a>(&self, branches: impl IntoIterator<Item = &'a Self>) -> Vec<Assigned> {
        let before = self.copied();
        let mut assigned = Vec::new();
        for branch in branches {
            let mut changed = |scope: Scope, now: &Map, before: &Map| {
                for (name, value) in now.iter().filter(|(name, value)| before.get(&**name) != Some(*value)) {
                    assigned.push(Assigned { name: Arc::clone(name), scope, value: value.clone() });
                }
            };
            if let Some(left) = &branch.left {
                changed(Scope::Local, left, &before);
            }
            changed(Scope::Project, &branch.project, &self.project);
        }
        assigned
    }

    /// Branches are over: numbers go on behind theirs.
    pub(crate) fn pass(&mut self, branches: impl IntoIterator<Item = Counter>) {
        for branch in branches {
            self.counter = self.counter.after(branch);
        }
    }

    pub(crate) fn counter(&self) -> Counter {
        self.counter
    }

    /// Numbers go on behind those that were given elsewhere.
    pub(crate) fn go_beyond(&mut self, counter: Counter) {
        self.counter = self.counter.beyond(counter);
    }

    /// Locals, and what loops and `catch` have bound over them.
    fn copied(&self) -> Map {
        let Visible { bound, locals, project: _ } = self.visible();
        let mut copied = Arc::unwrap_or_clone(locals);
        for (name, value) in bound {
            copied.insert(name, value);
        }
        copied
    }
}
