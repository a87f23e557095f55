//! Queries: rows as they come, decoded by storage class and declared type.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use sequor_plan_format::ColumnType;
use sqlx::sqlite::{SqliteRow, SqliteValueRef};
use sqlx::{Column as _, ColumnOrigin, Decode, Either, TypeInfo as _, ValueRef as _};

use crate::value::Value;

use super::super::stream::{BatchSender, RowStream};
use super::super::{ColumnDefinition, TableName};
use super::*;

/// A column of a result.
pub(super) struct ResultColumn {
    pub(super) name: String,
    /// Of the table column that it comes from; `None` for an expression.
    pub(super) declared: Option<String>,
}

impl Sqlite {
    pub(in super::super) async fn query(&self, sql: &str) -> Result<RowStream, RunError> {
        let mut lease = self.acquire().await?;
        // One transaction for looking at the columns and reading the rows: nobody replaces a table in between.
        run(&mut lease.connection, "BEGIN".into()).await?;
        let columns = describe(&mut lease.connection, sql).await?;
        let kinds: Vec<Option<ColumnType>> = columns.iter().map(|c| c.declared.as_deref().and_then(types::meaning)).collect();
        let unknown: Vec<usize> = (0..kinds.len()).filter(|&i| kinds[i].is_none()).collect();
        let definitions = columns.iter().zip(&kinds);
        let definitions = definitions
            .map(|(column, kind)| ColumnDefinition { name: column.name.as_str().into(), kind: kind.unwrap_or(ColumnType::Text) });
        let (stream, sender) = RowStream::channel(definitions.collect());
        tokio::spawn(read(lease, sql.to_owned(), kinds, sender));
        let mut stream = stream.started().await?;
        stream.infer(&unknown, types::inferred);
        Ok(stream)
    }

    pub(in super::super) async fn read_table(&self, table: &TableName) -> Result<RowStream, RunError> {
        self.must_exist(table).await?;
        self.query(&format!("SELECT * FROM {}", qualified(table)?)).await
    }

    pub(in super::super) async fn row_count(&self, table: &TableName) -> Result<u64, RunError> {
        self.must_exist(table).await?;
        let mut lease = self.acquire().await?;
        let sql = format!("SELECT count(*) FROM {}", qualified(table)?);
        let count: i64 =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut lease.connection).await.map_err(|e| fault::of_statement(&e, ""))?;
        lease.give_back();
        Ok(count.unsigned_abs())
    }

    async fn must_exist(&self, table: &TableName) -> Result<(), RunError> {
        qualified(table)?;
        let mut lease = self.acquire().await?;
        let columns = catalog::columns(&mut lease.connection, table.namespace.as_deref(), &table.name).await?;
        lease.give_back();
        if columns.is_empty() {
            return Err(RunError::new(
                ErrorKind::Data,
                format!("there is no table {table} in the SQLite database {}", self.pool.opener().path.display()),
            ));
        }
        Ok(())
    }
}

/// The columns of a query's result, without running it.
pub(super) async fn describe(connection: &mut SqliteConnection, sql: &str) -> Result<Vec<ResultColumn>, RunError> {
    catalog::refresh(connection).await?;
    let prepared = (&mut *connection).prepare(AssertSqlSafe(sql.to_owned()).into_sql_str()).await;
    let statement = prepared.map_err(|error| fault::of_statement(&error, sql))?;
    let mut declared: HashMap<String, HashMap<String, String>> = HashMap::new();
    let mut columns = Vec::with_capacity(statement.columns().len());
    for column in statement.columns() {
        let mut found = None;
        if let ColumnOrigin::Table(origin) = column.origin() {
            if !declared.contains_key(&*origin.table) {
                let existing = catalog::columns(connection, None, &origin.table).await?;
                declared.insert(origin.table.to_string(), existing.into_iter().map(|c| (c.name, c.declared)).collect());
            }
            found = declared.get(&*origin.table).and_then(|table| table.get(&*origin.name)).cloned();
        }
        columns.push(ResultColumn { name: column.name().to_owned(), declared: found });
    }
    Ok(columns)
}

