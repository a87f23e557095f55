//! SQLite: a file, one writer at a time, readers beside it (write-ahead log).
//!
//! Every call has a connection of its own, so a table can be read while another, or the same one, is loaded. Writers of this process take turns
//! by a lock here; writers of other processes by SQLite's busy time-out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, Row as _, SqlSafeStr as _, SqlStr, Statement as _};

use crate::error::{ErrorKind, RunError};
use crate::sqlite_file::connect;

use super::commits::Commits;
use super::effect::Claims;
use super::pool::{Lease, Opener, Pool};
use super::quote::SQLITE;
use super::{TableName, fault};

mod catalog;
mod execute;
mod keys;
mod landing;
mod marker;
mod query;
mod rows;
mod store;
mod swap;
mod types;

/// How long a writer waits for a writer of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(super) struct Sqlite {
    pool: Pool<File>,
    /// Held by the writer of this process.
    writer: Arc<tokio::sync::Mutex<()>>,
    claims: Claims,
    commits: Commits,
}

/// Opens connections to one file.
pub(super) struct File {
    path: PathBuf,
}

impl Opener for File {
    type Connection = SqliteConnection;

    async fn open(&self) -> Result<SqliteConnection, RunError> {
        // A cached statement would keep the columns that a table had before it was replaced.
        self.connect(0).await
    }
}

impl File {
    /// Opens a connection that keeps this many prepared statements.
    async fn connect(&self, statements: usize) -> Result<SqliteConnection, RunError> {
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(true)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            // A committed load is reported as done: it must survive a power loss.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .statement_cache_capacity(statements)
            // Each time the buffer between SQLite's thread and the reader runs full or empty, one waits for the other.
            .row_buffer_size(1_000)
            .disable_statement_logging();
        connect(&options).await.map_err(|error| {
            let fault = fault::of_statement(&error, "");
            let message = format!("cannot open the SQLite database {}: {}", self.path.display(), fault.message);
            RunError::new(ErrorKind::Database, message)
        })
    }
}

impl Sqlite {
    pub(super) async fn connect(path: &Path, commits: &Commits) -> Result<Self, RunError> {
        check_path(path)?;
        let pool = Pool::new(File { path: path.to_path_buf() });
        let sqlite = Self { pool, writer: Arc::default(), claims: Claims::default(), commits: commits.clone() };
        sqlite.acquire().await?.give_back();
        Ok(sqlite)
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    async fn acquire(&self) -> Result<Lease<File>, RunError> {
        self.pool.acquire().await
    }
}

fn check_path(path: &Path) -> Result<(), RunError> {
    let fault = |kind, reason: String| Err(RunError::new(kind, format!("cannot open the SQLite database {}: {reason}", path.display())));
    if path.file_name().is_some_and(|name| name == ":memory:") || path.as_os_str().is_empty() {
        return fault(ErrorKind::Configuration, "a database in memory would be empty for every step; give the path of a file".into());
    }
    if path.is_dir() {
        return fault(ErrorKind::Database, "it is a folder; give the path of a file".into());
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            fault(ErrorKind::Database, format!("the folder {} does not exist; create it, or correct the path", folder.display()))
        }
        Some(_) | None => Ok(()),
    }
}

/// The table's name in SQL.
fn qualified(table: &TableName) -> Result<String, RunError> {
    if table.database.is_some() {
        let message = format!("table {table}: a SQLite source is one database; leave the database's name out");
        return Err(RunError::new(ErrorKind::Data, message));
    }
    let name = SQLITE.quote(&table.name)?;
    match &table.namespace {
        Some(namespace) => Ok(format!("{}.{name}", SQLITE.quote(namespace)?)),
        None => Ok(name),
    }
}

/// Runs one statement of ours.
async fn run(connection: &mut SqliteConnection, sql: String) -> Result<u64, RunError> {
    run_raw(connection, sql).await.map_err(|error| fault::of_statement(&error, ""))
}

async fn run_raw(connection: &mut SqliteConnection, sql: String) -> Result<u64, sqlx::Error> {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.map(|done| done.rows_affected())
}
