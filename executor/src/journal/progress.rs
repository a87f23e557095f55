//! A run as the journal knows it: the machine's state, the command that waits, and what belongs to both.
//!
//! The same function takes an event while a run goes on and when its journal is read again, so both come to the same state. Branches of a `parallel` are runs within
//! the run: each has a progress of its own below the one that waits for them.

use std::collections::BTreeMap;

use sequor_plan_format::{NodeId, Op, Plan};
use serde::{Deserialize, Serialize};

use super::effects::{Effects, RequestId, RequestState};
use super::record::Snapshot;
use crate::machine::{Activation, Carrier, Command, Counter, Event, Lost, State, step_noting};
use crate::report::Counters;

/// Everything of a run that a snapshot holds, effects aside: those are also noted by whoever makes them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) state: State,
    /// The command that waits for its event; none before the first step and after the last.
    pub(crate) pending: Option<Command>,
    /// Where to go on if the error on its way up is not caught.
    retry: Option<Box<Retry>>,
    /// While the command that waits is theirs: by their index, at their beginning where they have not started.
    branches: Vec<Progress>,
    /// Without those of branches that run.
    pub(crate) counters: BTreeMap<NodeId, Counters>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Retry {
    state: State,
    pending: Option<Command>,
    branches: Vec<Progress>,
}

/// What a step asks for.
pub(crate) struct Stepped {
    pub(crate) notices: Vec<Command>,
    /// An error that nothing catches ended the run, or the branch. It is back at the command that failed.
    pub(crate) fatal: bool,
    /// Steps of a `finally` were taken since that command failed.
    pub(crate) rewound: bool,
    /// An error was caught, or a loop goes on after it.
    pub(crate) caught: bool,
    /// The request whose reply has been read.
    pub(crate) read: Option<(RequestId, RequestState)>,
    /// Requests of ops that have ended before their reply was read.
    pub(crate) left: Vec<(NodeId, RequestId, RequestState)>,
    /// Where numbers went on after branches of which one has failed.
    pub(crate) passed: Option<Counter>,
}

impl Progress {
    pub(crate) fn new(state: State) -> Self {
        Self { state, pending: None, retry: None, branches: Vec::new(), counters: BTreeMap::new() }
    }

    /// Takes a step: the answer to the command that waits. `counters` are those that have changed before it, those of branches that are over among them.
    pub(crate) fn step(&mut self, plan: &Plan, event: Event, counters: Vec<(NodeId, Counters)>, effects: &mut Effects) -> Stepped {
        let counted: Vec<_> = counters.iter().map(|(node, _)| (*node, self.counters.get(node).copied())).collect();
        self.counters.extend(counters);
        let mut read = None;
        if let (Event::Absorbed { .. }, Some(Command::HttpAbsorb { frame, ordinal, page, .. })) = (&event, &self.pending)
            && let Some((_, activation)) = self.state.node_of(*frame)
        {
            let id = RequestId { activation, ordinal: *ordinal, page: *page };
            read = effects.read(id).map(|state| (id, state));
        }
        let failed = matches!(event, Event::Failed(_));
        let before = (failed && self.retry.is_none()).then(|| self.state.clone());
        let branches = std::mem::take(&mut self.branches);
        self.state.pass(branches.iter().flat_map(Self::all).map(|branch| branch.state.counter()));
        let passed = (failed && !branches.is_empty()).then(|| self.state.counter());
        let (mut notices, failed_in) = step_noting(plan, &mut self.state, event);
        let fatal = matches!(notices.last(), Some(Command::Finish { outcome: Err(_) }));
        let failing = self.state.is_failing();
        // Where the error may end the run, whoever goes on with it settles its effects.
        let mut ended: Vec<(NodeId, Activation)> = Vec::new();
        if !fatal && !failing {
            ended.extend(self.retry.take().iter().flat_map(|retry| retry.activations()));
            ended.extend(branches.iter().flat_map(Self::activations));
            ended.extend(notices.iter().filter_map(|notice| match notice {
                Command::Ended { node, activation, .. } => Some((*node, *activation)),
                _ => None,
            }));
            if !ended.is_empty() {
                let running: Vec<Activation> = self.state.position().iter().map(|(_, activation, _)| *activation).collect();
                ended.retain(|(_, activation)| !running.contains(activation));
            }
        }
        let left =
            ended.into_iter().flat_map(|(node, activation)| effects.end(activation).into_iter().map(move |(id, state)| (node, id, state)));
        let left = left.collect();
        let rewound = fatal && self.retry.is_some();
        if self.retry.is_none()
            && let Some(state) = before.or(failed_in).filter(|_| fatal || failing)
        {
            let retry = Box::new(Retry { state, pending: self.pending.clone(), branches });
            self.retry = Some(if fatal { retry } else { retry.counted() });
        }
        if fatal {
            self.rewind();
            // What ran since the command failed stays counted. Where nothing did, all is counted when it is done again.
            for (node, counters) in counted.into_iter().filter(|_| !rewound) {
                self.counters.insert(node, counters.unwrap_or_default());
            }
        } else {
            self.pending = match notices.last() {
                Some(last) if last.is_answered() => notices.pop(),
                Some(_) | None => None,
            };
            self.branches = (0..self.branches_of(plan)).filter_map(|index| Some(Self::new(self.state.branch(plan, index)?))).collect();
        }
        for notice in notices.iter().filter(|_| !fatal || rewound) {
            if let Command::Ended { node, failed, .. } = notice {
                let counters = self.counters.entry(*node).or_default();
                counters.executed += 1;
                counters.failed += u64::from(*failed);
            }
        }
        let caught = notices.iter().any(|notice| matches!(notice, Command::Tolerated { .. }));
        Stepped { notices, fatal, rewound, caught, read, left, passed }
    }

