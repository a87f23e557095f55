//! The caller's side of a landing in one engine: rows are encoded into a buffer for each table.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::error::{ErrorKind, RunError};
use crate::report::count;

use super::super::effect::{self, Marker, Marking};
use super::super::fit::TargetColumn;
use super::super::{Cell, ColumnDefinition, Mode, TableName};
use super::engine::{Engine, Rows as _, Target, Wanted};
use super::ledger::Landed;
use super::queue::{End, Queue, Seal, Work};
use super::task::{Filled, Task};
use super::{Gate, Pending, Slot};

/// Enough for a write.
const FULL: usize = 1 << 20;

pub(in super::super) struct Buffers<E: Engine> {
    engine: E,
    tag: String,
    marked: bool,
    tables: Vec<Table<E::Rows>>,
    /// Tables that the writer knows.
    opened: usize,
    /// In the buffers.
    bytes: usize,
    pending: Pending,
    resumed: Vec<Landed>,
    /// The last batch that was handed over.
    last: u64,
    journalled: Option<u64>,
    queue: Arc<Queue<E::Rows>>,
    task: Option<JoinHandle<()>>,
}

struct Table<R> {
    target: Arc<Target>,
    columns: Vec<TargetColumn>,
    rows: R,
    /// Rows pushed, accepted or not, and rows accepted; both with those of before a resume.
    pushed: u64,
    accepted: u64,
}

impl<E: Engine> Buffers<E> {
    pub(in super::super) async fn open(engine: E, marking: Option<Marking>, tag: &str, resume: bool) -> Result<Self, RunError> {
        let last = match &marking {
            Some(marking) => engine.last_marker(marking).await?.map(|found| (found, &marking.effect)),
            None => None,
        };
        let (mut tables, mut resumed, mut batch) = (Vec::new(), Vec::new(), 0);
        if let Some(((marker, ledger), effect)) = last {
            if !resume || marker.finished {
                return Err(effect::done_already(effect));
            }
            batch = marker.batch;
            for entry in ledger.unwrap_or_default().tables {
                let landed = entry.read()?;
                let wanted =
                    Wanted { table: &landed.table, columns: &landed.columns, mode: landed.mode, tag, committed: Some(landed.rows) };
                let (target, columns) = engine.locate(wanted).await?;
                let (target, rows) = (Arc::new(target), E::Rows::new());
                tables.push(Table { target, columns, rows, pushed: landed.rows, accepted: landed.rows });
                resumed.push(landed);
            }
        }
        let queue = Arc::new(Queue::new(batch));
        let filled: Vec<_> = tables.iter().map(|table| Filled { target: Arc::clone(&table.target), rows: table.accepted }).collect();
        let known = filled.iter().map(|table| Arc::clone(&table.target)).collect();
        let marked = marking.is_some();
        let task = Task { writer: engine.writer(marking, known), queue: Arc::clone(&queue), tables: filled, lasting: marked };
        let task = Some(tokio::spawn(task.run()));
        let (tag, opened) = (tag.to_owned(), tables.len());
        let pending = Pending::default();
        Ok(Self { engine, tag, marked, tables, opened, bytes: 0, pending, resumed, last: batch, journalled: None, queue, task })
    }

    pub(super) async fn table(&mut self, table: &TableName, columns: &[ColumnDefinition], mode: Mode) -> Result<Slot, RunError> {
        if let Some(slot) = self.find(columns, mode, |target| target.named == *table)? {
            return Ok(slot);
        }
        if columns.is_empty() {
            return Err(RunError::new(ErrorKind::Data, format!("table {table} needs at least one column")));
        }
        let (target, target_columns) = self.engine.locate(Wanted { table, columns, mode, tag: &self.tag, committed: None }).await?;
        if let Some(slot) = self.find(columns, mode, |known| known.table == target.table)? {
            return Ok(slot);
        }
        let (target, rows) = (Arc::new(target), E::Rows::new());
        self.tables.push(Table { target, columns: target_columns, rows, pushed: 0, accepted: 0 });
        Ok(Slot(self.tables.len() - 1))
    }

