//! Python's built-in functions.

use std::cmp::Ordering;
use std::sync::Arc;

use num_traits::Signed as _;
use sequor_plan_format::expr::{Binary, Function};

use super::budget::{Budget, check_bytes, check_members};
use super::fault::{Outcome, expression, null_hint, type_error, value_error};
use super::{entries, members, operators, text_key};
use crate::value::decimal;
use crate::value::number::Number;
use crate::value::{Map, Value};

pub(crate) fn call(function: Function, arguments: &[Value], budget: &mut Budget) -> Outcome {
    let name = function.name();
    let (least, most) = arity(function);
    if !(least..=most).contains(&arguments.len()) {
        let wanted = if least == most { least.to_string() } else { format!("{least} or more") };
        return Err(type_error(format!("{name}() takes {wanted} arguments ({} given)", arguments.len())));
    }
    let first = arguments.first().unwrap_or(&Value::Null);
    match function {
        Function::Abs => absolute(first),
        Function::All | Function::Any => {
            let members = members(first)?;
            budget.charge(members.len())?;
            let wanted = function == Function::Any;
            Ok(Value::Bool(members.iter().any(|m| m.is_true() == wanted) == wanted))
        }
        Function::Bool => Ok(Value::Bool(first.is_true())),
        Function::Dict => dict(arguments, budget),
        Function::Enumerate => enumerate(first, arguments.get(1), budget),
        Function::Float => float(arguments.first()),
        Function::Int => int(arguments),
        Function::Len => length(first).map(|n| Value::Int(i64::try_from(n).unwrap_or(i64::MAX))),
        Function::List => Ok(Value::List(counted(arguments, budget)?)),
        Function::Tuple => Ok(Value::Tuple(counted(arguments, budget)?)),
        Function::Max => extreme(arguments, Ordering::Greater, name, budget),
        Function::Min => extreme(arguments, Ordering::Less, name, budget),
        Function::Range => range(arguments, budget),
        Function::Repr => printed(first.to_repr(), budget),
        Function::Str => printed(arguments.first().map(Value::to_text).unwrap_or_default(), budget),
        Function::Reversed => {
            let members = members(first)?;
            budget.charge(members.len())?;
            Ok(Value::List(Arc::new(members.iter().rev().cloned().collect())))
        }
        Function::Round => round(first, arguments.get(1)),
        Function::Sorted => sorted(first, budget),
        Function::Sum => sum(first, arguments.get(1), budget),
        Function::Zip => zip(arguments, budget),
    }
}

fn arity(function: Function) -> (usize, usize) {
    match function {
        Function::Abs | Function::All | Function::Any | Function::Len | Function::Repr | Function::Reversed | Function::Sorted => (1, 1),
        Function::Bool | Function::Dict | Function::Float | Function::List | Function::Str | Function::Tuple => (0, 1),
        Function::Enumerate | Function::Round | Function::Sum => (1, 2),
        Function::Int => (0, 2),
        Function::Range => (1, 3),
        Function::Max | Function::Min => (1, usize::MAX),
        Function::Zip => (0, usize::MAX),
    }
}

fn printed(text: String, budget: &mut Budget) -> Outcome {
    check_bytes(text.len())?;
    budget.charge(text.len() / 64)?;
    Ok(Value::text(text))
}

fn counted(arguments: &[Value], budget: &mut Budget) -> Outcome<Arc<Vec<Value>>> {
    let members = arguments.first().map_or_else(|| Ok(Arc::default()), members)?;
    budget.charge(members.len())?;
    Ok(members)
}

pub(crate) fn length(value: &Value) -> Outcome<usize> {
    match value {
        Value::Text(text) => Ok(if text.is_ascii() { text.len() } else { text.chars().count() }),
        Value::Bytes(bytes) => Ok(bytes.len()),
        Value::List(list) | Value::Tuple(list) => Ok(list.len()),
        Value::Map(map) => Ok(map.len()),
        Value::Row(row) => Ok(row.columns.len()),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) => {
            Err(type_error(format!("object of type '{}' has no len(){}", value.type_name(), null_hint(value))))
        }
    }
}

