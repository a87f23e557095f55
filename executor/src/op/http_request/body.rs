//! A request's body: a value in the format that the flow names.

use std::sync::Arc;

use bytes::Bytes;
use sequor_plan_format::op::http_request::BodyFormat;

use super::text::{NULL, a_kind, is_null, plain};
use crate::error::{ErrorKind, RunError};
use crate::json;
use crate::value::{MAX_DEPTH, Map, Value};

/// Bytes, and the `Content-Type` that goes with them unless a header says otherwise.
pub(super) struct Body {
    pub(super) bytes: Bytes,
    pub(super) content_type: &'static str,
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const TEXT: &str = "text/plain; charset=utf-8";
const BINARY: &str = "application/octet-stream";

/// Encodes a body; `None` where the value is null.
pub(super) fn encode(format: BodyFormat, value: Value) -> Result<Option<Body>, RunError> {
    let body = |bytes: Vec<u8>, content_type| Ok(Some(Body { bytes: bytes.into(), content_type }));
    match (format, value) {
        (_, value) if is_null(&value) => Ok(None),
        (BodyFormat::Auto | BodyFormat::Text, Value::Text(text)) => body(text.as_bytes().to_vec(), TEXT),
        (_, Value::Bytes(bytes)) => body(bytes.to_vec(), BINARY),
        // A template that writes JSON itself.
        (BodyFormat::Json, Value::Text(text)) if is_json_document(&text) => body(text.as_bytes().to_vec(), JSON),
        (BodyFormat::Json | BodyFormat::Auto, value) => body(json::to_text(&with_nulls(value, 0))?.into_bytes(), JSON),
        (BodyFormat::Form, Value::Text(text)) => body(text.as_bytes().to_vec(), FORM),
        (BodyFormat::Form, value) => body(form(&value)?.into_bytes(), FORM),
        (BodyFormat::Text, value) => match plain(&value) {
            Some(text) => body(text.into_bytes(), TEXT),
            None => body(json::to_text(&value)?.into_bytes(), TEXT),
        },
    }
}

fn is_json_document(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && json::parse(text.as_bytes()).is_ok()
}

/// The same with every text that stands for null replaced. Parts without one stay shared.
fn with_nulls(value: Value, depth: usize) -> Value {
    // What is deeper is refused by the writer.
    if depth > MAX_DEPTH || !has_null_text(&value, depth) {
        return value;
    }
    match value {
        Value::Text(text) if &*text == NULL => Value::Null,
        Value::List(list) | Value::Tuple(list) => {
            Value::List(Arc::new(Arc::unwrap_or_clone(list).into_iter().map(|v| with_nulls(v, depth + 1)).collect()))
        }
        Value::Map(map) => {
            Value::Map(Arc::new(Arc::unwrap_or_clone(map).into_iter().map(|(k, v)| (k, with_nulls(v, depth + 1))).collect()))
        }
        Value::Row(row) => {
            let columns = row.columns.iter().cloned();
            Value::Map(Arc::new(columns.zip(row.values.iter().cloned().map(|v| with_nulls(v, depth + 1))).collect::<Map>()))
        }
        other => other,
    }
}

fn has_null_text(value: &Value, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    match value {
        Value::Text(text) => &**text == NULL,
        Value::List(list) | Value::Tuple(list) => list.iter().any(|v| has_null_text(v, depth + 1)),
        Value::Map(map) => map.values().any(|v| has_null_text(v, depth + 1)),
        Value::Row(row) => row.values.iter().any(|v| has_null_text(v, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) | Value::Bytes(_) => false,
    }
}

/// `a=1&b=2`: a list repeats its name, a map inside writes `name[key]`, null is left out.
fn form(value: &Value) -> Result<String, RunError> {
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    let mut pairs = Vec::new();
    for (name, value) in entries(value).ok_or_else(|| {
        RunError::new(ErrorKind::Data, format!("a form body must be a map of names and values, but it is {}", a_kind(value)))
    })? {
        flatten(name.to_owned(), value, 0, &mut pairs)?;
    }
    out.extend_pairs(pairs);
    Ok(out.finish())
}

fn flatten(name: String, value: &Value, depth: usize, into: &mut Vec<(String, String)>) -> Result<(), RunError> {
    if depth > MAX_DEPTH {
        return Err(RunError::new(ErrorKind::Data, format!("the form body nests deeper than {MAX_DEPTH}")));
    }
    if is_null(value) {
        return Ok(());
    }
    if let Some(text) = plain(value) {
        into.push((name, text));
        return Ok(());
    }
    match value {
        Value::List(list) | Value::Tuple(list) => list.iter().try_for_each(|member| flatten(name.clone(), member, depth + 1, into)),
        Value::Map(_) | Value::Row(_) => entries(value)
            .unwrap_or_default()
            .into_iter()
            .try_for_each(|(key, member)| flatten(format!("{name}[{key}]"), member, depth + 1, into)),
        other => Err(RunError::new(ErrorKind::Data, format!("the form field '{name}' cannot hold {}", a_kind(other)))),
    }
}

/// Names and values of a map or row.
pub(super) fn entries(value: &Value) -> Option<Vec<(&str, &Value)>> {
    match value {
        Value::Map(map) => Some(map.iter().map(|(key, value)| (&**key, value)).collect()),
        Value::Row(row) => Some(row.columns.iter().map(|c| &**c).zip(&row.values).collect()),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::List(_)
        | Value::Tuple(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(format: BodyFormat, json_text: &str) -> Option<(String, &'static str)> {
        let value = json::parse(json_text.as_bytes()).unwrap();
        encode(format, value).unwrap().map(|b| (String::from_utf8(b.bytes.to_vec()).unwrap(), b.content_type))
    }

    #[test]
    fn json_keeps_numbers_and_reads_the_null_text() {
        let (text, kind) =
            encoded(BodyFormat::Json, r#"{"a": "__NULL__", "b": [12345678901234567890, 10.20, {"c": "__NULL__"}]}"#).unwrap();
        assert_eq!(text, r#"{"a":null,"b":[12345678901234567890,10.20,{"c":null}]}"#);
        assert_eq!(kind, JSON);
    }

    #[test]
    fn text_that_is_json_is_sent_as_it_is() {
        assert_eq!(encoded(BodyFormat::Json, r#""{\"a\": 1}""#).unwrap().0, r#"{"a": 1}"#);
        assert_eq!(encoded(BodyFormat::Json, r#""plain""#).unwrap().0, r#""plain""#);
    }

    #[test]
    fn without_a_format_the_value_decides() {
        assert_eq!(encoded(BodyFormat::Auto, r#"["a"]"#).unwrap(), (r#"["a"]"#.to_owned(), JSON));
        assert_eq!(encoded(BodyFormat::Auto, r#""a b""#).unwrap(), ("a b".to_owned(), TEXT));
        assert!(encoded(BodyFormat::Auto, "null").is_none());
    }

    #[test]
    fn forms_repeat_lists_and_leave_null_out() {
        let (text, kind) =
            encoded(BodyFormat::Form, r#"{"a b": "c&d", "n": null, "m": "__NULL__", "l": [1, true], "meta": {"k": "v", "x": {"y": 2}}}"#)
                .unwrap();
        assert_eq!(text, "a+b=c%26d&l=1&l=true&meta%5Bk%5D=v&meta%5Bx%5D%5By%5D=2");
        assert_eq!(kind, FORM);
        assert!(encode(BodyFormat::Form, Value::Int(1)).is_err());
    }
}
