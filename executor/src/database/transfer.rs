//! Rows from a stream into a landing: the values as cells, without copying them.

use std::borrow::Cow;

use sequor_plan_format::ColumnType;

use crate::error::RunError;
use crate::value::Value;

use super::{Cell, Landing, RowStream, Slot};

impl<'a> Cell<'a> {
    /// A value that a database gave for a column of type `kind`: the text of a json column is JSON, not a string.
    #[must_use]
    pub fn from_column(value: &'a Value, kind: ColumnType) -> Self {
        match value {
            Value::Text(text) if kind == ColumnType::Json => Self::Json(Cow::Borrowed(text)),
            other => crate::json::cell_of(other),
        }
    }
}

impl Landing {
    /// Pushes all rows that are left in `rows`, whose columns are the slot's in the same order.
    ///
    /// # Errors
    /// As `push` and `flush`, and those of the stream.
    pub async fn push_all(&mut self, slot: Slot, rows: &mut RowStream) -> Result<(), RunError> {
        let kinds: Vec<ColumnType> = rows.columns().iter().map(|column| column.kind).collect();
        while let Some(batch) = rows.next_batch().await? {
            for row in &batch {
                let cells: Vec<_> = row.values.iter().zip(&kinds).map(|(value, kind)| Cell::from_column(value, *kind)).collect();
                self.push(slot, &cells)?;
                if self.is_full() {
                    self.flush().await?;
                }
            }
        }
        Ok(())
    }
}
