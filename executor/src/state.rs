//! The state store: which runs there were, how far they came, and the project variables that flows have set.
//!
//! One SQLite file, made at the first run, or a schema in PostgreSQL that executors on several hosts share. Every change is durable when its function returns. A run has one
//! owner at a time: a lease with a number, the fence, which every write proves.
//!
//! Knows bytes and texts only: what a segment of a journal means is `journal`'s.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::json;
use crate::value::{Map, Value};

mod batch;
mod checksum;
mod connection;
mod holder;
mod lease;
mod open;
mod runs;
mod schema;
mod watermark;

pub use batch::{Batch, End, Mark, Segment, SpoolPart, WriteError};
pub use holder::Holder;
pub use lease::{AcquireError, Lease};
pub use runs::{BeginError, NewRun, PlanChange, RunRow};

use connection::{Connection, Param};
use watermark::Watermarks;

/// Why the state store cannot be used. Printed to users as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct StateError {
    /// `state file PATH`, or the database without its password.
    pub place: String,
    pub reason: String,
}

/// Where a state store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    File(PathBuf),
    /// A `postgres://` URL.
    Postgres(String),
}

impl Location {
    /// A path, or a `postgres://` URL.
    ///
    /// # Errors
    /// A URL of something else.
    pub fn parse(text: &str) -> Result<Self, StateError> {
        match text.split_once("://") {
            None => Ok(Self::File(PathBuf::from(text))),
            Some(("postgres" | "postgresql", rest)) => Ok(Self::Postgres(format!("postgres://{rest}"))),
            Some((scheme, _)) => Err(StateError {
                place: format!("state {scheme}://…"),
                reason: "a state store is a file, or postgres://user:password@host/database".to_owned(),
            }),
        }
    }

    fn described(&self) -> String {
        match self {
            Self::File(path) => format!("state file {}", path.display()),
            Self::Postgres(url) => {
                let host = url.rsplit_once('@').map_or(url.trim_start_matches("postgres://"), |(_, host)| host);
                format!("state store postgres://{}", host.split('?').next().unwrap_or_default())
            }
        }
    }

    /// The file, where it is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Running,
    Done,
    /// May go on at the step that failed.
    Failed,
    /// By a signal. May go on.
    Stopped,
    /// Waits for somebody to say what became of some requests.
    InDoubt,
    /// Given up: it does not go on.
    Abandoned,
}

impl Outcome {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::InDoubt => "in doubt",
            Self::Abandoned => "abandoned",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Running, Self::Done, Self::Failed, Self::Stopped, Self::InDoubt, Self::Abandoned].into_iter().find(|o| o.name() == name)
    }

    /// The run does not go on.
    #[must_use]
    pub fn is_finished(self) -> bool {
        match self {
            Self::Done | Self::Abandoned => true,
            Self::Running | Self::Failed | Self::Stopped | Self::InDoubt => false,
        }
    }
}

/// An open state store.
pub struct Store {
    location: Location,
    connection: Connection,
    /// How long a lease lasts.
    lease: Duration,
    watermarks: Watermarks,
}

/// How long a connection that was lost is opened again: less than a lease lasts.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(500);

impl Store {
    /// Opens the store, or makes it.
    ///
    /// # Errors
    /// A store that cannot be written, is none, is damaged, or was written by a newer version.
    pub async fn open(location: &Location) -> Result<Self, StateError> {
        let watermarks = Watermarks::of(location.path());
        if !Self::exists(location) {
            watermarks.clear();
        }
        // Read first: another run may add to both meanwhile.
        let known = watermarks.all();
        let connection = open::open(location).await?;
        let mut store = Self { location: location.clone(), connection, lease: lease::duration(), watermarks };
        store.check_watermarks(known).await?;
        Ok(store)
    }

    /// Refuses a state file that has lost the end of a journal.
    async fn check_watermarks(&mut self, known: Vec<(String, u64)>) -> Result<(), StateError> {
        for (run, at_least) in known {
            let rows = self.rows("SELECT segments FROM runs WHERE id = ?", &[Param::Text(&run)]).await?;
            let segments = rows.first().map(|row| self.read(|| row.int(0))).transpose()?.map(i64::unsigned_abs);
            if segments.is_none_or(|segments| segments < at_least) {
                let found = segments.map_or("nothing of it is left".to_owned(), |segments| format!("{segments} are left"));
                return Err(self.fault(format!(
                    "has lost its last records: run {run} had written {at_least}, and {found}. Its write-ahead log (the file with -wal at its end) was cut, damaged \
                     or left behind, or an older copy was put in its place. Bring back the file together with its -wal file; to start anew, which forgets runs and \
                     project variables, move the file away"
                )));
            }
        }
        Ok(())
    }

