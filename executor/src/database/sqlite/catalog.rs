//! What SQLite knows of tables and columns.

use super::*;

/// A column of an existing table.
pub(super) struct ExistingColumn {
    pub(super) name: String,
    pub(super) declared: String,
}

/// Makes the connection look at the tables as they are now. A statement is compiled by what the connection remembers of them, and other connections
/// replace tables; only running a statement that reads compares that memory with the file.
pub(super) async fn refresh(connection: &mut SqliteConnection) -> Result<(), RunError> {
    run(connection, "SELECT 1 FROM sqlite_schema LIMIT 1".into()).await.map(|_| ())
}

/// The columns of a table or view; none where it does not exist.
pub(super) async fn columns(
    connection: &mut SqliteConnection,
    namespace: Option<&str>,
    table: &str,
) -> Result<Vec<ExistingColumn>, RunError> {
    // Hidden columns of virtual tables (1) are not the table's own; generated ones (2, 3) are.
    refresh(connection).await?;
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

/// Whether `table` is no more than its columns, and those are the ones of `staging`: no constraints, indexes or triggers.
pub(super) async fn is_plain(connection: &mut SqliteConnection, table: &str, staging: &str) -> Result<bool, RunError> {
    let (quoted_table, quoted_staging) = (SQLITE.quote(table)?, SQLITE.quote(staging)?);
    let sql = "SELECT count(*) FROM sqlite_schema WHERE tbl_name = ?1 COLLATE NOCASE AND type IN ('index', 'trigger')";
    let attached: i64 =
        sqlx::query_scalar(sql).bind(table).fetch_one(&mut *connection).await.map_err(|error| fault::of_statement(&error, ""))?;
    // SQLite keeps the text of CREATE TABLE; the one of the staging table is ours.
    let sql = "SELECT count(*) FROM sqlite_schema a, sqlite_schema b WHERE a.name = ?1 COLLATE NOCASE AND b.name = ?2 \
               AND a.sql = 'CREATE TABLE ' || ?3 || substr(b.sql, length('CREATE TABLE ' || ?4) + 1)";
    let query = sqlx::query_scalar(sql).bind(table).bind(staging).bind(quoted_table).bind(quoted_staging);
    let same: i64 = query.fetch_one(connection).await.map_err(|error| fault::of_statement(&error, ""))?;
    Ok(attached == 0 && same == 1)
}

/// Whether foreign keys of any table lead to `table`.
pub(super) async fn is_referred_to(connection: &mut SqliteConnection, table: &str) -> Result<bool, RunError> {
    refresh(connection).await?;
    let sql = "SELECT count(*) FROM sqlite_schema s, pragma_foreign_key_list(s.name) f WHERE s.type = 'table' AND f.\"table\" = ?1 COLLATE NOCASE";
    let count: i64 = sqlx::query_scalar(sql).bind(table).fetch_one(connection).await.map_err(|error| fault::of_statement(&error, ""))?;
    Ok(count > 0)
}

/// Whether foreign keys may refuse a row of `table`: it has some, or triggers that write elsewhere.
pub(super) async fn may_break_references(connection: &mut SqliteConnection, table: &str) -> Result<bool, RunError> {
    refresh(connection).await?;
    let sql = "SELECT (SELECT count(*) FROM pragma_foreign_key_list(?1)) \
               + (SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE)";
    let count: i64 = sqlx::query_scalar(sql).bind(table).fetch_one(connection).await.map_err(|error| fault::of_statement(&error, ""))?;
    Ok(count > 0)
}

/// The number of rows, of all tables, whose foreign keys lead nowhere.
pub(super) async fn broken_references_of_all(connection: &mut SqliteConnection) -> Result<i64, RunError> {
    let query = sqlx::query_scalar("SELECT count(*) FROM pragma_foreign_key_check");
    query.fetch_one(connection).await.map_err(|error| fault::of_statement(&error, ""))
}

/// Tables whose foreign keys to `table` lead nowhere.
pub(super) async fn broken_references(connection: &mut SqliteConnection, table: &str) -> Result<Vec<String>, RunError> {
    let sql = "SELECT DISTINCT \"table\" FROM pragma_foreign_key_check WHERE parent = ?1 COLLATE NOCASE";
    sqlx::query_scalar(sql).bind(table).fetch_all(connection).await.map_err(|error| fault::of_statement(&error, ""))
}