fn absolute(value: &Value) -> Outcome {
    match Number::of(value) {
        Some(Number::Int(i)) => Ok(Number::from_i128(i128::from(i).abs()).into()),
        Some(Number::Big(b)) => Ok(Number::from_big(b.abs()).into()),
        Some(Number::Float(f)) => Ok(Value::Float(f.abs())),
        None => Err(type_error(format!("bad operand type for abs(): '{}'{}", value.type_name(), null_hint(value)))),
    }
}

fn dict(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let Some(from) = arguments.first() else { return Ok(Value::Map(Arc::default())) };
    if let Some(entries) = entries(from) {
        budget.charge(entries.len())?;
        return Ok(Value::Map(Arc::new(entries.into_iter().collect())));
    }
    let pairs = members(from)?;
    budget.charge(pairs.len())?;
    let mut map = Map::new();
    for (index, pair) in pairs.iter().enumerate() {
        let parts = members(pair)?;
        let [key, value] = parts.as_slice() else {
            return Err(value_error(format!("dictionary update sequence element #{index} has length {}; 2 is required", parts.len())));
        };
        map.insert(text_key(key)?, value.clone());
    }
    Ok(Value::Map(Arc::new(map)))
}

fn enumerate(value: &Value, start: Option<&Value>, budget: &mut Budget) -> Outcome {
    let start = match start {
        None => 0,
        Some(Value::Int(start)) => *start,
        Some(other) => return Err(type_error(format!("'{}' object cannot be interpreted as an integer", other.type_name()))),
    };
    let members = members(value)?;
    budget.charge(members.len())?;
    let pairs = (start..).zip(members.iter()).map(|(i, m)| Value::Tuple(Arc::new(vec![Value::Int(i), m.clone()])));
    Ok(Value::List(Arc::new(pairs.collect())))
}

fn float(value: Option<&Value>) -> Outcome {
    let Some(value) = value else { return Ok(Value::Float(0.0)) };
    match (value, Number::of(value)) {
        (_, Some(number)) => {
            let float = number.to_f64();
            if float.is_infinite() && !matches!(number, Number::Float(_)) {
                return Err(expression("OverflowError: int too large to convert to float"));
            }
            Ok(Value::Float(float))
        }
        (Value::Text(text), None) => float_of_text(text)
            .map(Value::Float)
            .ok_or_else(|| value_error(format!("could not convert string to float: {}", value.to_repr()))),
        _ => {
            Err(type_error(format!("float() argument must be a string or a real number, not '{}'{}", value.type_name(), null_hint(value))))
        }
    }
}

/// The digits of a numeric text, without the underscores that Python allows between digits.
fn plain_digits(text: &str) -> Option<String> {
    let text = text.trim();
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_alphanumeric);
    let misplaced = bytes.iter().enumerate().any(|(i, b)| *b == b'_' && !(digit(i.checked_sub(1)) && digit(Some(i + 1))));
    (!misplaced && !text.is_empty()).then(|| text.replace('_', ""))
}

fn float_of_text(text: &str) -> Option<f64> {
    let digits = plain_digits(text)?;
    let name = digits.trim_start_matches(['+', '-']).to_ascii_lowercase();
    // Rust's own spellings of infinity and NaN are Python's, in any case.
    if digits.len() - name.len() > 1
        || !(name.starts_with(|c: char| c.is_ascii_digit() || c == '.') || matches!(&*name, "inf" | "infinity" | "nan"))
    {
        return None;
    }
    digits.parse().ok()
}

fn int(arguments: &[Value]) -> Outcome {
    let Some(value) = arguments.first() else { return Ok(Value::Int(0)) };
    if let Some(base) = arguments.get(1) {
        let (Value::Text(text), Value::Int(base)) = (value, base) else {
            return Err(type_error("int() can't convert non-string with explicit base"));
        };
        return int_of_text(text, *base, value);
    }
    match (value, Number::of(value)) {
        (_, Some(Number::Float(f))) if f.is_nan() => Err(value_error("cannot convert float NaN to integer")),
        (_, Some(Number::Float(f))) if f.is_infinite() => Err(expression("OverflowError: cannot convert float infinity to integer")),
        (_, Some(Number::Float(f))) => Ok(Number::truncated(f).map_or(Value::Null, Value::from)),
        (_, Some(number)) => Ok(number.into()),
        (Value::Text(text), None) => int_of_text(text, 10, value),
        _ => Err(type_error(format!(
            "int() argument must be a string, a bytes-like object or a real number, not '{}'{}",
            value.type_name(),
            null_hint(value)
        ))),
    }
}

