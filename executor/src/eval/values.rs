//! Views of values that several parts of the evaluator share.

use std::sync::Arc;

use super::fault::{Outcome, null_hint, type_error};
use crate::value::Value;

/// What iterating over a value gives.
pub(crate) fn members(value: &Value) -> Outcome<Arc<Vec<Value>>> {
    match value {
        Value::List(members) | Value::Tuple(members) => Ok(members.clone()),
        Value::Text(text) => Ok(Arc::new(text.chars().map(|c| Value::text(c.encode_utf8(&mut [0; 4]) as &str)).collect())),
        Value::Bytes(bytes) => Ok(Arc::new(bytes.iter().map(|b| Value::Int(i64::from(*b))).collect())),
        Value::Map(map) => Ok(Arc::new(map.keys().map(|k| Value::Text(k.clone())).collect())),
        Value::Row(row) => Ok(Arc::new(row.columns.iter().map(|c| Value::Text(c.clone())).collect())),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) => {
            Err(type_error(format!("'{}' object is not iterable{}", value.type_name(), null_hint(value))))
        }
    }
}

/// Keys and values of a map or row.
pub(crate) fn entries(value: &Value) -> Option<Vec<(Arc<str>, Value)>> {
    match value {
        Value::Map(map) => Some(map.iter().map(|(k, v)| (k.clone(), v.clone())).collect()),
        Value::Row(row) => Some(row.columns.iter().cloned().zip(row.values.iter().cloned()).collect()),
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

/// A key of a map: maps have text keys, as in JSON.
pub(crate) fn text_key(key: &Value) -> Outcome<Arc<str>> {
    match key {
        Value::Text(text) => Ok(text.clone()),
        other => Err(type_error(format!("the keys of a map are text, not {} — write str(…) around the key", other.type_name()))),
    }
}
