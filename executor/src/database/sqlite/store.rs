//! A query's result as a table, without leaving the database.

use super::super::Mode;
use super::super::effect::{Marking, Stored};
use super::super::landing::Ledger;
use super::query::{ResultColumn, describe};
use super::*;
use crate::failpoint;

impl Sqlite {
    pub(in super::super) async fn store_query(
        &self,
        query: &str,
        table: &TableName,
        mode: Mode,
        marking: Option<&Marking>,
    ) -> Result<u64, RunError> {
        let table_sql = qualified(table)?;
        let _turn = self.writer.lock().await;
        // Dropped at the end, not given back: `swap::prepare` changes its settings.
        let mut lease = self.acquire().await?;
        let connection = &mut lease.connection;
        swap::prepare(connection).await?;
        run(connection, "BEGIN IMMEDIATE".into()).await?;
        failpoint::hit("store.sqlite.after_begin");
        let columns = describe(connection, query).await?;
        if columns.is_empty() {
            return Err(RunError::new(ErrorKind::Sql, "the query gives no columns; write a SELECT"));
        }
        let names = SQLITE.quote_list(columns.iter().map(|c| c.name.as_str()))?;
        let exists = !catalog::columns(connection, table.namespace.as_deref(), &table.name).await?.is_empty();
        let rows = match mode {
            Mode::Append => {
                if !exists {
                    run(connection, create_statement(&table_sql, &columns)?).await?;
                }
                insert(connection, &table_sql, &names, query).await?
            }
            Mode::Create => {
                let staging = TableName { name: SQLITE.staging_name("transform", &table.name), ..table.clone() };
                let staging_sql = qualified(&staging)?;
                run(connection, format!("DROP TABLE IF EXISTS {staging_sql}")).await?;
                run(connection, create_statement(&staging_sql, &columns)?).await?;
                let rows = insert(connection, &staging_sql, &names, query).await?;
                failpoint::hit("store.sqlite.before_swap");
                swap::replace(connection, table, &staging).await?;
                rows
            }
        };
        failpoint::hit("store.sqlite.before_marker");
        if let Some(marking) = marking {
            marker::write(connection, &marking.effect, &[Stored::marker(rows)], &Ledger::of_one_transaction(), None).await?;
        }
        failpoint::hit("store.sqlite.after_marker");
        self.commit(connection, marking.map(|marking| (marking, 0))).await?;
        failpoint::hit("store.sqlite.after_commit");
        Ok(rows)
    }
}

/// The declared types of the columns that the query takes from tables go along. `CREATE TABLE … AS` would keep their affinities only: a boolean
/// would become a number.
fn create_statement(table_sql: &str, columns: &[ResultColumn]) -> Result<String, RunError> {
    let columns = columns.iter().map(|column| Ok(format!("{} {}", SQLITE.quote(&column.name)?, declared_words(column))));
    Ok(format!("CREATE TABLE {table_sql} ({})", columns.collect::<Result<Vec<_>, RunError>>()?.join(", ")))
}

/// A declared type is free text: only one that is plainly a type's name is repeated.
fn declared_words(column: &ResultColumn) -> &str {
    let declared = column.declared.as_deref().unwrap_or_default();
    let plain = declared.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '(' | ')' | ','));
    if plain { declared } else { "" }
}

async fn insert(connection: &mut SqliteConnection, table_sql: &str, names: &str, query: &str) -> Result<u64, RunError> {
    let sql = format!("INSERT INTO {table_sql} ({names}) {query}");
    run_raw(connection, sql).await.map_err(|error| fault::of_statement(&error, query))
}
