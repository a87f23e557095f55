//! A reply's body as rows, by its format.

use std::sync::Arc;

use sequor_plan_format::op::http_request::{PathStep, ReplyFormat};
use sequor_plan_format::{ColumnType, Plan, TextId};

use super::text::{one_line, plain};
use crate::database::{Cell, ColumnDefinition};
use crate::error::{ErrorKind, RunError};
use crate::eval::Reply;
use crate::json::{self, Step};
use crate::report::count;
use crate::value::{Map, Value};

/// A format that is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    JsonLines,
    Csv { delimiter: u8 },
    Text,
}

impl Format {
    pub(super) fn of(format: ReplyFormat, reply: &Reply) -> Self {
        match format {
            ReplyFormat::Json => Self::Json,
            ReplyFormat::JsonLines => Self::JsonLines,
            ReplyFormat::Csv => Self::Csv { delimiter: b',' },
            ReplyFormat::Text => Self::Text,
            ReplyFormat::Auto => match media_type(reply).as_str() {
                "application/x-ndjson"
                | "application/ndjson"
                | "application/jsonl"
                | "application/x-jsonlines"
                | "application/jsonlines" => Self::JsonLines,
                "text/csv" | "application/csv" => Self::Csv { delimiter: b',' },
                "text/tab-separated-values" => Self::Csv { delimiter: b'\t' },
                _ => Self::Json,
            },
        }
    }
}

fn media_type(reply: &Reply) -> String {
    let header = reply.headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, value)| value);
    header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Calls `each` with the cells of every row under `path`, in the order of `columns`.
///
/// # Errors
/// `Reply` for a body that is not of its format or a path that leads nowhere; what `each` reports.
pub(super) fn rows(
    plan: &Plan,
    format: Format,
    reply: &Reply,
    path: &[PathStep],
    columns: &[ColumnDefinition],
    each: &mut dyn FnMut(&[Cell<'_>]) -> Result<(), RunError>,
) -> Result<(), RunError> {
    if has_no_content(reply) {
        return Ok(());
    }
    let steps = steps(plan, path);
    let names: Vec<&str> = columns.iter().map(|c| &*c.name).collect();
    match format {
        Format::Json => json::rows(&reply.body, &steps, &names, each).map(|_| ()),
        Format::JsonLines => lines(reply, |line| json::rows(line, &steps, &names, each).map(|_| ())),
        Format::Csv { delimiter } => csv_rows(reply, delimiter, path, columns, each),
        Format::Text => Err(RunError::new(
            ErrorKind::Reply,
            "the reply is read as text, which has no rows; use data_expression or a parser, or another format",
        )),
    }
}

/// The rows under `path` as values, for tables whose columns are found in them.
///
/// # Errors
/// As [`rows`].
pub(super) fn values(plan: &Plan, format: Format, reply: &Reply, path: &[PathStep]) -> Result<Value, RunError> {
    if has_no_content(reply) {
        return Ok(Value::Null);
    }
    let mut found = Vec::new();
    match format {
        Format::Json => {
            collect(plan, reply.json()?, path, &mut found)?;
        }
        Format::JsonLines => lines(reply, |line| {
            let value = json::parse(line).map_err(|e| RunError::new(ErrorKind::Reply, format!("it is not JSON: {e}")))?;
            collect(plan, &value, path, &mut found)
        })?,
        Format::Csv { delimiter } => {
            let mut reader = csv_reader(reply, delimiter);
            let header = reader.headers().map_err(|e| not_csv(&e))?;
            let columns: Vec<ColumnDefinition> =
                header.iter().map(|name| ColumnDefinition { name: name.trim().into(), kind: ColumnType::Text }).collect();
            csv_rows(reply, delimiter, path, &columns, &mut |cells| {
                let value = |cell: &Cell<'_>| match cell {
                    Cell::Text(text) => Value::text(&**text),
                    _ => Value::Null,
                };
                found.push(Value::Map(Arc::new(columns.iter().map(|c| Arc::clone(&c.name)).zip(cells.iter().map(value)).collect::<Map>())));
                Ok(())
            })?;
        }
        Format::Text => return rows(plan, format, reply, path, &[], &mut |_| Ok(())).map(|()| Value::Null),
    }
    Ok(Value::List(Arc::new(found)))
}

/// A status that never has a body, and none is there.
fn has_no_content(reply: &Reply) -> bool {
    reply.body.is_empty() && matches!(reply.status, 204 | 205 | 304)
}

fn steps<'p>(plan: &'p Plan, path: &[PathStep]) -> Vec<Step<'p>> {
    path.iter()
        .map(|step| match step {
            PathStep::Key(key) => Step::Key(plan.text(*key)),
            PathStep::Index(index) => Step::Index(*index as usize),
            PathStep::Each => Step::Each,
        })
        .collect()
}

