//! What the journal holds, and its bytes.
//!
//! The order of variants and fields is the format: append only, and raise the state store's version where that is not enough.

use sequor_plan_format::NodeId;
use serde::{Deserialize, Serialize};

use super::effects::{Change, Effects};
use super::progress::Progress;
use crate::error::{ErrorKind, RunError};
use crate::machine::{Activation, Counter, Event};
use crate::report::Counters;

/// One entry. A journal is a snapshot and what came after it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Record {
    Snapshot(Box<Snapshot>),
    /// What became of the command that waited, and the counters that changed.
    Event {
        event: Event,
        counters: Vec<(NodeId, Counters)>,
    },
    /// The event of a member taken; the member is in the spool.
    Member {
        activation: Activation,
        ordinal: u64,
        counters: Vec<(NodeId, Counters)>,
    },
    Effect(Change),
    /// Of a branch: the path of indexes to it, outermost first.
    Branch {
        path: Vec<u32>,
        record: Box<Record>,
    },
    /// After the steps of a `finally`, an error that nothing catches; with what is counted by then.
    Rewound {
        counters: Vec<(NodeId, Counters)>,
    },
    /// Branches are over, and one of them has failed: numbers go on from here. What ended it is in no record of its own, so that its records do not tell.
    Passed(Counter),
}

impl Record {
    /// The same record, of the branch at the end of a path.
    pub(crate) fn within(self, path: &[u32]) -> Self {
        if path.is_empty() { self } else { Self::Branch { path: path.to_vec(), record: Box::new(self) } }
    }
}

/// Everything that decides how a run goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) progress: Progress,
    pub(crate) effects: Effects,
}

/// Adds a record to a segment.
///
/// # Errors
/// A value that has no form here: there is none today.
pub(crate) fn encode(record: &Record, into: &mut Vec<u8>) -> Result<(), RunError> {
    let bytes = postcard::to_allocvec(record).map_err(|error| fault(&format!("a record cannot be encoded: {error}")))?;
    into.extend_from_slice(&u32::try_from(bytes.len()).map_err(|_| fault("a record is larger than 4 GiB"))?.to_le_bytes());
    into.extend_from_slice(&bytes);
    Ok(())
}

/// The records of a segment.
///
/// # Errors
/// A segment that this version cannot read.
pub(crate) fn decode(mut segment: &[u8]) -> Result<Vec<Record>, RunError> {
    let mut records = Vec::new();
    while let Some((length, rest)) = segment.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let bytes = rest.get(..length).ok_or_else(|| fault("a record is cut"))?;
        records.push(postcard::from_bytes(bytes).map_err(|error| fault(&format!("a record cannot be read: {error}")))?);
        segment = rest.get(length..).unwrap_or_default();
    }
    if segment.is_empty() { Ok(records) } else { Err(fault("a record is cut")) }
}

fn fault(reason: &str) -> RunError {
    RunError::new(ErrorKind::Limit, format!("journal: {reason}"))
}
