//! The members of a loop, read when it starts.

use std::sync::Arc;

use sequor_plan_format::op::Rows;

use super::table;
use crate::database::RowStream;
use crate::error::{ErrorKind, RunError};
use crate::journal::members::{Collector, Members};
use crate::machine::Activation;
use crate::scope::Scope;
use crate::services::Services;
use crate::value::Value;

/// Reads all members before the first is used: steps of the loop may change or replace the table that is looped over, no connection is held while they
/// run, and a resumed run goes over the same ones.
pub(crate) async fn open(services: &Arc<Services>, activation: Activation, rows: &Rows, scope: &Scope) -> Result<Members, RunError> {
    let mut collector = Collector::new(&services.journal, activation);
    match rows {
        Rows::Table(table) => {
            let name = table::name(services, table, scope)?;
            let database = services.database(table.source, scope).await?;
            read(database.read_table(&name).await?, &mut collector).await?;
        }
        Rows::Query { source, sql } => {
            let sql = table::text(services, &scope.in_source(*source), *sql, "the query")?;
            let database = services.database(*source, scope).await?;
            read(database.query(&sql).await?, &mut collector).await?;
        }
        Rows::Items(expr) => collector.values(&items(scope.evaluate(services, *expr)?)?).await?,
    }
    collector.finish()
}

async fn read(mut stream: RowStream, collector: &mut Collector) -> Result<(), RunError> {
    while let Some(batch) = stream.next_batch().await? {
        collector.rows(batch).await?;
    }
    Ok(())
}

fn items(value: Value) -> Result<Vec<Value>, RunError> {
    Ok(match value {
        Value::List(members) | Value::Tuple(members) => Arc::unwrap_or_clone(members),
        Value::Map(map) => map.keys().map(|key| Value::Text(Arc::clone(key))).collect(),
        Value::Row(row) => row.columns.iter().map(|column| Value::Text(Arc::clone(column))).collect(),
        Value::Null => return Err(wrong("null; use an empty list where there is nothing to do")),
        other @ (Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) | Value::Text(_) | Value::Bytes(_)) => {
            return Err(wrong(other.kind()));
        }
    })
}

fn wrong(what: &str) -> RunError {
    RunError::new(ErrorKind::Data, format!("'items' must be a list or a map, but it is {what}"))
}
