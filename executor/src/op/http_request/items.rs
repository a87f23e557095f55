//! How messages name items, and the tables that are computed for them.

use sequor_plan_format::ExprId;

use super::Item;
use super::text::{plain, required_text};
use crate::database::TableName;
use crate::error::RunError;
use crate::scope::Scope;
use crate::services::Services;
use crate::value::Value;

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
