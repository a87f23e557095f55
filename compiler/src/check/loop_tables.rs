//! Tables that the steps of a loop write. C311: the loop's own table is left as it is. C312: a turn leaves what the turns before it wrote.
//!
//! A loop has its rows as they were at its start (see docs/durability.md), so that changing the table does not harm the loop itself: told is what does
//! something else than its author is likely to expect. To change or take out the row that is worked on is right, and not told.

mod body;
mod emptied;

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{Expr, FromTable, GroupByExpr, ObjectName, SetExpr, Statement, TableFactor, TableObject, Update};

use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::execute::Execute;
use crate::op::for_each::ForEach;
use crate::resolve::Resolved;
use crate::snippet::expression::Kind;
use crate::sql::outline::Outline;
use crate::sql::walk::inner;
use crate::syntax::{Flow, Rows, Step};
use crate::tables::{Catalog, Key, text};
pub(super) use body::Body;
use body::{Created, is_left};

/// Calls of calls that are looked into.
const DEEPEST: usize = 2;

pub(super) fn check(resolved: &Resolved<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    let flows: BTreeMap<&str, &Flow> = resolved.flows.iter().map(|flow| (flow.name.as_str(), *flow)).collect();
    for flow in &resolved.flows {
        let mut rule = Rule { flow, flows: &flows, catalog, told: BTreeSet::new(), faults };
        rule.block(&flow.steps, false);
    }
}

struct Rule<'r, 'p, 'f> {
    flow: &'p Flow,
    flows: &'r BTreeMap<&'r str, &'p Flow>,
    catalog: &'r Catalog<'p>,
    /// Places that have a fault.
    told: BTreeSet<u32>,
    faults: &'f mut Vec<Diagnostic>,
}

impl<'p> Rule<'_, 'p, '_> {
    /// `again`: a `while` around these steps goes over what they leave. The depth of steps is bounded by the YAML reader.
    fn block(&mut self, steps: &'p [Step], again: bool) {
        for step in steps {
            let mut inside = again;
            match &step.op {
                Op::ForEach(op) => {
                    self.own_table(op, again);
                    if !matches!(&op.rows, Rows::Items(items) if matches!(&items.kind, Kind::List(list) if list.len() < 2)) {
                        self.replaced(step, &op.steps, Body::of(&op.steps, None), false);
                    }
                }
                Op::WhileLoop(op) => {
                    inside = true;
                    self.replaced(step, &op.steps, Body::of(&op.steps, Some(&op.condition)), true);
                }
                Op::HttpRequest(_)
                | Op::Transform(_)
                | Op::Copy(_)
                | Op::Execute(_)
                | Op::SetVariable(_)
                | Op::Print(_)
                | Op::Fail(_)
                | Op::IfElse(_)
                | Op::TryCatch(_)
                | Op::Parallel(_)
                | Op::Block(_)
                | Op::RunFlow(_)
                | Op::Sleep(_)
                | Op::Assert(_)
                | Op::Leave(_) => {}
            }
            for inner in step.op.blocks() {
                self.block(inner, inside);
            }
        }
    }

    /// C311
    fn own_table(&mut self, op: &'p ForEach, again: bool) {
        let (keys, whole) = match &op.rows {
            Rows::Table(table) => (self.catalog.key_of(table).into_iter().collect(), true),
            Rows::Query { source, sql } => (self.read_by(source.name(), sql.span.start), false),
            Rows::Items(_) => return,
        };
        let rows = match &op.rows {
            Rows::Table(table) => &table.name.span,
            Rows::Query { sql, .. } | Rows::Items(sql) => &sql.span,
        };
        let body = Body::of(&op.steps, None);
        for (table, creates) in &body.written {
            let Some(key) = self.catalog.key_of(table).filter(|key| keys.contains(key)) else { continue };
            if *creates {
                self.changed(&table.name.span, rows, format!("'{}' is created anew inside the loop over its rows", key.name));
            } else if whole && !again {
                self.added(&table.name.span, rows, &key.name);
            }
        }
        for execute in &body.statements {
            self.statements(execute, rows, &keys, whole && !again);
        }
    }

    /// The tables that a query reads.
    fn read_by(&self, source: Option<&str>, start: u32) -> Vec<Key> {
        let (Some(outline), Some(source)) = (self.flow.sql.get(&start), self.catalog.source(source)) else { return Vec::new() };
        self.catalog
            .look(outline, source)
            .tables
            .iter()
            .map(|(schema, name, _)| self.catalog.key(source, schema.as_deref(), name))
            .collect()
    }

    fn statements(&mut self, op: &Execute, rows: &Span, keys: &[Key], added: bool) {
        let Some(source) = self.catalog.source(op.source.name()) else { return };
        for outline in op.statements.iter().filter_map(|statement| self.flow.sql.get(&statement.span.start)) {
            let Some(statement) = outline.statement.as_deref() else { continue };
            let own = |name| self.catalog.key_in_sql(name, outline, source).filter(|(key, _)| keys.contains(key));
            let at = outline.span_of(0, outline.text.trim_end().lines().next().map_or(0, str::len));
            if let Some((word, Some(name))) = super::effects::unguarded(statement) {
                if let Statement::Update(update) = statement {
                    self.all_rows(update, name, outline, rows, &at);
                }
                if let Some((_, shown)) = own(name) {
                    self.changed(&at, rows, format!("this {word} changes all rows of '{shown}' in each turn of the loop over them"));
                }
            } else if let Some((word, name, condition)) = narrowed(statement)
                && !outline.has_templates()
                && self.chosen(rows).is_some_and(|chosen| chosen == condition.to_string())
                && let Some((_, shown)) = own(name)
            {
                self.changed(&at, rows, format!("this {word} takes all rows of '{shown}' that the loop goes over, in its first turn"));
            } else if let Statement::Insert(insert) = statement
                && let TableObject::TableName(name) = &insert.table
                && insert.on.is_none()
                && insert.or.is_none()
                && !insert.replace_into
                && added
                && let Some((_, shown)) = own(name)
            {
                self.added(&at, rows, &shown);
            }
        }
    }

