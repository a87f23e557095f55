//! A run as the journal knows it: the machine's state, the command that waits, and what belongs to both.
//!
//! The same function takes an event while a run goes on and when its journal is read again, so both come to the same state.

use sequor_plan_format::{NodeId, Plan};

use super::effects::{Effects, RequestId, RequestState};
use super::record::Snapshot;
use crate::machine::{Carrier, Command, Event, Lost, State, step};
use crate::report::Counters;

/// Everything of a run that a snapshot holds, effects aside: those are also noted by whoever makes them.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) state: State,
    /// The command that waits for its event; none before the first step and after the last.
    pub(crate) pending: Option<Command>,
    retry: Option<Box<(State, Option<Command>)>>,
}

/// What a step asks for.
pub(crate) struct Stepped {
    pub(crate) notices: Vec<Command>,
    /// An error that nothing catches ended the run.
    pub(crate) fatal: bool,
    /// An error was caught, or a loop goes on after it.
    pub(crate) caught: bool,
    /// The request whose reply has been read.
    pub(crate) read: Option<(RequestId, RequestState)>,
    /// Requests of ops that have ended before their reply was read.
    pub(crate) left: Vec<(NodeId, RequestId, RequestState)>,
}

impl Progress {
    pub(crate) fn new(state: State) -> Self {
        Self { state, pending: None, retry: None }
    }

    /// Takes a step: the answer to the command that waits.
    pub(crate) fn step(&mut self, plan: &Plan, event: Event, effects: &mut Effects) -> Stepped {
        let mut read = None;
        if let (Event::Absorbed { .. }, Some(Command::HttpAbsorb { frame, ordinal, page, .. })) = (&event, &self.pending)
            && let Some((_, activation)) = self.state.node_of(*frame)
        {
            let id = RequestId { activation, ordinal: *ordinal, page: *page };
            read = effects.read(id).map(|state| (id, state));
        }
        let failed = matches!(event, Event::Failed(_));
        let before = (failed && self.retry.is_none()).then(|| Box::new((self.state.clone(), self.pending.clone())));
        let mut notices = step(plan, &mut self.state, event);
        let fatal = matches!(notices.last(), Some(Command::Finish { outcome: Err(_) }));
        if self.state.is_failing() {
            self.retry = self.retry.take().or(before);
        } else if !fatal {
            self.retry = None;
        }
        self.pending = match notices.last() {
            Some(last) if last.is_answered() => notices.pop(),
            Some(_) | None => None,
        };
        let mut left = Vec::new();
        for notice in &notices {
            // Where the error may end the run, whoever goes on with it settles its effects.
            if let Command::Ended { node, activation, .. } = notice
                && !fatal
                && !self.state.is_failing()
            {
                left.extend(effects.end(*activation).into_iter().map(|(id, state)| (*node, id, state)));
            }
        }
        let caught = notices.iter().any(|notice| matches!(notice, Command::Tolerated { .. }));
        Stepped { notices, fatal, caught, read, left }
    }

    /// Where a run goes on whose error nothing caught, if a `finally` ran on the way up: at the command that failed. What ran since stays done.
    pub(crate) fn rewound(&mut self) -> bool {
        let Some(retry) = self.retry.take() else { return false };
        let (state, pending) = *retry;
        self.state = state.after(&self.state);
        self.pending = pending;
        true
    }

    /// Where the run goes on if the error on its way up is not caught.
    pub(crate) fn retry(&self) -> Option<&State> {
        self.retry.as_deref().map(|(state, _)| state)
    }

    /// The same run by another plan. `state` is the one to carry over, `pending` the command that waits in it.
    ///
    /// # Errors
    /// The other plan does not have the place where the run is, or would be.
    pub(crate) fn carried(&self, carrier: Carrier<'_>, state: &State, pending: Option<&Command>) -> Result<Self, Lost> {
        let both = |state: &State, pending: Option<&Command>| {
            let carried = carrier.state(state)?;
            let pending = pending.map(|command| carrier.command(command, &carried)).transpose()?;
            Ok((carried, pending))
        };
        let retry = self.retry.as_deref().map(|(state, pending)| both(state, pending.as_ref()).map(Box::new)).transpose()?;
        let (state, pending) = both(state, pending)?;
        Ok(Self { state, pending, retry })
    }

    pub(crate) fn snapshot(&self, counters: Vec<(NodeId, Counters)>, effects: Effects) -> Snapshot {
        Snapshot { state: self.state.clone(), pending: self.pending.clone(), retry: self.retry.clone(), counters, effects }
    }

    /// The progress of a snapshot; its counters and effects are the caller's.
    pub(crate) fn of(snapshot: Snapshot) -> (Self, Vec<(NodeId, Counters)>, Effects) {
        let Snapshot { state, pending, retry, counters, effects } = snapshot;
        (Self { state, pending, retry }, counters, effects)
    }
}