/// Adds what is at the end of the path: the members of a list, or one value. Null is none.
fn collect(plan: &Plan, value: &Value, path: &[PathStep], into: &mut Vec<Value>) -> Result<(), RunError> {
    let Some((step, rest)) = path.split_first() else {
        match value {
            Value::Null => {}
            Value::List(list) => into.extend(list.iter().filter(|v| !matches!(v, Value::Null)).cloned()),
            other => into.push(other.clone()),
        }
        return Ok(());
    };
    match (step, value) {
        (PathStep::Key(key), value) => collect(plan, member(plan, value, *key)?, rest, into),
        (PathStep::Index(index), Value::List(list)) => match list.get(*index as usize) {
            Some(value) => collect(plan, value, rest, into),
            None => Err(no_way(format!(
                "a list in the reply has {}, so there is no member {index}",
                count(list.len() as u64, "member", "members")
            ))),
        },
        (PathStep::Each, Value::List(list)) => list.iter().try_for_each(|value| collect(plan, value, rest, into)),
        (PathStep::Each, Value::Null) => Ok(()),
        (PathStep::Each, Value::Map(_)) => collect(plan, value, rest, into),
        (PathStep::Index(_) | PathStep::Each, other) => {
            Err(no_way(format!("the path expects a list in the reply, but there is a {}", other.kind())))
        }
    }
}

fn member<'v>(plan: &Plan, value: &'v Value, key: TextId) -> Result<&'v Value, RunError> {
    let key = plan.text(key);
    match value {
        Value::Map(map) => map.get(key).ok_or_else(|| {
            no_way(format!("the reply has no key '{key}' there; the keys are: {}", super::text::names(map.keys().map(|k| &**k))))
        }),
        other => Err(no_way(format!("the path expects a map with the key '{key}' in the reply, but there is a {}", other.kind()))),
    }
}

fn no_way(message: String) -> RunError {
    RunError::new(ErrorKind::Reply, message)
}

/// Calls `each` with every line that is not blank.
fn lines(reply: &Reply, mut each: impl FnMut(&[u8]) -> Result<(), RunError>) -> Result<(), RunError> {
    for (number, line) in (1u64..).zip(reply.body.split(|b| *b == b'\n')) {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        each(line).map_err(|mut error| {
            if error.kind == ErrorKind::Reply {
                error.message = format!("line {number} of the reply: {}", error.message);
            }
            error
        })?;
    }
    Ok(())
}

fn csv_reader(reply: &Reply, delimiter: u8) -> csv::Reader<&[u8]> {
    let body = reply.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&reply.body);
    csv::ReaderBuilder::new().delimiter(delimiter).from_reader(body)
}

fn not_csv(error: &csv::Error) -> RunError {
    RunError::new(ErrorKind::Reply, format!("the reply is not CSV with a header row: {error}"))
}

fn csv_rows(
    reply: &Reply,
    delimiter: u8,
    path: &[PathStep],
    columns: &[ColumnDefinition],
    each: &mut dyn FnMut(&[Cell<'_>]) -> Result<(), RunError>,
) -> Result<(), RunError> {
    if !path.iter().all(|step| matches!(step, PathStep::Each)) {
        return Err(RunError::new(ErrorKind::Reply, "a CSV reply is a list of rows: its data_path must be empty"));
    }
    let mut reader = csv_reader(reply, delimiter);
    let header = reader.headers().map_err(|e| not_csv(&e))?.clone();
    let places: Vec<(Option<usize>, bool)> = columns
        .iter()
        .map(|column| {
            (header.iter().position(|name| name.trim() == &*column.name), matches!(column.kind, ColumnType::Text | ColumnType::Varchar(_)))
        })
        .collect();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|e| not_csv(&e))? {
        // CSV writes "nothing" as an empty field: in a text column that is an empty text.
        let cell = |(place, is_text): &(Option<usize>, bool)| {
            let text = place.and_then(|p| record.get(p)).filter(|text| *is_text || !text.is_empty());
            text.map_or(Cell::Null, |text| Cell::Text(text.into()))
        };
        each(&places.iter().map(cell).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Says what the body is, where something that expected JSON failed because it is none.
pub(super) fn explained(mut error: RunError, reply: &Reply) -> RunError {
    /// A larger body is not read once more only for a message.
    const LARGEST: usize = 16 << 20;
    if error.kind != ErrorKind::Reply || reply.body.len() > LARGEST {
        return error;
    }
    let Err(fault) = json::parse(&reply.body) else { return error };
    let media_type = media_type(reply);
    error.message = if reply.body.iter().all(u8::is_ascii_whitespace) {
        format!("the reply is empty where JSON is expected (status {})", reply.status)
    } else if media_type.contains("json") {
        format!("the reply is not JSON, although its Content-Type is {media_type}: {fault}")
    } else {
        let start = one_line(&String::from_utf8_lossy(reply.body.get(..2000).unwrap_or(&reply.body)), 200);
        let content_type =
            if media_type.is_empty() { "it has no Content-Type".to_owned() } else { format!("its Content-Type is {media_type}") };
        format!("the reply is not JSON: {content_type}, and it starts with: {start}")
    };
    error
}

/// A row's value as a cell. Text from a template that stands for null is null.
pub(super) fn cell(value: &Value) -> Cell<'_> {
    if super::text::is_null(value) { Cell::Null } else { json::cell_of(value) }
}

/// The rows in a value: a list of maps, or one map; null is none.
pub(super) fn rows_of(value: Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::List(list) | Value::Tuple(list) => Arc::unwrap_or_clone(list),
        one => vec![one],
    }
}

/// A value that should have been a row, for a message.
pub(crate) fn shown(value: &Value) -> String {
    match plain(value) {
        Some(text) => format!("{} '{}'", super::text::a_kind(value), one_line(&text, 60)),
        None => super::text::a_kind(value),
    }
}
