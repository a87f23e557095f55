//! `base[key]`, `base[start:stop:step]` and Jinja's `base.name`.

use std::sync::Arc;

use super::fault::{Outcome, expression, key_error, no_column, null_hint, type_error, value_error};
use crate::value::number::Number;
use crate::value::{Row, Value};

pub(crate) fn index(base: &Value, key: &Value) -> Outcome {
    match (base, key) {
        (Value::Map(map), Value::Text(name)) => {
            map.get(&**name).cloned().ok_or_else(|| key_error(key, &map.keys().map(|k| &**k).collect::<Vec<_>>()))
        }
        (Value::Map(map), _) => Err(key_error(key, &map.keys().map(|k| &**k).collect::<Vec<_>>())),
        (Value::Row(row), Value::Text(column)) => column_of(row, column).cloned(),
        (Value::Row(row), _) => position(key, row.values.len(), "row").map(|i| row.values.get(i).cloned().unwrap_or(Value::Null)),
        (Value::List(members), _) => position(key, members.len(), "list").map(|i| members.get(i).cloned().unwrap_or(Value::Null)),
        (Value::Tuple(members), _) => position(key, members.len(), "tuple").map(|i| members.get(i).cloned().unwrap_or(Value::Null)),
        (Value::Text(text), _) => {
            if text.is_ascii() {
                let i = position(key, text.len(), "string")?;
                return Ok(Value::text(text.get(i..=i).unwrap_or_default()));
            }
            let i = position(key, text.chars().count(), "string")?;
            Ok(Value::text(text.chars().nth(i).map(String::from).unwrap_or_default()))
        }
        (Value::Bytes(bytes), _) => {
            position(key, bytes.len(), "bytes").map(|i| bytes.get(i).map_or(Value::Null, |b| Value::Int(i64::from(*b))))
        }
        (Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_), _) => {
            Err(type_error(format!("'{}' object is not subscriptable{}", base.type_name(), null_hint(base))))
        }
    }
}

pub(crate) fn column_of<'r>(row: &'r Row, column: &str) -> Outcome<&'r Value> {
    row.get(column).ok_or_else(|| no_column(column, &row.columns))
}

/// The place of an index that may count from the end.
fn position(key: &Value, length: usize, kind: &str) -> Outcome<usize> {
    let index = match key {
        Value::Int(i) => *i,
        Value::Bool(b) => i64::from(*b),
        _ => {
            let hint =
                if matches!(key, Value::Text(_)) && kind == "list" { " — it is a list: take a member first, as in x[0]" } else { "" };
            return Err(type_error(format!("{kind} indices must be integers, not '{}'{hint}", key.type_name())));
        }
    };
    let signed = i64::try_from(length).unwrap_or(i64::MAX);
    let at = if index < 0 { index.saturating_add(signed) } else { index };
    match usize::try_from(at) {
        Ok(at) if at < length => Ok(at),
        _ => Err(expression(format!("IndexError: {kind} index out of range — index {index}, length {length}"))),
    }
}

/// Jinja's attribute: a missing one, also that of null, is undefined, which is given as `None`. A row's columns are an error where they are missing.
pub(crate) fn attribute(base: &Value, name: &str) -> Outcome<Option<Value>> {
    match base {
        Value::Map(map) => Ok(map.get(name).cloned()),
        Value::Row(row) => column_of(row, name).cloned().map(Some),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::List(_)
        | Value::Tuple(_) => Ok(None),
    }
}

pub(crate) fn slice(base: &Value, start: Option<&Value>, stop: Option<&Value>, step: Option<&Value>) -> Outcome {
    let (start, stop, step) = (bound(start)?, bound(stop)?, bound(step)?);
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(value_error("slice step cannot be zero"));
    }
    let picks = |length: usize| Picks::new(length, start, stop, step);
    Ok(match base {
        Value::List(members) => Value::List(Arc::new(picks(members.len()).filter_map(|i| members.get(i).cloned()).collect())),
        Value::Tuple(members) => Value::Tuple(Arc::new(picks(members.len()).filter_map(|i| members.get(i).cloned()).collect())),
        Value::Bytes(bytes) => Value::Bytes(picks(bytes.len()).filter_map(|i| bytes.get(i).copied()).collect::<Vec<u8>>().into()),
        Value::Text(text) if text.is_ascii() => {
            let bytes = text.as_bytes();
            Value::text(picks(bytes.len()).filter_map(|i| bytes.get(i).map(|b| char::from(*b))).collect::<String>())
        }
        Value::Text(text) => {
            let chars: Vec<char> = text.chars().collect();
            Value::text(picks(chars.len()).filter_map(|i| chars.get(i)).collect::<String>())
        }
        Value::Map(_) | Value::Row(_) => return Err(expression("KeyError: a map has no slices — take list(x.values())[…]")),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) => {
            return Err(type_error(format!("'{}' object is not subscriptable{}", base.type_name(), null_hint(base))));
        }
    })
}

/// Where a slice from `start` begins in a list of that length.
pub(crate) fn first_of_slice(length: usize, start: Option<&Value>) -> Outcome<usize> {
    let start = bound(start)?;
    Ok(usize::try_from(Picks::new(length, start, None, 1).next).unwrap_or(0))
}

fn bound(value: Option<&Value>) -> Outcome<Option<i64>> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value @ (Value::Bool(_) | Value::Int(_) | Value::Number(_))) => match Number::of(value) {
            Some(Number::Int(i)) => Ok(Some(i)),
            Some(Number::Big(b)) => Ok(Some(if b.sign() == malachite_bigint::Sign::Minus { i64::MIN } else { i64::MAX })),
            _ => Err(type_error("slice indices must be integers or None")),
        },
        Some(_) => Err(type_error("slice indices must be integers or None")),
    }
}

/// The positions that a slice picks.
struct Picks {
    next: i64,
    stop: i64,
    step: i64,
}

impl Picks {
    fn new(length: usize, start: Option<i64>, stop: Option<i64>, step: i64) -> Self {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        let (lowest, highest) = if step > 0 { (0, length) } else { (-1, length - 1) };
        let clamp = |bound: i64| if bound < 0 { bound.saturating_add(length).max(lowest) } else { bound.min(highest) };
        let (first, last) = if step > 0 { (0, length) } else { (length - 1, -1) };
        Self { next: start.map_or(first, clamp), stop: stop.map_or(last, clamp), step }
    }
}

impl Iterator for Picks {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let at = self.next;
        let inside = if self.step > 0 { at < self.stop } else { at > self.stop };
        self.next = at.saturating_add(self.step);
        inside.then(|| usize::try_from(at).ok()).flatten()
    }
}
