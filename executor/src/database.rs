//! Databases: one type over the engines, with streams of rows out and bulk loads in.
//!
//! Takes settings that are already evaluated. Knows no plan nodes, flows or variables.

use std::borrow::Cow;
use std::sync::Arc;

use sequor_plan_format::ColumnType;

use crate::error::RunError;
use crate::value::Row;

/// How to reach a database. No `Debug`: it may hold a password.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Settings {
    Sqlite { path: std::path::PathBuf },
    Postgres { conn_str: String, username: Option<String>, password: Option<String>, schema: Option<String> },
}

/// A table's name, each part as the database stores it (no quotes).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableName {
    pub database: Option<String>,
    pub namespace: Option<String>,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnDefinition {
    pub name: Arc<str>,
    pub kind: ColumnType,
}

/// A value on its way into a table, borrowed from wherever it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A number as JSON number text, when only its digits hold it without loss.
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    /// A list or map as JSON text.
    Json(Cow<'a, str>),
}

/// How a table is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Into a staging table that replaces the table at the end.
    Create,
    /// Into the table, which is created where it does not exist; each flush is one transaction.
    Append,
}

/// A connected database. Cheap to clone.
#[derive(Clone)]
pub struct Database {}

/// Rows of a query, read as they are needed.
pub struct RowStream {}

/// Rows on their way into one table.
pub struct Loader {}

impl Database {
    /// # Errors
    /// `Database`: unreachable or refused, with the engine's reason and what to check.
    pub async fn connect(settings: &Settings) -> Result<Self, RunError> {
        let _ = settings;
        Ok(Self {})
    }

    /// Starts a query.
    ///
    /// # Errors
    /// `Sql` with the engine's message, or `Database`.
    pub async fn query(&self, sql: &str) -> Result<RowStream, RunError> {
        let _ = sql;
        Ok(RowStream {})
    }

    /// Reads a whole table, in the order the engine gives.
    ///
    /// # Errors
    /// As `query`; `Data` where there is no such table.
    pub async fn read_table(&self, table: &TableName) -> Result<RowStream, RunError> {
        let _ = table;
        Ok(RowStream {})
    }

    /// Runs statements one after the other; gives the number of rows they changed.
    ///
    /// # Errors
    /// As `query`, naming the statement (from 1). With `transaction` nothing of a failed list stays.
    pub async fn execute(&self, statements: &[String], transaction: bool) -> Result<u64, RunError> {
        let _ = (statements, transaction);
        Ok(0)
    }

    /// Makes the result of `query` the content of `table` in one transaction, or appends it. The query may read `table`. Gives the number of rows.
    ///
    /// # Errors
    /// As `query`; the table is then as it was.
    pub async fn store_query(&self, query: &str, table: &TableName, mode: Mode) -> Result<u64, RunError> {
        let _ = (query, table, mode);
        Ok(0)
    }

    /// Starts a load. `tag` makes the name of the staging table.
    ///
    /// # Errors
    /// `Sql`, `Database`, or `Data` for a name that the engine cannot have.
    pub async fn load(&self, table: &TableName, columns: &[ColumnDefinition], mode: Mode, tag: &str) -> Result<Loader, RunError> {
        let _ = (table, columns, mode, tag);
        Ok(Loader {})
    }
}

impl RowStream {
    #[must_use]
    pub fn columns(&self) -> &[ColumnDefinition] {
        &[]
    }

    /// The next rows, at most some thousand; `None` at the end.
    ///
    /// # Errors
    /// As `Database::query`.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Arc<Row>>>, RunError> {
        Ok(None)
    }
}

impl Loader {
    /// Adds a row, in the order of the columns. Does not wait: the row is encoded into a buffer.
    ///
    /// # Errors
    /// `Data`, naming row (from 1), column, value and type, where a cell does not fit its column.
    pub fn push(&mut self, cells: &[Cell<'_>]) -> Result<(), RunError> {
        let _ = cells;
        Ok(())
    }

    /// Whether enough is buffered for a write.
    #[must_use]
    pub fn is_full(&self) -> bool {
        false
    }

    /// Writes what is buffered. With `Mode::Append` in one transaction of its own.
    ///
    /// # Errors
    /// `Sql`, `Database` or `Data`.
    pub async fn flush(&mut self) -> Result<(), RunError> {
        Ok(())
    }

    /// Writes the rest, and with `Mode::Create` swaps the new table in. Gives the number of rows loaded.
    ///
    /// # Errors
    /// As `flush`; the old table is then as it was.
    pub async fn finish(self) -> Result<u64, RunError> {
        Ok(0)
    }

    /// Drops what has not been swapped in.
    pub async fn abort(self) {}
}
