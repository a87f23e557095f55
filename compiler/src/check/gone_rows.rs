//! Q727: rows that are deleted before they are read, more rows deleted than put back, and more put back than deleted.

use sqlparser::ast::{Delete, Expr, FromTable, Insert, ObjectName, Query, SetExpr, Spanned, Statement, TableFactor, TableObject};

use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::copy::Origin;
use crate::resolve::Resolved;
use crate::snippet::expression::Expression;
use crate::sql::outline::Outline;
use crate::syntax::{Flow, Step};
use crate::tables::{Catalog, Key};

pub(super) fn check(resolved: &Resolved<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        Rule { flow, catalog, faults }.block(&flow.steps);
    }
}

/// As many deletes are remembered.
const MOST: usize = 50;

struct Rule<'r, 'p> {
    flow: &'p Flow,
    catalog: &'r Catalog<'p>,
    faults: &'r mut Vec<Diagnostic>,
}

/// A statement as an expression and as a tree.
type Written<'p> = (&'p Expression, &'p Outline);

/// Rows that a DELETE has taken: the table and the condition as it is written.
struct Gone {
    key: Key,
    condition: String,
    at: Span,
}

impl Rule<'_, '_> {
    /// The depth of steps is bounded by the YAML reader.
    fn block(&mut self, steps: &[Step]) {
        let mut gone: Vec<Gone> = Vec::new();
        for step in steps {
            // What is not always done says nothing about what follows.
            let always = step.when.is_none();
            match &step.op {
                Op::Execute(op) => {
                    let Some(source) = self.catalog.source(op.source.name()) else { continue };
                    let flow = self.flow;
                    let written: Vec<Written<'_>> = op.statements.iter().filter_map(|s| Some((s, flow.sql.get(&s.span.start)?))).collect();
                    for (i, (sql, outline)) in written.iter().enumerate() {
                        self.read(outline, source, &mut gone);
                        if let Some(Statement::Delete(delete)) = outline.statement.as_deref() {
                            if let (Some(next), true) = (written.get(i + 1), always) {
                                self.put_back(delete, (sql, outline), *next, source);
                            }
                            let found = self.gone(delete, outline, source).filter(|_| always && gone.len() < MOST);
                            gone.extend(found);
                        }
                    }
                }
                Op::Transform(op) => self.query(op.source.name(), op.query.span.start, &mut gone),
                Op::Copy(op) => {
                    if let Origin::Query { source, sql } = &op.from {
                        self.query(source.name(), sql.span.start, &mut gone);
                    }
                }
                // Others may bring rows back.
                Op::HttpRequest(_) | Op::RunFlow(_) => gone.clear(),
                _ => {}
            }
            let inner = step.op.blocks();
            if !inner.is_empty() {
                gone.clear();
            }
            inner.into_iter().for_each(|steps| self.block(steps));
        }
    }

    fn query(&mut self, source: Option<&str>, at: u32, gone: &mut Vec<Gone>) {
        if let (Some(outline), Some(source)) = (self.flow.sql.get(&at), self.catalog.source(source)) {
            self.read(outline, source, gone);
        }
    }

    fn gone(&self, delete: &Delete, outline: &Outline, source: &str) -> Option<Gone> {
        let condition = delete.selection.as_ref()?;
        let (key, _) = self.catalog.key_in_sql(deleted_from(delete)?, outline, source)?;
        let line = outline.text.trim_end().lines().next().map_or(0, str::len);
        Some(Gone { key, condition: written(outline, condition), at: outline.span_of(0, line) })
    }

    /// A statement that asks for just the rows that have been deleted, or that writes the table.
    fn read(&mut self, outline: &Outline, source: &str, gone: &mut Vec<Gone>) {
        let Some(statement) = outline.statement.as_deref() else {
            gone.clear();
            return;
        };
        let query = match statement {
            Statement::Query(query) => query,
            Statement::Insert(Insert { source: Some(query), table: TableObject::TableName(table), .. }) => {
                // The table has rows again.
                if let Some((key, _)) = self.catalog.key_in_sql(table, outline, source) {
                    gone.retain(|g| g.key != key);
                }
                query
            }
            Statement::Update(_) => {
                gone.clear();
                return;
            }
            _ => return,
        };
        let Some((table, condition)) = of_one_table(query) else { return };
        let Some((key, shown)) = self.catalog.key_in_sql(table, outline, source) else { return };
        let condition = written(outline, condition);
        if let Some(found) = gone.iter().find(|g| g.key == key && g.condition == condition) {
            let message = format!("these rows of '{shown}' are gone before they are read");
            let fault = Diagnostic::warning("Q727", found.at.clone(), message)
                .also(outline.span_of(0, outline.text.len()), "they are asked for here");
            self.faults.push(fault.help("read them first, and delete them afterwards"));
        }
    }

    /// `DELETE FROM t; INSERT INTO t SELECT … WHERE day = …`
    fn put_back(&mut self, delete: &Delete, (sql, outline): Written<'_>, (next_sql, next): Written<'_>, source: &str) {
        let Some(Statement::Insert(insert)) = next.statement.as_deref() else { return };
        let (Some(query), TableObject::TableName(into)) = (&insert.source, &insert.table) else { return };
        let SetExpr::Select(select) = query.body.as_ref() else { return };
        let key = |name, outline| self.catalog.key_in_sql(name, outline, source);
        let (Some((from, shown)), Some((into, _))) = (deleted_from(delete).and_then(|n| key(n, outline)), key(into, next)) else { return };
        if from != into {
            return;
        }
        let line = outline.text.trim_end().lines().next().map_or(0, str::len);
        let at = outline.span_of(0, line);
        let all = next.span_of(0, next.text.len());
        let parameters = || self.flow.parameters.iter().flatten().map(|p| p.name.name.as_str());
        let of_caller = |sql: &Expression| parameters().find(|name| sql.uses().variables.iter().any(|used| used.name == *name));
        match &delete.selection {
            None => {
                if let Some(name) = of_caller(next_sql) {
                    let message = format!("this removes every row of '{shown}', and only those for one '{name}' are put back");
                    let fault = Diagnostic::warning("Q727", at, message).also(all, "they are put back here");
                    self.faults.push(fault.help(format!("delete what is made anew: add the condition on '{name}' to the DELETE")));
                }
            }
            Some(_) => {
                if let (Some(name), true) = (of_caller(sql), next_sql.uses().variables.is_empty()) {
                    let message = format!("the rows of '{shown}' for one '{name}' are deleted, and those for all are put in");
                    let place = select.selection.as_ref().map_or(all, |filter| next.span(filter.span()));
                    let fault = Diagnostic::warning("Q727", place, message).also(at, "only these are deleted");
                    let help = format!("add the same condition on '{name}' to the SELECT: the others are there twice otherwise");
                    self.faults.push(fault.help(help));
                }
            }
        }
    }
}

fn deleted_from(delete: &Delete) -> Option<&ObjectName> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    match from.as_slice() {
        [only] => match &only.relation {
            TableFactor::Table { name, args: None, .. } => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// The table and the condition of a query of one table.
fn of_one_table(query: &Query) -> Option<(&ObjectName, &Expr)> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    match select.from.as_slice() {
        [only] if only.joins.is_empty() => match &only.relation {
            TableFactor::Table { name, args: None, .. } => Some((name, select.selection.as_ref()?)),
            _ => None,
        },
        _ => None,
    }
}

/// A condition as it is written, with single blanks.
fn written(outline: &Outline, condition: &Expr) -> String {
    outline.written(condition.span()).split_whitespace().collect::<Vec<_>>().join(" ")
}
