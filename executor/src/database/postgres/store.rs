//! A query's result as a table, without leaving the database.

use super::super::Mode;
use super::super::effect::{Marking, Stored};
use super::super::landing::Ledger;
use super::query::describe;
use super::*;
use crate::failpoint;

impl Postgres {
    pub(in super::super) async fn store_query(
        &self,
        query: &str,
        table: &TableName,
        mode: Mode,
        marking: Option<&Marking>,
    ) -> Result<u64, RunError> {
        let mut lease = self.begin().await?;
        let connection = &mut lease.connection;
        failpoint::hit("store.pg.after_begin");
        let rows = match (mode, catalog::locate(connection, table, self.pool.opener()).await?) {
            (Mode::Create, catalog::Located::Existing(table) | catalog::Located::New(table)) => {
                let staging = TableName { name: POSTGRES.staging_name("transform", &table.name), ..table.clone() };
                run(connection, format!("DROP TABLE IF EXISTS {}", qualified(&staging)?)).await?;
                let rows = create_as(connection, &staging, query).await?;
                failpoint::hit("store.pg.before_swap");
                swap::replace(connection, &table, &staging).await?;
                rows
            }
            (Mode::Append, catalog::Located::New(table)) => create_as(connection, &table, query).await?,
            (Mode::Append, catalog::Located::Existing(table)) => {
                let columns = describe(connection, query).await?;
                let names = POSTGRES.quote_list(columns.iter().map(|(name, _)| name.as_str()))?;
                let sql = format!("INSERT INTO {} ({names}) {query}", qualified(&table)?);
                run_raw(connection, sql).await.map_err(|error| fault::of_statement(&error, query))?
            }
        };
        failpoint::hit("store.pg.before_marker");
        if let Some(marking) = marking {
            marker::write(connection, marking, &[Stored::marker(rows)], &Ledger::of_one_transaction(), None).await?;
        }
        failpoint::hit("store.pg.after_marker");
        let lease = self.commit(lease, marking.map(|marking| (marking, 0))).await?;
        failpoint::hit("store.pg.after_commit");
        if let Some(lease) = lease {
            lease.give_back();
        }
        Ok(rows)
    }
}

async fn create_as(connection: &mut PgConnection, table: &TableName, query: &str) -> Result<u64, RunError> {
    let head = format!("CREATE TABLE {} AS ", qualified(table)?);
    // The position that PostgreSQL reports counts the head too: the error is drawn on the whole, which has the same lines.
    run_raw(connection, format!("{head}{query}")).await.map_err(|error| fault::of_statement(&error, &format!("{head}{query}")))
}