    /// Opens a connection again that was lost. `false`: it was not, or cannot be opened.
    async fn reconnect(&mut self) -> bool {
        if !self.connection.is_lost().await {
            return false;
        }
        let started = Instant::now();
        loop {
            match open::open(&self.location).await {
                Ok(connection) => {
                    self.connection = connection;
                    return true;
                }
                Err(_) if started.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                Err(_) => return false,
            }
        }
    }

    /// Whether there is a store that `open` would not have to make.
    #[must_use]
    pub fn exists(location: &Location) -> bool {
        location.path().is_none_or(Path::exists)
    }

    /// Project variables that flows have set, in this run or before.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn project(&mut self, project: &str) -> Result<Map, StateError> {
        let sql = "SELECT name, value, checksum FROM project_variables WHERE project = ? ORDER BY name";
        let rows = self.rows(sql, &[Param::Text(project)]).await?;
        let mut variables = Map::new();
        for row in rows {
            let (name, text) = self.read(|| Ok((row.text(0)?, row.text(1)?)))?;
            let known = self.read(|| row.bytes(2))?;
            if known != checksum::of(&[project.as_bytes(), name.as_bytes(), text.as_bytes()]) {
                return Err(self.fault(format!("variable '{name}' is damaged (its checksum does not match)")));
            }
            let value = json::parse(text.as_bytes()).map_err(|why| self.fault(format!("variable '{name}' is damaged: {why}")))?;
            variables.insert(name.into(), value);
        }
        Ok(variables)
    }

    async fn set_project(&mut self, project: &str, run: &str, values: &[(Arc<str>, Value)]) -> Result<(), StateError> {
        for (name, value) in values {
            let text = json::to_text(value).map_err(|why| self.fault(format!("variable '{name}' cannot be kept: {}", why.message)))?;
            let checksum = checksum::of(&[project.as_bytes(), name.as_bytes(), text.as_bytes()]);
            let sql = "INSERT INTO project_variables (project, name, value, set_by, checksum) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (project, name) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, checksum = excluded.checksum";
            let params = [Param::Text(project), Param::Text(name), Param::Text(&text), Param::Text(run), Param::Bytes(&checksum)];
            self.execute(sql, &params).await?;
        }
        Ok(())
    }

    async fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64, StateError> {
        let result = self.connection.execute(sql, params).await;
        result.map_err(|error| open::explain(&self.location, &error))
    }

    async fn rows(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<connection::Row>, StateError> {
        let result = self.connection.rows(sql, params).await;
        result.map_err(|error| open::explain(&self.location, &error))
    }

    async fn begin_transaction(&mut self) -> Result<(), StateError> {
        let result = self.connection.begin().await;
        result.map_err(|error| open::explain(&self.location, &error))
    }

    /// Ends the transaction: kept where `result` is good, undone otherwise.
    async fn end_transaction<T, E: From<StateError>>(&mut self, result: Result<T, E>) -> Result<T, E> {
        match result {
            Ok(value) => match self.connection.end("COMMIT").await {
                Ok(()) => Ok(value),
                Err(error) => {
                    let fault = open::explain(&self.location, &error);
                    // A transaction that cannot be committed may still be open.
                    let _ = self.connection.end("ROLLBACK").await;
                    Err(fault.into())
                }
            },
            Err(error) => {
                // The first error counts; a connection that cannot roll back is lost with its transaction.
                let _ = self.connection.end("ROLLBACK").await;
                Err(error)
            }
        }
    }

    fn read<T>(&self, get: impl FnOnce() -> Result<T, sqlx::Error>) -> Result<T, StateError> {
        get().map_err(|error| open::explain(&self.location, &error))
    }

    fn fault(&self, reason: String) -> StateError {
        StateError { place: self.location.described(), reason }
    }
}