fn int_of_text(text: &str, base: i64, value: &Value) -> Outcome {
    let bad = || value_error(format!("invalid literal for int() with base {base}: {}", value.to_repr()));
    let digits = plain_digits(text).ok_or_else(bad)?;
    let (negative, digits) = match digits.strip_prefix(['-', '+']) {
        Some(rest) => (digits.starts_with('-'), rest.to_ascii_lowercase()),
        None => (false, digits.to_ascii_lowercase()),
    };
    let prefixed =
        |prefix: &str, radix: i64| if base == radix || base == 0 { digits.strip_prefix(prefix).map(|d| (d, radix)) } else { None };
    let (digits, radix) = prefixed("0x", 16)
        .or_else(|| prefixed("0o", 8))
        .or_else(|| prefixed("0b", 2))
        .unwrap_or((&digits, if base == 0 { 10 } else { base }));
    let radix =
        u32::try_from(radix).ok().filter(|r| (2..=36).contains(r)).ok_or_else(|| value_error("int() base must be >= 2 and <= 36, or 0"))?;
    if digits.is_empty() || digits.starts_with(['-', '+']) {
        return Err(bad());
    }
    let big = <malachite_bigint::BigInt as num_traits::Num>::from_str_radix(digits, radix).map_err(|_| bad())?;
    Ok(Number::from_big(if negative { -big } else { big }).into())
}

fn extreme(arguments: &[Value], wanted: Ordering, name: &str, budget: &mut Budget) -> Outcome {
    let candidates = match arguments {
        [one] => members(one)?,
        several => Arc::new(several.to_vec()),
    };
    budget.charge(candidates.len())?;
    let symbol = if wanted == Ordering::Greater { ">" } else { "<" };
    let mut best: Option<&Value> = None;
    for candidate in candidates.iter() {
        let better = match best {
            None => true,
            Some(best) => operators::ordered(candidate, best, symbol)? == Some(wanted),
        };
        if better {
            best = Some(candidate);
        }
    }
    best.cloned().ok_or_else(|| value_error(format!("{name}() arg is an empty sequence")))
}

fn range(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let mut bounds = Vec::with_capacity(3);
    for argument in arguments {
        match argument {
            Value::Int(i) => bounds.push(*i),
            Value::Bool(b) => bounds.push(i64::from(*b)),
            other => return Err(type_error(format!("'{}' object cannot be interpreted as an integer", other.type_name()))),
        }
    }
    let (start, stop, step) = match bounds.as_slice() {
        [stop] => (0, *stop, 1),
        [start, stop] => (*start, *stop, 1),
        [start, stop, step] => (*start, *stop, *step),
        _ => (0, 0, 1),
    };
    if step == 0 {
        return Err(value_error("range() arg 3 must not be zero"));
    }
    let distance = if step > 0 { i128::from(stop) - i128::from(start) } else { i128::from(start) - i128::from(stop) };
    let stride = i128::from(step).abs();
    let count = usize::try_from((distance.max(0) + stride - 1) / stride).unwrap_or(usize::MAX);
    check_members(count)?;
    budget.charge(count)?;
    let mut next = start;
    let mut list = Vec::with_capacity(count);
    for _ in 0..count {
        list.push(Value::Int(next));
        next = next.saturating_add(step);
    }
    Ok(Value::List(Arc::new(list)))
}

