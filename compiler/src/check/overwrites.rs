//! T901: what one step writes is not lost by the next. T909: a table is not copied onto itself.

use std::collections::BTreeMap;

use sequor_plan_format::op::WriteMode;
use sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, JoinOperator, Query, Select, SetExpr, Statement, TableFactor,
    TableWithJoins, UnaryOperator,
};

use super::loop_tables::Body;
use super::loops::leaves;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::copy::{Copy, Origin};
use crate::resolve::Resolved;
use crate::snippet::expression::Expression;
use crate::sql::outline::Outline;
use crate::syntax::{Flow, Rows, Step, TableRef};
use crate::tables::{Catalog, Key, text};

pub(super) fn check(resolved: &Resolved<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        let mut rule = Rule { flow, catalog, faults };
        rule.block(&flow.steps);
    }
}

struct Rule<'r, 'p, 'f> {
    flow: &'p Flow,
    catalog: &'r Catalog<'p>,
    faults: &'f mut Vec<Diagnostic>,
}

impl<'p> Rule<'_, 'p, '_> {
    /// The depth of steps is bounded by the YAML reader.
    fn block(&mut self, steps: &'p [Step]) {
        let mut written: BTreeMap<Key, (usize, &'p Span)> = BTreeMap::new();
        for (index, step) in steps.iter().enumerate() {
            for (table, mode) in written_by(&step.op) {
                let (Some(key), Some(name)) = (self.catalog.key_of(table), text(&table.name)) else { continue };
                let at = &table.name.span;
                if let Some((before, first)) = written.get(&key)
                    && *before < index
                    && mode == WriteMode::Create
                    && step.when.is_none()
                    && !is_used(&steps[*before..=index], name)
                {
                    self.lost(at, first, name);
                }
                if step.when.is_none() {
                    written.insert(key, (index, at));
                }
            }
            self.only_missing(&step.op);
            if let Op::Copy(op) = &step.op {
                self.onto_itself(op);
            }
            for inner in step.op.blocks() {
                self.block(inner);
            }
        }
    }

    fn lost(&mut self, at: &Span, first: &Span, name: &str) {
        let message = format!("this step creates '{name}' anew, and the rows that a step before it wrote are lost");
        self.faults.push(
            Diagnostic::warning("T901", at.clone(), message)
                .also(first.clone(), "they are written here")
                .help("add 'write_mode: append' to this step, or write to another table"),
        );
    }

    /// The rows are those that the table does not have, and the table is made anew from them.
    fn only_missing(&mut self, op: &'p Op) {
        let (source, sql) = match op {
            Op::Transform(op) => (&op.source, &op.query),
            Op::Copy(op) => match &op.from {
                Origin::Query { source, sql } => (source, sql),
                Origin::Table(_) => return,
            },
            Op::HttpRequest(op) => match op.for_each.as_ref().map(|each| &each.rows) {
                Some(Rows::Query { source, sql }) => (source, sql),
                Some(Rows::Table(_) | Rows::Items(_)) | None => return,
            },
            _ => return,
        };
        let (Some(outline), Some(source)) = (self.outline(sql), self.catalog.source(source.name())) else { return };
        for (table, mode) in written_by(op) {
            let (Some(key), Some(name)) = (self.catalog.key_of(table), text(&table.name)) else { continue };
            let own = |factor: &TableFactor| match factor {
                TableFactor::Table { name, .. } => self.catalog.key_in_sql(name, outline, source).is_some_and(|(found, _)| found == key),
                _ => false,
            };
            if mode == WriteMode::Create && takes_missing(outline, &own) {
                let message = format!("the query takes only what '{name}' does not have yet, and this step creates '{name}' anew from it");
                self.faults.push(
                    Diagnostic::warning("T901", table.name.span.clone(), message)
                        .also(sql.span.clone(), "all other rows are lost")
                        .help("add 'write_mode: append' to this step, or write to another table"),
                );
            }
        }
    }

    fn outline(&self, sql: &Expression) -> Option<&'p Outline> {
        self.flow.sql.get(&sql.span.start)
    }

