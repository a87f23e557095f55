//! [`Value`] → JSON text and table cells.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;

use crate::database::Cell;
use crate::error::{ErrorKind, RunError};
use crate::value::number::float_repr;
use crate::value::{MAX_DEPTH, Value};

/// A value as compact JSON: keys in their order, rows as maps, tuples as lists, bytes as base64 text, numbers with their own digits.
///
/// # Errors
/// Of kind `Data` for NaN, infinity, and nesting deeper than [`MAX_DEPTH`]: JSON has none of them.
pub fn to_text(value: &Value) -> Result<String, RunError> {
    let mut writer = Writer { out: String::new(), fault: None };
    writer.value(value, 0);
    match writer.fault {
        None => Ok(writer.out),
        Some(fault) => Err(RunError::new(ErrorKind::Data, fault)),
    }
}

/// A value as a cell of a table: lists and maps become JSON text, in which NaN and infinity are null.
#[must_use]
pub fn cell_of(value: &Value) -> Cell<'_> {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(b) => Cell::Bool(*b),
        Value::Int(i) => Cell::Int(*i),
        Value::Float(f) => Cell::Float(*f),
        Value::Number(n) => Cell::Number(Cow::Borrowed(n)),
        Value::Text(t) => Cell::Text(Cow::Borrowed(t)),
        Value::Bytes(b) => Cell::Bytes(Cow::Borrowed(b)),
        Value::List(_) | Value::Tuple(_) | Value::Map(_) | Value::Row(_) => {
            let mut writer = Writer { out: String::new(), fault: None };
            writer.value(value, 0);
            Cell::Json(Cow::Owned(writer.out))
        }
    }
}

struct Writer {
    out: String,
    /// What JSON cannot hold; null is written in its place.
    fault: Option<String>,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(b) => self.out.push_str(if *b { "true" } else { "false" }),
            Value::Int(i) => {
                // Writing to a String cannot fail.
                let _ = write!(self.out, "{i}");
            }
            Value::Float(f) if f.is_finite() => self.out.push_str(&float_repr(*f)),
            Value::Float(f) => self.refuse(format!("{} has no JSON form: send null or text instead", float_repr(*f))),
            Value::Number(n) => self.out.push_str(n),
            Value::Text(t) => self.text(t),
            Value::Bytes(b) => {
                self.out.push('"');
                base64::engine::general_purpose::STANDARD.encode_string(b, &mut self.out);
                self.out.push('"');
            }
            Value::List(_) | Value::Tuple(_) | Value::Map(_) | Value::Row(_) if depth > MAX_DEPTH => {
                self.refuse(format!("lists and maps nest deeper than {MAX_DEPTH}"));
            }
            Value::List(members) | Value::Tuple(members) => {
                self.out.push('[');
                for (index, member) in members.iter().enumerate() {
                    self.separate(index);
                    self.value(member, depth + 1);
                }
                self.out.push(']');
            }
            Value::Map(map) => self.map(map.iter().map(|(key, value)| (&**key, value)), depth),
            Value::Row(row) => self.map(row.columns.iter().map(|c| &**c).zip(&row.values), depth),
        }
    }

    fn map<'a>(&mut self, pairs: impl Iterator<Item = (&'a str, &'a Value)>, depth: usize) {
        self.out.push('{');
        for (index, (key, value)) in pairs.enumerate() {
            self.separate(index);
            self.text(key);
            self.out.push(':');
            self.value(value, depth + 1);
        }
        self.out.push('}');
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.out.push(',');
        }
    }

    fn refuse(&mut self, fault: String) {
        self.out.push_str("null");
        self.fault.get_or_insert(fault);
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        let mut written = 0;
        for (index, byte) in text.bytes().enumerate() {
            let escape = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                0x08 => "\\b",
                0x0c => "\\f",
                0..=0x1f => "",
                _ => continue,
            };
            self.out.push_str(text.get(written..index).unwrap_or_default());
            if escape.is_empty() {
                // Writing to a String cannot fail.
                let _ = write!(self.out, "\\u{byte:04x}");
            } else {
                self.out.push_str(escape);
            }
            written = index + 1;
        }
        self.out.push_str(text.get(written..).unwrap_or_default());
        self.out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        let text = r#"{"a":[1,10.20,1e+16,12345678901234567890,null,true],"b":{"é":"\"\\\n\u0001/"}}"#;
        assert_eq!(to_text(&crate::json::parse(text.as_bytes()).unwrap()).unwrap(), text);
    }

    #[test]
    fn what_json_has_not_is_refused_in_bodies_and_null_in_cells() {
        let list = Value::List(Arc::new(vec![Value::Float(f64::NAN), Value::Bytes(Arc::from(&b"ab"[..]))]));
        assert!(to_text(&list).unwrap_err().message.contains("nan has no JSON form"));
        assert_eq!(cell_of(&list), Cell::Json(Cow::Borrowed(r#"[null,"YWI="]"#)));
    }

    #[test]
    fn deep_values_are_refused_not_followed() {
        let mut value = Value::Null;
        for _ in 0..400 {
            value = Value::List(Arc::new(vec![value]));
        }
        assert!(to_text(&value).unwrap_err().message.contains("deeper than"));
        assert!(!value.is_shallow());
    }
}
