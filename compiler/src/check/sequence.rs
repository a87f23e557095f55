//! Q723, Q726, and what else the order of a flow's steps tells: a table that has been dropped, renamed or made anew is no longer what it was.
//!
//! Followed are the steps of a flow's own list, one after the other, and tables that no other flow writes. Steps in blocks may run or not, and any number
//! of times: what they write is not known from there on. A called flow may do anything.

use std::collections::{BTreeMap, BTreeSet};

use sequor_plan_format::op::WriteMode;
use sqlparser::ast::{AlterTableOperation, ObjectName, ObjectType, Statement};

use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::op::Op;
use crate::resolve::Resolved;
use crate::sql::columns::{Column, Columns, same};
use crate::sql::outline::Outline;
use crate::sql::schema::{Change, Effect, What, effect};
use crate::syntax::visit;
use crate::syntax::{Flow, Step};
use crate::tables::{Catalog, Given, How, Key};

mod uses;

use uses::Uses;

pub(super) fn check(resolved: &Resolved<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        let mut sequence =
            Sequence { flow, catalog, gone: BTreeMap::new(), now: BTreeMap::new(), exact: BTreeSet::new(), made: BTreeMap::new(), faults };
        for step in &flow.steps {
            sequence.step(step);
        }
    }
}

/// A table that is no longer there.
#[derive(Clone)]
struct Gone {
    at: Span,
    renamed: Option<String>,
}

struct Sequence<'w, 'p> {
    flow: &'p Flow,
    catalog: &'w Catalog<'p>,
    gone: BTreeMap<Key, Gone>,
    /// The columns of tables that the flow has made or changed.
    now: BTreeMap<Key, Columns>,
    /// Those of which no other step may have added columns.
    exact: BTreeSet<Key>,
    /// Where CREATE TABLE has made a table.
    made: BTreeMap<Key, Span>,
    faults: &'w mut Vec<Diagnostic>,
}

