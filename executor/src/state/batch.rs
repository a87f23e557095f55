//! What an owner writes, all of it or nothing, and what is read back of a run.

use std::sync::Arc;

use super::connection::{Appended, Param};
use super::{Lease, Outcome, StateError, Store, checksum, open};
use crate::value::Value;

/// A piece of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Rises by one.
    pub number: u64,
    pub bytes: Vec<u8>,
}

/// A piece of the spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolPart {
    pub name: String,
    /// From 0.
    pub part: u64,
    pub bytes: Vec<u8>,
}

/// A point that another run may start from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Of the step that comes next.
    pub path: String,
    pub data: Vec<u8>,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct End {
    pub outcome: Outcome,
    /// RFC 3339, UTC.
    pub ended: String,
    /// A JSON object.
    pub report: String,
}

/// One transaction.
#[derive(Debug, Default)]
pub struct Batch {
    pub segments: Vec<Segment>,
    /// Segments before this number are replaced by those of this batch.
    pub compact_before: Option<u64>,
    pub spool: Vec<SpoolPart>,
    /// Names whose parts are not needed any more, those of this batch aside.
    pub drop_spool: Vec<String>,
    pub project_variables: Vec<(Arc<str>, Value)>,
    pub marks: Vec<Mark>,
    pub end: Option<End>,
}

impl Batch {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
            && self.spool.is_empty()
            && self.drop_spool.is_empty()
            && self.project_variables.is_empty()
            && self.marks.is_empty()
            && self.end.is_none()
    }

    /// The segment of a batch that has nothing else, where it is small.
    fn only_segment(&self) -> Option<&Segment> {
        let [segment] = self.segments.as_slice() else { return None };
        let alone = self.compact_before.is_none()
            && self.spool.is_empty()
            && self.drop_spool.is_empty()
            && self.project_variables.is_empty()
            && self.marks.is_empty()
            && self.end.is_none();
        (alone && segment.bytes.len() <= SMALL).then_some(segment)
    }
}

/// A larger segment costs more as text than the exchanges that it saves.
const SMALL: usize = 32 << 10;

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    #[error("another executor has taken the run over ({by})")]
    FencedOff { by: String },
    #[error(transparent)]
    State(#[from] StateError),
}

impl Store {
    /// Writes a batch, if the lease still holds.
    ///
    /// # Errors
    /// Another executor has taken the run over, or the store cannot be written. Nothing of the batch is kept then.
    pub async fn write(&mut self, lease: &Lease, batch: &Batch) -> Result<(), WriteError> {
        let mut result = self.write_once(lease, batch).await;
        // The answer to a COMMIT may be lost with the connection.
        if let Err(WriteError::State(_)) = &result
            && self.reconnect().await
        {
            result = match self.has(lease, batch).await {
                Ok(true) => Ok(()),
                Ok(false) => self.write_once(lease, batch).await,
                Err(error) => Err(error),
            };
        }
        if result.is_ok() {
            match (&batch.end, batch.segments.last()) {
                (Some(end), _) if end.outcome.is_finished() => self.watermarks.forget(&lease.run),
                (_, Some(last)) => self.watermarks.note(&lease.run, last.number + 1),
                (_, None) => {}
            }
        }
        result
    }

    /// Whether the last segment of a batch is there. Everything else in a batch may be written twice.
    async fn has(&mut self, lease: &Lease, batch: &Batch) -> Result<bool, WriteError> {
        let params = [Param::Text(&lease.run), Param::Int(lease.fence)];
        let rows = self.rows("SELECT segments FROM runs WHERE id = ? AND fence = ?", &params).await?;
        let Some(row) = rows.first() else { return Err(self.fenced(lease).await) };
        let segments = self.read(|| row.int(0))?;
        Ok(batch.segments.last().is_some_and(|last| segments > int(last.number)))
    }

    async fn write_once(&mut self, lease: &Lease, batch: &Batch) -> Result<(), WriteError> {
        if let Some(segment) = batch.only_segment() {
            return self.append(lease, segment).await;
        }
        self.begin_transaction().await?;
        let result = self.try_write(lease, batch).await;
        crate::failpoint::hit("state.write.before_commit");
        let result = self.end_transaction(result).await;
        crate::failpoint::hit("state.write.after_commit");
        result
    }

