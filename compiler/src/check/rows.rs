//! P612: a column that is read of a row is one that its table or query has.
//!
//! A row is followed by the name of its loop's variable, as far as the loop's own steps go: a step that sets the name anew ends it.

use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::op::Op;
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, FieldUse, Named};
use crate::sql::columns::Columns;
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, Flow, Rows, Step};
use crate::tables::{Catalog, text};

pub(super) fn check(resolved: &Resolved<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        let mut walk = Walk { flow, catalog, next: Vec::new(), bound: Vec::new(), faults };
        visit::steps(&flow.steps, &mut walk);
    }
}

struct Bound<'p> {
    name: &'p str,
    row: Option<Row>,
}

/// What the rows of a loop have.
#[derive(Clone)]
struct Row {
    columns: Columns,
    /// Where the loop says what it goes over.
    from: Span,
    what: String,
}

struct Walk<'w, 'p> {
    flow: &'p Flow,
    catalog: &'w Catalog<'p>,
    /// The rows of loops that begin, until their variable is bound; `None` for an index.
    next: Vec<Option<Row>>,
    bound: Vec<Bound<'p>>,
    faults: &'w mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Walk<'_, 'p> {
    fn enter_step(&mut self, step: &'p Step) {
        let (rows, key): (&Rows, &[Named]) = match &step.op {
            Op::ForEach(op) => (&op.rows, &[]),
            Op::HttpRequest(op) => match &op.for_each {
                Some(for_each) => (&for_each.rows, &for_each.key),
                None => return,
            },
            Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::IfElse(_)
            | Op::WhileLoop(_)
            | Op::TryCatch(_)
            | Op::Parallel(_)
            | Op::Block(_)
            | Op::RunFlow(_)
            | Op::Sleep(_)
            | Op::Assert(_)
            | Op::Leave(_) => return,
        };
        let row = self.row(rows);
        for column in key {
            self.field(&column.name, &column.span, row.as_ref());
        }
        // The index is bound after the row.
        self.next = vec![row];
    }

    fn bind(&mut self, name: &'p Named) {
        let row = self.next.pop().flatten();
        self.bound.push(Bound { name: &name.name, row });
    }

    fn unbind(&mut self) {
        self.bound.pop();
    }

    fn assign(&mut self, assign: &'p Assign) {
        for bound in self.bound.iter_mut().filter(|b| b.name == assign.name.name) {
            bound.row = None;
        }
    }

    fn expression(&mut self, expression: &'p Expression) {
        for FieldUse { variable, field } in &expression.uses().fields {
            let row = self.bound.iter().rev().find(|b| b.name == *variable).and_then(|b| b.row.clone());
            self.field(&field.name, &field.span, row.as_ref());
        }
    }
}

impl Walk<'_, '_> {
    fn row(&self, rows: &Rows) -> Option<Row> {
        let (columns, from, what) = match rows {
            Rows::Table(table) => {
                let key = self.catalog.key_of(table)?;
                (self.catalog.columns(&key), table.name.span.clone(), format!("table '{}'", text(&table.name)?))
            }
            Rows::Query { source, sql } => {
                let outline = self.flow.sql.get(&sql.span.start)?;
                let source = self.catalog.source(source.name())?;
                (self.catalog.look(outline, source).columns, sql.span.clone(), "the query".to_owned())
            }
            Rows::Items(_) => return None,
        };
        columns.closed.then_some(Row { columns, from, what })
    }

    fn field(&mut self, name: &str, at: &Span, row: Option<&Row>) {
        let Some(row) = row else { return };
        if row.columns.list.iter().any(|c| c.name.eq_ignore_ascii_case(name)) {
            return;
        }
        let fault = Diagnostic::error("P612", at.clone(), format!("{} has no column '{name}'", row.what))
            .also(row.from.clone(), "the rows come from here");
        let names = row.columns.names();
        self.faults.push(fault.help(match did_you_mean(name, row.columns.list.iter().map(|c| c.name.as_str())) {
            Some(near) => format!("did you mean '{near}'? The columns: {names}"),
            None => format!("the columns: {names}"),
        }));
    }
}
