//! How far a run has come with each step of its plan.

use std::collections::{BTreeMap, BTreeSet};

use sequor_plan_format::graph::nodes_of;
use sequor_plan_format::op::HttpRequest;
use sequor_plan_format::{BlockId, NodeId, Op, Plan};

use crate::journal::effects::Statements;
use crate::journal::restore::Restored;
use crate::machine::{Begun, Carrier, OpenBlock, Position, State};
use crate::report::Counters;

/// What a run has done with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    NotStarted,
    /// Its condition was not true, and the block that it stands in goes on behind it.
    Skipped,
    /// It has ended at least once, and does not run now.
    Done,
    /// It has begun, and something may have come of it.
    Running,
    /// The run stopped at it before anything came of it.
    Stopped,
}

impl Standing {
    /// As the table names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NotStarted => "not started",
            Self::Skipped => "passed over",
            Self::Done => "done",
            Self::Running => "running",
            Self::Stopped => "stopped at",
        }
    }

    /// Nothing of it has to stay as it is.
    pub(super) fn is_free(self) -> bool {
        match self {
            Self::NotStarted | Self::Stopped => true,
            Self::Skipped | Self::Done | Self::Running => false,
        }
    }
}

/// Where a run is, in terms of the plan that it has.
pub(super) struct Standings<'a> {
    restored: &'a Restored,
    /// What every step did.
    total: BTreeMap<NodeId, Counters>,
    plan: &'a Plan,
    /// By node.
    of: Vec<Standing>,
    /// The step that the run stopped at, where nothing came of it.
    pub(super) begun: Option<Begun>,
    /// Blocks that run, or would run again after an error that is on its way up.
    pub(super) blocks: Vec<OpenBlock>,
    /// Loops that run, each with the steps in it and the rounds that are over.
    loops: Vec<(BTreeSet<NodeId>, u64, &'static str)>,
}

impl<'a> Standings<'a> {
    /// `forked`: what the run that it was forked from has done is not in its counters.
    pub(super) fn new(carrier: Carrier<'a>, restored: &'a Restored, forked: bool) -> Self {
        let plan = carrier.old;
        let mut standings = Self {
            restored,
            total: restored.progress.total(),
            plan,
            of: vec![Standing::NotStarted; plan.nodes.len()],
            begun: None,
            blocks: Vec::new(),
            loops: Vec::new(),
        };
        for state in standings.states() {
            let running: BTreeSet<NodeId> = state.position().into_iter().map(|(node, ..)| node).collect();
            for block in carrier.open_blocks(state) {
                for node in plan.block(block.old).nodes.iter().take(block.started) {
                    standings.of[node.index()] = Standing::Skipped;
                    if forked && !running.contains(node) {
                        inside(plan, *node).into_iter().for_each(|inside| standings.of[inside.index()] = Standing::Done);
                    }
                }
                standings.blocks.push(block);
            }
        }
        for node in restored.progress.total().iter().filter(|(_, counters)| counters.executed > 0).map(|(node, _)| node) {
            standings.of[node.index()] = Standing::Done;
        }
        for state in standings.states() {
            for (node, _, round) in state.position() {
                standings.of[node.index()] = Standing::Running;
                standings.loops.extend(standings.rounds(node, round));
            }
        }
        standings.begun = standings.stopped_at();
        if let Some(begun) = standings.begun {
            standings.of[begun.node.index()] = Standing::Stopped;
            if let Some(innermost) = standings.blocks.last_mut() {
                innermost.started = innermost.started.saturating_sub(1);
            }
        }
        standings
    }

    pub(super) fn of(&self, node: NodeId) -> Standing {
        self.of[node.index()]
    }

    /// Every step.
    pub(super) fn all(&self) -> impl Iterator<Item = (NodeId, Standing)> {
        (0u32..).zip(&self.of).map(|(index, standing)| (NodeId(index), *standing))
    }

    /// Nothing has happened yet.
    pub(super) fn is_at_start(&self) -> bool {
        self.states().iter().all(|state| state.is_at_start())
    }

    /// Whether any step of a block, or inside of it, must stay as it is.
    pub(super) fn has_started(&self, block: BlockId) -> bool {
        nodes_of(self.plan, block).into_iter().any(|node| !self.of(node).is_free())
    }