    async fn append(&mut self, lease: &Lease, segment: &Segment) -> Result<(), WriteError> {
        let checksum = segment_checksum(&lease.run, segment.number, &segment.bytes);
        let appended = Appended { number: int(segment.number), bytes: &segment.bytes, checksum: &checksum };
        crate::failpoint::hit("state.append.before");
        let proved = self.connection.append(&lease.run, lease.fence, &appended).await;
        crate::failpoint::hit("state.append.after");
        match proved.map_err(|error| open::explain(&self.location, &error))? {
            true => Ok(()),
            false => Err(self.fenced(lease).await),
        }
    }

    /// A batch as part of an open transaction.
    pub(super) async fn try_write(&mut self, lease: &Lease, batch: &Batch) -> Result<(), WriteError> {
        let run = lease.run.as_str();
        // What is missing at the end of a journal is missed.
        let proved = match batch.segments.last() {
            Some(last) => {
                let sql = "UPDATE runs SET segments = ? WHERE id = ? AND fence = ?";
                self.execute(sql, &[Param::Int(int(last.number + 1)), Param::Text(run), Param::Int(lease.fence)]).await?
            }
            None => {
                let sql = "UPDATE runs SET fence = fence WHERE id = ? AND fence = ?";
                self.execute(sql, &[Param::Text(run), Param::Int(lease.fence)]).await?
            }
        };
        if proved != 1 {
            return Err(self.fenced(lease).await);
        }
        for name in &batch.drop_spool {
            self.execute("DELETE FROM spool WHERE run = ? AND name = ?", &[Param::Text(run), Param::Text(name)]).await?;
        }
        for SpoolPart { name, part, bytes } in &batch.spool {
            let sum = spool_checksum(run, name, *part, bytes);
            let sql = "INSERT INTO spool (run, name, part, bytes, checksum) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (run, name, part) DO UPDATE SET bytes = excluded.bytes, checksum = excluded.checksum";
            let params = [Param::Text(run), Param::Text(name), Param::Int(int(*part)), Param::Bytes(bytes), Param::Bytes(&sum)];
            self.execute(sql, &params).await?;
        }
        if let Some(before) = batch.compact_before {
            self.execute("DELETE FROM journal WHERE run = ? AND segment < ?", &[Param::Text(run), Param::Int(int(before))]).await?;
        }
        for Segment { number, bytes } in &batch.segments {
            let sum = segment_checksum(run, *number, bytes);
            let sql = "INSERT INTO journal (run, segment, bytes, checksum) VALUES (?, ?, ?, ?)";
            self.execute(sql, &[Param::Text(run), Param::Int(int(*number)), Param::Bytes(bytes), Param::Bytes(&sum)]).await?;
        }
        for Mark { path, data } in &batch.marks {
            let sum = checksum::of(&[run.as_bytes(), path.as_bytes(), data]);
            let sql = "INSERT INTO marks (run, path, data, checksum) VALUES (?, ?, ?, ?)
                ON CONFLICT (run, path) DO UPDATE SET data = excluded.data, checksum = excluded.checksum";
            self.execute(sql, &[Param::Text(run), Param::Text(path), Param::Bytes(data), Param::Bytes(&sum)]).await?;
        }
        self.set_project(&lease.project, run, &batch.project_variables).await?;
        if let Some(end) = &batch.end {
            self.write_end(run, end).await?;
        }
        Ok(())
    }

    /// A run that is done needs no journal; its marks stay, for `fork`.
    async fn write_end(&mut self, run: &str, end: &End) -> Result<(), StateError> {
        let sql = "UPDATE runs SET outcome = ?, ended = ?, report = ?, holder = NULL, lease_until = 0 WHERE id = ?";
        let params = [Param::Text(end.outcome.name()), Param::Text(&end.ended), Param::Text(&end.report), Param::Text(run)];
        self.execute(sql, &params).await?;
        if end.outcome.is_finished() {
            self.execute("DELETE FROM journal WHERE run = ?", &[Param::Text(run)]).await?;
            self.execute("DELETE FROM spool WHERE run = ?", &[Param::Text(run)]).await?;
        }
        Ok(())
    }

