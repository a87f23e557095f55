//! Rows from a stream into a load: the values as cells, without copying them.

use std::borrow::Cow;

use sequor_plan_format::ColumnType;

use crate::error::RunError;
use crate::value::Value;

use super::{Cell, Loader, RowStream};

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

impl RowStream {
    /// Pushes all rows that are left into `loader`, whose columns are this stream's in the same order.
    ///
    /// # Errors
    /// As `next_batch`, `Loader::push` and `Loader::flush`.
    pub async fn load_into(&mut self, loader: &mut Loader) -> Result<(), RunError> {
        let kinds: Vec<ColumnType> = self.columns().iter().map(|column| column.kind).collect();
        while let Some(batch) = self.next_batch().await? {
            for row in &batch {
                let cells: Vec<_> = row.values.iter().zip(&kinds).map(|(value, kind)| Cell::from_column(value, *kind)).collect();
                loader.push(&cells)?;
                if loader.is_full() {
                    loader.flush().await?;
                }
            }
        }
        Ok(())
    }
}
