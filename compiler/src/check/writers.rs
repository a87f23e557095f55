//! T902, T903, T904, T905: steps that write the same table, and the columns that they give it.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Span};
use crate::resolve::Resolved;
use crate::sql::Dialect;
use crate::sql::columns::{Columns, same_name};
use crate::tables::{By, Catalog, Given, How, Key, Table, Writer};

pub(super) fn check(resolved: &Resolved<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    let reached = |w: &Writer<'_>| resolved.flow(w.flow).is_some();
    // By source, schema and name in small letters: the first table of each.
    let mut folded: BTreeMap<(&str, Option<&str>, String), &Key> = BTreeMap::new();
    for (key, table) in &catalog.tables {
        let first = *folded.entry((&key.source, key.schema.as_deref(), key.name.to_lowercase())).or_insert(key);
        if !table.writers.iter().any(reached) {
            continue;
        }
        appended(key, table, catalog, faults);
        different(key, table, catalog, faults);
        collides(key, table, first, catalog, faults);
        for writer in &table.writers {
            columns(writer, key, table, catalog, faults);
        }
    }
}

/// Whether a text names the table: not as a part of a URL's path.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| !text[..at].ends_with('/'))
}

/// T902
fn appended(key: &Key, table: &Table<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    let Some(writer) = table.writers.iter().find(|w| w.how == How::Append) else { return };
    let creates = table.writers.iter().any(|w| matches!(w.how, How::Create | How::CreateIfMissing));
    if creates || catalog.is_hidden(key) || table.name.chars().count() < 4 {
        return;
    }
    let near = catalog.slipped(&key.source, &table.name).filter(|_| key.schema.is_none());
    let fault = |severity: fn(&'static str, Span, String) -> Diagnostic| {
        severity("T902", writer.at.clone(), format!("rows are added to '{}', which no step creates", table.name))
    };
    match near {
        Some((_, near)) => {
            let at = near.writers.first().map(|w| w.at.clone());
            let fault = fault(Diagnostic::warning).help(format!("did you mean '{}'?", near.name));
            faults.push(at.into_iter().fold(fault, |fault, at| fault.also(at, "that one is created here")));
        }
        None => faults.push(fault(Diagnostic::hint).help("it is made by the first rows, unless it is there already")),
    }
}

/// The columns of a writer, where all of them are known.
fn known(writer: &Writer<'_>, catalog: &Catalog<'_>) -> Option<Columns> {
    let columns = match &writer.given {
        Given::Listed(columns) => columns.clone(),
        Given::Query { source, outline } => {
            let looked = catalog.look(outline, source);
            // What `*` stands for depends on which step has made the table before.
            let made_twice = |schema: Option<&str>, name: &str| {
                let table = catalog.tables.get(&catalog.key(source, schema, name));
                table.is_some_and(|t| t.writers.iter().filter(|w| w.how != How::Append).count() > 1)
            };
            if outline.text.contains('*') && looked.tables.iter().any(|(schema, name, _)| made_twice(schema.as_deref(), name)) {
                return None;
            }
            looked.columns.clone()
        }
        Given::Keys | Given::Unknown => return None,
    };
    columns.closed.then_some(columns)
}