/// Ties go to the even neighbour; with digits the float nearest to the rounded decimal.
fn round(value: &Value, digits: Option<&Value>) -> Outcome {
    let number = Number::of(value)
        .ok_or_else(|| type_error(format!("type {} doesn't define __round__ method{}", value.type_name(), null_hint(value))))?;
    let digits = match digits {
        None | Some(Value::Null) => None,
        Some(Value::Int(n)) => Some((*n).clamp(-400, 400)),
        Some(other) => return Err(type_error(format!("'{}' object cannot be interpreted as an integer", other.type_name()))),
    };
    match (number, digits) {
        (Number::Float(f), None) => int(&[Value::Float(f.round_ties_even())]),
        (Number::Float(f), Some(_)) if !f.is_finite() => Ok(Value::Float(f)),
        (Number::Float(f), Some(n)) => Ok(Value::Float(rounded(f, n))),
        (integer, Some(n)) if n < 0 => {
            let ten = Number::from_big(num_traits::Pow::pow(malachite_bigint::BigInt::from(10), n.unsigned_abs()));
            round_integer(&integer.into(), &ten.into())
        }
        (integer, _) => Ok(integer.into()),
    }
}

/// Rounds the float's exact value.
pub(crate) fn rounded(float: f64, digits: i64) -> f64 {
    if let Ok(digits) = usize::try_from(digits) {
        return format!("{float:.digits$}").parse().unwrap_or(float);
    }
    // A digit after the point stands for any fraction: it can only break a tie.
    let sticky = u8::from(float.fract() != 0.0);
    let units = decimal::fixed(&format!("{:.0}.{sticky}e{digits}", float.trunc().abs()), 0);
    let rounded = units.and_then(|units| format!("{units}e{}", digits.unsigned_abs()).parse::<f64>().ok());
    rounded.map_or(float, |rounded| rounded.copysign(float))
}

fn round_integer(value: &Value, unit: &Value) -> Outcome {
    let mut budget = Budget::new();
    let rest = operators::binary(Binary::Modulo, value, unit, &mut budget)?;
    let down = operators::binary(Binary::Subtract, value, &rest, &mut budget)?;
    let twice = operators::binary(Binary::Multiply, &rest, &Value::Int(2), &mut budget)?;
    let tie_goes_up = || -> Outcome<bool> {
        let units = operators::binary(Binary::FloorDivide, &down, unit, &mut Budget::new())?;
        Ok(operators::binary(Binary::Modulo, &units, &Value::Int(2), &mut Budget::new())?.is_true())
    };
    let up = match operators::ordered(&twice, unit, "<")? {
        Some(Ordering::Greater) => true,
        Some(Ordering::Equal) => tie_goes_up()?,
        _ => false,
    };
    if up { operators::binary(Binary::Add, &down, unit, &mut budget) } else { Ok(down) }
}

fn sorted(value: &Value, budget: &mut Budget) -> Outcome {
    let mut list = members(value)?.to_vec();
    budget.charge(list.len().saturating_mul(usize::try_from(list.len().max(2).ilog2()).unwrap_or(1)))?;
    let mut fault = None;
    list.sort_by(|a, b| match operators::ordered(a, b, "<") {
        Ok(order) => order.unwrap_or(Ordering::Equal),
        Err(error) => {
            fault.get_or_insert(error);
            Ordering::Equal
        }
    });
    fault.map_or_else(|| Ok(Value::List(Arc::new(list))), Err)
}

fn sum(value: &Value, start: Option<&Value>, budget: &mut Budget) -> Outcome {
    let mut total = start.cloned().unwrap_or(Value::Int(0));
    if matches!(total, Value::Text(_)) {
        return Err(type_error("sum() can't sum strings [use ''.join(seq) instead]"));
    }
    for member in members(value)?.iter() {
        budget.charge(1)?;
        total = operators::binary(Binary::Add, &total, member, budget)?;
    }
    Ok(total)
}

fn zip(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let lists = arguments.iter().map(members).collect::<Outcome<Vec<_>>>()?;
    let length = lists.iter().map(|l| l.len()).min().unwrap_or(0);
    check_members(length.saturating_mul(lists.len()))?;
    budget.charge(length.saturating_mul(lists.len()))?;
    let tuple = |i: usize| Value::Tuple(Arc::new(lists.iter().filter_map(|l| l.get(i).cloned()).collect()));
    Ok(Value::List(Arc::new((0..length).map(tuple).collect())))
}
