//! Errors of expressions, in Python's words.

use crate::error::{ErrorKind, RunError};
use crate::json::rows::shortened;
use crate::value::Value;

pub(crate) type Outcome<T = Value> = Result<T, RunError>;

pub(crate) fn expression(message: impl Into<String>) -> RunError {
    RunError::new(ErrorKind::Expression, message)
}

pub(crate) fn limit(message: impl Into<String>) -> RunError {
    RunError::new(ErrorKind::Limit, message)
}

pub(crate) fn type_error(message: impl AsRef<str>) -> RunError {
    expression(format!("TypeError: {}", message.as_ref()))
}

pub(crate) fn value_error(message: impl AsRef<str>) -> RunError {
    expression(format!("ValueError: {}", message.as_ref()))
}

/// `KeyError` of a map, with the keys that are there.
pub(crate) fn key_error(key: &Value, keys: &[&str]) -> RunError {
    let there = if keys.is_empty() { "the map is empty".to_owned() } else { format!("the keys there are: {}", shortened(keys)) };
    expression(format!("KeyError: {} — {there}", key.to_repr()))
}

/// A column that a row has not.
pub(crate) fn no_column(column: &str, columns: &[impl AsRef<str>]) -> RunError {
    expression(format!("KeyError: {} — the row's columns are: {}", Value::text(column).to_repr(), shortened(columns)))
}

/// An operation that null has not, as the likeliest cause is a key or column without a value.
pub(crate) fn null_hint(value: &Value) -> &'static str {
    if matches!(value, Value::Null) { " — the value is null" } else { "" }
}

pub(crate) fn no_attribute(value: &Value, name: &str) -> RunError {
    expression(format!("AttributeError: '{}' object has no attribute '{name}'{}", value.type_name(), null_hint(value)))
}

/// ` — did you mean 'x'?` for the closest of `names`, if one is close.
pub(crate) fn did_you_mean<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let allowed = name.chars().count().div_ceil(3);
    let closest = names.into_iter().map(|known| (distance(name, known), known)).min();
    match closest {
        Some((distance, known)) if distance <= allowed => format!(" — did you mean '{known}'?"),
        _ => String::new(),
    }
}

/// Levenshtein's distance, case ignored.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (place, y) in row.iter_mut().skip(1).zip(&b) {
            let changed = diagonal + usize::from(x != *y);
            diagonal = *place;
            left = changed.min(left + 1).min(diagonal + 1);
            *place = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_offered() {
        assert_eq!(did_you_mean("store_hsh", ["store_hash", "api_version"]), " — did you mean 'store_hash'?");
        assert_eq!(did_you_mean("customer", ["page", "limit"]), "");
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
