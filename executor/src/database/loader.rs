//! Rows on their way into one table, whichever the engine.

use crate::error::{ErrorKind, RunError};

use super::{Cell, Mode, postgres, sqlite};

/// Rows on their way into one table. Dropping it without `finish` leaves the table as it was (with `Mode::Append`, with the rows flushed so far).
pub struct Loader {
    load: Load,
    mode: Mode,
    columns: usize,
    /// Rows pushed and accepted.
    rows: u64,
    /// Rows pushed, accepted or not.
    pushed: u64,
}

pub(super) enum Load {
    Sqlite(sqlite::Load),
    Postgres(postgres::Load),
}

impl Loader {
    pub(super) fn new(load: Load, mode: Mode, columns: usize) -> Self {
        Self { load, mode, columns, rows: 0, pushed: 0 }
    }

    /// Adds a row, in the order of the columns. Does not wait: the row is encoded into a buffer. A row with an error leaves nothing behind.
    ///
    /// # Errors
    /// `Data`, naming row (from 1), column, value and type, where a cell does not fit its column.
    pub fn push(&mut self, cells: &[Cell<'_>]) -> Result<(), RunError> {
        self.pushed += 1;
        if cells.len() != self.columns {
            let message = format!("row {} has {} values for {} columns", self.pushed, cells.len(), self.columns);
            return Err(RunError::new(ErrorKind::Data, message));
        }
        match &mut self.load {
            Load::Sqlite(load) => load.push(cells, self.pushed)?,
            Load::Postgres(load) => load.push(cells, self.pushed)?,
        }
        self.rows += 1;
        Ok(())
    }

    /// Whether enough is buffered for a write.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match &self.load {
            Load::Sqlite(load) => load.is_full(),
            Load::Postgres(load) => load.is_full(),
        }
    }

    /// Writes what is buffered: with `Mode::Append` in one transaction of its own that is committed on return, with `Mode::Create` in the background.
    ///
    /// # Errors
    /// `Sql`, `Database` or `Data`; with `Mode::Create` also what went wrong with rows flushed before.
    pub async fn flush(&mut self) -> Result<(), RunError> {
        match &mut self.load {
            Load::Sqlite(load) => load.flush(self.mode).await,
            Load::Postgres(load) => load.flush(self.mode).await,
        }
    }

    /// Writes the rest, and with `Mode::Create` swaps the new table in. Gives the number of rows loaded.
    ///
    /// # Errors
    /// As `flush`; the old table is then as it was.
    pub async fn finish(mut self) -> Result<u64, RunError> {
        if let Err(error) = self.flush().await {
            self.abort().await;
            return Err(error);
        }
        match self.load {
            Load::Sqlite(load) => load.finish().await?,
            Load::Postgres(load) => load.finish().await?,
        }
        Ok(self.rows)
    }

    /// Drops what has not been swapped in.
    pub async fn abort(self) {
        match self.load {
            Load::Sqlite(load) => load.abort().await,
            Load::Postgres(load) => load.abort().await,
        }
    }
}
