//! Effects of a run in a target database, and the markers that prove them.
//!
//! A marker is a row of the table `_sequor_commit` of the target database, written in the transaction of the effect: where it is, the effect is, and the
//! other way round. One more row for each run, with activation 0 and batch 0, holds the run's **fence** in this database: the number of the executor that
//! owns the run. An executor claims it before its first effect, and each transaction with markers proves that the fence is still its own; so what an
//! executor does that has been given up for dead cannot land beside the work of its successor.
//!
//! Knows the form of markers; the engines' `marker` modules know the SQL.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{ErrorKind, RunError};

use super::landing::Ledger;

/// The marker table. In PostgreSQL it is in the schema where the source's tables go that name none.
pub(super) const MARKERS: &str = "_sequor_commit";

/// Columns and key of the marker table, with the engine's name for bytes.
pub(super) fn marker_columns(bytes: &str) -> String {
    format!(
        "(run TEXT NOT NULL, activation BIGINT NOT NULL, batch BIGINT NOT NULL, node TEXT NOT NULL, fence BIGINT NOT NULL, \
         rows_out BIGINT NOT NULL, data {bytes}, PRIMARY KEY (run, activation, batch))"
    )
}

/// Names an effect of a run in a target database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    pub run: String,
    /// From 1. Only one effect, or one landing, of an activation can be in a database.
    pub activation: u64,
    /// For people who look into the marker table.
    pub node: String,
    /// Grows with each executor that takes the run over.
    pub fence: u64,
}

/// Who uses a database: sessions of the same run with a lower fence are of executors that have lost it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub run: String,
    pub fence: u64,
}

/// A committed batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// 0 for `store_query` and `execute`; batches of a landing count from 1.
    pub batch: u64,
    /// Rows that the activation has put into this database, up to this batch and with it.
    pub rows_out: u64,
    /// Nothing follows: the effect is complete, the created tables are swapped in.
    pub finished: bool,
    /// What the caller gave with the batch.
    pub data: Vec<u8>,
}

/// What an effect came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    pub rows: u64,
    /// Whether a marker went along. Without one the effect happens at least once, not exactly once.
    pub marked: bool,
}

impl Stored {
    /// The marker of an effect that is one transaction.
    pub(super) fn marker(rows: u64) -> Marker {
        Marker { batch: 0, rows_out: rows, finished: true, data: Vec::new() }
    }
}

/// The right to write an effect's markers into a database: its fence is claimed.
#[derive(Clone)]
pub(super) struct Marking {
    pub(super) effect: Effect,
    /// The marker table's name in SQL.
    pub(super) table: String,
}

/// The last claim of this process in a database, so that it is made once and not for each effect.
#[derive(Clone, Default)]
pub(super) struct Claims(Arc<Mutex<Option<Claim>>>);

struct Claim {
    run: String,
    fence: u64,
    /// `None`: there is no marker table and no right to create it.
    table: Option<String>,
}

impl Claims {
    /// `None`: not claimed yet.
    pub(super) fn find(&self, effect: &Effect) -> Option<Option<Marking>> {
        let claim = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let claim = claim.as_ref().filter(|claim| claim.run == effect.run && claim.fence == effect.fence)?;
        Some(claim.table.as_ref().map(|table| Marking { effect: effect.clone(), table: table.clone() }))
    }

