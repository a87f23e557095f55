//! Databases: one type over the engines, with streams of rows out and landings in.
//!
//! What a run does in a database can carry a marker in the same transaction ([`Effect`], [`Marker`]), so that a resumed run knows what is done: see
//! `landing` for rows from outside, `store_query` and `execute` for what happens within the database.
//!
//! Takes settings that are already evaluated. Knows no plan nodes, flows or variables. Each engine lives in a module of its own
//! (`sqlite`, `postgres`) with its own types, catalog and bulk path; what a value must look like to fit a column is decided in `fit`, for both.
//!
//! A connection is used by one stream, one transaction or one call at a time, and goes back to the pool only when it is known to be in its first state:
//! a future that is dropped half-way closes its connection, so no open transaction or half-read result is ever seen by the next user.

use std::borrow::Cow;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sequor_plan_format::ColumnType;

use crate::error::RunError;

use effect::Marking;

mod commits;
mod decimal;
mod effect;
mod fault;
mod fit;
mod landing;
mod loader;
mod pool;
mod postgres;
mod quote;
mod sqlite;
mod stream;
mod transfer;

pub use commits::Commits;
pub use effect::{Effect, FENCED, Marker, Owner, Stored, is_fenced};
pub use landing::{Gate, Landed, Landing, Pending, Slot};
pub use loader::Loader;
pub use stream::RowStream;

/// How to reach a database. No `Debug`: it may hold a password.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Settings {
    Sqlite { path: std::path::PathBuf },
    Postgres { conn_str: String, username: Option<String>, password: Option<String>, schema: Option<String> },
}

/// A table's name, each part as the database stores it (no quotes).
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
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

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Mode {
    /// Into a staging table that replaces the table at the end.
    Create,
    /// Into the table, which is created where it does not exist.
    Append,
}

/// Told of statements that run outside a transaction, one after the other.
pub trait Watch: Send + Sync {
    /// The statement runs once this is good.
    fn begins(&self, index: usize) -> BoxFuture<'_, Result<(), RunError>>;

    /// It has changed so many rows.
    fn done(&self, index: usize, rows: u64);
}

/// How statements run outside a transaction.
#[derive(Clone, Copy)]
pub struct Each<'a> {
    /// Statements that have run already.
    pub skip: usize,
    pub watch: &'a dyn Watch,
}

