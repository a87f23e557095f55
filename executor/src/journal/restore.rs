//! A run read back from its journal: the last snapshot, and every record since.

use std::collections::BTreeMap;

use sequor_plan_format::{NodeId, Plan};

use super::effects::Effects;
use super::progress::Progress;
use super::record::{Record, decode};
use crate::error::{ErrorKind, RunError};
use crate::machine::{Activation, Command, Event};
use crate::report::Counters;
use crate::value::Value;

/// Where a run is.
pub(crate) struct Restored {
    pub(crate) progress: Progress,
    pub(crate) effects: Effects,
    pub(crate) counters: BTreeMap<NodeId, Counters>,
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
                    let (progress, counters, effects) = Progress::of(*snapshot);
                    restored = Some(Restored { progress, effects, counters: counters.into_iter().collect() });
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
        match record {
            Record::Snapshot(_) => {}
            Record::Event { event, counters } => {
                self.counters.extend(counters);
                self.step(plan, event)?;
            }
            Record::Member { activation, ordinal, counters } => {
                self.counters.extend(counters);
                let member = members.member(activation, ordinal).await?;
                self.step(plan, Event::Item(Some(member)))?;
            }
            Record::Effect(change) => self.effects.apply(change),
        }
        Ok(())
    }

    /// What ended is counted as it was when the step was first taken; counters of a later record have it too. Gives whether the run ended with an error.
    pub(super) fn step(&mut self, plan: &Plan, event: Event) -> Result<bool, RunError> {
        let starts = matches!(event, Event::Start);
        if !starts && self.progress.pending.is_none() {
            return Err(fault("an event answers no command"));
        }
        let stepped = self.progress.step(plan, event, &mut self.effects);
        for notice in stepped.notices {
            if let Command::Ended { node, failed, .. } = notice {
                let counters = self.counters.entry(node).or_default();
                counters.executed += 1;
                counters.failed += u64::from(failed);
            }
        }
        Ok(stepped.fatal)
    }
}

fn fault(reason: &str) -> RunError {
    RunError::new(ErrorKind::Limit, format!("the journal of the run cannot be read: {reason}; nothing was touched"))
}
