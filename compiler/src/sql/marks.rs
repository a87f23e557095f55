//! Marks of rows that are done: what a query asks for, and what an UPDATE sets, as far as both are literal.

use sqlparser::ast::{AssignmentTarget, BinaryOperator, Expr, ObjectNamePart, SetExpr, Spanned, Statement, TableFactor, Value};

use super::outline::Outline;
use crate::diagnostic::Span;

/// `column = literal` of a table, with names in small letters and the literal as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub table: String,
    pub column: String,
    pub literal: String,
}

/// The marks that the rows of a query have.
#[must_use]
pub fn selected(outline: &Outline) -> Vec<Mark> {
    let Some(Statement::Query(query)) = outline.statement.as_deref() else { return Vec::new() };
    let SetExpr::Select(select) = query.body.as_ref() else { return Vec::new() };
    let [from] = select.from.as_slice() else { return Vec::new() };
    let (Some(table), true, Some(condition)) = (name(&from.relation), from.joins.is_empty(), &select.selection) else { return Vec::new() };
    let mut found = Vec::new();
    let mut pending = vec![condition];
    while let Some(expr) = pending.pop() {
        match expr {
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => pending.extend([left.as_ref(), right.as_ref()]),
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
                if let (Some(column), Some(literal)) = (column(left), literal(right, outline)) {
                    found.push(Mark { table: table.clone(), column, literal });
                }
            }
            _ => {}
        }
    }
    found
}

/// The marks that an UPDATE sets, with their places.
#[must_use]
pub fn set(outline: &Outline) -> Vec<(Mark, Span)> {
    let Some(Statement::Update(update)) = outline.statement.as_deref() else { return Vec::new() };
    let Some(table) = name(&update.table.relation) else { return Vec::new() };
    let marks = update.assignments.iter().filter_map(|assignment| {
        let AssignmentTarget::ColumnName(target) = &assignment.target else { return None };
        let ObjectNamePart::Identifier(column) = target.0.last()? else { return None };
        let literal = literal(&assignment.value, outline)?;
        let mark = Mark { table: table.clone(), column: column.value.to_lowercase(), literal };
        Some((mark, outline.span(assignment.span())))
    });
    marks.collect()
}

/// The table of an UPDATE and the columns that it sets, with their places.
#[must_use]
pub fn updated(outline: &Outline) -> Option<(String, Vec<(String, Span)>)> {
    let Some(Statement::Update(update)) = outline.statement.as_deref() else { return None };
    let columns = update.assignments.iter().map(|assignment| {
        let AssignmentTarget::ColumnName(target) = &assignment.target else { return None };
        let ObjectNamePart::Identifier(column) = target.0.last()? else { return None };
        Some((column.value.to_lowercase(), outline.span(assignment.span())))
    });
    Some((name(&update.table.relation)?, columns.collect::<Option<_>>()?))
}

fn name(factor: &TableFactor) -> Option<String> {
    let TableFactor::Table { name, args: None, .. } = factor else { return None };
    match name.0.last()? {
        ObjectNamePart::Identifier(ident) => Some(ident.value.to_lowercase()),
        ObjectNamePart::Function(_) => None,
    }
}

fn column(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(name.value.to_lowercase()),
        Expr::CompoundIdentifier(names) => Some(names.last()?.value.to_lowercase()),
        _ => None,
    }
}

fn literal(expr: &Expr, outline: &Outline) -> Option<String> {
    let Expr::Value(value) = expr else { return None };
    let plain = matches!(value.value, Value::SingleQuotedString(_) | Value::Number(..) | Value::Boolean(_));
    (plain && !outline.is_templated(value.span)).then(|| expr.to_string())
}
