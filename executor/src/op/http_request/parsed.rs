//! What a `parser_expression` gives, taken apart.

use std::sync::Arc;

use sequor_plan_format::op::{Scope as VariableScope, WriteMode};
use sequor_plan_format::{Plan, SourceId};

use super::body::entries;
use super::columns;
use super::text::{a_kind, is_null, names, plain};
use crate::database::{ColumnDefinition, TableName};
use crate::error::{ErrorKind, RunError};
use crate::scope::Assigned;
use crate::value::Value;

/// A parser's result.
#[derive(Default)]
pub(super) struct Parsed {
    pub(super) tables: Given,
    pub(super) variables: Vec<Assigned>,
    /// Ask for another page.
    pub(super) again: bool,
}

/// A parser's tables.
#[derive(Default)]
pub(super) enum Given {
    #[default]
    None,
    /// Rows for tables that the op declares.
    Named(Vec<(String, Value)>),
    /// Tables that the parser describes itself.
    Full(Vec<FullTable>),
}

pub(super) struct FullTable {
    pub(super) source: SourceId,
    pub(super) name: TableName,
    /// `None`: inferred.
    pub(super) columns: Option<Vec<ColumnDefinition>>,
    pub(super) write_mode: WriteMode,
    pub(super) rows: Value,
}

fn wrong(message: String) -> RunError {
    RunError::new(ErrorKind::Data, message)
}

/// # Errors
/// Of kind `Data`, naming what the result should look like.
pub(super) fn read(plan: &Plan, result: &Value) -> Result<Parsed, RunError> {
    let mut parsed = Parsed::default();
    if matches!(result, Value::Null) {
        return Ok(parsed);
    }
    let parts = entries(result).ok_or_else(|| {
        wrong(format!("the parser must return a map with 'tables', 'variables' or 'while', but it returned {}", a_kind(result)))
    })?;
    for (key, value) in parts {
        match key {
            "tables" => parsed.tables = tables(plan, value)?,
            "variables" => parsed.variables = variables(value)?,
            "while" => {
                parsed.again = match value {
                    Value::Bool(again) => *again,
                    Value::Null => false,
                    other => return Err(wrong(format!("the parser's 'while' must be True or False, but it is {}", a_kind(other)))),
                }
            }
            other => return Err(wrong(format!("the parser returned the unknown key '{other}'; known keys are: tables, variables, while"))),
        }
    }
    Ok(parsed)
}

fn tables(plan: &Plan, value: &Value) -> Result<Given, RunError> {
    match value {
        Value::Null => Ok(Given::None),
        Value::List(list) | Value::Tuple(list) => {
            Ok(Given::Full(list.iter().map(|table| full_table(plan, table)).collect::<Result<_, _>>()?))
        }
        Value::Map(map) => Ok(Given::Named(map.iter().map(|(name, rows)| (name.to_string(), rows.clone())).collect())),
        other => Err(wrong(format!(
            "the parser's 'tables' must be a map from table name to rows, or a list of tables, but it is {}",
            a_kind(other)
        ))),
    }
}

fn full_table(plan: &Plan, value: &Value) -> Result<FullTable, RunError> {
    let parts = entries(value).ok_or_else(|| {
        wrong(format!(
            "each of the parser's tables must be a map with 'source', 'table', 'columns' and 'data', but one is {}",
            a_kind(value)
        ))
    })?;
    let text = |key: &str| parts.iter().find(|(name, _)| *name == key).and_then(|(_, value)| plain(value).filter(|_| !is_null(value)));
    let table =
        text("table").or_else(|| text("name")).ok_or_else(|| wrong("one of the parser's tables has no 'table': its name".to_owned()))?;
    let mut full = FullTable {
        source: source(plan, &table, text("source").as_deref())?,
        name: TableName { database: text("database"), namespace: text("namespace").or_else(|| text("schema")), name: table.clone() },
        columns: None,
        write_mode: WriteMode::Create,
        rows: Value::Null,
    };
    let mut has_columns = false;
    for (key, value) in &parts {
        match *key {
            "source" | "table" | "name" | "database" | "namespace" | "schema" => {}
            "data" => full.rows = (*value).clone(),
            "columns" => {
                has_columns = true;
                full.columns = columns::declared(&table, value)?;
            }
            "model" => {
                has_columns = true;
                let model = entries(value).unwrap_or_default();
                let (_, inner) = model.iter().find(|(name, _)| *name == "columns").ok_or_else(|| {
                    wrong(format!("the model of table '{table}' must be a map with 'columns', but it is {}", a_kind(value)))
                })?;
                full.columns = columns::declared(&table, inner)?;
            }
            "write_mode" => {
                full.write_mode = match plain(value).unwrap_or_default().to_ascii_lowercase().as_str() {
                    "create" | "replace" => WriteMode::Create,
                    "append" => WriteMode::Append,
                    other => {
                        return Err(wrong(format!("the write_mode '{other}' of table '{table}' is not known; known are: create, append")));
                    }
                }
            }
            other => {
                return Err(wrong(format!(
                    "the parser's table '{table}' has the unknown key '{other}'; known keys are: source, database, namespace, table, columns, model, data, write_mode"
                )));
            }
        }
    }
    if !has_columns {
        return Err(wrong(format!("the parser's table '{table}' has no 'columns' (or 'model: {{columns}}'); write 'auto' to infer them")));
    }
    Ok(full)
}

/// The database source of that name; without a name, the only one there is.
fn source(plan: &Plan, table: &str, name: Option<&str>) -> Result<SourceId, RunError> {
    let databases: Vec<(SourceId, &str)> =
        (0u32..).zip(&plan.sources).filter(|(_, s)| s.kind.is_database()).map(|(id, s)| (SourceId(id), plan.text(s.name))).collect();
    let there = || names(databases.iter().map(|(_, name)| *name));
    match name {
        Some(name) => databases.iter().find(|(_, known)| *known == name).map(|(id, _)| *id).ok_or_else(|| {
            wrong(format!("the parser's table '{table}' is for source '{name}', which is no database source; those are: {}", there()))
        }),
        None => match databases[..] {
            [(only, _)] => Ok(only),
            _ => Err(wrong(format!("the parser's table '{table}' has no 'source'; database sources are: {}", there()))),
        },
    }
}

fn variables(value: &Value) -> Result<Vec<Assigned>, RunError> {
    if matches!(value, Value::Null) {
        return Ok(Vec::new());
    }
    let parts = entries(value)
        .ok_or_else(|| wrong(format!("the parser's 'variables' must be a map from name to value, but it is {}", a_kind(value))))?;
    parts.into_iter().map(|(name, value)| variable(name, value)).collect()
}

/// A value, or `{value, scope}`.
fn variable(name: &str, value: &Value) -> Result<Assigned, RunError> {
    let mut assigned = Assigned { name: Arc::from(name), scope: VariableScope::Project, value: value.clone() };
    if let Value::Map(map) = value
        && let Some(inner) = map.get("value")
        && map.keys().all(|key| matches!(&**key, "value" | "scope"))
    {
        assigned.value = inner.clone();
        assigned.scope = match map.get("scope") {
            None | Some(Value::Null) => VariableScope::Project,
            Some(Value::Text(scope)) if &**scope == "project" => VariableScope::Project,
            Some(Value::Text(scope)) if &**scope == "local" => VariableScope::Local,
            Some(other) => {
                let shown = plain(other).unwrap_or_else(|| a_kind(other));
                return Err(wrong(format!("the scope '{shown}' of variable '{name}' is not known; known are: local, project")));
            }
        };
    }
    Ok(assigned)
}
