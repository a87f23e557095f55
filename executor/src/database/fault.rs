//! What the engines report, as run errors: the engine's own words, its code, and the place in the statement.

use sqlx::postgres::{PgDatabaseError, PgErrorPosition};
use sqlx::sqlite::SqliteError;

use crate::error::{ErrorKind, RunError};

use super::TableName;

/// An error of a statement. `sql` is the statement as the user knows it, for the line that the engine points at.
pub(super) fn of_statement(error: &sqlx::Error, sql: &str) -> RunError {
    let sqlx::Error::Database(database) = error else {
        return of_connection(error);
    };
    if let Some(postgres) = database.try_downcast_ref::<PgDatabaseError>() {
        return of_postgres(postgres, sql);
    }
    if let Some(sqlite) = database.try_downcast_ref::<SqliteError>() {
        return of_sqlite(sqlite);
    }
    RunError::new(ErrorKind::Sql, database.message())
}

/// An error of a bulk write into `table`: values that the engine refuses are faults of the data.
pub(super) fn of_load(error: &sqlx::Error, table: &str, rows_before: u64) -> RunError {
    let mut fault = of_statement(error, "");
    if let sqlx::Error::Database(database) = error
        && let Some(postgres) = database.try_downcast_ref::<PgDatabaseError>()
        && let Some(context) = postgres.r#where()
        && let Some(line) = copy_line(context)
    {
        let column = context.split(", column ").nth(1).map(|rest| format!(", column {}", cut(rest))).unwrap_or_default();
        fault.message = format!("row {}{column}: {}", rows_before + line, fault.message);
        fault.row = Some((rows_before + line).to_string());
    }
    if is_about_values(error) {
        fault.kind = ErrorKind::Data;
    }
    fault.message = format!("cannot load into table {table}: {}", fault.message);
    fault
}

/// SQLSTATE, or SQLite's extended code.
pub(super) fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).map(std::borrow::Cow::into_owned)
}

/// The same error with another first sentence.
pub(super) fn prefixed(mut error: RunError, prefix: &str) -> RunError {
    error.message = format!("{prefix}: {}", error.message);
    error
}

/// A column that a flow names and an existing table has not.
pub(super) fn no_column<'a>(table: &TableName, column: &str, existing: impl Iterator<Item = &'a str>) -> RunError {
    let there = existing.collect::<Vec<_>>().join(", ");
    RunError::new(ErrorKind::Data, format!("table {table} has no column '{column}'; its columns are {there}"))
}

/// A list of statements with a BEGIN and no end.
pub(super) const LEFT_OPEN: &str =
    "the statements leave a transaction open, and it was rolled back; end it with COMMIT, or leave BEGIN out and set transaction: true";

/// A list of statements with a COMMIT or ROLLBACK in it, where they are to be one transaction.
pub(super) const ENDED_EARLY: &str = "the statements end their transaction themselves, so what they did cannot be told apart from what they did not; \
                                      leave COMMIT and ROLLBACK out, or leave transaction: true out";

/// `statement 2 of 3 (create table t …)`, for an index from 0.
pub(super) fn statement_label(index: usize, statements: &[String]) -> String {
    let first = statements.get(index).map(|sql| first_line(sql)).unwrap_or_default();
    format!("statement {} of {} ({first})", index + 1, statements.len())
}

/// The first line with text in it, cut.
pub(super) fn first_line(sql: &str) -> String {
    cut(sql.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default())
}

/// At most 80 characters.
pub(super) fn cut(text: &str) -> String {
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(80).collect();
    if chars.next().is_some() { format!("{head}…") } else { head }
}

fn of_connection(error: &sqlx::Error) -> RunError {
    match error {
        sqlx::Error::Io(io) => RunError::new(ErrorKind::Database, format!("the connection to the database was lost: {io}")),
        sqlx::Error::WorkerCrashed => RunError::new(ErrorKind::Database, "the connection to the database was lost"),
        sqlx::Error::Tls(tls) => RunError::new(ErrorKind::Database, format!("the encrypted connection to the database failed: {tls}")),
        sqlx::Error::Protocol(reason) => RunError::new(ErrorKind::Database, format!("the database sent something unexpected: {reason}")),
        other => RunError::new(ErrorKind::Sql, other.to_string()),
    }
}

