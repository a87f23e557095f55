//! Table names and texts that a plan computes.

use sequor_plan_format::op::{Table, WriteMode};
use sequor_plan_format::{ExprId, SourceId};

use crate::database::{Mode, TableName};
use crate::error::{ErrorKind, RunError};
use crate::scope::Scope;
use crate::services::Services;
use crate::value::Value;

/// Evaluates a table's name. The table's source is in sight.
pub(crate) fn name(services: &Services, table: &Table, scope: &Scope) -> Result<TableName, RunError> {
    let scope = scope.in_source(table.source);
    let optional = |expr: Option<ExprId>, what: &str| match expr.map(|expr| scope.evaluate(services, expr)).transpose()? {
        None | Some(Value::Null) => Ok(None),
        Some(value) => as_text(value, what).map(Some),
    };
    let name = text(services, &scope, table.name, "the table's name")?;
    if name.is_empty() {
        return Err(RunError::new(ErrorKind::Data, "the table's name is empty"));
    }
    Ok(TableName {
        database: optional(table.database, "the table's database")?,
        namespace: optional(table.namespace, "the table's namespace")?,
        name,
    })
}

/// Evaluates an expression that must give text.
pub(crate) fn text(services: &Services, scope: &Scope, expr: ExprId, what: &str) -> Result<String, RunError> {
    as_text(scope.evaluate(services, expr)?, what)
}

/// Several of them, with the source in sight.
pub(crate) fn texts(services: &Services, scope: &Scope, source: SourceId, exprs: &[ExprId], what: &str) -> Result<Vec<String>, RunError> {
    let scope = scope.in_source(source);
    exprs.iter().map(|expr| text(services, &scope, *expr, what)).collect()
}

pub(crate) fn mode(write_mode: WriteMode) -> Mode {
    match write_mode {
        WriteMode::Create => Mode::Create,
        WriteMode::Append => Mode::Append,
    }
}

fn as_text(value: Value, what: &str) -> Result<String, RunError> {
    match value {
        Value::Text(text) => Ok(text.to_string()),
        Value::Int(number) => Ok(number.to_string()),
        other => Err(RunError::new(ErrorKind::Data, format!("{what} must be text, but it is {}", other.kind()))),
    }
}