    /// The segments of a run's journal in order, and the number of the next one.
    ///
    /// # Errors
    /// The store cannot be read, or a segment is missing or damaged.
    pub async fn journal(&mut self, run: &str) -> Result<(Vec<Vec<u8>>, u64), StateError> {
        let rows = self.rows("SELECT segments FROM runs WHERE id = ?", &[Param::Text(run)]).await?;
        let next = match rows.first() {
            Some(row) => self.read(|| row.int(0))?.unsigned_abs(),
            None => return Err(self.fault(format!("there is no run {run}"))),
        };
        let rows = self.rows("SELECT segment, bytes, checksum FROM journal WHERE run = ? ORDER BY segment", &[Param::Text(run)]).await?;
        let damaged = |store: &Self, number: u64, what: &str| {
            store.fault(format!("the journal of run {run} is damaged: segment {number} {what}; nothing was touched"))
        };
        let mut segments: Vec<Vec<u8>> = Vec::with_capacity(rows.len());
        let mut expected = None;
        for row in rows {
            let (number, bytes, sum) = self.read(|| Ok((row.int(0)?.unsigned_abs(), row.bytes(1)?, row.bytes(2)?)))?;
            if expected.is_some_and(|expected| expected != number) {
                return Err(damaged(self, number, "does not follow the one before"));
            }
            if sum != segment_checksum(run, number, &bytes) {
                return Err(damaged(self, number, "was changed (its checksum does not match)"));
            }
            expected = Some(number + 1);
            segments.push(bytes);
        }
        if expected.unwrap_or(next) != next {
            return Err(damaged(self, next.saturating_sub(1), "is missing"));
        }
        Ok((segments, next))
    }

    /// A part of the spool.
    ///
    /// # Errors
    /// The store cannot be read, or the part is missing or damaged.
    pub async fn spool_part(&mut self, run: &str, name: &str, part: u64) -> Result<Vec<u8>, StateError> {
        let sql = "SELECT bytes, checksum FROM spool WHERE run = ? AND name = ? AND part = ?";
        let rows = self.rows(sql, &[Param::Text(run), Param::Text(name), Param::Int(int(part))]).await?;
        let row = rows.first().ok_or_else(|| self.fault(format!("part {part} of '{name}' of run {run} is missing")))?;
        let (bytes, sum) = self.read(|| Ok((row.bytes(0)?, row.bytes(1)?)))?;
        if sum == spool_checksum(run, name, part, &bytes) {
            Ok(bytes)
        } else {
            Err(self.fault(format!("part {part} of '{name}' of run {run} is damaged (its checksum does not match)")))
        }
    }

    /// The paths of the steps that another run may start from.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn marks(&mut self, run: &str) -> Result<Vec<String>, StateError> {
        let rows = self.rows("SELECT path FROM marks WHERE run = ? ORDER BY path", &[Param::Text(run)]).await?;
        rows.iter().map(|row| self.read(|| row.text(0))).collect()
    }

    /// What was kept when a step was about to start.
    ///
    /// # Errors
    /// The store cannot be read, or the mark is damaged.
    pub async fn mark(&mut self, run: &str, path: &str) -> Result<Option<Vec<u8>>, StateError> {
        let rows = self.rows("SELECT data, checksum FROM marks WHERE run = ? AND path = ?", &[Param::Text(run), Param::Text(path)]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let (data, sum) = self.read(|| Ok((row.bytes(0)?, row.bytes(1)?)))?;
        if sum == checksum::of(&[run.as_bytes(), path.as_bytes(), &data]) {
            Ok(Some(data))
        } else {
            Err(self.fault(format!("the mark of {path} in run {run} is damaged (its checksum does not match)")))
        }
    }
}

fn segment_checksum(run: &str, number: u64, bytes: &[u8]) -> Vec<u8> {
    checksum::of(&[run.as_bytes(), &number.to_le_bytes(), bytes])
}

fn spool_checksum(run: &str, name: &str, part: u64, bytes: &[u8]) -> Vec<u8> {
    checksum::of(&[run.as_bytes(), name.as_bytes(), &part.to_le_bytes(), bytes])
}

fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
