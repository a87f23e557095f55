//! Q727: rows that are deleted before they are read, more rows deleted than put back, and more put back than deleted.

use sqlparser::ast::{Delete, Expr, FromTable, Insert, ObjectName, Query, SetExpr, Spanned, Statement, TableFactor, TableObject};

use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::copy::Origin;
use crate::resolve::Resolved;
use crate::snippet::expression::Expression;
use crate::sql::outline::Outline;
use crate::syntax::{Flow, Step, TableRef};
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

/// A table with the place where its rows come to it, or leave it.
struct Loaded {
    key: Key,
    at: Span,
    /// Which of its rows: the condition as it is written.
    condition: Option<String>,
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
        let mut loaded: Vec<Loaded> = Vec::new();
        let mut moved: Vec<Loaded> = Vec::new();
        for step in steps {
            // What is not always done says nothing about what follows.
            let always = step.when.is_none();
            self.deleted(step, &mut loaded, &mut moved);
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

    /// What is loaded and deleted again before anything reads it; what is deleted although the copy of it may have failed.
    fn deleted(&mut self, step: &Step, loaded: &mut Vec<Loaded>, moved: &mut Vec<Loaded>) {
        match &step.op {
            Op::Execute(op) => {
                let Some(source) = self.catalog.source(op.source.name()) else { return loaded.clear() };
                for sql in &op.statements {
                    let Some(outline) = self.flow.sql.get(&sql.span.start) else { return loaded.clear() };
                    if let (Some(Statement::Delete(delete)), true) = (outline.statement.as_deref(), step.when.is_none())
                        && let Some((key, shown)) = deleted_from(delete).and_then(|name| self.catalog.key_in_sql(name, outline, source))
                    {
                        self.delete(delete, outline, (&key, &shown), loaded, moved);
                    }
                    let looked = self.catalog.look(outline, source);
                    let keys: Vec<Key> =
                        looked.tables.iter().map(|(schema, name, _)| self.catalog.key(source, schema.as_deref(), name)).collect();
                    loaded.retain(|l| !keys.contains(&l.key));
                }
            }
            Op::TryCatch(op) => {
                loaded.clear();
                let goes_on =
                    |steps: &[Step]| !steps.iter().any(|s| matches!(s.op, Op::Fail(_) | Op::Leave(_)) || !s.op.blocks().is_empty());
                if step.when.is_none()
                    && moved.len() < MOST
                    && !op.catches.is_empty()
                    && op.catches.iter().all(|catch| goes_on(&catch.steps))
                {
                    moved.extend(op.steps.iter().filter_map(|step| self.copied(step)).take(MOST));
                }
            }
            Op::SetVariable(_) | Op::Print(_) | Op::Assert(_) | Op::Sleep(_) | Op::Fail(_) => {
                let read = super::effects::read_by(self.flow, std::slice::from_ref(step), self.catalog);
                loaded.retain(|l| !read.iter().any(|(key, ..)| *key == l.key));
            }
            Op::HttpRequest(_) | Op::Copy(_) | Op::Transform(_) => {
                let read = super::effects::read_by(self.flow, std::slice::from_ref(step), self.catalog);
                loaded.retain(|l| !read.iter().any(|(key, ..)| *key == l.key));
                if step.when.is_none() && loaded.len() < MOST {
                    let tables: Vec<&TableRef> = match &step.op {
                        Op::HttpRequest(op) => op.response.tables.iter().map(|table| &table.table).collect(),
                        Op::Copy(op) => vec![&op.target],
                        Op::Transform(op) => vec![&op.target],
                        _ => Vec::new(),
                    };
                    let found = tables.into_iter().filter_map(|table| Some((self.catalog.key_of(table)?, table.name.span.clone())));
                    loaded.extend(found.map(|(key, at)| Loaded { key, at, condition: None }));
                }
            }
            _ => loaded.clear(),
        }
    }

    fn delete(&mut self, delete: &Delete, outline: &Outline, (key, shown): (&Key, &str), loaded: &[Loaded], moved: &[Loaded]) {
        let line = outline.text.trim_end().lines().next().map_or(0, str::len);
        let all = delete.selection.as_ref().is_none_or(|condition| {
            let condition = condition.to_string().to_lowercase();
            condition == "true" || condition == "1 = 1" || condition == "1"
        });
        let condition = delete.selection.as_ref().filter(|_| !all).map(|condition| written(outline, condition));
        if let Some(first) = loaded.iter().find(|l| l.key == *key).filter(|_| all && delete.using.is_none() && delete.limit.is_none()) {
            let message = format!("this removes every row of '{shown}', which has just been loaded and is not read yet");
            let fault = Diagnostic::warning("Q727", outline.span_of(0, line), message).also(first.at.clone(), "it is loaded here");
            self.faults.push(fault.help("empty the table before it is loaded"));
        } else if let Some(first) = moved.iter().find(|l| l.key == *key && l.condition == condition) {
            let message = format!("rows of '{shown}' are deleted also where the copy of them failed: its 'catch' goes on");
            let fault = Diagnostic::warning("Q727", outline.span_of(0, line), message).also(first.at.clone(), "they are copied here");
            self.faults.push(fault.help("put this step into the 'try', behind the copy"));
        }
    }

    /// The table whose rows a step brings elsewhere.
    fn copied(&self, step: &Step) -> Option<Loaded> {
        let Op::Copy(op) = &step.op else { return None };
        match &op.from {
            Origin::Table(table) => Some(Loaded { key: self.catalog.key_of(table)?, at: table.name.span.clone(), condition: None }),
            Origin::Query { source, sql } => {
                let outline = self.flow.sql.get(&sql.span.start)?;
                let source = self.catalog.source(source.name())?;
                let Statement::Query(query) = outline.statement.as_deref()? else { return None };
                let (name, condition) = of_one_table(query)?;
                let (key, _) = self.catalog.key_in_sql(name, outline, source)?;
                let condition = condition.map(|condition| written(outline, condition));
                Some(Loaded { key, at: sql.span.clone(), condition })
            }
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
        let Some((table, Some(condition))) = of_one_table(query) else { return };
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
        // What is there already is not put in a second time.
        if insert.on.is_some() {
            return;
        }
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

/// The table of a query of one table, with its condition.
fn of_one_table(query: &Query) -> Option<(&ObjectName, Option<&Expr>)> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    match select.from.as_slice() {
        [only] if only.joins.is_empty() => match &only.relation {
            TableFactor::Table { name, args: None, .. } => Some((name, select.selection.as_ref())),
            _ => None,
        },
        _ => None,
    }
}

/// A condition as it is written, with single blanks.
fn written(outline: &Outline, condition: &Expr) -> String {
    outline.written(condition.span()).split_whitespace().collect::<Vec<_>>().join(" ")
}
