//! A query's result as a table, without leaving the database.

use super::super::Mode;
use super::query::describe;
use super::*;

impl Postgres {
    pub(in super::super) async fn store_query(&self, query: &str, table: &TableName, mode: Mode) -> Result<u64, RunError> {
        let mut lease = self.acquire().await?;
        let connection = &mut lease.connection;
        run(connection, "BEGIN".into()).await?;
        let rows = match (mode, catalog::locate(connection, table, self.pool.opener()).await?) {
            (Mode::Create, catalog::Located::Existing(table) | catalog::Located::New(table)) => {
                let staging = TableName { name: POSTGRES.staging_name("transform", &table.name), ..table.clone() };
                run(connection, format!("DROP TABLE IF EXISTS {}", qualified(&staging)?)).await?;
                let rows = create_as(connection, &staging, query).await?;
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
        run(connection, "COMMIT".into()).await?;
        lease.give_back();
        Ok(rows)
    }
}

async fn create_as(connection: &mut PgConnection, table: &TableName, query: &str) -> Result<u64, RunError> {
    let head = format!("CREATE TABLE {} AS ", qualified(table)?);
    // The position that PostgreSQL reports counts the head too: the error is drawn on the whole, which has the same lines.
    run_raw(connection, format!("{head}{query}")).await.map_err(|error| fault::of_statement(&error, &format!("{head}{query}")))
}