    /// C321: a value that is found for one row of the loop is given to all rows of a table.
    fn all_rows(&mut self, update: &Update, name: &ObjectName, outline: &Outline, rows: &Span, at: &Span) {
        let Some(table) = name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.to_lowercase()) else { return };
        let one = match table.strip_suffix("ies") {
            Some(stem) => format!("{stem}y_id"),
            None => format!("{}_id", table.strip_suffix('s').unwrap_or(&table)),
        };
        let asked = rows.file.text.get(rows.start as usize..rows.end as usize).unwrap_or_default().to_lowercase();
        // A counter of the table itself counts in each turn.
        let counts = |value: &Expr| {
            let mut pending = vec![value];
            while let Some(e) = pending.pop() {
                match e {
                    Expr::Identifier(name) if !outline.is_computed(name) => return true,
                    Expr::CompoundIdentifier(_) | Expr::Subquery(_) => return true,
                    other => pending.extend(inner(other)),
                }
            }
            false
        };
        if asked.contains(&one) && !update.assignments.iter().any(|a| counts(&a.value)) && self.told.insert(at.start) {
            let message = format!("each turn of the loop changes all rows of '{table}': those of the last turn are left");
            let fault = Diagnostic::warning("C321", at.clone(), message).also(rows.clone(), format!("the loop has a '{one}'"));
            self.faults.push(fault.help(format!("change one row: `WHERE id = {{{{ var('…').{one} }}}}`")));
        }
    }

    /// The condition of the query that the loop goes over, where it reads one table.
    fn chosen(&self, rows: &Span) -> Option<String> {
        let outline = self.flow.sql.get(&rows.start).filter(|outline| !outline.has_templates())?;
        let Statement::Query(query) = outline.statement.as_deref()? else { return None };
        let SetExpr::Select(select) = query.body.as_ref() else { return None };
        let plain = query.limit_clause.is_none()
            && query.fetch.is_none()
            && matches!(&select.group_by, GroupByExpr::Expressions(list, _) if list.is_empty());
        let one = matches!(select.from.as_slice(), [only] if only.joins.is_empty());
        select.selection.as_ref().filter(|_| plain && one).map(ToString::to_string)
    }

    fn changed(&mut self, at: &Span, rows: &Span, message: String) {
        if self.told.insert(at.start) {
            self.faults.push(
                Diagnostic::warning("C311", at.clone(), message)
                    .also(rows.clone(), "the loop goes on with these rows as they were at its start")
                    .help("do it after the loop, write to another table, or change only the row that is worked on"),
            );
        }
    }

    fn added(&mut self, at: &Span, rows: &Span, name: &str) {
        if self.told.insert(at.start) {
            let message = format!("the loop over '{name}' does not come to the rows that are added to it here");
            self.faults.push(
                Diagnostic::warning("C311", at.clone(), message)
                    .also(rows.clone(), "the loop goes over the rows as they were at its start")
                    .help("add them to another table, or put the loop into a 'while' that goes on until no row is left"),
            );
        }
    }

    /// C312. A loop that is left on purpose keeps what its last turn wrote.
    fn replaced(&mut self, step: &'p Step, steps: &'p [Step], mut body: Body<'p>, repeats: bool) {
        if is_left(steps) {
            return;
        }
        body.follow(self.flows);
        self.emptied(step, steps, &body);
        for Created { table, guarded, tried } in body::created(steps, self.flows, self.flows.len().min(DEEPEST)) {
            let Some(name) = text(&table.name).filter(|_| self.catalog.key_of(table).is_some()) else { continue };
            let appends = || body.written.iter().any(|(other, creates)| !creates && text(&other.name) == Some(name));
            // A `while` around a `try` tries something again.
            if body.reads(name) || (guarded && appends()) || (repeats && tried) || !self.told.insert(table.name.span.start) {
                continue;
            }
            let message = format!("each turn of this loop creates '{name}' anew, so that only the rows of the last turn are left");
            self.faults.push(
                Diagnostic::warning("C312", table.name.span.clone(), message)
                    .also(step.span.clone(), "the loop")
                    .help("write 'write_mode: append', and empty the table before the loop; or give each turn a table of its own"),
            );
        }
    }
}

/// A statement that changes the rows of one table for which a condition holds.
fn narrowed(statement: &Statement) -> Option<(&'static str, &ObjectName, &Expr)> {
    let (word, table, condition) = match statement {
        Statement::Delete(delete) if delete.using.is_none() && delete.limit.is_none() => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
            ("DELETE", from.first()?, delete.selection.as_ref()?)
        }
        Statement::Update(update) if update.from.is_none() && update.limit.is_none() => {
            ("UPDATE", &update.table, update.selection.as_ref()?)
        }
        _ => return None,
    };
    match &table.relation {
        TableFactor::Table { name, alias: None, args: None, .. } if table.joins.is_empty() => Some((word, name, condition)),
        _ => None,
    }
}
