//! Q707, Q710, Q711, Q713: columns that SQL names are columns of the tables it names.

use crate::compile::Parsed;
use crate::diagnostic::Diagnostic;
use crate::op::Op;
use crate::op::copy::Origin;
use crate::resolve::Resolved;
use crate::snippet::expression::Expression;
use crate::sql::columns::{Columns, same_name};
use crate::sql::outline::Outline;
use crate::sql::schema::{Effect, What, effect};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Flow, Rows, SourceRef, Step};
use crate::tables::Catalog;

pub(super) fn check(_: &Parsed, resolved: &Resolved<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        visit::flow(flow, &mut Walk { flow, catalog, faults });
    }
    for source in &resolved.sources {
        for expression in source.expressions() {
            snippets(expression, catalog, faults);
        }
    }
}

struct Walk<'w, 'p> {
    flow: &'p Flow,
    catalog: &'w Catalog<'p>,
    faults: &'w mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Walk<'_, 'p> {
    fn enter_step(&mut self, step: &'p Step) {
        match &step.op {
            Op::Transform(op) => self.sql(&op.source, &op.query, true),
            Op::Copy(op) => {
                if let Origin::Query { source, sql } = &op.from {
                    self.sql(source, sql, true);
                }
            }
            Op::Execute(op) => {
                for statement in &op.statements {
                    self.sql(&op.source, statement, false);
                }
            }
            Op::ForEach(op) => self.rows(&op.rows),
            Op::HttpRequest(op) => {
                if let Some(for_each) = &op.for_each {
                    self.rows(&for_each.rows);
                }
            }
            Op::Assert(op) => {
                if let crate::op::assert::Check::Query { source, query, .. } = &op.check {
                    self.sql(source, query, false);
                }
            }
            Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::IfElse(_)
            | Op::WhileLoop(_)
            | Op::TryCatch(_)
            | Op::Parallel(_)
            | Op::Block(_)
            | Op::RunFlow(_)
            | Op::Sleep(_)
            | Op::Leave(_) => {}
        }
    }

    fn expression(&mut self, expression: &'p Expression) {
        snippets(expression, self.catalog, self.faults);
    }
}

impl Walk<'_, '_> {
    fn rows(&mut self, rows: &Rows) {
        if let Rows::Query { source, sql } = rows {
            self.sql(source, sql, true);
        }
    }

    /// `kept`: the rows keep their columns' names.
    fn sql(&mut self, source: &SourceRef, sql: &Expression, kept: bool) {
        let (Some(outline), Some(source)) = (self.flow.sql.get(&sql.span.start), self.catalog.source(source.name())) else { return };
        look(outline, source, kept, self.catalog, self.faults);
    }
}

/// Queries in Jinja and Python.
fn snippets(expression: &Expression, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    for query in &expression.uses().queries {
        let Some((outline, source)) = catalog.query(query.source.as_deref(), &query.sql.name, &query.sql.span) else { continue };
        match outline.fault() {
            Some(fault) => faults.push(fault),
            None => look(&outline, source, false, catalog, faults),
        }
    }
}

fn look(outline: &Outline, source: &str, kept: bool, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    let looked = catalog.look(outline, source);
    faults.extend(looked.faults.iter().cloned());
    let creates_as = || match effect(outline) {
        Effect::Changes(changes) => changes.iter().any(|c| matches!(c.what, What::CreateAs { .. })),
        Effect::Hidden | Effect::Anything => false,
    };
    if kept || creates_as() {
        twice(&looked.columns, outline, faults);
    }
}

/// Q710: two columns of a result have one name.
fn twice(columns: &Columns, outline: &Outline, faults: &mut Vec<Diagnostic>) {
    for (i, column) in columns.list.iter().enumerate() {
        let (Some(first), Some(at)) = (columns.list[..i].iter().find(|c| same_name(&c.name, &column.name, outline.dialect)), &column.at)
        else {
            continue;
        };
        let mut fault = Diagnostic::warning("Q710", at.clone(), format!("the result has two columns called '{}'", column.name));
        if let Some(first) = first.at.as_ref().filter(|f| f.start != at.start) {
            fault = fault.also(first.clone(), "the first one");
        }
        faults.push(
            fault.help(format!("give one of them another name: `… AS {}_2`; with `*`, name the columns that are wanted", column.name)),
        );
        // Of two tables with many names in common, one report says enough.
        if first.at.as_ref().is_none_or(|f| f.start == at.start) {
            return;
        }
    }
}
