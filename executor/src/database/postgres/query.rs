//! Queries.

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use sqlx::postgres::{PgQueryResult, PgRow};
use sqlx::{Column as _, Either, ValueRef as _};
use tokio::sync::oneshot;

use crate::value::Value;

use super::super::ColumnDefinition;
use super::super::stream::{BatchSender, RowStream};
use super::*;

/// A result's columns: names and type numbers.
pub(super) type Described = Vec<(String, u32)>;

impl Postgres {
    pub(in super::super) async fn query(&self, sql: &str) -> Result<RowStream, RunError> {
        let lease = self.acquire().await?;
        let (start, started) = oneshot::channel();
        tokio::spawn(read(lease, sql.to_owned(), self.clone(), start));
        let lost = || RunError::new(ErrorKind::Database, "the query ended without an answer");
        started.await.map_err(|_| lost())??.started().await
    }

    pub(in super::super) async fn read_table(&self, table: &TableName) -> Result<RowStream, RunError> {
        let sql = self.existing(table).await?;
        self.query(&format!("SELECT * FROM {sql}")).await
    }

    pub(in super::super) async fn row_count(&self, table: &TableName) -> Result<u64, RunError> {
        let sql = self.existing(table).await?;
        let mut lease = self.acquire().await?;
        let count = texts(&mut lease.connection, format!("SELECT count(*)::text FROM {sql}")).await?;
        lease.give_back();
        Ok(count.first().and_then(|count| count.parse().ok()).unwrap_or_default())
    }

    async fn existing(&self, table: &TableName) -> Result<String, RunError> {
        let mut lease = self.acquire().await?;
        let found = catalog::locate(&mut lease.connection, table, self.pool.opener()).await?;
        lease.give_back();
        match found {
            catalog::Located::Existing(table) => qualified(&table),
            catalog::Located::New(_) => {
                Err(RunError::new(ErrorKind::Data, format!("there is no table {table} in {}", self.pool.opener().described())))
            }
        }
    }
}

type Items<'a> = BoxStream<'a, Result<Either<PgQueryResult, PgRow>, sqlx::Error>>;

/// Reads a result to its end, or until the reader goes away.
async fn read(mut lease: Lease<Server>, sql: String, postgres: Postgres, mut start: oneshot::Sender<Result<RowStream, RunError>>) {
    let mut items = sqlx::raw_sql(AssertSqlSafe(sql.clone())).fetch_many(&mut lease.connection);
    // Whoever asked may go away; here and below that ends the reading.
    let first = tokio::select! {
        first = next_row(&mut items) => first,
        () = start.closed() => return,
    };
    let first = match first {
        Ok(first) => first,
        Err(error) => {
            let _ = start.send(Err(fault::of_statement(&error, &sql)));
            return;
        }
    };
    let Some(first) = first else {
        drop(items);
        let columns = describe(&mut lease.connection, &sql).await;
        lease.give_back();
        let _ = start.send(match columns {
            Ok(columns) => postgres.open(&columns).await.map(|(stream, _, _)| stream),
            Err(error) => Err(error),
        });
        return;
    };
    let columns: Described = first.columns().iter().map(column).collect();
    let (stream, forms, mut sender) = match postgres.open(&columns).await {
        Ok(opened) => opened,
        Err(error) => {
            let _ = start.send(Err(error));
            return;
        }
    };
    if start.send(Ok(stream)).is_err() {
        return;
    }
    let mut row = Some(first);
    let outcome = loop {
        let Some(current) = row else { break Ok(()) };
        match decode_row(&current, &forms) {
            Ok(values) => {
                if sender.row(values).await.is_err() {
                    return;
                }
            }
            Err(error) => break Err(error),
        }
        row = match next_row(&mut items).await {
            Ok(next) => next,
            Err(error) => break Err(fault::of_statement(&error, &sql)),
        };
    };
    drop(items);
    let _ = sender.flush().await;
    match outcome {
        Ok(()) => lease.give_back(),
        Err(error) => sender.fail(error).await,
    }
}

impl Postgres {
    async fn open(&self, columns: &[(String, u32)]) -> Result<(RowStream, Vec<types::Form>, BatchSender), RunError> {
        let oids: Vec<u32> = columns.iter().map(|(_, oid)| *oid).collect();
        let forms = self.types.forms(&oids, &self.pool).await?;
        let definitions = columns.iter().zip(&forms);
        let definitions = definitions.map(|((name, _), form)| ColumnDefinition { name: name.as_str().into(), kind: form.kind() });
        let (stream, sender) = RowStream::channel(definitions.collect());
        Ok((stream, forms, sender))
    }
}

async fn next_row(items: &mut Items<'_>) -> Result<Option<PgRow>, sqlx::Error> {
    while let Some(item) = items.try_next().await? {
        if let Either::Right(row) = item {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

fn decode_row(row: &PgRow, forms: &[types::Form]) -> Result<Vec<Value>, RunError> {
    if row.len() != forms.len() {
        return Err(RunError::new(ErrorKind::Sql, "several statements gave rows; write one query"));
    }
    let values = forms.iter().enumerate().map(|(index, form)| {
        let raw = row.try_get_raw(index)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        Ok(decode::value(raw.as_bytes().map_err(sqlx::Error::Decode)?, *form))
    });
    values.collect::<Result<_, sqlx::Error>>().map_err(|error| fault::of_statement(&error, ""))
}

/// The columns of a query's result, without running it.
pub(super) async fn describe(connection: &mut PgConnection, sql: &str) -> Result<Described, RunError> {
    let prepared = connection.prepare(AssertSqlSafe(sql.to_owned()).into_sql_str()).await;
    let statement = prepared.map_err(|error| fault::of_statement(&error, sql))?;
    Ok(statement.columns().iter().map(column).collect())
}

fn column(column: &sqlx::postgres::PgColumn) -> (String, u32) {
    (column.name().to_owned(), column.type_info().oid().map_or(0, |oid| oid.0))
}
