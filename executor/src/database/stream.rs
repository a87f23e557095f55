//! Rows of a query, read by a task of their own a few batches ahead of the reader.

use std::sync::Arc;

use sequor_plan_format::ColumnType;
use tokio::sync::mpsc;

use crate::error::RunError;
use crate::value::{Row, Value};

use super::ColumnDefinition;

/// A batch ends at this many rows …
const BATCH_ROWS: usize = 1_000;
/// … or when its values take this many bytes: a thousand rows of large documents are not a small batch.
const BATCH_BYTES: usize = 1 << 20;
/// Batches between the reading task and the reader.
const AHEAD: usize = 1;

/// Rows of a query, read as they are needed. Dropping it ends the query.
pub struct RowStream {
    columns: Vec<ColumnDefinition>,
    first: Option<Vec<Arc<Row>>>,
    rest: mpsc::Receiver<Result<Vec<Arc<Row>>, RunError>>,
}

/// The reading task's end of a stream.
pub(super) struct BatchSender {
    names: Arc<[Arc<str>]>,
    batch: Vec<Arc<Row>>,
    bytes: usize,
    sender: mpsc::Sender<Result<Vec<Arc<Row>>, RunError>>,
}

/// The reader has gone away.
pub(super) struct Gone;

impl RowStream {
    #[must_use]
    pub fn columns(&self) -> &[ColumnDefinition] {
        &self.columns
    }

    /// The next rows, at most some thousand; `None` at the end.
    ///
    /// # Errors
    /// As `Database::query`.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Arc<Row>>>, RunError> {
        match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => self.rest.recv().await.transpose(),
        }
    }

    /// All rows that are left.
    ///
    /// # Errors
    /// As `next_batch`.
    pub async fn read_all(&mut self) -> Result<Vec<Arc<Row>>, RunError> {
        let mut rows = Vec::new();
        while let Some(mut batch) = self.next_batch().await? {
            rows.append(&mut batch);
        }
        Ok(rows)
    }

    /// A stream of `columns`, and the end that fills it.
    pub(super) fn channel(columns: Vec<ColumnDefinition>) -> (Self, BatchSender) {
        let (sender, rest) = mpsc::channel(AHEAD);
        let names = columns.iter().map(|c| Arc::clone(&c.name)).collect();
        (Self { columns, first: None, rest }, BatchSender { names, batch: Vec::new(), bytes: 0, sender })
    }

    /// Waits for the first rows, so that the query's own faults are those of starting it.
    pub(super) async fn started(mut self) -> Result<Self, RunError> {
        self.first = self.rest.recv().await.transpose()?;
        Ok(self)
    }

    /// Sets a column's type by the values of the first rows, for engines that know none for it.
    pub(super) fn infer(&mut self, unknown: &[usize], kind_of: impl Fn(&[&Value]) -> ColumnType) {
        let rows = self.first.as_deref().unwrap_or_default();
        for &index in unknown {
            let values: Vec<&Value> = rows.iter().filter_map(|row| row.values.get(index)).collect();
            if let Some(column) = self.columns.get_mut(index) {
                column.kind = kind_of(&values);
            }
        }
    }
}

impl BatchSender {
    pub(super) async fn row(&mut self, values: Vec<Value>) -> Result<(), Gone> {
        self.bytes += values.iter().map(size).sum::<usize>();
        self.batch.push(Arc::new(Row { columns: Arc::clone(&self.names), values }));
        if self.batch.len() < BATCH_ROWS && self.bytes < BATCH_BYTES {
            return Ok(());
        }
        self.flush().await
    }

    pub(super) async fn fail(self, error: RunError) {
        // A reader that has gone away asks for no reason.
        let _ = self.sender.send(Err(error)).await;
    }

    pub(super) async fn flush(&mut self) -> Result<(), Gone> {
        self.bytes = 0;
        if self.batch.is_empty() {
            return Ok(());
        }
        let full = std::mem::take(&mut self.batch);
        self.sender.send(Ok(full)).await.map_err(|_| Gone)
    }
}

fn size(value: &Value) -> usize {
    std::mem::size_of::<Value>()
        + match value {
            Value::Number(text) | Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::List(_)
            | Value::Tuple(_)
            | Value::Map(_)
            | Value::Row(_) => 0,
        }
}