async fn read(mut lease: Lease<File>, sql: String, kinds: Vec<Option<ColumnType>>, mut sender: BatchSender) {
    let mut rows = sqlx::raw_sql(AssertSqlSafe(sql.clone())).fetch_many(&mut lease.connection);
    let outcome = loop {
        match rows.try_next().await {
            Ok(Some(Either::Right(row))) => match decode_row(&row, &kinds) {
                Ok(values) => {
                    if sender.row(values).await.is_err() {
                        return;
                    }
                }
                Err(error) => break Err(error),
            },
            Ok(Some(Either::Left(_))) => {}
            Ok(None) => break Ok(()),
            Err(error) => break Err(fault::of_statement(&error, &sql)),
        }
    };
    drop(rows);
    let outcome = match outcome {
        Ok(()) => run(&mut lease.connection, "COMMIT".into()).await,
        Err(error) => Err(error),
    };
    // A reader that has gone away needs no rest.
    let _ = sender.flush().await;
    match outcome {
        Ok(_) => lease.give_back(),
        Err(error) => sender.fail(error).await,
    }
}

fn decode_row(row: &SqliteRow, kinds: &[Option<ColumnType>]) -> Result<Vec<Value>, RunError> {
    if row.len() != kinds.len() {
        return Err(RunError::new(ErrorKind::Sql, "several statements gave rows; write one query"));
    }
    let values = kinds.iter().enumerate().map(|(index, kind)| decode(row.try_get_raw(index)?, *kind));
    values.collect::<Result<_, sqlx::Error>>().map_err(|error| fault::of_statement(&error, ""))
}

fn decode(value: SqliteValueRef<'_>, kind: Option<ColumnType>) -> Result<Value, sqlx::Error> {
    // The class of a NULL is the column's declared type.
    if value.is_null() {
        return Ok(Value::Null);
    }
    let class = value.type_info();
    let fault = sqlx::Error::Decode;
    Ok(match class.name() {
        "INTEGER" => {
            let integer = <i64 as Decode<sqlx::Sqlite>>::decode(value).map_err(fault)?;
            match kind {
                Some(ColumnType::Boolean) if integer == 0 || integer == 1 => Value::Bool(integer == 1),
                Some(ColumnType::Numeric(Some((_, scale)))) if scale > 0 => {
                    Value::Number(format!("{integer}.{}", "0".repeat(scale.into())).into())
                }
                _ => Value::Int(integer),
            }
        }
        "REAL" => {
            let float = <f64 as Decode<sqlx::Sqlite>>::decode(value).map_err(fault)?;
            match kind {
                Some(ColumnType::Numeric(Some((_, scale)))) => with_scale(float, scale),
                _ => Value::Float(float),
            }
        }
        "BLOB" => Value::Bytes(<&[u8] as Decode<sqlx::Sqlite>>::decode(value).map_err(fault)?.into()),
        _ => decode_text(<&[u8] as Decode<sqlx::Sqlite>>::decode(value).map_err(fault)?, kind),
    })
}

/// The zeros that numeric affinity has dropped, put back where the double says nothing else.
fn with_scale(float: f64, scale: u16) -> Value {
    let text = format!("{float:.*}", usize::from(scale));
    if text.parse::<f64>().is_ok_and(|read| read.to_bits() == float.to_bits()) { Value::Number(text.into()) } else { Value::Float(float) }
}

/// SQLite does not check that text is UTF-8: what is not stays bytes.
fn decode_text(bytes: &[u8], kind: Option<ColumnType>) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) if matches!(kind, Some(ColumnType::Numeric(_))) && is_json_number(text) => Value::Number(text.into()),
        Ok(text) => Value::Text(text.into()),
        Err(_) => Value::Bytes(bytes.into()),
    }
}

fn is_json_number(text: &str) -> bool {
    text.ends_with(|c: char| c.is_ascii_digit())
        && !text.starts_with(char::is_whitespace)
        && serde_json::from_str::<serde_json::Number>(text).is_ok()
}
