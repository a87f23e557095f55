//! The members of a loop.

use std::collections::VecDeque;
use std::sync::Arc;

use sequor_plan_format::op::Rows;

use super::table;
use crate::database::RowStream;
use crate::error::{ErrorKind, RunError};
use crate::scope::Scope;
use crate::services::Services;
use crate::value::Value;

/// Members as they were when the loop started. All rows are read before the first iteration: steps of the loop may change or replace the table
/// that is looped over, and no connection is held while they run.
pub(crate) struct Cursor {
    members: VecDeque<Value>,
}

impl Cursor {
    pub(crate) async fn open(services: &Arc<Services>, rows: &Rows, scope: &Scope) -> Result<Self, RunError> {
        let members = match rows {
            Rows::Table(table) => {
                let name = table::name(services, table, scope)?;
                let database = services.database(table.source, scope).await?;
                read(database.read_table(&name).await?).await?
            }
            Rows::Query { source, sql } => {
                let sql = table::text(services, &scope.in_source(*source), *sql, "the query")?;
                let database = services.database(*source, scope).await?;
                read(database.query(&sql).await?).await?
            }
            Rows::Items(expr) => items(scope.evaluate(services, *expr)?)?,
        };
        Ok(Self { members })
    }

    pub(crate) fn len(&self) -> u64 {
        self.members.len() as u64
    }

    pub(crate) fn next(&mut self) -> Option<Value> {
        self.members.pop_front()
    }
}

async fn read(mut stream: RowStream) -> Result<VecDeque<Value>, RunError> {
    let mut members = VecDeque::new();
    while let Some(batch) = stream.next_batch().await? {
        members.extend(batch.into_iter().map(Value::Row));
    }
    Ok(members)
}

fn items(value: Value) -> Result<VecDeque<Value>, RunError> {
    Ok(match value {
        Value::List(members) | Value::Tuple(members) => members.iter().cloned().collect(),
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