/// A connected database. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    engine: Engine,
    commits: Commits,
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
        Self::connect_as(settings, None, &Commits::default()).await
    }

    /// As `connect`, for a run: sessions carry its name, and those that earlier owners of the run have left in the database are ended, for a process that
    /// was stopped or a host that is gone would keep its locks. Its commits are counted in `commits`.
    ///
    /// # Errors
    /// As `connect`.
    pub async fn connect_as(settings: &Settings, owner: Option<&Owner>, commits: &Commits) -> Result<Self, RunError> {
        let engine = match settings {
            Settings::Sqlite { path } => Engine::Sqlite(sqlite::Sqlite::connect(path, commits).await?),
            Settings::Postgres { conn_str, username, password, schema } => {
                let settings = postgres::Settings {
                    conn_str,
                    username: username.as_deref(),
                    password: password.as_deref(),
                    schema: schema.as_deref(),
                };
                Engine::Postgres(postgres::Postgres::connect(&settings, owner, commits).await?)
            }
        };
        Ok(Self { engine, commits: commits.clone() })
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
    /// the session end with the call. With `transaction` and an `effect`, the effect's marker (batch 0) is part of the transaction.
    ///
    /// # Errors
    /// As `query`, naming the statement (from 1). With `transaction` nothing of a failed list stays. A list that leaves a transaction open is
    /// an error, and that transaction is rolled back. With a marker: `is_fenced` tells whether another executor has taken over.
    pub async fn execute(&self, statements: &[String], transaction: bool, effect: Option<&Effect>) -> Result<Stored, RunError> {
        let marking = self.claim(effect.filter(|_| transaction)).await?;
        let rows = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.execute(statements, transaction, marking.as_ref(), None).await,
            Engine::Postgres(postgres) => postgres.execute(statements, transaction, marking.as_ref(), None).await,
        };
        Ok(Stored { rows: rows?, marked: marking.is_some() })
    }

    /// Runs statements each on its own, as `execute` without a transaction does, from the one with the index `each.skip` on. `each.watch` is told before and after each.
    ///
    /// # Errors
    /// As `execute`; what the watch reports.
    pub async fn execute_each(&self, statements: &[String], each: Each<'_>) -> Result<u64, RunError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.execute(statements, false, None, Some(each)).await,
            Engine::Postgres(postgres) => postgres.execute(statements, false, None, Some(each)).await,
        }
    }

    /// Makes the result of `query` the content of `table`, or appends it, in one transaction together with the effect's marker (batch 0). The query
    /// may read `table`. Gives the number of rows.
    ///
    /// # Errors
    /// As `query`; the table is then as it was. With a marker: `is_fenced` tells whether another executor has taken over.
    pub async fn store_query(&self, query: &str, table: &TableName, mode: Mode, effect: Option<&Effect>) -> Result<Stored, RunError> {
        let marking = self.claim(effect).await?;
        let rows = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.store_query(query, table, mode, marking.as_ref()).await,
            Engine::Postgres(postgres) => postgres.store_query(query, table, mode, marking.as_ref()).await,
        };
        Ok(Stored { rows: rows?, marked: marking.is_some() })
    }

    /// The markers of an activation whose batch is at least `from`, ascending. Where the database has markers of any run, the run is taken over first:
    /// no executor with a lower fence adds to them afterwards.
    ///
    /// # Errors
    /// `Sql`, `Database`; `is_fenced` tells that an executor with a higher fence has taken over.
    pub async fn markers(&self, effect: &Effect, from: u64) -> Result<Vec<Marker>, RunError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.markers(effect, from).await,
            Engine::Postgres(postgres) => postgres.markers(effect, from).await,
        }
    }

    /// The same, and nobody is disturbed: nothing is taken over, nothing is written. Whoever has the run may add to them afterwards.
    ///
    /// # Errors
    /// `Sql`, `Database`.
    pub async fn peek(&self, effect: &Effect, from: u64) -> Result<Vec<Marker>, RunError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.peek(effect, from).await,
            Engine::Postgres(postgres) => postgres.peek(effect, from).await,
        }
    }

    /// Opens a landing, and takes the run over in this database. `tag` makes the names of its staging tables; it begins with the tag of the run. With
    /// `resume`, tables that the last marker speaks of are filled further; where there is no marker the landing starts anew, and staging tables that
    /// are there are replaced.
    ///
    /// # Errors
    /// `Sql`, `Database`; `is_fenced` where another executor has taken over, or has finished this activation. `Data` where staging tables are not as
    /// they were committed.
    pub async fn landing(&self, effect: &Effect, tag: &str, resume: bool) -> Result<Landing, RunError> {
        let marking = self.claim(Some(effect)).await?;
        self.open_landing(marking, tag, resume).await
    }

    /// Removes the markers of a run that is over, and its staging tables: those of landings whose tag begins with `tag`, the tag of the run. Tags of runs
    /// are of one length, so that none is the beginning of another.
    ///
    /// # Errors
    /// `Sql`, `Database`.
    pub async fn forget(&self, run: &str, tag: &str) -> Result<(), RunError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.forget(run, tag).await,
            Engine::Postgres(postgres) => postgres.forget(run, tag).await,
        }
    }

    /// Starts a load without markers. `tag` makes the name of the staging table: one that an earlier run left with the same tag is replaced.
    ///
    /// # Errors
    /// `Sql`, `Database`, or `Data` for a name that the engine cannot have, and for a column that an existing table has not.
    pub async fn load(&self, table: &TableName, columns: &[ColumnDefinition], mode: Mode, tag: &str) -> Result<Loader, RunError> {
        let mut landing = self.open_landing(None, tag, false).await?;
        let slot = landing.table(table, columns, mode).await?;
        Ok(Loader::new(landing, slot, mode))
    }

    async fn open_landing(&self, marking: Option<Marking>, tag: &str, resume: bool) -> Result<Landing, RunError> {
        let side = match &self.engine {
            Engine::Sqlite(sqlite) => landing::Side::Sqlite(landing::Buffers::open(sqlite.clone(), marking, tag, resume).await?),
            Engine::Postgres(postgres) => landing::Side::Postgres(landing::Buffers::open(postgres.clone(), marking, tag, resume).await?),
        };
        Ok(Landing::new(side, self.commits.clone()))
    }

    /// `None` without an effect, and where markers cannot be written.
    async fn claim(&self, effect: Option<&Effect>) -> Result<Option<Marking>, RunError> {
        match (&self.engine, effect) {
            (_, None) => Ok(None),
            (Engine::Sqlite(sqlite), Some(effect)) => sqlite.claim(effect).await,
            (Engine::Postgres(postgres), Some(effect)) => postgres.claim(effect).await,
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
