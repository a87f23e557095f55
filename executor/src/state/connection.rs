//! One set of statements for both databases: written for SQLite with `?`, numbered for PostgreSQL.

use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, Connection as _, Executor, Row as _};

use crate::hex;

/// The SQLSTATE of a lock that was not got in time.
const LOCK_NOT_AVAILABLE: &str = "55P03";

pub(super) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// A value of a statement.
#[derive(Clone, Copy)]
pub(super) enum Param<'a> {
    Int(i64),
    Text(&'a str),
    OptionalText(Option<&'a str>),
    Bytes(&'a [u8]),
}

/// A segment on its way.
#[derive(Clone, Copy)]
pub(super) struct Appended<'a> {
    pub(super) number: i64,
    pub(super) bytes: &'a [u8],
    pub(super) checksum: &'a [u8],
}

pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Connection {
    /// Gives the number of rows changed.
    pub(super) async fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => Ok(sqlx::query_with(sql, sqlite(params)?).execute(connection).await?.rows_affected()),
            Self::Postgres(connection) => {
                let sql = AssertSqlSafe(numbered(sql));
                Ok(sqlx::query_with(sql, postgres(params)?).execute(connection).await?.rows_affected())
            }
        }
    }

    /// The first statement of a transaction, which waits for other sessions' locks. `false`: not got in a few seconds (PostgreSQL only); the
    /// transaction is good for a rollback only. SQLite has waited for its busy time-out when the transaction began.
    pub(super) async fn lock(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<bool, sqlx::Error> {
        if let Self::Postgres(_) = self {
            self.script("SET LOCAL lock_timeout = '3s'").await?;
        }
        match self.execute(sql, params).await {
            Ok(_) => Ok(true),
            Err(error) if error.as_database_error().and_then(|e| e.code()).as_deref() == Some(LOCK_NOT_AVAILABLE) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn rows(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => {
                let rows = sqlx::query_with(sql, sqlite(params)?).fetch_all(connection).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(connection) => {
                let sql = AssertSqlSafe(numbered(sql));
                let rows = sqlx::query_with(sql, postgres(params)?).fetch_all(connection).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Statements without values and results.
    pub(super) async fn script(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(connection) => connection.execute(sqlx::raw_sql(sql)).await.map(drop),
            Self::Postgres(connection) => connection.execute(sqlx::raw_sql(sql)).await.map(drop),
        }
    }

    /// The transaction that is written most, in one exchange with the database: a segment, if the run has this fence still.
    pub(super) async fn append(&mut self, run: &str, fence: i64, segment: &Appended<'_>) -> Result<bool, sqlx::Error> {
        let Appended { number, bytes, checksum } = *segment;
        let run = format!("'{}'", run.replace('\'', "''"));
        let (bytes, checksum) = (self.literal(bytes), self.literal(checksum));
        let insert = format!(
            "INSERT INTO journal (run, segment, bytes, checksum) SELECT id, {number}, {bytes}, {checksum} FROM runs WHERE id = {run} AND fence = {fence}"
        );
        let proved = match self {
            // The number of segments is kept by a trigger of the connection, so that one statement is all.
            Self::Sqlite(connection) => {
                let sql = AssertSqlSafe(format!("{insert} RETURNING segment"));
                connection.fetch_all(sqlx::raw_sql(sql)).await?.len()
            }
            Self::Postgres(connection) => {
                // Statements that are sent together are one transaction. The update locks the row, so the second statement finds the fence that the first one found.
                let next = number + 1;
                let sql =
                    AssertSqlSafe(format!("UPDATE runs SET segments = {next} WHERE id = {run} AND fence = {fence} RETURNING id; {insert}"));
                connection.fetch_all(sqlx::raw_sql(sql)).await?.len()
            }
        };
        Ok(proved == 1)
    }

    fn literal(&self, bytes: &[u8]) -> String {
        let digits = hex::encode(bytes);
        match self {
            Self::Sqlite(_) => format!("X'{digits}'"),
            Self::Postgres(_) => format!("decode('{digits}', 'hex')"),
        }
    }

    /// Begins a transaction that will write.
    pub(super) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(_) => self.script("BEGIN IMMEDIATE").await,
            Self::Postgres(_) => self.script("BEGIN").await,
        }
    }

    /// `COMMIT` or `ROLLBACK`.
    pub(super) async fn end(&mut self, how: &'static str) -> Result<(), sqlx::Error> {
        self.script(how).await
    }

    /// The server does not answer on it any more.
    pub(super) async fn is_lost(&mut self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(connection) => connection.ping().await.is_err(),
        }
    }

    /// Milliseconds since 1970: by the database's clock where several hosts share it.
    pub(super) async fn now(&mut self) -> Result<i64, sqlx::Error> {
        match self {
            Self::Sqlite(_) => Ok(jiff::Timestamp::now().as_millisecond()),
            Self::Postgres(connection) => {
                sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").fetch_one(connection).await
            }
        }
    }
}

impl Row {
    pub(super) fn int(&self, column: usize) -> Result<i64, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    pub(super) fn text(&self, column: usize) -> Result<String, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    pub(super) fn optional_text(&self, column: usize) -> Result<Option<String>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    pub(super) fn bytes(&self, column: usize) -> Result<Vec<u8>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }
}

fn sqlite(params: &[Param<'_>]) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    for param in params {
        match param {
            Param::Int(number) => arguments.add(*number),
            Param::Text(text) => arguments.add((*text).to_owned()),
            Param::OptionalText(text) => arguments.add(text.map(str::to_owned)),
            Param::Bytes(bytes) => arguments.add(bytes.to_vec()),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn postgres(params: &[Param<'_>]) -> Result<PgArguments, sqlx::Error> {
    let mut arguments = PgArguments::default();
    for param in params {
        match param {
            Param::Int(number) => arguments.add(*number),
            Param::Text(text) => arguments.add(*text),
            Param::OptionalText(text) => arguments.add(*text),
            Param::Bytes(bytes) => arguments.add(*bytes),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// `a = ?` as `a = $1`. Statements here have no question mark in a text.
fn numbered(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 16);
    let mut number = 0;
    for character in sql.chars() {
        if character == '?' {
            number += 1;
            out.push('$');
            out.push_str(&number.to_string());
        } else {
            out.push(character);
        }
    }
    out
}