/// T903
fn different(key: &Key, table: &Table<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    // Statements that change columns are there to make a difference, and what hides behind others may too.
    if table.writers.iter().any(|w| w.how == How::Change) || catalog.is_hidden(key) {
        return;
    }
    let Some(dialect) = catalog.dialect(&key.source) else { return };
    let creators = table.writers.iter().enumerate().filter(|(_, w)| w.how != How::Append);
    let Some((first, before, had)) = creators.into_iter().find_map(|(i, w)| Some((i, w, known(w, catalog)?))) else { return };
    for (i, writer) in table.writers.iter().enumerate() {
        let Some(columns) = known(writer, catalog).filter(|_| i != first) else { continue };
        let lacks = |a: &Columns, b: &Columns| -> Vec<String> {
            a.list
                .iter()
                .filter(|c| !b.list.iter().any(|d| same_name(&c.name, &d.name, dialect)))
                .map(|c| format!("'{}'", c.name))
                .collect()
        };
        let (more, fewer) = (lacks(&columns, &had), lacks(&had, &columns));
        let message = match (writer.how, more.is_empty(), fewer.is_empty()) {
            (_, true, true) | (How::Append, true, false) => continue,
            (How::Append, false, _) => format!("rows are added to '{}' with {}, which the table does not have", table.name, list(&more)),
            (_, false, true) => format!("'{}' is created with {} here, and without in another step", table.name, list(&more)),
            (_, true, false) => format!("'{}' is created without {} here, and with in another step", table.name, list(&fewer)),
            (_, false, false) => {
                format!("'{}' is created with {} here, and with {} in another step", table.name, list(&more), list(&fewer))
            }
        };
        // The column itself, where it is named.
        let extra = columns.list.iter().find(|c| !had.list.iter().any(|d| same_name(&c.name, &d.name, dialect)));
        let at = extra.filter(|_| writer.how == How::Append).and_then(|c| c.at.clone()).filter(|at| at.file.path == writer.at.file.path);
        faults.push(
            Diagnostic::warning("T903", at.unwrap_or_else(|| writer.at.clone()), message)
                .also(before.at.clone(), "the other step")
                .help("give both the same columns, or write to two tables: what the table has depends on which step ran last"),
        );
    }
}

fn list(names: &[String]) -> String {
    const MANY: usize = 5;
    let more = if names.len() > MANY { ", …" } else { "" };
    format!("{}{more}", names.iter().take(MANY).cloned().collect::<Vec<_>>().join(", "))
}

/// T905 for two tables.
fn collides(key: &Key, table: &Table<'_>, first: &Key, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    // SQLite takes both for one.
    if first == key || catalog.dialect(&key.source) != Some(Dialect::Postgres) {
        return;
    }
    if let (Some(other), Some(writer)) = (catalog.tables.get(first), table.writers.first()) {
        let message = format!("'{}' and '{}' are two tables for PostgreSQL", table.name, other.name);
        let fault = Diagnostic::warning("T905", writer.at.clone(), message).help("use one spelling everywhere, best in small letters");
        faults.push(other.writers.first().map(|w| w.at.clone()).into_iter().fold(fault, |fault, at| fault.also(at, "the other one")));
    }
}

/// T904 and T905 for the columns of one table. Types are looked at where they are written.
fn columns(writer: &Writer<'_>, key: &Key, table: &Table<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    const LONGEST: usize = 63;
    let (Given::Listed(columns), Some(dialect)) = (&writer.given, catalog.dialect(&key.source)) else { return };
    for (i, column) in columns.list.iter().enumerate() {
        let at = || column.at.clone().unwrap_or_else(|| writer.at.clone());
        if column.name.trim().is_empty() {
            faults.push(Diagnostic::error("T904", at(), format!("a column of '{}' has no name", table.name)).help("give it one"));
        } else if dialect == Dialect::Postgres && column.name.len() > LONGEST {
            let message = format!("the column name has {} bytes, and PostgreSQL keeps {LONGEST}", column.name.len());
            faults.push(Diagnostic::error("T904", at(), message).help("shorten it"));
        }
        let Some(first) = columns.list[..i].iter().find(|c| c.name.eq_ignore_ascii_case(&column.name)) else { continue };
        let same = same_name(&first.name, &column.name, dialect);
        let fault = match (same, first.name == column.name) {
            // Those of `columns:` in a flow have been reported when it was read.
            (true, true) if !matches!(writer.by, By::Sql | By::Parser) => continue,
            (true, true) => Diagnostic::error("T904", at(), format!("'{}' has two columns '{}'", table.name, column.name)),
            (true, false) => Diagnostic::error(
                "T904",
                at(),
                format!("'{}' has the columns '{}' and '{}', which are one for SQLite", table.name, first.name, column.name),
            ),
            (false, _) => Diagnostic::warning(
                "T905",
                at(),
                format!("'{}' has the columns '{}' and '{}', which differ in capitals only", table.name, first.name, column.name),
            ),
        };
        let fault = fault.help("keep one of the two, or give one another name");
        faults.push(first.at.clone().into_iter().fold(fault, |fault, at| fault.also(at, "the first one")));
    }
}
