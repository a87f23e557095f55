//! J509: the text of a row's column does not stand in SQL without quotes.
//! P612: a column that is read of a row is one that its table or query has. P608: a field that is read of a caught error is one that errors have.
//!
//! A row is followed by the name of its loop's variable, as far as the loop's own steps go: a step that sets the name anew ends it.

use std::collections::BTreeSet;

use super::sql_text::Quotes;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::op::Op;
use crate::op::copy::Origin;
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, FieldUse, Kind, Named};
use crate::sql::columns::{Class, Column, Columns};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, Flow, Rows, SourceRef, Step, TableRef};
use crate::tables::{Catalog, text};

pub(super) fn check(resolved: &Resolved<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        let mut walk = Walk { flow, catalog, next: Vec::new(), errors: BTreeSet::new(), bound: Vec::new(), faults };
        visit::steps(&flow.steps, &mut walk);
    }
}

/// What the map of a caught error has.
const ERROR: &[&str] = &["kind", "message", "op", "status_code", "body"];

struct Bound<'p> {
    name: &'p str,
    held: Held,
}

enum Held {
    Row(Row),
    Error,
    Unknown,
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
    /// Where the names of caught errors are.
    errors: BTreeSet<u32>,
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
            Op::TryCatch(op) => {
                self.errors.extend(op.catches.iter().filter_map(|catch| Some(catch.error.as_ref()?.span.start)));
                return;
            }
            Op::Copy(op) => {
                let row = match &op.from {
                    Origin::Table(table) => self.row_of_table(table),
                    Origin::Query { source, sql } => self.row_of_query(source, sql),
                };
                for column in op.columns.iter().flatten() {
                    self.field(&column.name.name, &column.name.span, row.as_ref());
                }
                return;
            }
            Op::Transform(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::IfElse(_)
            | Op::WhileLoop(_)
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
        let held = match self.next.pop().flatten() {
            _ if self.errors.contains(&name.span.start) => Held::Error,
            Some(row) => Held::Row(row),
            None => Held::Unknown,
        };
        self.bound.push(Bound { name: &name.name, held });
    }

    fn unbind(&mut self) {
        self.bound.pop();
    }

    fn assign(&mut self, assign: &'p Assign) {
        for bound in self.bound.iter_mut().filter(|b| b.name == assign.name.name) {
            bound.held = Held::Unknown;
        }
    }

    fn expression(&mut self, expression: &'p Expression) {
        if self.flow.sql.contains_key(&expression.span.start) {
            self.without_quotes(expression);
        }
        for FieldUse { variable, field } in &expression.uses().fields {
            match self.bound.iter().rev().find(|b| b.name == *variable).map(|b| &b.held) {
                Some(Held::Row(row)) => {
                    let row = row.clone();
                    self.field(&field.name, &field.span, Some(&row));
                }
                Some(Held::Error) if !ERROR.contains(&field.name.as_str()) => self.faults.push(no_field(field)),
                Some(Held::Error | Held::Unknown) | None => {}
            }
        }
    }
}

fn ends_in_comparison(sql: &str) -> bool {
    let sql = sql.trim_end();
    let word = sql.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    sql.ends_with(['=', '<', '>']) || word.eq_ignore_ascii_case("like")
}

fn no_field(field: &Named) -> Diagnostic {
    let fault = Diagnostic::error("P608", field.span.clone(), format!("a caught error has no '{}'", field.name));
    let near = match field.name.as_str() {
        "status" | "code" | "http_status" => Some("status_code"),
        "type" | "class" | "name" => Some("kind"),
        "msg" | "text" | "error" | "detail" | "reason" | "description" => Some("message"),
        "response" | "content" | "data" => Some("body"),
        "step" | "id" => Some("op"),
        other => did_you_mean(other, ERROR.iter().copied()),
    };
    let fields = ERROR.join(", ");
    fault.help(near.map_or_else(|| format!("it has {fields}"), |near| format!("did you mean '{near}'? It has {fields}")))
}

impl Walk<'_, '_> {
    /// Looks at templates of a statement that stand where a comparison or an assignment takes its value.
    fn without_quotes(&mut self, sql: &Expression) {
        let Kind::Concat(parts) = &sql.kind else { return };
        let mut quotes = Quotes::default();
        for (i, part) in parts.iter().enumerate() {
            if let Kind::Text(text) = &part.kind {
                quotes.read(text);
                continue;
            }
            let takes_a_value =
                i.checked_sub(1).is_some_and(|before| matches!(&parts[before].kind, Kind::Text(text) if ends_in_comparison(text)));
            if quotes.inside || quotes.unsure || !takes_a_value || !matches!(part.kind, Kind::Attribute { .. } | Kind::Index { .. }) {
                continue;
            }
            let [FieldUse { variable, field }] = part.uses().fields.as_slice() else { continue };
            let Some(Held::Row(row)) = self.bound.iter().rev().find(|b| b.name == *variable).map(|b| &b.held) else { continue };
            let is_text = |c: &Column| c.name.eq_ignore_ascii_case(&field.name) && c.class == Class::Text;
            if row.columns.list.iter().any(is_text) {
                let message = format!("'{}' is text, and without quotes its words are read as SQL", field.name);
                self.faults.push(
                    Diagnostic::error("J509", part.span.clone(), message)
                        .help("put quotes around the template, and double those in the value: `'{{ … | replace(\"'\", \"''\") }}'`"),
                );
            }
        }
    }

    fn row(&self, rows: &Rows) -> Option<Row> {
        match rows {
            Rows::Table(table) => self.row_of_table(table),
            Rows::Query { source, sql } => self.row_of_query(source, sql),
            Rows::Items(_) => None,
        }
    }

    fn row_of_table(&self, table: &TableRef) -> Option<Row> {
        let columns = self.catalog.columns(&self.catalog.key_of(table)?);
        columns.closed.then_some(Row { columns, from: table.name.span.clone(), what: format!("table '{}'", text(&table.name)?) })
    }

    fn row_of_query(&self, source: &SourceRef, sql: &Expression) -> Option<Row> {
        let outline = self.flow.sql.get(&sql.span.start)?;
        let columns = self.catalog.look(outline, self.catalog.source(source.name())?).columns.clone();
        columns.closed.then_some(Row { columns, from: sql.span.clone(), what: "the query".to_owned() })
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