    pub(super) fn keep(&self, effect: &Effect, table: Option<String>) -> Option<Marking> {
        let marking = table.as_ref().map(|table| Marking { effect: effect.clone(), table: table.clone() });
        let claim = Claim { run: effect.run.clone(), fence: effect.fence, table };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(claim);
        marking
    }

    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// How every error begins that says that the run has another owner.
pub const FENCED: &str = "another executor has taken over this run";

/// Whether the run has another owner now: this executor must stop, and change nothing more.
#[must_use]
pub fn is_fenced(error: &RunError) -> bool {
    error.kind == ErrorKind::Database && error.message.contains(FENCED)
}

/// The fence in the database is not ours any more, or was never.
pub(super) fn fenced(effect: &Effect) -> RunError {
    let message =
        format!("{FENCED}: run {} does not belong to the executor with fence {} any more; nothing was written", effect.run, effect.fence);
    RunError::new(ErrorKind::Database, message)
}

/// Somebody else has done the work that this executor was about to do.
pub(super) fn done_already(effect: &Effect) -> RunError {
    let message = format!(
        "{FENCED}: work of {} (activation {} of run {}) is in the database already; nothing was written",
        effect.node, effect.activation, effect.run
    );
    RunError::new(ErrorKind::Database, message)
}

/// COMMIT was sent, its answer was lost, and nobody could be asked.
pub(super) fn in_doubt(lost: &RunError, reason: &str) -> RunError {
    let message = format!("{}; whether the last transaction was committed is not known: {reason}", lost.message);
    RunError::new(ErrorKind::Database, message)
}

/// A number of ours in a BIGINT column.
pub(super) fn bigint(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A marker row as it was read: batch, rows and data.
pub(super) fn read_marker(batch: i64, rows_out: i64, data: &[u8]) -> Result<(Marker, Option<Ledger>), RunError> {
    let (ledger, data) = unpack(data)?;
    let finished = ledger.as_ref().is_some_and(|ledger| ledger.finished);
    let marker = Marker { batch: batch.unsigned_abs(), rows_out: rows_out.unsigned_abs(), finished, data: data.to_vec() };
    Ok((marker, ledger))
}

/// A marker's `data` column: a format number, the length of the ledger (little endian), the ledger, and what the caller gave.
pub(super) fn pack(ledger: Option<&Ledger>, data: &[u8]) -> Result<Vec<u8>, RunError> {
    let ledger = ledger.map(serde_json::to_vec).transpose();
    let ledger =
        ledger.map_err(|error| RunError::new(ErrorKind::Data, format!("a marker cannot be written: {error}")))?.unwrap_or_default();
    let length = u32::try_from(ledger.len()).map_err(|_| RunError::new(ErrorKind::Data, "too many tables and columns in one op"))?;
    let mut packed = Vec::with_capacity(5 + ledger.len() + data.len());
    packed.push(FORMAT);
    packed.extend_from_slice(&length.to_le_bytes());
    packed.extend_from_slice(&ledger);
    packed.extend_from_slice(data);
    Ok(packed)
}

const FORMAT: u8 = 1;

fn unpack(packed: &[u8]) -> Result<(Option<Ledger>, &[u8]), RunError> {
    let unreadable = || {
        let message = format!("a row of the table {MARKERS} cannot be read: it was written by another version of Sequor, or changed since");
        RunError::new(ErrorKind::Database, message)
    };
    let (&[FORMAT, a, b, c, d], rest) = packed.split_first_chunk::<5>().ok_or_else(unreadable)? else { return Err(unreadable()) };
    let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).map_err(|_| unreadable())?;
    let (ledger, data) = rest.split_at_checked(length).ok_or_else(unreadable)?;
    if ledger.is_empty() {
        return Ok((None, data));
    }
    let ledger = serde_json::from_slice(ledger).map_err(|_| unreadable())?;
    Ok((Some(ledger), data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_unpacked() {
        let ledger = Ledger { finished: true, tables: Vec::new() };
        let packed = pack(Some(&ledger), b"events").unwrap();
        let (marker, found) = read_marker(3, 10, &packed).unwrap();
        assert_eq!(marker, Marker { batch: 3, rows_out: 10, finished: true, data: b"events".to_vec() });
        assert_eq!(found, Some(ledger));
        assert!(!read_marker(3, 10, &pack(None, b"").unwrap()).unwrap().0.finished);
    }

    #[test]
    fn foreign_data_is_refused() {
        for data in [&b""[..], b"\x01\x05\0\0\0{}", b"\x02\0\0\0\0", b"\x01\x02\0\0\0[]"] {
            assert_eq!(read_marker(1, 1, data).unwrap_err().kind, ErrorKind::Database, "{data:?}");
        }
    }
}
