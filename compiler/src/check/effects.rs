//! Q706, Q712, T905: tables that SQL names, and statements that do more than may be meant.

use sqlparser::ast::{FromTable, ObjectName, ObjectType, Statement, TableFactor, TableObject};

use crate::compile::Parsed;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::copy::Origin;
use crate::op::execute::Execute;
use crate::resolve::Resolved;
use crate::snippet::expression::Expression;
use crate::sql::Dialect;
use crate::sql::outline::Outline;
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Flow, Step, TableRef};
use crate::tables::{Catalog, How, Key, Table, Writer, text};
use sequor_plan_format::manifest::Access;

pub(super) fn check(_: &Parsed, resolved: &Resolved<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    let mut walk = Walk { flow: None, catalog, read: Vec::new(), faults };
    for flow in &resolved.flows {
        walk.flow = Some(flow);
        visit::steps(&flow.steps, &mut walk);
    }
    let Walk { read, faults, .. } = walk;
    for (key, name, at) in &read {
        let told = faults.len();
        named(key, name, at, &read, catalog, faults);
        if faults.len() == told {
            faults.extend(elsewhere(key, name, at, &read, catalog));
        }
    }
}

/// The tables that steps read or add to: key, name as written, place.
pub(super) fn read_by<'p>(flow: &'p Flow, steps: &'p [Step], catalog: &Catalog<'p>) -> Vec<(Key, String, Span)> {
    let mut walk = Walk { flow: Some(flow), catalog, read: Vec::new(), faults: &mut Vec::new() };
    visit::steps(steps, &mut walk);
    walk.read
}