fn of_postgres(error: &PgDatabaseError, sql: &str) -> RunError {
    let mut message = format!("{} (SQLSTATE {})", error.message(), error.code());
    match error.position() {
        Some(PgErrorPosition::Original(position)) if !sql.is_empty() => {
            if let Some((line, column, text)) = place(sql, position) {
                message.push_str(&format!("\n  at line {line}, column {column}: {}", cut(text.trim())));
            }
        }
        Some(PgErrorPosition::Internal { query, .. }) => message.push_str(&format!("\n  in: {}", first_line(query))),
        Some(PgErrorPosition::Original(_)) | None => {}
    }
    if let Some(detail) = error.detail() {
        message.push_str(&format!("\n  detail: {detail}"));
    }
    if let Some(hint) = error.hint() {
        message.push_str(&format!("\n  hint: {hint}"));
    }
    // Connection exceptions, operator intervention, too many connections: https://www.postgresql.org/docs/current/errcodes-appendix.html
    let connection = error.code().starts_with("08") || error.code().starts_with("57P") || error.code() == "53300";
    RunError::new(if connection { ErrorKind::Database } else { ErrorKind::Sql }, message)
}

fn of_sqlite(error: &SqliteError) -> RunError {
    let code = error.code_number();
    // Primary result codes: https://www.sqlite.org/rescode.html
    let kind = match code & 0xff {
        5 | 8 | 10 | 11 | 13 | 14 | 26 => ErrorKind::Database,
        _ => ErrorKind::Sql,
    };
    let hint = match code & 0xff {
        5 => "\n  another program or another part of the flow holds the database's write lock; let it finish its transaction",
        8 => "\n  check that the file and its folder may be written",
        13 => "\n  the disk is full",
        26 => "\n  check that the path names a SQLite database",
        _ => "",
    };
    RunError::new(kind, format!("{} (SQLite code {code}){hint}", sqlx::error::DatabaseError::message(error)))
}

trait CodeNumber {
    fn code_number(&self) -> i32;
}

impl CodeNumber for SqliteError {
    fn code_number(&self) -> i32 {
        sqlx::error::DatabaseError::code(self).and_then(|code| code.parse().ok()).unwrap_or(1)
    }
}

/// Data exceptions and broken constraints.
fn is_about_values(error: &sqlx::Error) -> bool {
    let Some(database) = error.as_database_error() else { return false };
    match database.try_downcast_ref::<SqliteError>() {
        // SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG
        Some(sqlite) => matches!(sqlite.code_number() & 0xff, 18..=20),
        None => database.code().is_some_and(|code| code.starts_with("22") || code.starts_with("23")),
    }
}

/// Line and column (from 1) of a character position, and the line's text.
fn place(sql: &str, position: usize) -> Option<(usize, usize, &str)> {
    let offset = sql.char_indices().nth(position.checked_sub(1)?).map(|(offset, _)| offset)?;
    let start = sql[..offset].rfind('\n').map_or(0, |newline| newline + 1);
    let line = sql[..start].matches('\n').count() + 1;
    let column = sql[start..offset].chars().count() + 1;
    Some((line, column, sql[start..].lines().next().unwrap_or_default()))
}

/// The line in `COPY "t", line 3, column id: "x"`.
fn copy_line(context: &str) -> Option<u64> {
    let rest = context.split(", line ").nth(1)?;
    rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_a_line_and_a_column() {
        assert_eq!(place("select é,\n  bad from t\n", 14), Some((2, 4, "  bad from t")));
        assert_eq!(place("x", 9), None);
    }

    #[test]
    fn the_line_of_a_copy_is_found() {
        assert_eq!(copy_line("COPY a, line 17, column id: \"x\""), Some(17));
        assert_eq!(copy_line("COPY a, line 4"), Some(4));
        assert_eq!(copy_line("SQL function f"), None);
    }
}