    pub(super) fn push(&mut self, slot: Slot, cells: &[Cell<'_>]) -> Result<(), RunError> {
        let Some(table) = self.tables.get_mut(slot.0) else {
            return Err(RunError::new(ErrorKind::Data, "a row for a table that this landing does not have"));
        };
        table.pushed += 1;
        if cells.len() != table.columns.len() {
            let message = format!(
                "row {} has {} for {}",
                table.pushed,
                count(cells.len() as u64, "value", "values"),
                count(table.columns.len() as u64, "column", "columns")
            );
            return Err(RunError::new(ErrorKind::Data, message));
        }
        let before = table.rows.bytes();
        table.rows.push(&table.columns, cells, table.pushed)?;
        let bytes = table.rows.bytes() - before;
        table.accepted += 1;
        self.bytes += bytes;
        self.pending.rows += 1;
        self.pending.bytes += bytes;
        Ok(())
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= FULL
    }

    pub(super) async fn flush(&mut self) -> Result<(), RunError> {
        self.queue.room(self.bytes).await?;
        if self.bytes > 0 || self.opened < self.tables.len() {
            let work = self.take();
            self.queue.give(work, None);
        }
        Ok(())
    }

    pub(super) async fn commit(&mut self, gate: Option<Gate>, batch: u64, data: Vec<u8>, finish: bool) -> Result<(), RunError> {
        if batch <= self.last {
            let message = format!("batch {batch} cannot follow batch {} of the same activation", self.last);
            return Err(RunError::new(ErrorKind::Database, message));
        }
        self.queue.room(self.bytes + data.len()).await?;
        let work = self.take();
        let totals: Vec<u64> = self.tables.iter().map(|table| table.accepted).collect();
        let marker = Marker { batch, rows_out: totals.iter().sum(), finished: finish, data };
        self.queue.give(
            work,
            Some(Seal { gates: gate.into_iter().collect(), markers: vec![marker], totals, trim: self.journalled.take(), finish }),
        );
        self.last = batch;
        self.pending = Pending::default();
        Ok(())
    }

    pub(super) async fn sync(&mut self) -> Result<u64, RunError> {
        self.queue.committed(self.last).await?;
        Ok(self.last)
    }

    pub(super) async fn finish(&mut self, batch: u64, data: Vec<u8>) -> Result<Vec<u64>, RunError> {
        self.commit(None, batch, data, true).await?;
        self.queue.committed(batch).await?;
        self.ended().await;
        Ok(self.tables.iter().map(|table| table.accepted).collect())
    }

    pub(super) async fn suspend(mut self) {
        self.queue.end(End::Suspend);
        self.ended().await;
    }

    pub(super) async fn discard(mut self) {
        self.queue.end(End::Discard);
        self.ended().await;
    }

    pub(super) fn journalled(&mut self, batch: u64) {
        self.journalled = Some(batch);
    }

    pub(super) fn has_marker(&self) -> bool {
        self.marked
    }

    pub(super) fn resumed(&self) -> &[Landed] {
        &self.resumed
    }

    pub(super) fn committed(&self) -> u64 {
        self.queue.last_committed()
    }

    pub(super) fn pending(&self) -> Pending {
        self.pending
    }

    /// The slot of a table that is known already, which must be the same as then.
    fn find(&self, columns: &[ColumnDefinition], mode: Mode, is: impl Fn(&Target) -> bool) -> Result<Option<Slot>, RunError> {
        let Some(index) = self.tables.iter().position(|table| is(&table.target)) else { return Ok(None) };
        let target = &self.tables[index].target;
        if target.mode != mode {
            return Err(RunError::new(ErrorKind::Data, format!("table {} is both created and appended to in one op", target.named)));
        }
        if target.columns != columns {
            let list =
                |columns: &[ColumnDefinition]| columns.iter().map(|c| format!("{} {}", c.name, c.kind)).collect::<Vec<_>>().join(", ");
            let message = format!(
                "table {} was begun with the columns {}, and is to be filled further with {}; give it the same columns throughout",
                target.named,
                list(&target.columns),
                list(columns)
            );
            return Err(RunError::new(ErrorKind::Data, message));
        }
        Ok(Some(Slot(index)))
    }

    /// Everything in the buffers.
    fn take(&mut self) -> Work<E::Rows> {
        let opens = self.tables[self.opened..].iter().map(|table| Arc::clone(&table.target)).collect();
        self.opened = self.tables.len();
        self.bytes = 0;
        let filled = self.tables.iter_mut().enumerate().filter(|(_, table)| table.rows.count() > 0);
        Work { opens, rows: filled.map(|(index, table)| (index, table.rows.take())).collect() }
    }

    /// Waits for the task, and so for its connection to be closed.
    async fn ended(&mut self) {
        if let Some(task) = self.task.take() {
            // What went wrong with the work was reported through the queue; a task that broke down has no more to say.
            let _ = task.await;
        }
    }
}

impl<E: Engine> Drop for Buffers<E> {
    fn drop(&mut self) {
        self.queue.end(End::Gone);
    }
}