struct Walk<'w, 'p> {
    flow: Option<&'p Flow>,
    catalog: &'w Catalog<'p>,
    /// Tables that are read or added to: key, name as written, place.
    read: Vec<(Key, String, Span)>,
    faults: &'w mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Walk<'_, 'p> {
    fn enter_step(&mut self, step: &'p Step) {
        let Some(flow) = self.flow else { return };
        match &step.op {
            Op::Execute(op) => {
                self.execute(op, flow);
                for statement in &op.statements {
                    self.sql(op.source.name(), statement);
                }
            }
            Op::Transform(op) => self.sql(op.source.name(), &op.query),
            Op::Copy(op) => {
                if let Origin::Query { source, sql } = &op.from {
                    self.sql(source.name(), sql);
                }
            }
            Op::Assert(op) => {
                if let crate::op::assert::Check::Query { source, query, .. } = &op.check {
                    self.sql(source.name(), query);
                }
            }
            Op::ForEach(op) => self.rows(&op.rows),
            Op::HttpRequest(op) => {
                if let Some(for_each) = &op.for_each {
                    self.rows(&for_each.rows);
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

    fn table(&mut self, table: &'p TableRef, access: Access) {
        if access == Access::Read
            && let (Some(key), Some(name)) = (self.catalog.key_of(table), text(&table.name))
        {
            self.read.push((key, name.to_owned(), table.name.span.clone()));
        }
    }

    fn expression(&mut self, expression: &'p Expression) {
        for query in &expression.uses().queries {
            let query = self.catalog.query(query.source.as_deref(), &query.sql.name, &query.sql.span);
            if let Some((outline, source)) = query {
                self.names(&outline, source);
            }
        }
    }
}

impl<'p> Walk<'_, 'p> {
    fn rows(&mut self, rows: &'p crate::syntax::Rows) {
        if let crate::syntax::Rows::Query { source, sql } = rows {
            self.sql(source.name(), sql);
        }
    }

    fn sql(&mut self, source: Option<&str>, sql: &Expression) {
        let outline = self.flow.and_then(|f| f.sql.get(&sql.span.start));
        if let (Some(outline), Some(source)) = (outline, self.catalog.source(source)) {
            self.names(outline, source);
        }
    }

    fn names(&mut self, outline: &Outline, source: &str) {
        for (schema, name, at) in &self.catalog.look(outline, source).tables {
            self.read.push((self.catalog.key(source, schema.as_deref(), name), name.clone(), at.clone()));
        }
    }

    /// Q712
    fn execute(&mut self, op: &'p Execute, flow: &'p Flow) {
        let Some(source) = self.catalog.source(op.source.name()) else { return };
        let outlines: Vec<&Outline> = op.statements.iter().filter_map(|s| flow.sql.get(&s.span.start)).collect();
        for (i, outline) in outlines.iter().enumerate() {
            let Some(statement) = &outline.statement else { continue };
            if let Some(fault) = self.made_again(op, outline, source, flow) {
                self.faults.push(fault);
                continue;
            }
            let (word, table, all) = match (unguarded(statement), statement.as_ref()) {
                (Some((word, table)), _) => (word, table, true),
                (None, Statement::Drop { object_type: ObjectType::Table | ObjectType::View, if_exists: false, names, .. }) => {
                    ("DROP", names.first(), false)
                }
                (None, _) => continue,
            };
            let Some((key, shown)) = table.and_then(|t| self.catalog.key_in_sql(t, outline, source)) else { continue };
            let refilled = outlines[i + 1..].iter().any(|later| fills(later, &shown));
            let at = outline.span_of(0, outline.text.trim_end().lines().next().map_or(0, str::len));
            let known = self.catalog.tables.get(&key);
            // A list of work that the flow goes over is made ready.
            let is_work = is_work_table(&shown) || loops_over(&flow.steps, &shown);
            if all && (is_work || refilled || known.is_some() || self.catalog.is_hidden(&key)) {
                continue;
            }
            // What the flow itself has made before is there.
            let made = known
                .is_some_and(|t| t.writers.iter().any(|w| w.how != How::Change && w.at.file.path == at.file.path && w.at.start < at.start));
            if !all && (made || self.catalog.is_hidden(&key)) {
                continue;
            }
            let (message, help) = match word {
                "DELETE" => (
                    format!("this DELETE has no WHERE: it empties '{shown}'"),
                    "add a WHERE; `WHERE true` says that all rows are meant".to_owned(),
                ),
                "UPDATE" => (
                    format!("this UPDATE has no WHERE: it changes every row of '{shown}'"),
                    "add a WHERE; `WHERE true` says that all rows are meant".to_owned(),
                ),
                _ => (format!("this DROP fails where '{shown}' is not there, as in a new database"), "write `DROP … IF EXISTS`".to_owned()),
            };
            self.faults.push(Diagnostic::warning("Q712", at, message).help(help));
        }
    }
}

impl Walk<'_, '_> {
    /// CREATE TABLE or INDEX in a flow that does its work in every run.
    fn made_again(&self, op: &Execute, outline: &Outline, source: &str, flow: &Flow) -> Option<Diagnostic> {
        let (word, table, shown) = match outline.statement.as_deref()? {
            Statement::CreateTable(create) if !(create.if_not_exists || create.or_replace || create.temporary) => {
                ("TABLE", &create.name, None)
            }
            Statement::CreateIndex(create) if !create.if_not_exists => {
                ("INDEX", &create.table_name, Some(create.name.as_ref()?.to_string()))
            }
            _ => return None,
        };
        if !always(&flow.steps, op) || !works(&flow.steps) || !self.catalog.is_kept(source) {
            return None;
        }
        let (key, table) = self.catalog.key_in_sql(table, outline, source)?;
        let is_temporary = key.schema.as_deref().is_some_and(|schema| schema.contains("temp"));
        if is_temporary || self.catalog.may_drop(&table) || self.catalog.is_hidden(&key) {
            return None;
        }
        // The indexes of a table that is made anew go with it.
        let stays =
            |t: &Table<'_>| t.writers.iter().any(|w| w.how == How::CreateIfMissing) && t.writers.iter().all(|w| w.how != How::Create);
        if let Some(index) = &shown
            && (self.catalog.may_drop(index) || !self.catalog.tables.get(&key).is_some_and(stays))
        {
            return None;
        }
        let shown = shown.unwrap_or(table);
        let at = outline.span_of(0, outline.text.trim_end().lines().next().map_or(0, str::len));
        Some(
            Diagnostic::warning("Q712", at, format!("this CREATE {word} fails in the second run, when '{shown}' is there"))
                .help(format!("write `CREATE {word} IF NOT EXISTS`")),
        )
    }
}

/// A statement that changes all rows of a table: its first word, and the table's name where it is plain.
pub(super) fn unguarded(statement: &Statement) -> Option<(&'static str, Option<&ObjectName>)> {
    match statement {
        Statement::Delete(delete) if delete.selection.is_none() && delete.using.is_none() && delete.limit.is_none() => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
            match from.as_slice() {
                [only] if only.joins.is_empty() => Some(("DELETE", plain_table(&only.relation))),
                _ => None,
            }
        }
        Statement::Update(update) if update.selection.is_none() && update.from.is_none() && update.limit.is_none() => {
            Some(("UPDATE", plain_table(&update.table.relation)))
        }
        _ => None,
    }
}

/// A table without an alias, which a template may have become.
fn plain_table(factor: &TableFactor) -> Option<&ObjectName> {
    match factor {
        TableFactor::Table { name, alias: None, args: None, .. } => Some(name),
        _ => None,
    }
}

fn fills(outline: &Outline, table: &str) -> bool {
    match outline.statement.as_deref() {
        Some(Statement::Insert(insert)) => match &insert.table {
            TableObject::TableName(name) => name.to_string().to_lowercase().contains(&table.to_lowercase()),
            _ => true,
        },
        Some(_) => false,
        None => true,
    }
}

/// Q706, T905: a table that nobody creates, and one of nearly that name.
fn named(key: &Key, name: &str, at: &Span, read: &[(Key, String, Span)], catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    if catalog.is_written(key) || catalog.is_hidden(key) || key.schema.is_some() {
        return;
    }
    let declared = |table: &crate::tables::Table<'_>| table.writers.first().map(|w| w.at.clone());
    if catalog.dialect(&key.source) == Some(Dialect::Postgres)
        && let Some(table) = catalog.cased(&key.source, name)
    {
        let message = format!("PostgreSQL reads '{name}' here, and the table that the project creates is called \"{}\"", table.name);
        let fault = Diagnostic::warning("T905", at.clone(), message)
            .help(format!("write \"{}\" in double quotes, or better: give the table a name in small letters", table.name));
        faults.push(declared(table).into_iter().fold(fault, |fault, at| fault.also(at, "it is created here")));
        return;
    }
    if name.chars().count() < 4 {
        return;
    }
    let Some((near_key, table)) = catalog.slipped(&key.source, name) else { return };
    // Where both names are in use, both tables are likely to exist.
    let uses = |wanted: &Key| read.iter().filter(|(k, ..)| k == wanted).count();
    if uses(key) > 1 && uses(near_key) > 0 {
        return;
    }
    let fault = Diagnostic::warning("Q706", at.clone(), format!("no step creates the table '{name}'"))
        .help(format!("did you mean '{}'?", table.name));
    faults.push(declared(table).into_iter().fold(fault, |fault, at| fault.also(at, "that one is created here")));
}

/// A step that every run comes to. The depth of steps is bounded by the YAML reader.
fn always(steps: &[Step], wanted: &Execute) -> bool {
    steps.iter().filter(|step| step.when.is_none()).any(|step| match &step.op {
        Op::Execute(op) => std::ptr::eq(op, wanted),
        Op::Block(op) => always(&op.steps, wanted),
        _ => false,
    })
}

/// A flow that loads rows, and does not only set up a database. The depth of steps is bounded by the YAML reader.
fn works(steps: &[Step]) -> bool {
    steps.iter().any(|step| match &step.op {
        Op::HttpRequest(_) | Op::Copy(_) => true,
        _ => step.op.blocks().into_iter().any(works),
    })
}

/// Q706: a table that a step before this one has loaded into another source, where nothing reads it, and that nobody makes here.
///
/// Certain only where the project makes all other tables that it reads here.
fn elsewhere(key: &Key, name: &str, at: &Span, read: &[(Key, String, Span)], catalog: &Catalog<'_>) -> Option<Diagnostic> {
    if key.schema.is_some() || catalog.is_written(key) || catalog.is_hidden(key) {
        return None;
    }
    let (other, table) = catalog
        .tables
        .iter()
        .find(|(other, table)| other.source != key.source && other.schema.is_none() && table.name.eq_ignore_ascii_case(name))?;
    let made =
        |w: &&Writer<'_>| matches!(w.how, How::Create | How::CreateIfMissing) && w.at.file.path == at.file.path && w.at.start < at.start;
    let writer = table.writers.iter().find(made)?;
    let here = |k: &Key| k.source == key.source;
    // The flow itself makes what it asks of this source.
    let makes_here = catalog.tables.iter().any(|(k, table)| here(k) && table.writers.iter().any(|w| made(&w)));
    let is_own = catalog.tables.keys().any(here)
        && read.iter().filter(|(k, ..)| here(k) && k != key).all(|(k, ..)| catalog.is_written(k))
        && read.iter().filter(|(k, ..)| k == key).count() == 1;
    if !is_own || (!makes_here && read.iter().any(|(k, ..)| k == other)) {
        return None;
    }
    let message = format!("no step creates the table '{name}' in source '{}'", key.source);
    Some(
        Diagnostic::warning("Q706", at.clone(), message)
            .also(writer.at.clone(), format!("it is loaded into '{}' here", other.source))
            .help(format!("ask '{}', or load it into '{}'", other.source, key.source)),
    )
}

/// Whether a flow goes over the rows of that table.
fn loops_over(steps: &[Step], table: &str) -> bool {
    use crate::syntax::Rows;
    steps.iter().any(|step| {
        let rows = match &step.op {
            Op::ForEach(op) => Some(&op.rows),
            Op::HttpRequest(op) => op.for_each.as_ref().map(|f| &f.rows),
            _ => None,
        };
        let this = match rows {
            Some(Rows::Table(t)) => text(&t.name).is_some_and(|n| n.eq_ignore_ascii_case(table)),
            Some(Rows::Query { sql, .. }) => sql.uses().texts.iter().any(|t| t.to_lowercase().contains(&table.to_lowercase())),
            Some(Rows::Items(_)) | None => false,
        };
        this || step.op.blocks().into_iter().any(|steps| loops_over(steps, table))
    })
}

/// By its name a table that is filled and emptied all the time.
fn is_work_table(name: &str) -> bool {
    let lower = name.to_lowercase();
    lower.contains("_to_") || ["stag", "stg", "tmp", "temp", "work", "queue", "scratch", "pending"].iter().any(|w| lower.contains(w))
}
