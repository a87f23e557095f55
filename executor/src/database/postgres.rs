//! PostgreSQL.
//!
//! Queries go by the simple protocol, which gives every type in its text form: that form is exact for all of them, also for those that only an
//! extension knows, and dates, numerics, intervals and JSON are text for flows anyway. It needs no prepared statements, so connection poolers in
//! between work. Rows from outside go by COPY, few of them by INSERT.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Executor, Row as _, SqlSafeStr as _, Statement as _};

use crate::error::{ErrorKind, RunError};

use super::commits::Commits;
use super::effect::Claims;
use super::fit::hex_bytes;
use super::pool::{Lease, Opener, Pool};
use super::quote::{POSTGRES, literal};
use super::{TableName, fault};

mod array;
mod catalog;
mod connect;
mod copy_text;
mod decode;
mod execute;
mod landing;
mod marker;
mod query;
mod rows;
mod store;
mod swap;
mod transaction;
mod types;

pub(super) use connect::Settings;

#[derive(Clone)]
pub(super) struct Postgres {
    pool: Pool<Server>,
    types: types::Cache,
    claims: Claims,
    commits: Commits,
}

/// Opens connections to one database of a server.
pub(super) struct Server {
    options: PgConnectOptions,
    /// Where tables live that name no schema.
    schema: Option<String>,
}

impl Postgres {
    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    async fn acquire(&self) -> Result<Lease<Server>, RunError> {
        self.pool.acquire().await
    }
}

/// The table's name in SQL.
fn qualified(table: &TableName) -> Result<String, RunError> {
    let name = POSTGRES.quote(&table.name)?;
    match &table.namespace {
        Some(namespace) => Ok(format!("{}.{name}", POSTGRES.quote(namespace)?)),
        None => Ok(name),
    }
}

/// Runs one statement of ours.
async fn run(connection: &mut PgConnection, sql: String) -> Result<u64, RunError> {
    run_raw(connection, sql).await.map_err(|error| fault::of_statement(&error, ""))
}

async fn run_raw(connection: &mut PgConnection, sql: String) -> Result<u64, sqlx::Error> {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.map(|done| done.rows_affected())
}

/// The first column of all rows of a query of ours, as text.
async fn texts(connection: &mut PgConnection, sql: String) -> Result<Vec<String>, RunError> {
    let rows = connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(sql))).await;
    let texts = rows.and_then(|rows| rows.iter().map(|row| row.try_get(0)).collect());
    texts.map_err(|error| fault::of_statement(&error, ""))
}
