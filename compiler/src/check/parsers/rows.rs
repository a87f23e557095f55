//! The rows of a parser's table: P611 where they are no maps or a value fits no column, P612 for keys that are no columns.

use sequor_plan_format::ColumnType;
use sequor_plan_format::expr as plan;

use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::op::http_request::ResponseTable;
use crate::snippet::expression::{DictItem, Expression, Kind};
use crate::tables::text;

/// A column of a table, and its type as far as it is known.
pub(super) struct Column<'a> {
    pub(super) name: &'a str,
    pub(super) kind: Option<ColumnType>,
}

/// The rows of a table that the op declares.
pub(super) fn check(table: &ResponseTable, rows: &Expression, faults: &mut Vec<Diagnostic>) {
    let columns = table.columns.iter().flatten().map(|c| Column { name: &c.name.name, kind: Some(c.kind) }).collect::<Vec<_>>();
    of(text(&table.table.name).unwrap_or_default(), &columns, rows, faults);
}

/// `columns` is empty where they are found in the rows.
pub(super) fn of(table: &str, columns: &[Column<'_>], rows: &Expression, faults: &mut Vec<Diagnostic>) {
    let rows: Vec<&Expression> = match &rows.kind {
        Kind::List(rows) => rows.iter().collect(),
        Kind::Comprehension { kind: plan::Comprehension::List, element, .. } => vec![element],
        _ => return,
    };
    for row in &rows {
        let kind = kind(row);
        if !kind.is_empty() && kind != "a map" {
            let names: Vec<String> = columns.iter().take(3).map(|c| format!("'{}': …", c.name)).collect();
            let example = if names.is_empty() { "'column': …".to_owned() } else { names.join(", ") };
            faults.push(
                Diagnostic::error(
                    "P611",
                    row.span.clone(),
                    format!("a row of '{table}' is {kind}, and must be a map of columns to values"),
                )
                .help(format!("write {{{example}}}")),
            );
        }
        if let Kind::Dict(items) = &row.kind {
            items.iter().for_each(|item| values(columns, item, faults));
        }
    }
    if !columns.is_empty() {
        keys(table, columns, &rows, faults);
    }
}

/// P612: a key of the rows that is no column, where a column stays empty that it may have been meant for. Other keys may be there: they are left out.
fn keys(table: &str, columns: &[Column<'_>], rows: &[&Expression], faults: &mut Vec<Diagnostic>) {
    let mut given: Vec<(&str, &Span)> = Vec::new();
    for row in rows {
        let Kind::Dict(items) = &row.kind else { return };
        for item in items {
            let DictItem::Pair(key, _) = item else { return };
            let Some(name) = text(key) else { return };
            given.push((name, &key.span));
        }
    }
    let is_given = |column: &str| given.iter().any(|(key, _)| key.eq_ignore_ascii_case(column));
    let empty: Vec<&str> = columns.iter().map(|c| c.name).filter(|c| !is_given(c)).collect();
    let mut unknown: Vec<(&str, &Span)> =
        given.iter().copied().filter(|(key, _)| !columns.iter().any(|c| c.name.eq_ignore_ascii_case(key))).collect();
    unknown.dedup_by_key(|(key, _)| *key);
    let alone = unknown.len() == 1 && empty.len() == 1;
    for (key, at) in unknown {
        if let Some(column) = did_you_mean(key, empty.iter().copied()).or(empty.first().copied().filter(|_| alone)) {
            let message = format!("'{key}' is no column of '{table}' and is left out, and nothing fills its column '{column}'");
            faults.push(Diagnostic::warning("P612", at.clone(), message).help("give the key and the column the same name"));
        }
    }
}

/// A value that its column's type can never take.
fn values(columns: &[Column<'_>], item: &DictItem, faults: &mut Vec<Diagnostic>) {
    let DictItem::Pair(key, value) = item else { return };
    let Some(name) = text(key) else { return };
    let Some(kind) = columns.iter().find(|c| c.name.eq_ignore_ascii_case(name)).and_then(|c| c.kind) else { return };
    let is_number = matches!(
        kind,
        ColumnType::SmallInt | ColumnType::Integer | ColumnType::BigInt | ColumnType::Numeric(_) | ColumnType::Real | ColumnType::Double
    );
    let is_day = matches!(kind, ColumnType::Date | ColumnType::Timestamp | ColumnType::TimestampTz);
    let (what, help) = match &value.kind {
        Kind::Concat(parts) if is_number && (parts.iter().any(is_word) || is_cut(parts)) => {
            ("more than a number".to_owned(), "give the number alone, and what else there is in a column of its own")
        }
        Kind::Text(_) if is_number && is_word(value) => ("a text".to_owned(), "give a number, or None where there is none"),
        Kind::Format { spec, .. } if is_day && begins_with_day(spec) => {
            (format!("a date as '{spec}'"), "write dates as '%Y-%m-%d', or give the date itself: `….isoformat()`")
        }
        _ => return,
    };
    let message = format!("column '{name}' is {kind}, and this is {what}, which does not fit");
    faults.push(Diagnostic::error("P611", value.span.clone(), message).help(help));
}

/// A literal text that can be no part of a number.
fn is_word(part: &Expression) -> bool {
    let Some(text) = text(part) else { return false };
    let lower = text.trim().to_ascii_lowercase();
    let is_special =
        matches!(lower.as_str(), "inf" | "-inf" | "+inf" | "infinity" | "-infinity" | "nan" | "e" | "__null__" | "true" | "false");
    lower.chars().any(char::is_alphabetic) && !is_special && lower.parse::<f64>().is_err()
}

/// Two values with a blank between them.
fn is_cut(parts: &[Expression]) -> bool {
    let inner = parts.get(1..parts.len().saturating_sub(1)).unwrap_or_default();
    inner.iter().any(|part| text(part).is_some_and(|t| t.contains(char::is_whitespace)))
}

/// Day or month first, as people write dates.
fn begins_with_day(spec: &str) -> bool {
    let start = spec.trim_start().replace("%-", "%");
    ["%d", "%m", "%e", "%b", "%B", "%a", "%A"].iter().any(|first| start.starts_with(first)) && start.contains("%Y")
}

/// What an expression surely is; nothing where that is not known.
pub(super) fn kind(value: &Expression) -> &'static str {
    match &value.kind {
        Kind::Dict(_) | Kind::Comprehension { kind: plan::Comprehension::Dict, .. } => "a map",
        Kind::List(_) | Kind::Comprehension { kind: plan::Comprehension::List, .. } => "a list",
        Kind::Tuple(_) => "a tuple",
        Kind::Text(text) if text == "__NULL__" => "",
        Kind::Text(_) | Kind::Concat(_) | Kind::Format { .. } | Kind::Call { function: plan::Function::Str, .. } => "text",
        Kind::Method { method: plan::Method::Lower | plan::Method::Upper | plan::Method::Strip | plan::Method::Title, .. } => "text",
        Kind::Bool(_) => "true or false",
        Kind::Int(_) | Kind::Float(_) | Kind::Number(_) => "a number",
        _ => "",
    }
}

/// `response.json()['data']`: by its name the list of rows.
pub(super) fn is_list_of_reply(value: &Expression) -> bool {
    let (base, name) = match &value.kind {
        Kind::Index { base, key } => (base, text(key)),
        Kind::Method { base, method: plan::Method::Get, arguments } => (base, arguments.first().and_then(text)),
        _ => return false,
    };
    matches!(base.kind, Kind::Response(plan::ResponsePart::Json))
        && matches!(name, Some("data" | "items" | "results" | "rows" | "records" | "list" | "entries"))
}
