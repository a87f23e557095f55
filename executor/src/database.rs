//! Databases: one type over the engines, with streams of rows out and bulk loads in.
//!
//! Takes settings that are already evaluated. Knows no plan nodes, flows or variables. Each engine lives in a module of its own
//! (`sqlite`, `postgres`) with its own types, catalog and bulk path; what a value must look like to fit a column is decided in `fit`, for both.
//!
//! A connection is used by one stream, one load or one call at a time, and goes back to the pool only when it is known to be in its first state:
//! a future that is dropped half-way closes its connection, so no open transaction or half-read result is ever seen by the next user.

use std::borrow::Cow;
use std::sync::Arc;

use sequor_plan_format::ColumnType;

use crate::error::RunError;

mod decimal;
mod fault;
mod fit;
mod loader;
mod pool;
mod postgres;
mod quote;
mod sqlite;
mod stream;
mod transfer;
mod worker;

pub use loader::Loader;
pub use stream::RowStream;

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

impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for part in [&self.database, &self.namespace].into_iter().flatten() {
            write!(f, "{part}.")?;
        }
        f.write_str(&self.name)
    }
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
pub struct Database {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Database {
    /// Opens one connection and keeps it for the first use.
    ///
    /// # Errors
    /// `Database`: unreachable or refused, with the engine's reason and what to check. `Configuration`: settings that cannot be read.
    pub async fn connect(settings: &Settings) -> Result<Self, RunError> {
        let engine = match settings {
            Settings::Sqlite { path } => Engine::Sqlite(sqlite::Sqlite::connect(path).await?),
            Settings::Postgres { conn_str, username, password, schema } => {
                let settings = postgres::Settings {
                    conn_str,
                    username: username.as_deref(),
                    password: password.as_deref(),
                    schema: schema.as_deref(),
                };
                Engine::Postgres(postgres::Postgres::connect(&settings).await?)
            }
        };
        Ok(Self { engine })
    }

    /// Starts a query and reads its first rows.
    ///
    /// # Errors
    /// `Sql` with the engine's message, or `Database`.
    pub async fn query(&self, sql: &str) -> Result<RowStream, RunError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.query(sql).await,
            Engine::Postgres(postgres) => postgres.query(sql).await,
        }
    }

    /// Reads a whole table, in the order the engine gives.
    ///
    /// # Errors
    /// As `query`; `Data` where there is no such table.
    pub async fn read_table(&self, table: &TableName) -> Result<RowStream, RunError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.read_table(table).await,
            Engine::Postgres(postgres) => postgres.read_table(table).await,
        }
    }

    /// # Errors
    /// As `read_table`.
    pub async fn row_count(&self, table: &TableName) -> Result<u64, RunError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.row_count(table).await,
            Engine::Postgres(postgres) => postgres.row_count(table).await,
        }
    }

    /// Runs statements one after the other on one connection; gives the number of rows they changed. Settings, temporary tables and locks of
    /// the session end with the call.
    ///
    /// # Errors
    /// As `query`, naming the statement (from 1). With `transaction` nothing of a failed list stays. A list that leaves a transaction open is
    /// an error, and that transaction is rolled back.
    pub async fn execute(&self, statements: &[String], transaction: bool) -> Result<u64, RunError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.execute(statements, transaction).await,
            Engine::Postgres(postgres) => postgres.execute(statements, transaction).await,
        }
    }

    /// Makes the result of `query` the content of `table` in one transaction, or appends it. The query may read `table`. Gives the number of rows.
    ///
    /// # Errors
    /// As `query`; the table is then as it was.
    pub async fn store_query(&self, query: &str, table: &TableName, mode: Mode) -> Result<u64, RunError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.store_query(query, table, mode).await,
            Engine::Postgres(postgres) => postgres.store_query(query, table, mode).await,
        }
    }

    /// Starts a load. `tag` makes the name of the staging table: one that an earlier run left with the same tag is replaced.
    ///
    /// # Errors
    /// `Sql`, `Database`, or `Data` for a name that the engine cannot have, and for a column that an existing table has not.
    pub async fn load(&self, table: &TableName, columns: &[ColumnDefinition], mode: Mode, tag: &str) -> Result<Loader, RunError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.load(table, columns, mode, tag).await,
            Engine::Postgres(postgres) => postgres.load(table, columns, mode, tag).await,
        }
    }

    /// Closes the connections that are not in use. Without it they close when the last clone is dropped.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => postgres.close().await,
        }
    }
}
