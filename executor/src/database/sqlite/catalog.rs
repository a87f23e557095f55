//! What SQLite knows of tables and columns.

use super::*;

/// A column of an existing table.
pub(super) struct ExistingColumn {
    pub(super) name: String,
    pub(super) declared: String,
}

/// The columns of a table or view; none where it does not exist.
pub(super) async fn columns(
    connection: &mut SqliteConnection,
    namespace: Option<&str>,
    table: &str,
) -> Result<Vec<ExistingColumn>, RunError> {
    // Hidden columns of virtual tables (1) are not the table's own; generated ones (2, 3) are.
    let query = match namespace {
        Some(namespace) => sqlx::query("SELECT name, type FROM pragma_table_xinfo(?1, ?2) WHERE hidden <> 1").bind(table).bind(namespace),
        None => sqlx::query("SELECT name, type FROM pragma_table_xinfo(?1) WHERE hidden <> 1").bind(table),
    };
    let rows = query.fetch_all(connection).await.map_err(|error| fault::of_statement(&error, ""))?;
    rows.iter()
        .map(|row| Ok(ExistingColumn { name: row.try_get(0)?, declared: row.try_get(1)? }))
        .collect::<Result<_, sqlx::Error>>()
        .map_err(|error| fault::of_statement(&error, ""))
}

/// What the table's definition holds beyond its columns: indexes (of constraints too) and triggers.
pub(super) async fn attachments(connection: &mut SqliteConnection, table: &str) -> Result<i64, RunError> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE tbl_name = ?1 COLLATE NOCASE AND type IN ('index', 'trigger')";
    sqlx::query_scalar(sql).bind(table).fetch_one(connection).await.map_err(|error| fault::of_statement(&error, ""))
}

/// Tables whose foreign keys to `table` lead nowhere.
pub(super) async fn broken_references(connection: &mut SqliteConnection, table: &str) -> Result<Vec<String>, RunError> {
    let sql = "SELECT DISTINCT \"table\" FROM pragma_foreign_key_check WHERE parent = ?1 COLLATE NOCASE";
    sqlx::query_scalar(sql).bind(table).fetch_all(connection).await.map_err(|error| fault::of_statement(&error, ""))
}