    /// After an error that nothing catches: back to the command that failed. What ran since stays done.
    pub(crate) fn rewind(&mut self) {
        if let Some(retry) = self.retry.take() {
            let Retry { state, pending, branches } = *retry;
            self.state = state.after(&self.state);
            self.pending = pending;
            self.branches = branches;
            let counter = self.state.counter();
            self.branches.iter_mut().for_each(|branch| branch.go_beyond(counter));
        }
    }

    /// Numbers before this one are taken.
    pub(crate) fn go_on_from(&mut self, counter: Counter) {
        self.state.pass([counter]);
    }

    /// Numbers that were given while this did not run are not given again.
    fn go_beyond(&mut self, counter: Counter) {
        self.state.go_beyond(counter);
        self.branches.iter_mut().for_each(|branch| branch.go_beyond(counter));
    }

    /// Where the run goes on if the error on its way up is not caught.
    pub(crate) fn retry(&self) -> Option<&State> {
        self.retry.as_deref().map(|retry| &retry.state)
    }

    /// The branches of the command that waits, where it is a `parallel`; by their index.
    pub(crate) fn branches(&self) -> &[Self] {
        &self.branches
    }

    /// The progress at the end of a path of branches.
    pub(crate) fn at(&mut self, path: &[u32]) -> Option<&mut Self> {
        match path.split_first() {
            None => Some(self),
            Some((index, rest)) => self.branches.get_mut(*index as usize)?.at(rest),
        }
    }

    /// This and all branches below it, outermost first.
    pub(crate) fn all(&self) -> Vec<&Self> {
        let mut found = vec![self];
        let mut at = 0;
        while let Some(progress) = found.get(at).copied() {
            found.extend(&progress.branches);
            at += 1;
        }
        found
    }

    /// What every node did so far.
    pub(crate) fn total(&self) -> BTreeMap<NodeId, Counters> {
        let mut total: BTreeMap<NodeId, Counters> = BTreeMap::new();
        for (node, counters) in self.all().into_iter().flat_map(|progress| &progress.counters) {
            total.entry(*node).or_default().add(*counters);
        }
        total
    }

    /// What was done so far is counted elsewhere.
    pub(crate) fn forget_counters(&mut self) {
        self.counters.clear();
        self.branches.iter_mut().for_each(Self::forget_counters);
    }

    /// The nodes that are running here and in branches.
    fn activations(&self) -> Vec<(NodeId, Activation)> {
        activations(&self.state, &self.branches)
    }

    fn branches_of(&self, plan: &Plan) -> u32 {
        match self.pending {
            Some(Command::Branches { node, .. }) => match &plan.node(node).op {
                Op::Parallel(op) => u32::try_from(op.branches.len()).unwrap_or(u32::MAX),
                _ => 0,
            },
            _ => 0,
        }
    }

    /// The same run by another plan. `state` is the one to carry over, `pending` the command that waits in it.
    ///
    /// # Errors
    /// The other plan does not have the place where the run is, or would be.
    pub(crate) fn carried(&self, carrier: Carrier<'_>, state: &State, pending: Option<&Command>) -> Result<Self, Lost> {
        let place = |state: &State, pending: Option<&Command>, branches: &[Self]| {
            let carried = carrier.state(state)?;
            let pending = pending.map(|command| carrier.command(command, &carried)).transpose()?;
            let branches = branches.iter().map(|branch| branch.carried_here(carrier));
            Ok((carried, pending, branches.collect::<Result<Vec<_>, Lost>>()?))
        };
        let retry = self.retry.as_deref().map(|retry| {
            let (state, pending, branches) = place(&retry.state, retry.pending.as_ref(), &retry.branches)?;
            Ok(Box::new(Retry { state, pending, branches }))
        });
        let (state, pending, branches) = place(state, pending, &self.branches)?;
        // What steps did that the other plan does not have is not told any more: nothing, as only steps that did nothing may go.
        let counters = self.counters.iter().filter_map(|(node, counters)| Some((carrier.node(*node)?, *counters))).collect();
        Ok(Self { state, pending, retry: retry.transpose()?, branches, counters })
    }

    /// At the command that waits.
    pub(crate) fn carried_here(&self, carrier: Carrier<'_>) -> Result<Self, Lost> {
        self.carried(carrier, &self.state, self.pending.as_ref())
    }

    pub(crate) fn snapshot(&self, effects: Effects) -> Snapshot {
        Snapshot { progress: self.clone(), effects }
    }
}

impl Retry {
    /// Whose branches are counted elsewhere.
    fn counted(mut self: Box<Self>) -> Box<Self> {
        self.branches.iter_mut().for_each(Progress::forget_counters);
        self
    }

    fn activations(&self) -> Vec<(NodeId, Activation)> {
        activations(&self.state, &self.branches)
    }
}

fn activations(state: &State, branches: &[Progress]) -> Vec<(NodeId, Activation)> {
    let here = state.position().into_iter().map(|(node, activation, _)| (node, activation));
    here.chain(branches.iter().flat_map(Progress::activations)).collect()
}
