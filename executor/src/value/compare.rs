//! Python's `==` and `<` over values.

use std::cmp::Ordering;

use malachite_bigint::BigInt;
use num_traits::FromPrimitive;

use super::number::Number;
use super::{MAX_DEPTH, Map, Row, Value};

impl PartialEq for Value {
    /// `==`: numbers by their value whatever their type, lists and maps member by member, a list never equal to a tuple, a row equal to the map of
    /// its columns. Values nested deeper than [`MAX_DEPTH`] are unequal.
    fn eq(&self, other: &Self) -> bool {
        equal(self, other, 0)
    }
}

fn equal(a: &Value, b: &Value, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b, depth + 1))
        }
        (Value::Map(a), Value::Map(b)) => a.len() == b.len() && a.iter().all(|(k, a)| b.get(k).is_some_and(|b| equal(a, b, depth + 1))),
        (Value::Row(a), Value::Row(b)) => {
            a.columns.len() == b.columns.len() && row_entries(a).all(|(k, a)| row_entry(b, k).is_some_and(|b| equal(a, b, depth + 1)))
        }
        (Value::Row(row), Value::Map(map)) | (Value::Map(map), Value::Row(row)) => row_equals_map(row, map, depth),
        (
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_),
        ) => numbers(a, b) == Some(Ordering::Equal),
        _ => false,
    }
}

fn row_equals_map(row: &Row, map: &Map, depth: usize) -> bool {
    row.columns.len() == map.len() && row_entries(row).all(|(k, a)| map.get(k).is_some_and(|b| equal(a, b, depth + 1)))
}

fn row_entries(row: &Row) -> impl Iterator<Item = (&str, &Value)> {
    row.columns.iter().map(|c| &**c).zip(&row.values)
}

fn row_entry<'a>(row: &'a Row, column: &str) -> Option<&'a Value> {
    row_entries(row).find(|(name, _)| *name == column).map(|(_, value)| value)
}

fn numbers(a: &Value, b: &Value) -> Option<Ordering> {
    if let (Value::Int(a), Value::Int(b)) = (a, b) {
        return Some(a.cmp(b));
    }
    compare_numbers(&Number::of(a)?, &Number::of(b)?)
}

/// Exact, also between integers and floats; `None` where one is not a number.
#[must_use]
pub fn compare_numbers(a: &Number, b: &Number) -> Option<Ordering> {
    match (a, b) {
        (Number::Float(a), Number::Float(b)) => a.partial_cmp(b),
        (Number::Float(a), b) => compare_integer(b, *a).map(Ordering::reverse),
        (a, Number::Float(b)) => compare_integer(a, *b),
        (Number::Int(a), Number::Int(b)) => Some(a.cmp(b)),
        (a, b) => Some(a.clone().into_big()?.cmp(&b.clone().into_big()?)),
    }
}

fn compare_integer(integer: &Number, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float.is_infinite() {
        return Some(if float > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    let whole = BigInt::from_f64(float.trunc())?;
    let by_whole = integer.clone().into_big()?.cmp(&whole);
    let fraction = float.fract();
    Some(by_whole.then(if fraction > 0.0 {
        Ordering::Less
    } else if fraction < 0.0 {
        Ordering::Greater
    } else {
        Ordering::Equal
    }))
}

/// Why two values have no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unordered {
    pub left: &'static str,
    pub right: &'static str,
}

/// Python's order: numbers, texts, bytes, and lists or tuples member by member. `Ok(None)` where a NaN is involved.
///
/// # Errors
/// The two types that have no order between them.
pub fn order(a: &Value, b: &Value) -> Result<Option<Ordering>, Unordered> {
    ordered(a, b, 0)
}

fn ordered(a: &Value, b: &Value, depth: usize) -> Result<Option<Ordering>, Unordered> {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Ok(Some(a.cmp(b))),
        (Value::Bytes(a), Value::Bytes(b)) => Ok(Some(a.cmp(b))),
        (
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_),
        ) => Ok(numbers(a, b)),
        (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) if depth < MAX_DEPTH => {
            let differing = a.iter().zip(b.iter()).find(|(a, b)| a != b);
            differing.map_or_else(|| Ok(Some(a.len().cmp(&b.len()))), |(a, b)| ordered(a, b, depth + 1))
        }
        (a, b) => Err(Unordered { left: a.type_name(), right: b.type_name() }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn numbers_compare_by_value_across_types() {
        assert_eq!(Value::Int(1), Value::Float(1.0));
        assert_eq!(Value::Bool(true), Value::Int(1));
        assert_eq!(Value::Number("10.20".into()), Value::Float(10.2));
        assert_ne!(Value::Int(9_007_199_254_740_993), Value::Float(9_007_199_254_740_992.0));
        assert_eq!(order(&Value::Number("100000000000000000000".into()), &Value::Float(1e20)), Ok(Some(Ordering::Equal)));
        assert_eq!(order(&Value::Int(-1), &Value::Float(-0.5)), Ok(Some(Ordering::Less)));
    }

    #[test]
    fn lists_and_tuples_differ_and_have_no_common_order() {
        let list = Value::List(Arc::new(vec![Value::Int(1)]));
        let tuple = Value::Tuple(Arc::new(vec![Value::Int(1)]));
        assert_ne!(list, tuple);
        assert_eq!(order(&list, &tuple), Err(Unordered { left: "list", right: "tuple" }));
    }

    #[test]
    fn a_row_equals_the_map_of_its_columns() {
        let row = Value::Row(Arc::new(Row { columns: Arc::from(vec![Arc::from("a")]), values: vec![Value::Int(1)] }));
        let map = Value::Map(Arc::new([(Arc::from("a"), Value::Float(1.0))].into_iter().collect()));
        assert_eq!(row, map);
    }
}