    /// T909. With types of their own, a table may be made anew from itself.
    fn onto_itself(&mut self, op: &'p Copy) {
        let Origin::Table(from) = &op.from else { return };
        let (Some(read), Some(written)) = (self.catalog.key_of(from), self.catalog.key_of(&op.target)) else { return };
        if read != written || (op.columns.is_some() && op.write_mode == WriteMode::Create) {
            return;
        }
        let what = if op.write_mode == WriteMode::Append { "every row is there twice afterwards" } else { "nothing is copied anywhere" };
        let message = format!("this copies '{}' onto itself: {what}", written.name);
        self.faults.push(
            Diagnostic::warning("T909", op.target.name.span.clone(), message)
                .also(from.name.span.clone(), "the table that is read")
                .help("name the other database in 'target_source', or another table"),
        );
    }
}

/// The tables that a step itself writes.
fn written_by(op: &Op) -> Vec<(&TableRef, WriteMode)> {
    match op {
        Op::Transform(op) => vec![(&op.target, op.write_mode)],
        Op::Copy(op) => vec![(&op.target, op.write_mode)],
        Op::HttpRequest(op) => op.response.tables.iter().map(|table| (&table.table, table.write_mode)).collect(),
        _ => Vec::new(),
    }
}

/// From the first step, which writes the table, to the last, which makes it anew, something may read it, or end the flow.
fn is_used(steps: &[Step], name: &str) -> bool {
    leaves(steps) || Body::of(steps, None).reads(name)
}

/// Rows are taken where a table has none.
pub(super) fn takes_missing(outline: &Outline, own: &dyn Fn(&TableFactor) -> bool) -> bool {
    let Some(Statement::Query(query)) = outline.statement.as_deref() else { return false };
    let SetExpr::Select(select) = query.body.as_ref() else { return false };
    select.selection.as_ref().is_some_and(|selection| lacks(selection, select, own))
}

fn lacks(condition: &Expr, select: &Select, own: &dyn Fn(&TableFactor) -> bool) -> bool {
    match condition {
        Expr::Nested(inner) => lacks(inner, select, own),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => lacks(left, select, own) || lacks(right, select, own),
        Expr::IsNull(column) => match column.as_ref() {
            Expr::CompoundIdentifier(parts) => parts.first().is_some_and(|of| joined(select, &of.value, own)),
            _ => false,
        },
        Expr::InSubquery { subquery, negated: true, .. } | Expr::Exists { subquery, negated: true } => is_of(subquery, own),
        // What came after the last one: `id > (SELECT max(id) FROM t)`
        Expr::BinaryOp { op: BinaryOperator::Gt | BinaryOperator::GtEq, right, .. } => greatest(right, own),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => match expr.as_ref() {
            Expr::Exists { subquery, negated: false } | Expr::InSubquery { subquery, negated: false, .. } => is_of(subquery, own),
            _ => false,
        },
        _ => false,
    }
}

/// `(SELECT max(id) FROM t)`, with `coalesce` around it or inside of it.
fn greatest(value: &Expr, own: &dyn Fn(&TableFactor) -> bool) -> bool {
    let of = |query: &Query| {
        is_of(query, own)
            && matches!(query.body.as_ref(), SetExpr::Select(select) if select.selection.is_none()
                && matches!(select.projection.as_slice(), [only] if only.to_string().to_lowercase().contains("max(")))
    };
    match value {
        Expr::Nested(inner) => greatest(inner, own),
        Expr::Subquery(query) => of(query),
        Expr::Function(function) if ["coalesce", "ifnull"].contains(&function.name.to_string().to_lowercase().as_str()) => {
            let FunctionArguments::List(list) = &function.args else { return false };
            matches!(list.args.first(), Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Subquery(query)))) if of(query))
        }
        _ => false,
    }
}

/// The table is joined by a LEFT JOIN, under that name.
fn joined(select: &Select, of: &str, own: &dyn Fn(&TableFactor) -> bool) -> bool {
    let [TableWithJoins { joins, .. }] = select.from.as_slice() else { return false };
    joins.iter().any(|join| {
        matches!(join.join_operator, JoinOperator::Left(_) | JoinOperator::LeftOuter(_))
            && own(&join.relation)
            && named(&join.relation).is_some_and(|name| name.eq_ignore_ascii_case(of))
    })
}

fn named(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { alias: Some(alias), .. } => Some(alias.name.value.clone()),
        TableFactor::Table { name, alias: None, .. } => name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.clone()),
        _ => None,
    }
}

fn is_of(query: &Query, own: &dyn Fn(&TableFactor) -> bool) -> bool {
    match query.body.as_ref() {
        SetExpr::Select(select) => {
            matches!(select.from.as_slice(), [only] if only.joins.is_empty() && own(&only.relation)) && query.limit_clause.is_none()
        }
        _ => false,
    }
}
