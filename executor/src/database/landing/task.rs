//! The task that writes what a landing hands over, so that encoding the next rows and writing the last ones overlap.

use std::sync::Arc;

use crate::error::RunError;

use super::super::Mode;
use super::engine::{Rows as _, Target, Writer};
use super::ledger::{Entry, Ledger};
use super::queue::{End, Ending, Next, Queue, Seal, Work};

pub(super) struct Task<W: Writer> {
    pub(super) writer: W,
    pub(super) queue: Arc<Queue<W::Rows>>,
    pub(super) tables: Vec<Filled>,
    /// Staging tables can be continued by another process: they outlive a landing that is dropped.
    pub(super) lasting: bool,
}

/// A target and the rows written into it, committed or not.
pub(super) struct Filled {
    pub(super) target: Arc<Target>,
    pub(super) rows: u64,
}

impl<W: Writer> Task<W> {
    /// Works until the landing is finished or ended. After a fault nothing is written any more, and the end is waited for.
    pub(super) async fn run(mut self) {
        let ending = Ending(Arc::clone(&self.queue));
        loop {
            let outcome = match self.queue.next().await {
                Next::Open(work) => self.write(work).await.map(|()| false),
                Next::Sealed(work, seal) => self.commit(work, seal).await,
                Next::End(end) => {
                    self.end(end).await;
                    break;
                }
            };
            match outcome {
                Ok(true) => break,
                Ok(false) => {}
                Err(error) => {
                    self.writer.rollback().await;
                    self.queue.fail(error);
                }
            }
        }
        self.writer.close().await;
        drop(ending);
    }

    async fn write(&mut self, work: Work<W::Rows>) -> Result<(), RunError> {
        self.writer.begin(&work.opens).await?;
        for target in work.opens {
            self.writer.open(&target).await?;
            self.tables.push(Filled { target, rows: 0 });
        }
        for (index, rows) in work.rows {
            let Some(table) = self.tables.get_mut(index) else { continue };
            let count = rows.count();
            self.writer.write(&table.target, rows, table.rows).await?;
            table.rows += count;
        }
        Ok(())
    }

    /// Whether the landing is finished.
    async fn commit(&mut self, work: Work<W::Rows>, seal: Seal) -> Result<bool, RunError> {
        for gate in seal.gates {
            gate.await?;
        }
        self.write(work).await?;
        if seal.finish {
            for table in self.tables.iter().filter(|table| table.target.mode == Mode::Create) {
                self.writer.swap(&table.target).await?;
            }
        }
        let entries = self.tables.iter().zip(&seal.totals);
        let entries = entries.map(|(table, rows)| Entry::new(&table.target.named, &table.target.columns, table.target.mode, *rows));
        let ledger = Ledger { finished: seal.finish, tables: entries.collect() };
        self.writer.mark(&seal.markers, &ledger, seal.trim).await?;
        let last = seal.markers.last().map(|marker| marker.batch).unwrap_or_default();
        self.writer.commit(last).await?;
        self.queue.set_committed(last);
        Ok(seal.finish)
    }

    async fn end(&mut self, end: End) {
        self.writer.rollback().await;
        if end == End::Discard || !self.lasting {
            let staging: Vec<&Target> =
                self.tables.iter().map(|table| &*table.target).filter(|target| target.mode == Mode::Create).collect();
            self.writer.drop_staging(&staging).await;
        }
    }
}