    /// Whether the run has been through a block before: what is added to it now has been left out.
    pub(super) fn has_been_through(&self, block: BlockId) -> bool {
        let nodes = &self.plan.block(block).nodes;
        let known = |node: &NodeId| self.total.get(node).copied().unwrap_or_default();
        let went_well = |node: &NodeId| known(node).executed > known(node).failed;
        match self.blocks.iter().filter(|open| open.old == block).map(|open| open.started).max() {
            None => nodes.iter().any(|node| self.of(*node) == Standing::Done),
            // Those behind the running step have run in an earlier round, or in an earlier call of the flow.
            Some(started) => {
                nodes.iter().skip(started).any(went_well) || nodes.iter().any(|node| went_well(node) && self.rounds_of(*node).is_some())
            }
        }
    }

    /// The innermost running loop around a step that has gone round before: how often, and what a round is.
    pub(super) fn rounds_of(&self, node: NodeId) -> Option<(u64, &'static str)> {
        self.loops.iter().rev().find(|(inside, over, _)| *over > 0 && inside.contains(&node)).map(|(_, over, what)| (*over, *what))
    }

    /// Whether no reply of a running `http_request` has been read yet, so that all of them can be read in another way.
    pub(super) fn has_read_nothing(&self, node: NodeId) -> bool {
        let open = self.restored.progress.state.open_frames().into_iter().find(|open| open.node == node);
        let Some(open) = open else { return false };
        let unread = matches!(open.position, Position::Requests { read: 0, ordinal: 0, .. });
        let executed = self.total.get(&node).map_or(0, |counters| counters.executed);
        unread && executed == 0 && self.restored.progress.retry().is_none() && self.restored.effects.tables_of(open.activation).is_empty()
    }

    /// The state, and the one that the run would go back to.
    pub(super) fn states(&self) -> Vec<&'a State> {
        let progress = &self.restored.progress;
        progress.all().into_iter().flat_map(|progress| progress.retry().into_iter().chain([&progress.state])).collect()
    }

    fn rounds(&self, node: NodeId, round: Option<u64>) -> Option<(BTreeSet<NodeId>, u64, &'static str)> {
        let (body, what) = match &self.plan.node(node).op {
            Op::ForEach(op) => (op.body, "items"),
            Op::WhileLoop(op) => (op.body, "rounds"),
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
            | Op::TryCatch(_)
            | Op::Parallel(_)
            | Op::Block(_)
            | Op::RunFlow(_) => return None,
        };
        Some((nodes_of(self.plan, body).into_iter().collect(), round.unwrap_or_default().saturating_sub(1), what))
    }

    /// The step that begins, unless something came of it, now or in an earlier round.
    fn stopped_at(&self) -> Option<Begun> {
        let Restored { progress, effects } = self.restored;
        // A `finally` runs with an error: what failed is not what the run is at.
        let begun = progress.state.begun().filter(|_| progress.retry().is_none())?;
        let unrun = effects.statements_of(begun.activation) == Statements::default();
        let known = self.total.get(&begun.node).copied().unwrap_or_default();
        let in_a_later_round = progress.state.position().iter().any(|(_, _, round)| round.is_some_and(|round| round > 1));
        let before = known.executed > known.failed || (known.executed > 0 && in_a_later_round);
        (!self.may_have_sent(begun) && unrun && !before).then_some(begun)
    }

    /// Whether a request that changes something may have been sent. Those that may be repeated are not in the journal.
    fn may_have_sent(&self, begun: Begun) -> bool {
        let Op::HttpRequest(op) = &self.plan.node(begun.node).op else { return false };
        let HttpRequest { request, .. } = op.as_ref();
        if request.method.is_safe() {
            return false;
        }
        let unrecorded = request.key.is_none() && (request.idempotent || request.method.is_idempotent());
        let open = self.restored.progress.state.open_frames().into_iter().find(|open| open.activation == begun.activation);
        let asked = open.is_some_and(|open| matches!(open.position, Position::Requests { page: Some(_), .. }));
        self.restored.effects.requests_of(begun.activation).next().is_some() || (asked && unrecorded)
    }
}

/// The steps that a step owns and calls, with all that are in them.
fn inside(plan: &Plan, node: NodeId) -> Vec<NodeId> {
    let mut found = Vec::new();
    let mut open = vec![node];
    // A plan has no recursion.
    while let Some(node) = open.pop() {
        let op = &plan.node(node).op;
        let called = if let Op::RunFlow(op) = op { Some(plan.flow(op.flow).body) } else { None };
        for block in op.blocks().into_iter().chain(called) {
            open.extend(&plan.block(block).nodes);
        }
        found.push(node);
    }
    found.remove(0);
    found
}
