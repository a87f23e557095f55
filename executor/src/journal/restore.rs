//! A run read back from its journal: the last snapshot, and every record since.

use sequor_plan_format::{NodeId, Plan};

use super::effects::Effects;
use super::progress::Progress;
use super::record::{Record, Snapshot, decode};
use crate::error::{ErrorKind, RunError};
use crate::machine::{Activation, Event};
use crate::report::Counters;
use crate::value::Value;

/// Where a run is.
pub(crate) struct Restored {
    pub(crate) progress: Progress,
    pub(crate) effects: Effects,
}

/// Members of a loop, from the spool.
pub(crate) trait Members {
    async fn member(&mut self, activation: Activation, ordinal: u64) -> Result<Value, RunError>;
}

/// # Errors
/// Records that do not belong together: the journal is not this plan's, or it is damaged in a way that its checksums do not see.
pub(crate) async fn restore(plan: &Plan, segments: &[Vec<u8>], members: &mut impl Members) -> Result<Restored, RunError> {
    let mut restored: Option<Restored> = None;
    for segment in segments {
        for record in decode(segment)? {
            match (record, &mut restored) {
                (Record::Snapshot(snapshot), _) => {
                    let Snapshot { progress, effects } = *snapshot;
                    restored = Some(Restored { progress, effects });
                }
                (record, Some(restored)) => restored.take(plan, record, members).await?,
                (_, None) => return Err(fault("it does not begin with a snapshot")),
            }
        }
    }
    restored.ok_or_else(|| fault("it is empty"))
}

impl Restored {
    async fn take(&mut self, plan: &Plan, record: Record, members: &mut impl Members) -> Result<(), RunError> {
        let (path, record) = match record {
            Record::Branch { path, record } => (path, *record),
            record => (Vec::new(), record),
        };
        match record {
            Record::Snapshot(_) | Record::Branch { .. } => {}
            Record::Event { event, counters } => {
                self.step(plan, &path, event, counters)?;
            }
            Record::Member { activation, ordinal, counters } => {
                let member = members.member(activation, ordinal).await?;
                self.step(plan, &path, Event::Item(Some(member)), counters)?;
            }
            Record::Effect(change) => self.effects.apply(change),
            Record::Rewound { counters } => {
                let progress = self.at(&path)?;
                progress.rewind();
                progress.counters = counters.into_iter().collect();
            }
            Record::Passed(counter) => self.at(&path)?.go_on_from(counter),
        }
        Ok(())
    }

    fn at(&mut self, path: &[u32]) -> Result<&mut Progress, RunError> {
        self.progress.at(path).ok_or_else(|| fault("a record belongs to a branch that does not run"))
    }

    /// What ended is counted as it was when the step was first taken; counters of a later record have it too. Gives whether the run ended with an error.
    pub(super) fn step(&mut self, plan: &Plan, path: &[u32], event: Event, counters: Vec<(NodeId, Counters)>) -> Result<bool, RunError> {
        let starts = matches!(event, Event::Start);
        let Self { progress, effects } = self;
        let progress = progress.at(path).ok_or_else(|| fault("a record belongs to a branch that does not run"))?;
        if !starts && progress.pending.is_none() {
            return Err(fault("an event answers no command"));
        }
        Ok(progress.step(plan, event, counters, effects).fatal)
    }
}

fn fault(reason: &str) -> RunError {
    RunError::new(ErrorKind::Limit, format!("the journal of the run cannot be read: {reason}; nothing was touched"))
}
