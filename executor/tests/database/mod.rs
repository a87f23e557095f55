//! What the database tests share.
#![allow(dead_code, unreachable_pub, clippy::panic, clippy::expect_used, reason = "test support; not every test file uses all of it")]

use std::sync::Arc;

use sequor_executor::database::{Cell, ColumnDefinition, Database, Effect, Mode, RowStream, Settings, TableName};
use sequor_executor::error::RunError;
use sequor_executor::value::{Row, Value};

pub fn sqlite(folder: &tempfile::TempDir) -> Settings {
    Settings::Sqlite { path: folder.path().join("test.db") }
}

pub fn postgres(url: String) -> Settings {
    Settings::Postgres { conn_str: url, username: None, password: None, schema: None }
}

pub fn table(name: &str) -> TableName {
    TableName { database: None, namespace: None, name: name.into() }
}

pub fn effect(activation: u64) -> Effect {
    Effect { run: "run-1".into(), activation, node: "load orders".into(), fence: 1 }
}

pub fn columns(columns: &[(&str, &str)]) -> Vec<ColumnDefinition> {
    columns.iter().map(|(name, kind)| ColumnDefinition { name: (*name).into(), kind: kind.parse().expect(kind) }).collect()
}

pub fn text(text: &str) -> Cell<'_> {
    Cell::Text(text.into())
}

pub fn number(text: &str) -> Cell<'_> {
    Cell::Number(text.into())
}

pub fn new_folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub async fn connect_to(settings: &Settings) -> Database {
    Database::connect(settings).await.unwrap_or_else(|error| panic!("{}", error.message))
}

/// Loads rows and finishes.
pub async fn load(
    database: &Database,
    name: &str,
    definition: &[(&str, &str)],
    mode: Mode,
    rows: &[Vec<Cell<'_>>],
) -> Result<u64, RunError> {
    let mut loader = database.load(&table(name), &columns(definition), mode, "run1_node1").await?;
    for row in rows {
        if let Err(error) = loader.push(row) {
            loader.abort().await;
            return Err(error);
        }
    }
    loader.finish().await
}

pub async fn execute(database: &Database, sql: &str) -> u64 {
    database.execute(&[sql.to_owned()], false, None).await.unwrap_or_else(|error| panic!("{sql}: {}", error.message)).rows
}

pub async fn rows(database: &Database, sql: &str) -> Vec<Arc<Row>> {
    let mut stream = database.query(sql).await.unwrap_or_else(|error| panic!("{sql}: {}", error.message));
    stream.read_all().await.unwrap_or_else(|error| panic!("{sql}: {}", error.message))
}

/// All values of a result, one line a row, as `shown` prints them.
pub async fn lines(database: &Database, sql: &str) -> Vec<String> {
    rows(database, sql).await.iter().map(|row| row.values.iter().map(shown).collect::<Vec<_>>().join(" | ")).collect()
}

pub async fn one(database: &Database, sql: &str) -> String {
    lines(database, sql).await.join("\n")
}

/// The value with its kind, so that a text "1" and the number 1 are told apart.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => format!("{f:?}f"),
        Value::Number(n) => format!("{n}n"),
        Value::Text(t) => format!("{t:?}"),
        Value::Bytes(b) => format!("x{b:?}"),
        other => sequor_executor::json::to_text(other).expect("a value with a JSON form"),
    }
}

pub fn names(stream: &RowStream) -> Vec<String> {
    stream.columns().iter().map(|c| format!("{} {}", c.name, c.kind)).collect()
}

pub async fn error_of<T>(outcome: impl Future<Output = Result<T, RunError>>) -> RunError {
    match outcome.await {
        Ok(_) => panic!("this must fail"),
        Err(error) => error,
    }
}
