//! The rows that requests are made from.

use std::sync::Arc;

use sequor_plan_format::op::Rows;
use sequor_plan_format::{ExprId, NodeId, SourceId};

use super::Item;
use super::text::{plain, required_text};
use crate::database::{RowStream, TableName};
use crate::error::{ErrorKind, RunError};
use crate::scope::Scope;
use crate::services::Services;
use crate::value::{Row, Value};

/// Where the next item comes from. Rows of a database are read as they are needed.
pub(super) struct Items {
    kind: Kind,
    next: u64,
}

enum Kind {
    Once,
    Values(std::vec::IntoIter<Value>),
    Rows { stream: Box<RowStream>, batch: std::vec::IntoIter<Arc<Row>> },
    End,
}

impl Items {
    /// One item with the value null.
    pub(super) fn once() -> Self {
        Self { kind: Kind::Once, next: 0 }
    }

    pub(super) async fn open(services: &Services, node: NodeId, rows: &Rows, scope: &Scope) -> Result<Self, RunError> {
        let kind = match rows {
            Rows::Table(table) => {
                let name = table_name(services, scope, table)?;
                let database = services.database(table.source, scope).await?;
                Kind::rows(database.read_table(&name).await?)
            }
            Rows::Query { source, sql } => {
                let sql = query(services, scope, *source, *sql)?;
                let database = services.database(*source, scope).await?;
                Kind::rows(database.query(&sql).await?)
            }
            Rows::Items(expr) => {
                let members = members(scope.evaluate(services, *expr)?)?;
                services.reporter.rows_in(node, members.len() as u64);
                Kind::Values(members.into_iter())
            }
        };
        Ok(Self { kind, next: 0 })
    }

    pub(super) async fn next(&mut self, services: &Services, node: NodeId) -> Result<Option<Item>, RunError> {
        let value = match &mut self.kind {
            Kind::Once => {
                self.kind = Kind::End;
                Some(Value::Null)
            }
            Kind::Values(values) => values.next(),
            Kind::Rows { stream, batch } => {
                if batch.len() == 0
                    && let Some(rows) = stream.next_batch().await?
                {
                    services.reporter.rows_in(node, rows.len() as u64);
                    *batch = rows.into_iter();
                }
                batch.next().map(Value::Row)
            }
            Kind::End => None,
        };
        let Some(value) = value else {
            // Gives the connection back: the table may be replaced by this very op.
            self.kind = Kind::End;
            return Ok(None);
        };
        let ordinal = self.next;
        self.next += 1;
        Ok(Some(Item { ordinal, value }))
    }
}

impl Kind {
    fn rows(stream: RowStream) -> Self {
        Self::Rows { stream: Box::new(stream), batch: Vec::new().into_iter() }
    }
}

/// The item as errors name it: its key columns, else its ordinal from 1.
pub(super) fn label(item: &Item, keys: &[&str]) -> String {
    let column = |key: &str| match &item.value {
        Value::Row(row) => row.get(key).cloned(),
        Value::Map(map) => map.get(key).cloned(),
        _ => None,
    };
    let named: Vec<String> = keys
        .iter()
        .filter_map(|key| column(key).map(|value| format!("{key}={}", plain(&value).unwrap_or_else(|| value.kind().to_owned()))))
        .collect();
    if named.is_empty() { (item.ordinal + 1).to_string() } else { named.join(", ") }
}

/// A table's name with its computed parts.
pub(super) fn table_name(services: &Services, scope: &Scope, table: &sequor_plan_format::op::Table) -> Result<TableName, RunError> {
    let part = |what: &str, expr: ExprId| required_text(what, &scope.evaluate(services, expr)?);
    Ok(TableName {
        database: table.database.map(|e| part("the table's database", e)).transpose()?,
        namespace: table.namespace.map(|e| part("the table's namespace", e)).transpose()?,
        name: part("the table's name", table.name)?,
    })
}

fn query(services: &Services, scope: &Scope, source: SourceId, sql: ExprId) -> Result<String, RunError> {
    let name = services.plan.text(services.plan.source(source).name);
    required_text(&format!("the query for source '{name}'"), &scope.evaluate(services, sql)?)
}

/// The members of a list; the keys of a map.
fn members(value: Value) -> Result<Vec<Value>, RunError> {
    match value {
        Value::List(list) | Value::Tuple(list) => Ok(Arc::unwrap_or_clone(list)),
        Value::Map(map) => Ok(map.keys().cloned().map(Value::Text).collect()),
        Value::Row(row) => Ok(row.columns.iter().cloned().map(Value::Text).collect()),
        other => Err(RunError::new(
            ErrorKind::Data,
            format!("for_each: 'items' must be a list or a map, but it is {}", super::text::a_kind(&other)),
        )),
    }
}
