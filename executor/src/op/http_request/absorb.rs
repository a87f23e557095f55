//! A reply read into tables and variables, in a fixed order: parser, tables, the parser's variables, the op's variables, `while`.

use sequor_plan_format::Column;
use sequor_plan_format::op::HttpRequest;
use sequor_plan_format::op::http_request::{Columns, ResponseTable, TableData};

use super::Absorbed;
use super::items::table_name;
use super::parsed::{self, Given, Parsed};
use super::recorded::durable;
use super::reply::{self, Format, rows_of};
use super::tables::{Tables, Wanted};
use super::text::names;
use crate::database::ColumnDefinition;
use crate::error::{ErrorKind, RunError};
use crate::eval::Reply;
use crate::scope::{Assigned, Scope};
use crate::services::Services;
use crate::value::Value;

/// `scope` has the reply at hand.
pub(super) async fn read(
    services: &Services,
    op: &HttpRequest,
    tables: &mut Tables,
    mut scope: Scope,
    reply: &Reply,
) -> Result<Absorbed, RunError> {
    let plan = &*services.plan;
    let parsed = match op.response.parser {
        Some(parser) => parsed::read(plan, &scope.evaluate(services, parser)?)?,
        None => Parsed::default(),
    };
    load(services, op, tables, &scope, reply, parsed.tables).await?;
    if tables.are_read_by_what_follows() {
        // What follows must not be evaluated again for an earlier reply once these rows are there.
        durable(&services.journal).await?;
        tables.commit(&Absorbed::default()).await?;
        tables.sync().await?;
    }

    let mut assigned = parsed.variables;
    for one in &assigned {
        scope = scope.with_assigned(one);
    }
    for assign in &op.response.variables {
        let value = scope.evaluate(services, assign.value)?;
        let one = Assigned { name: plan.text(assign.name).into(), scope: assign.scope, value };
        scope = scope.with_assigned(&one);
        assigned.push(one);
    }
    let mut again = parsed.again;
    if let Some(repeat) = op.response.repeat {
        again |= match scope.evaluate(services, repeat)? {
            Value::Bool(again) => again,
            Value::Null => false,
            other => {
                let message = format!("'while' must be true or false, but it is {}; write a comparison", super::reply::shown(&other));
                return Err(RunError::new(ErrorKind::Expression, message));
            }
        };
    }
    let absorbed = Absorbed { assigned, again };
    if !tables.are_read_by_what_follows() {
        tables.commit(&absorbed).await?;
    }
    Ok(absorbed)
}

async fn load(
    services: &Services,
    op: &HttpRequest,
    tables: &mut Tables,
    scope: &Scope,
    reply: &Reply,
    given: Given,
) -> Result<(), RunError> {
    let named = match given {
        Given::None => None,
        Given::Named(named) => Some(check_names(services, op, scope, named)?),
        Given::Full(full) => {
            if op.response.tables.iter().any(|t| matches!(t.data, TableData::Parser)) {
                return Err(RunError::new(
                    ErrorKind::Data,
                    "the op declares its tables, so the parser's 'tables' must be a map from table name to rows, not a list of tables",
                ));
            }
            for table in full {
                let wanted = Wanted { source: table.source, name: table.name, columns: table.columns, write_mode: table.write_mode };
                tables.add(wanted, scope, &rows_of(table.rows)).await?;
            }
            None
        }
    };
    for table in &op.response.tables {
        let wanted = wanted(services, scope, table)?;
        match &table.data {
            TableData::Parser => {
                let rows = named.as_ref().and_then(|named| named.iter().find(|(name, _)| *name == wanted.name.name));
                let rows = rows_of(rows.map_or(Value::Null, |(_, rows)| rows.clone()));
                tables.add(wanted, scope, &rows).await?;
            }
            TableData::Value(expr) => {
                let rows = rows_of(scope.evaluate(services, *expr)?);
                tables.add(wanted, scope, &rows).await?;
            }
            TableData::Path(path) => {
                let format = Format::of(op.response.format, reply);
                if wanted.columns.is_none() {
                    let rows = rows_of(reply::values(&services.plan, format, reply, path)?);
                    tables.add(wanted, scope, &rows).await?;
                } else {
                    tables.stream(wanted, scope, |columns, push| reply::rows(&services.plan, format, reply, path, columns, push)).await?;
                }
            }
        }
    }
    Ok(())
}

/// Opens the tables that the op declares: they are created without rows.
///
/// One whose name depends on a row or a reply has none as long as there is none of either.
pub(super) async fn declared(services: &Services, op: &HttpRequest, tables: &mut Tables, scope: &Scope) -> Result<(), RunError> {
    for table in &op.response.tables {
        if let Ok(wanted) = wanted(services, scope, table) {
            tables.declare(wanted, scope).await?;
        }
    }
    Ok(())
}

/// The parser names exactly the tables that it is declared to fill.
fn check_names(
    services: &Services,
    op: &HttpRequest,
    scope: &Scope,
    named: Vec<(String, Value)>,
) -> Result<Vec<(String, Value)>, RunError> {
    let mut declared = Vec::new();
    for table in op.response.tables.iter().filter(|t| matches!(t.data, TableData::Parser)) {
        declared.push(table_name(services, scope, &table.table)?.name);
    }
    let same = named.iter().all(|(name, _)| declared.contains(name)) && declared.iter().all(|d| named.iter().any(|(name, _)| name == d));
    if same {
        return Ok(named);
    }
    let given = names(named.iter().map(|(name, _)| name.as_str()));
    let message = if declared.is_empty() {
        format!(
            "the parser gives rows for: {given}; but response.tables declares no table for a parser to fill: declare them there, or return a list of tables with source, table, columns and data"
        )
    } else {
        let declared = names(declared.iter().map(String::as_str));
        format!("the parser gives rows for: {given}; but response.tables declares: {declared}; both must name the same tables")
    };
    Err(RunError::new(ErrorKind::Data, message))
}

fn wanted(services: &Services, scope: &Scope, table: &ResponseTable) -> Result<Wanted, RunError> {
    let definition = |column: &Column| ColumnDefinition { name: services.plan.text(column.name).into(), kind: column.kind };
    let columns = match &table.columns {
        Columns::Auto => None,
        Columns::Declared(columns) => Some(columns.iter().map(definition).collect()),
    };
    Ok(Wanted { source: table.table.source, name: table_name(services, scope, &table.table)?, columns, write_mode: table.write_mode })
}
