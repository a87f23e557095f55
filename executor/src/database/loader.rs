//! Rows on their way into one table, without markers: a landing of a single table.

use crate::error::RunError;

use super::{Cell, Landing, Mode, Slot};

/// Rows on their way into one table. Dropping it without `finish` leaves the table as it was (with `Mode::Append`, with the rows flushed so far).
pub struct Loader {
    landing: Landing,
    slot: Slot,
    mode: Mode,
    batch: u64,
}

impl Loader {
    pub(super) fn new(landing: Landing, slot: Slot, mode: Mode) -> Self {
        Self { landing, slot, mode, batch: 0 }
    }

    /// As `Landing::push`.
    ///
    /// # Errors
    /// As `Landing::push`.
    pub fn push(&mut self, cells: &[Cell<'_>]) -> Result<(), RunError> {
        self.landing.push(self.slot, cells)
    }

    /// Whether enough is buffered for a write.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.landing.is_full()
    }

    /// Writes what is buffered: with `Mode::Append` in one transaction of its own that is committed on return, with `Mode::Create` in the background.
    ///
    /// # Errors
    /// `Sql`, `Database` or `Data`; with `Mode::Create` also what went wrong with rows flushed before.
    pub async fn flush(&mut self) -> Result<(), RunError> {
        if self.batch > 0 && self.landing.pending().rows == 0 {
            return Ok(());
        }
        self.batch += 1;
        self.landing.commit(self.batch, Vec::new()).await?;
        if self.mode == Mode::Append {
            self.landing.sync().await?;
        }
        Ok(())
    }

    /// Writes the rest, and with `Mode::Create` swaps the new table in. Gives the number of rows loaded.
    ///
    /// # Errors
    /// As `flush`; the old table is then as it was.
    pub async fn finish(mut self) -> Result<u64, RunError> {
        match self.landing.finish(self.batch + 1, Vec::new()).await {
            Ok(rows) => Ok(rows.into_iter().sum()),
            Err(error) => {
                self.landing.discard().await;
                Err(error)
            }
        }
    }

    /// Drops what has not been swapped in.
    pub async fn abort(self) {
        self.landing.discard().await;
    }
}
