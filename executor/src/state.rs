//! The state store: which runs there were, what came of them, and the project variables that flows have set.
//!
//! One SQLite file, made at the first run. Every change is durable when its function returns. Runs may share a file at the same time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row as _};

use crate::json;
use crate::value::{Map, Value};

mod open;
mod schema;

/// Why the state store cannot be used. Printed to users as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("state file {}: {reason}", path.display())]
pub struct StateError {
    pub path: PathBuf,
    pub reason: String,
}

/// What is known when a run starts. Texts are redacted.
#[derive(Clone, Debug)]
pub struct RunRecord<'a> {
    pub id: &'a str,
    pub project: &'a str,
    pub flow: &'a str,
    pub plan_digest: &'a str,
    pub plan: &'a [u8],
    /// A JSON object.
    pub parameters: &'a str,
    /// RFC 3339, UTC.
    pub started: &'a str,
}

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Failed,
    /// By a signal.
    Stopped,
}

impl Outcome {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

/// An open state file.
pub struct Store {
    path: PathBuf,
    connection: SqliteConnection,
}

impl Store {
    /// Opens the file, or makes it and its folder.
    ///
    /// # Errors
    /// A file that cannot be written, is no state file, is damaged, or was written by a newer version.
    pub async fn open(path: &Path) -> Result<Self, StateError> {
        open::open(path).await.map(|connection| Self { path: path.to_owned(), connection })
    }

    /// Notes that a run starts.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn begin(&mut self, run: &RunRecord<'_>) -> Result<(), StateError> {
        let result = write_run(&mut self.connection, run).await;
        self.checked(result)
    }

    /// Notes what came of a run. `report` is a JSON object.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn end(&mut self, run: &str, outcome: Outcome, ended: &str, report: &str) -> Result<(), StateError> {
        let query = sqlx::query("UPDATE runs SET outcome = ?, ended = ?, report = ? WHERE id = ?");
        let result = query.bind(outcome.name()).bind(ended).bind(report).bind(run).execute(&mut self.connection).await;
        self.checked(result).map(drop)
    }

    /// Project variables that flows have set, in this run or before.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn project(&mut self, project: &str) -> Result<Map, StateError> {
        let query = sqlx::query("SELECT name, value FROM project_variables WHERE project = ? ORDER BY name").bind(project);
        let result = query.fetch_all(&mut self.connection).await;
        let mut variables = Map::new();
        for row in self.checked(result)? {
            let (name, text) = (self.checked(row.try_get::<String, _>(0))?, self.checked(row.try_get::<String, _>(1))?);
            let value = json::parse(text.as_bytes()).map_err(|why| self.error(format!("variable '{name}' is damaged: {why}")))?;
            variables.insert(name.into(), value);
        }
        Ok(variables)
    }

    /// Sets project variables, all of them or none.
    ///
    /// # Errors
    /// The file cannot be written, or a value cannot be kept as JSON.
    pub async fn set_project(&mut self, project: &str, run: &str, values: &[(Arc<str>, Value)]) -> Result<(), StateError> {
        let mut texts = Vec::with_capacity(values.len());
        for (name, value) in values {
            let text = json::to_text(value).map_err(|why| self.error(format!("variable '{name}' cannot be kept: {}", why.message)))?;
            texts.push((name, text));
        }
        let result = write_project(&mut self.connection, project, run, &texts).await;
        self.checked(result)
    }

    fn checked<T>(&self, result: Result<T, sqlx::Error>) -> Result<T, StateError> {
        result.map_err(|error| open::explain(&self.path, &error))
    }

    fn error(&self, reason: String) -> StateError {
        StateError { path: self.path.clone(), reason }
    }
}

/// A plan is kept once, however often it runs.
async fn write_run(connection: &mut SqliteConnection, run: &RunRecord<'_>) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let known: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM plans WHERE digest = ?").bind(run.plan_digest).fetch_optional(&mut *transaction).await?;
    if known.is_none() {
        let query = sqlx::query("INSERT INTO plans (digest, bytes) VALUES (?, ?)");
        query.bind(run.plan_digest).bind(run.plan).execute(&mut *transaction).await?;
    }
    let query =
        sqlx::query("INSERT INTO runs (id, project, flow, plan, parameters, started, outcome) VALUES (?, ?, ?, ?, ?, ?, 'running')");
    let query = query.bind(run.id).bind(run.project).bind(run.flow).bind(run.plan_digest).bind(run.parameters).bind(run.started);
    query.execute(&mut *transaction).await?;
    transaction.commit().await
}

async fn write_project(
    connection: &mut SqliteConnection,
    project: &str,
    run: &str,
    values: &[(&Arc<str>, String)],
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for (name, text) in values {
        let query = sqlx::query(
            "INSERT INTO project_variables (project, name, value, set_by) VALUES (?, ?, ?, ?)
             ON CONFLICT (project, name) DO UPDATE SET value = excluded.value, set_by = excluded.set_by",
        );
        query.bind(project).bind(&***name).bind(text).bind(run).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

#[cfg(test)]
mod tests;
