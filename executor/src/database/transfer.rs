//! Rows from a stream into a load: the values as cells, without copying them.

use std::borrow::Cow;

use sequor_plan_format::ColumnType;

use crate::error::{ErrorKind, RunError};
use crate::value::Value;

use super::{Cell, Loader, RowStream};

impl<'a> Cell<'a> {
    /// A value that a database gave for a column of type `kind`: the text of a json column is JSON, not a string.
    ///
    /// # Errors
    /// `Data` for lists, maps and rows: no database gives them.
    pub fn from_column(value: &'a Value, kind: ColumnType) -> Result<Self, RunError> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Int(i) => Self::Int(*i),
            Value::Float(f) => Self::Float(*f),
            Value::Number(text) => Self::Number(Cow::Borrowed(text)),
            Value::Text(text) if kind == ColumnType::Json => Self::Json(Cow::Borrowed(text)),
            Value::Text(text) => Self::Text(Cow::Borrowed(text)),
            Value::Bytes(bytes) => Self::Bytes(Cow::Borrowed(bytes)),
            Value::List(_) | Value::Tuple(_) | Value::Map(_) | Value::Row(_) => {
                return Err(RunError::new(ErrorKind::Data, format!("a {} is not a column's value", value.kind())));
            }
        })
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
                let cells = row.values.iter().zip(&kinds).map(|(value, kind)| Cell::from_column(value, *kind));
                loader.push(&cells.collect::<Result<Vec<_>, _>>()?)?;
                if loader.is_full() {
                    loader.flush().await?;
                }
            }
        }
        Ok(())
    }
}