impl<'p> Sequence<'_, 'p> {
    fn step(&mut self, step: &'p Step) {
        if let Op::Execute(op) = &step.op {
            let Some(source) = self.catalog.source(op.source.name()) else { return self.forget() };
            for statement in &op.statements {
                match self.flow.sql.get(&statement.span.start) {
                    Some(outline) => self.statement(outline, source, step.when.is_none()),
                    None => self.forget(),
                }
            }
            return;
        }
        let mut uses = Uses {
            flow: self.flow,
            catalog: self.catalog,
            reads: Vec::new(),
            writes: BTreeSet::new(),
            queries: Vec::new(),
            outlines: Vec::new(),
            unsure: false,
        };
        visit::steps(std::slice::from_ref(step), &mut uses);
        let Uses { reads, writes, queries, outlines, unsure, .. } = uses;
        if unsure {
            return self.forget();
        }
        let inner = !step.op.blocks().is_empty();
        for (key, at) in reads {
            // A step with others in it may make the table before it reads it.
            if !(inner && writes.contains(&key)) {
                self.used(&key, &at);
            }
        }
        let mut given = None;
        if !inner {
            for (outline, source) in &queries {
                self.look(outline, source);
            }
            for (outline, source) in outlines {
                let columns = self.look(outline, source);
                if let Op::Transform(op) = &step.op
                    && op.write_mode == WriteMode::Create
                {
                    given = self.catalog.key_of(&op.target).filter(|key| key.source == source).map(|key| (key, columns));
                }
            }
        }
        for key in &writes {
            self.gone.remove(key);
            self.now.remove(key);
            self.exact.remove(key);
            self.made.remove(key);
        }
        // The same step may be one of several writers.
        if let (Some((key, columns)), true) = (given, step.when.is_none())
            && self.is_own(&key)
            && columns.closed
        {
            self.exact.insert(key.clone());
            self.now.insert(key, columns);
        }
    }

    fn forget(&mut self) {
        self.gone.clear();
        self.exact.clear();
        self.now.clear();
        self.made.clear();
    }

    /// Whether all that is known of a table is what this flow does.
    fn is_own(&self, key: &Key) -> bool {
        let others = |t: &crate::tables::Table<'_>| t.writers.iter().any(|w| w.flow != self.flow.name);
        !self.catalog.is_hidden(key) && !self.catalog.tables.get(key).is_some_and(others)
    }

    /// What the statement gives; reported is what would be right if the tables were as all steps together make them.
    fn look(&mut self, outline: &Outline, source: &str) -> Columns {
        if self.now.is_empty() {
            return self.catalog.look(outline, source).columns.clone();
        }
        let looked = self.catalog.look_now(outline, source, &self.now);
        let place = |f: &Diagnostic| (f.code, f.span.as_ref().map(|s| s.start));
        if !looked.faults.is_empty() {
            let known: Vec<_> = self.catalog.look(outline, source).faults.iter().map(place).collect();
            let fresh = looked.faults.into_iter().filter(|f| f.severity == Severity::Error && !known.contains(&place(f)));
            self.faults.extend(fresh);
        }
        looked.columns
    }

    /// A table that a statement uses must be there.
    fn used(&mut self, key: &Key, at: &Span) {
        let Some(gone) = self.gone.get(key) else { return };
        let how = if gone.renamed.is_some() { "renamed" } else { "dropped" };
        let fault = Diagnostic::error("Q723", at.clone(), format!("'{}' has been {how} before", key.name)).also(gone.at.clone(), "here");
        self.faults.push(match &gone.renamed {
            Some(name) => fault.help(format!("it is called '{name}' now")),
            None => fault.help("drop it later, or create it again before"),
        });
    }

    fn statement(&mut self, outline: &Outline, source: &str, always: bool) {
        let Some(statement) = outline.statement.as_deref() else {
            return match effect(outline) {
                Effect::Changes(_) => {}
                Effect::Hidden | Effect::Anything => self.forget(),
            };
        };
        for (schema, name, at) in &self.catalog.look(outline, source).tables {
            self.used(&self.catalog.key(source, schema.as_deref(), name), at);
        }
        let columns = self.look(outline, source);
        match statement {
            Statement::Drop { object_type: ObjectType::Table | ObjectType::View, if_exists, names, .. } => {
                for name in names {
                    self.drop(name, outline, source, *if_exists, always);
                }
                return;
            }
            Statement::AlterTable(alter) => self.alter(alter, outline, source, always),
            // It stands in front of a table of the same name.
            Statement::CreateTable(create) if create.temporary => return self.forget(),
            _ => {}
        }
        match effect(outline) {
            Effect::Changes(changes) => changes.into_iter().for_each(|change| self.change(change, &columns, source, always)),
            Effect::Hidden | Effect::Anything => self.forget(),
        }
    }

    fn drop(&mut self, name: &ObjectName, outline: &Outline, source: &str, if_exists: bool, always: bool) {
        let Some((key, _)) = self.catalog.key_in_sql(name, outline, source) else { return self.forget() };
        let at = name.0.last().and_then(|part| part.as_ident()).map_or_else(|| outline.span_of(0, 1), |i| outline.span(i.span));
        if !if_exists {
            self.used(&key, &at);
        }
        self.now.remove(&key);
        self.exact.remove(&key);
        self.made.remove(&key);
        if always && self.is_own(&key) {
            self.gone.insert(key, Gone { at, renamed: None });
        }
    }

    fn alter(&mut self, alter: &sqlparser::ast::AlterTable, outline: &Outline, source: &str, always: bool) {
        let Some((key, _)) = self.catalog.key_in_sql(&alter.name, outline, source) else { return self.forget() };
        let dialect = outline.dialect;
        for operation in &alter.operations {
            match operation {
                AlterTableOperation::AddColumn { if_not_exists: false, column_def, .. } if !outline.is_computed(&column_def.name) => {
                    let at = outline.span(column_def.name.span);
                    let fault = |severity: fn(&'static str, Span, String) -> Diagnostic| {
                        severity("Q726", at.clone(), format!("'{}' has a column '{}' already", key.name, column_def.name.value))
                    };
                    let help = "leave the statement out, or give the column another name";
                    if self.exact.contains(&key)
                        && self.now.get(&key).is_some_and(|c| c.closed && c.find(&column_def.name, dialect).is_some())
                    {
                        self.faults.push(fault(Diagnostic::error).help(help));
                    } else if !self.now.contains_key(&key) && self.always_has(&key, &column_def.name, dialect) {
                        self.faults.push(
                            fault(Diagnostic::warning)
                                .help("every step that creates the table gives it the column: the statement fails in a new database"),
                        );
                    }
                }
                AlterTableOperation::RenameTable { table_name } if always && self.is_own(&key) => {
                    let (sqlparser::ast::RenameTableNameKind::As(name) | sqlparser::ast::RenameTableNameKind::To(name)) = table_name;
                    let at = alter.name.0.last().and_then(|p| p.as_ident()).map_or_else(|| outline.span_of(0, 1), |i| outline.span(i.span));
                    self.gone.insert(key.clone(), Gone { at, renamed: Some(name.to_string()) });
                    self.now.remove(&key);
                    self.exact.remove(&key);
                    self.made.remove(&key);
                }
                AlterTableOperation::DropColumn { .. } | AlterTableOperation::RenameColumn { .. } if always && self.is_own(&key) => {
                    let mut columns = self.now.get(&key).cloned().unwrap_or_else(|| self.catalog.columns(&key));
                    if !columns.closed {
                        continue;
                    }
                    match operation {
                        AlterTableOperation::DropColumn { column_names, .. } => {
                            columns.list.retain(|c| !column_names.iter().any(|n| same(n, &c.name, dialect)));
                        }
                        AlterTableOperation::RenameColumn { old_column_name, new_column_name } => {
                            let new = crate::sql::columns::kept(new_column_name, dialect);
                            let had = columns.find(old_column_name, dialect).cloned();
                            columns.list.retain(|c| !same(new_column_name, &c.name, dialect) && !same(old_column_name, &c.name, dialect));
                            columns.list.extend(had.map(|old| Column { name: new, ..old }));
                        }
                        _ => {}
                    }
                    columns.keys = None;
                    self.now.insert(key.clone(), columns);
                }
                _ => {}
            }
        }
    }

    /// Whether every step that creates the table gives it the column.
    fn always_has(&self, key: &Key, name: &sqlparser::ast::Ident, dialect: crate::sql::Dialect) -> bool {
        let Some(table) = self.catalog.tables.get(key).filter(|_| !self.catalog.is_hidden(key)) else { return false };
        let creates = |how: How| matches!(how, How::Create | How::CreateIfMissing);
        table.writers.iter().any(|w| creates(w.how))
            && table.writers.iter().filter(|w| creates(w.how)).all(|w| match &w.given {
                Given::Listed(columns) => columns.closed && columns.find(name, dialect).is_some(),
                Given::Query { source, outline } => {
                    let columns = self.catalog.look(outline, source).columns.clone();
                    columns.closed && columns.find(name, dialect).is_some()
                }
                Given::Keys | Given::Unknown => false,
            })
    }

    fn change(&mut self, change: Change, given: &Columns, source: &str, always: bool) {
        let key = self.catalog.key(source, change.schema.as_deref(), &change.name);
        let (columns, if_missing) = match change.what {
            What::Create { columns, if_missing } => (columns, if_missing),
            What::CreateAs { if_missing } => (given.clone(), if_missing),
            What::Add(added) => {
                if let Some(columns) = self.now.get_mut(&key) {
                    for column in added.list {
                        match columns.list.iter_mut().find(|c| c.name == column.name) {
                            Some(known) => known.class = column.class.or(known.class),
                            None => columns.list.push(Column { required: false, ..column }),
                        }
                    }
                }
                return;
            }
            What::Keys => {
                if let Some(columns) = self.now.get_mut(&key) {
                    columns.keys = None;
                }
                return;
            }
        };
        let there = !if_missing && columns.closed && !self.gone.contains_key(&key);
        if let (Some(first), true) = (self.made.get(&key), there) {
            let fault = Diagnostic::error("Q726", change.at.clone(), format!("'{}' has been created before", change.name));
            self.faults.push(fault.also(first.clone(), "here").help("write `CREATE TABLE IF NOT EXISTS`, or drop it before"));
        }
        let was_gone = self.gone.remove(&key).is_some();
        // What is there already stays as it is.
        if if_missing && !was_gone {
            return;
        }
        self.now.remove(&key);
        self.exact.remove(&key);
        self.made.remove(&key);
        if always && self.is_own(&key) {
            if columns.closed {
                self.exact.insert(key.clone());
                self.now.insert(key.clone(), columns);
            }
            self.made.insert(key, change.at);
        }
    }
}
