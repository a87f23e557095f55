//! Landings: the rows, tables and markers of one activation in one target database, committed together.
//!
//! A landing is filled in **batches**, numbered by the caller and rising. All rows of a batch, into however many tables, the creation of the tables it is
//! the first to mention, and its marker are one transaction; so is, at the end, the swap of all created tables with the last rows and the last marker.
//! Whatever happens in between, the database is then exactly at the batch of its last marker, and a landing that is opened again goes on from there.
//!
//! Rows are encoded by the caller and written by a task of its own. Batches that are handed over while the task is busy share the next transaction, each
//! with its marker. Between `flush` and the `commit` of the batch a transaction is open: in SQLite nobody else can write to the database meanwhile, the
//! caller's own other connections included.

use futures_util::future::BoxFuture;

use crate::error::RunError;

use super::commits::Commits;
use super::{Cell, ColumnDefinition, Mode, TableName, postgres, sqlite};

mod buffers;
mod engine;
mod ledger;
mod queue;
mod task;

pub(super) use buffers::Buffers;
pub(super) use engine::{Engine, Rows, Target, Wanted, Writer};
pub use ledger::Landed;
pub(super) use ledger::Ledger;

/// What must be done before a batch may be committed: its error is the landing's.
pub type Gate = BoxFuture<'static, Result<(), RunError>>;

/// Rows on their way into tables of one database. Dropping it undoes what is not committed and keeps the rest for a resume.
pub struct Landing {
    side: Side,
    commits: Commits,
}

/// A table of a landing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(usize);

/// What was pushed since the last `commit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    pub rows: u64,
    /// As encoded for the database.
    pub bytes: usize,
}

/// By engine.
pub(super) enum Side {
    Sqlite(Buffers<sqlite::Sqlite>),
    Postgres(Buffers<postgres::Postgres>),
}

/// The same call, whichever the engine.
macro_rules! on {
    ($side:expr, $buffers:ident => $call:expr) => {
        match $side {
            Side::Sqlite($buffers) => $call,
            Side::Postgres($buffers) => $call,
        }
    };
}

impl Landing {
    pub(super) fn new(side: Side, commits: Commits) -> Self {
        Self { side, commits }
    }

    /// Whether batches have markers. Without them (no right to create the marker table) a repeated landing repeats its rows: at least once.
    #[must_use]
    pub fn has_marker(&self) -> bool {
        on!(&self.side, buffers => buffers.has_marker())
    }

    /// The last batch that is known to be committed, in this process or before; 0 for none.
    #[must_use]
    pub fn committed(&self) -> u64 {
        on!(&self.side, buffers => buffers.committed())
    }

    /// The tables that an earlier process began, with their committed rows. Naming them again is not needed: they are swapped in all the same.
    #[must_use]
    pub fn resumed(&self) -> &[Landed] {
        on!(&self.side, buffers => buffers.resumed())
    }

    /// The slot of a table: a new one, or the one it has in this landing. A new table is created with its first rows, or with the next `commit`.
    ///
    /// # Errors
    /// `Data` for a name that the engine cannot have, for a column that an existing table has not, and for other columns or another mode than
    /// before; `Sql`, `Database`.
    pub async fn table(&mut self, table: &TableName, columns: &[ColumnDefinition], mode: Mode) -> Result<Slot, RunError> {
        on!(&mut self.side, buffers => buffers.table(table, columns, mode).await)
    }

    /// Adds a row, in the order of the columns. Does not wait: the row is encoded into a buffer. A row with an error leaves nothing behind.
    ///
    /// # Errors
    /// `Data`, naming row (from 1, in the table), column, value and type, where a cell does not fit its column.
    pub fn push(&mut self, slot: Slot, cells: &[Cell<'_>]) -> Result<(), RunError> {
        on!(&mut self.side, buffers => buffers.push(slot, cells))
    }

    /// Whether enough is buffered for a `flush`.
    #[must_use]
    pub fn is_full(&self) -> bool {
        on!(&self.side, buffers => buffers.is_full())
    }

    /// What was pushed since the last `commit`.
    #[must_use]
    pub fn pending(&self) -> Pending {
        on!(&self.side, buffers => buffers.pending())
    }

    /// Hands the buffers to the writing task, which writes them into the open transaction. Waits only while more than a buffer of rows is on its way.
    ///
    /// # Errors
    /// What went wrong with anything handed over before. The landing is then of no more use: suspend or discard it.
    pub async fn flush(&mut self) -> Result<(), RunError> {
        on!(&mut self.side, buffers => buffers.flush().await)
    }

    /// Ends a batch: everything pushed since the last `commit`, and a marker with `data`. Returns when it is handed over; it is committed soon after.
    ///
    /// # Errors
    /// As `flush`; `is_fenced` tells whether another executor has taken over.
    pub async fn commit(&mut self, batch: u64, data: Vec<u8>) -> Result<(), RunError> {
        self.commit_after(None, batch, data).await
    }

    /// As `commit`; the batch is not committed before the gate has opened.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn commit_after(&mut self, gate: Option<Gate>, batch: u64, data: Vec<u8>) -> Result<(), RunError> {
        on!(&mut self.side, buffers => buffers.commit(gate, batch, data, false).await)
    }

    /// Waits until all batches are committed; gives the last one.
    ///
    /// # Errors
    /// As `flush`.
    pub async fn sync(&mut self) -> Result<u64, RunError> {
        on!(&mut self.side, buffers => buffers.sync().await)
    }

    /// The caller has what it needs of the markers up to `batch`: the next transaction deletes those before it. The last one always stays.
    pub fn journalled(&mut self, batch: u64) {
        on!(&mut self.side, buffers => buffers.journalled(batch));
    }

    /// Ends the landing: the last batch, and all created tables swapped in, in one transaction. Gives the rows of each table in the order of the slots,
    /// those of before a resume included. Nothing can be pushed afterwards.
    ///
    /// # Errors
    /// As `flush`; the old tables are then as they were.
    pub async fn finish(&mut self, batch: u64, data: Vec<u8>) -> Result<Vec<u64>, RunError> {
        // What is handed over now is committed, whether it is waited for or not.
        let _committing = self.commits.begin();
        on!(&mut self.side, buffers => buffers.finish(batch, data).await)
    }

    /// Commits the batches that were handed over, undoes what belongs to none, and keeps staging tables for a later resume. A landing without markers
    /// cannot be resumed: its staging tables go.
    pub async fn suspend(self) {
        on!(self.side, buffers => buffers.suspend().await);
    }

    /// Undoes what is not committed and drops the staging tables. Markers stay until the run is forgotten, and rows of appended tables for ever. For
    /// an op whose failure is recorded: a resume would find its staging tables gone.
    pub async fn discard(self) {
        on!(self.side, buffers => buffers.discard().await);
    }
}
