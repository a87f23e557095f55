//! P611: a table that a parser describes itself has the keys of one, its columns, and a source that is a database (R201, R205).

use super::rows::{self, Column};
use crate::compile::Parsed;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::op::http_request::HttpRequest;
use crate::snippet::expression::{DictItem, Expression, Kind};
use crate::source::Kind as Source;
use crate::tables::text;

const KEYS: &[&str] = &["source", "database", "namespace", "schema", "table", "name", "columns", "model", "data", "write_mode"];

/// Keys that other forms of a table have, and what they are called here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("rows", "data"),
    ("records", "data"),
    ("values", "data"),
    ("target_table", "table"),
    ("table_name", "table"),
    ("target_source", "source"),
    ("fields", "columns"),
    ("mode", "write_mode"),
];

/// A map that describes a table, and is no row.
pub(super) fn is_table(value: &Expression) -> bool {
    let Kind::Dict(items) = &value.kind else { return true };
    items.iter().any(|item| match item {
        DictItem::Pair(key, _) => text(key).is_none_or(|name| matches!(name, "table" | "data" | "columns" | "source")),
        DictItem::Spread(_) => true,
    })
}

pub(super) fn check(parsed: &Parsed, op: &HttpRequest, table: &Expression, faults: &mut Vec<Diagnostic>) {
    let Kind::Dict(items) = &table.kind else {
        let kind = rows::kind(table);
        if !kind.is_empty() {
            let message = format!("each of the parser's tables must be a map, but one is {kind}");
            faults.push(
                Diagnostic::error("P611", table.span.clone(), message).help("write {'source': …, 'table': …, 'columns': {…}, 'data': […]}"),
            );
        }
        return;
    };
    let mut found: Vec<(&str, &Expression, &Expression)> = Vec::new();
    for item in items {
        let DictItem::Pair(key, value) = item else { return };
        let Some(name) = text(key) else { return };
        found.push((name, key, value));
    }
    let get = |name: &str| found.iter().find(|(key, ..)| *key == name).map(|(_, _, value)| *value);
    let name = get("table").or_else(|| get("name"));
    // T906 tells the same.
    let lacks_data = |at: u32| {
        let parser = op.response.parser.iter().flat_map(|p| &p.expression.uses().tables);
        parser.into_iter().any(|t| !t.has_data && t.name.span.start == at)
    };
    let lacks_data = name.is_some_and(|name| lacks_data(name.span.start));
    let mut meant = Vec::new();
    for (name, key, _) in found.iter().filter(|(name, ..)| !KEYS.contains(name)) {
        let other = ELSEWHERE.iter().find(|(other, _)| other == name).map(|(_, key)| *key);
        let near = other.or_else(|| did_you_mean(name, KEYS.iter().copied()));
        meant.extend(near);
        if near == Some("data") && lacks_data {
            continue;
        }
        let fault = Diagnostic::error("P611", key.span.clone(), format!("a parser's table has no '{name}'"));
        faults.push(match near {
            Some(near) => fault.help(format!("did you mean '{near}'?")),
            None => fault.help("it has source, database, namespace, table, columns (or model), data and write_mode"),
        });
    }
    if let Some(source) = get("source") {
        faults.extend(no_database(parsed, source));
    }
    let has = |name: &str| get(name).is_some() || meant.contains(&name);
    if !has("columns") && !has("model") {
        let at = name.map_or(&table.span, |name| &name.span);
        let message = format!("the parser's table '{}' has no 'columns'", name.and_then(text).unwrap_or("…"));
        faults.push(
            Diagnostic::error("P611", at.clone(), message)
                .help("add 'columns': {'name': 'type', …}, or 'auto' to find them in the first rows"),
        );
    }
    if let Some((mode, written)) = get("write_mode").and_then(|mode| Some((mode, text(mode)?)))
        && !["create", "replace", "append"].iter().any(|known| known.eq_ignore_ascii_case(written))
    {
        let message = format!("'{written}' is no write_mode of a parser's table");
        faults.push(Diagnostic::error("P611", mode.span.clone(), message).help("one of: create, replace, append"));
    }
    let columns = get("columns").map(columns).unwrap_or_default();
    if let Some(data) = get("data") {
        rows::of(name.and_then(text).unwrap_or("…"), &columns, data, faults);
    }
}

fn no_database(parsed: &Parsed, source: &Expression) -> Option<Diagnostic> {
    let name = text(source)?;
    let at = || source.span.clone();
    match parsed.index.kinds.get(name) {
        Some(Some(Source::Http)) => Some(
            Diagnostic::error("R205", at(), format!("source '{name}' is an http source, and tables are written to databases"))
                .help("name a database source"),
        ),
        Some(_) => None,
        None => {
            let databases =
                || parsed.index.kinds.iter().filter(|(_, kind)| kind.is_none_or(Source::is_database)).map(|(name, _)| name.as_str());
            let list = databases().collect::<Vec<_>>().join(", ");
            let fault = Diagnostic::error("R201", at(), format!("there is no source '{name}'"));
            Some(match did_you_mean(name, databases()) {
                Some(near) => fault.help(format!("did you mean '{near}'? Databases: {list}")),
                None => fault.help(format!("databases: {list}")),
            })
        }
    }
}

/// The literal columns, as a map or a list; none where a part is computed.
fn columns(given: &Expression) -> Vec<Column<'_>> {
    let column = |name, kind: Option<&str>| Column { name, kind: kind.and_then(|kind| kind.parse().ok()) };
    let found: Option<Vec<Column<'_>>> = match &given.kind {
        Kind::Dict(items) => items
            .iter()
            .map(|item| match item {
                DictItem::Pair(name, kind) => Some(column(text(name)?, text(kind))),
                DictItem::Spread(_) => None,
            })
            .collect(),
        Kind::List(items) => items
            .iter()
            .map(|item| {
                let Kind::Dict(parts) = &item.kind else { return None };
                let part = |wanted: &str| {
                    parts.iter().find_map(|part| match part {
                        DictItem::Pair(key, value) if text(key) == Some(wanted) => text(value),
                        DictItem::Pair(..) | DictItem::Spread(_) => None,
                    })
                };
                Some(column(part("name")?, part("type")))
            })
            .collect(),
        _ => None,
    };
    found.unwrap_or_default()
}
