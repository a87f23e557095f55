//! C301, C318: what an `assert` expects of its query is what the query can give, and is not what it looks for.

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, Ident, ObjectNamePart, Query, Select,
    SelectItem, SetExpr, Statement, Value,
};

use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::assert::{Check, Expect};
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Kind};
use crate::sql::outline::Outline;
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Flow, Step};

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        visit::steps(&flow.steps, &mut Asserts { flow, faults });
    }
}

struct Asserts<'p, 'f> {
    flow: &'p Flow,
    faults: &'f mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Asserts<'p, '_> {
    fn enter_step(&mut self, step: &'p Step) {
        if let Op::Assert(op) = &step.op
            && let Check::Query { query, expect, at, .. } = &op.check
            && let Some(outline) = self.flow.sql.get(&query.span.start)
            && let Some((query, select)) = one_select(outline)
        {
            self.faults.extend(misfit(query, select, expect, at));
        }
    }
}

/// The query, where it is one SELECT whose clauses are all written.
fn one_select(outline: &Outline) -> Option<(&Query, &Select)> {
    let Statement::Query(query) = outline.statement.as_deref()? else { return None };
    match query.body.as_ref() {
        SetExpr::Select(select) if !outline.has_templates() => Some((query, select)),
        _ => None,
    }
}

fn misfit(query: &Query, select: &Select, expect: &Expect, at: &Span) -> Option<Diagnostic> {
    let limited = query.limit_clause.is_some() || query.fetch.is_some();
    match expect {
        Expect::Empty if !limited && gives_one_row(select) => Some(
            Diagnostic::warning("C301", at.clone(), "this query always gives one row, so 'empty' holds in no run")
                .help("write the value that the row must have (`expect: 0`), or select the rows themselves instead of counting them"),
        ),
        Expect::NotEmpty if !limited && gives_one_row(select) => Some(
            Diagnostic::warning("C301", at.clone(), "this query always gives one row, so 'not_empty' holds in every run")
                .help("select the rows themselves instead of counting them, or use `condition_expression: query_value('…', int) > 0`"),
        ),
        Expect::NotEmpty if finds_doubles(select) => Some(
            Diagnostic::warning("C318", at.clone(), "the query looks for what is there twice, and this holds only where it finds some")
                .help("write `expect: empty`"),
        ),
        Expect::Value(value) if !limited && is_zero(value) => {
            let name = first_identity(select).or_else(|| first_of_bad_rows(select))?;
            Some(
                Diagnostic::warning("C318", at.clone(), format!("the query gives rows with '{name}' first, and no count that could be 0"))
                    .help("for no rows write `expect: empty`, or select `count(*)`"),
            )
        }
        Expect::Empty | Expect::NotEmpty | Expect::Value(_) => None,
    }
}

/// Aggregates over all rows, and nothing else.
fn gives_one_row(select: &Select) -> bool {
    if is_grouped(select) || select.having.is_some() || select.qualify.is_some() || select.top.is_some() {
        return false;
    }
    let items: Option<Vec<bool>> = select
        .projection
        .iter()
        .map(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => aggregates(expr),
            _ => None,
        })
        .collect();
    items.is_some_and(|items| items.contains(&true))
}

fn is_grouped(select: &Select) -> bool {
    !matches!(&select.group_by, GroupByExpr::Expressions(list, modifiers) if list.is_empty() && modifiers.is_empty())
}

/// Whether an aggregate is part of the expression; `None` where there is more to it than aggregates and what is computed from them.
fn aggregates(expr: &Expr) -> Option<bool> {
    match expr {
        Expr::Value(_) => Some(false),
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } | Expr::UnaryOp { expr: inner, .. } => aggregates(inner),
        Expr::BinaryOp { left, right, .. } => Some(aggregates(left)? | aggregates(right)?),
        Expr::Function(function) => {
            let (name, arguments) = (name(function)?, arguments(function)?);
            match name.as_str() {
                "count" | "sum" | "avg" | "total" | "group_concat" | "string_agg" | "array_agg" | "bool_and" | "bool_or" | "every" => {
                    Some(true)
                }
                // With more than one argument they are plain functions of SQLite.
                "min" | "max" if arguments.len() == 1 => Some(true),
                "coalesce" | "ifnull" | "nullif" | "round" | "abs" => {
                    let inner: Option<Vec<bool>> = arguments
                        .iter()
                        .map(|argument| match argument {
                            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => aggregates(expr),
                            _ => None,
                        })
                        .collect();
                    Some(inner?.contains(&true))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn name(function: &Function) -> Option<String> {
    match function.name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] if function.over.is_none() => Some(name.value.to_lowercase()),
        _ => None,
    }
}

fn arguments(function: &Function) -> Option<&[FunctionArg]> {
    match &function.args {
        FunctionArguments::List(list) => Some(&list.args),
        FunctionArguments::None | FunctionArguments::Subquery(_) => None,
    }
}

/// `GROUP BY … HAVING count(*) > 1`
fn finds_doubles(select: &Select) -> bool {
    let Some(Expr::BinaryOp { left, op, right }) = &select.having else { return false };
    let is_count = matches!(left.as_ref(), Expr::Function(function) if name(function).as_deref() == Some("count"));
    let least = match (op, right.as_ref()) {
        (BinaryOperator::Gt, Expr::Value(value)) => (&value.value, "1"),
        (BinaryOperator::GtEq, Expr::Value(value)) => (&value.value, "2"),
        _ => return false,
    };
    is_grouped(select) && is_count && matches!(least, (Value::Number(number, _), wanted) if number == wanted)
}

fn is_zero(value: &Expression) -> bool {
    match &value.kind {
        Kind::Int(number) => *number == 0,
        Kind::Text(text) => text == "0",
        _ => false,
    }
}

/// The first of what is selected, where that is a column.
fn first_column(select: &Select) -> Option<&Ident> {
    let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = select.projection.first()? else { return None };
    match expr {
        Expr::Identifier(name) => Some(name),
        Expr::CompoundIdentifier(parts) => parts.last(),
        _ => None,
    }
}

/// The first column, where its name says that it tells rows apart.
fn first_identity(select: &Select) -> Option<&str> {
    let name = first_column(select)?;
    let lower = name.value.to_lowercase();
    let tells = ["id", "uuid", "email", "sku", "key", "name", "slug"].contains(&lower.as_str())
        || ["_id", "_uuid", "_key", "_name", "_email"].iter().any(|end| lower.ends_with(end));
    (tells && !select.from.is_empty()).then_some(name.value.as_str())
}

/// The first column of a query for rows that are outside of a range or lack a value: none of them is there where all is well.
fn first_of_bad_rows(select: &Select) -> Option<&str> {
    let name = first_column(select)?;
    let mut pending = vec![select.selection.as_ref()?];
    while let Some(condition) = pending.pop() {
        match condition {
            Expr::Nested(inner) => pending.push(inner),
            Expr::BinaryOp { left, op: BinaryOperator::And | BinaryOperator::Or, right } => pending.extend([left.as_ref(), right.as_ref()]),
            // The row may be the one whose number must be 0.
            Expr::BinaryOp { left, op: BinaryOperator::Lt | BinaryOperator::LtEq | BinaryOperator::Gt | BinaryOperator::GtEq, right }
                if matches!(right.as_ref(), Expr::Value(_)) && !matches!(left.as_ref(), Expr::Identifier(of) if of.value == name.value) => {
            }
            Expr::IsNull(_) => {}
            _ => return None,
        }
    }
    (!is_grouped(select) && !select.from.is_empty()).then_some(name.value.as_str())
}
