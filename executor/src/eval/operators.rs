//! Python's operators over values.

use std::cmp::Ordering;
use std::sync::Arc;

use malachite_bigint::{BigInt, Sign};
use num_traits::{Pow as _, Signed as _, ToPrimitive as _, Zero as _};
use sequor_plan_format::expr::{Binary, Compare, Unary};

use super::budget::{Budget, MAX_BITS, check_bytes, check_members};
use super::fault::{Outcome, expression, limit, null_hint, type_error, value_error};
use super::{entries, printf};
use crate::value::number::Number;
use crate::value::{Map, Value, compare};

pub(crate) fn unary(operator: Unary, operand: &Value) -> Outcome {
    let sign = match operator {
        Unary::Not => return Ok(Value::Bool(!operand.is_true())),
        Unary::Negative => "-",
        Unary::Positive => "+",
        Unary::Invert => "~",
    };
    let bad = || type_error(format!("bad operand type for unary {sign}: '{}'{}", operand.type_name(), null_hint(operand)));
    let number = Number::of(operand).ok_or_else(bad)?;
    Ok(match (operator, number) {
        (Unary::Negative, Number::Float(f)) => Value::Float(-f),
        (Unary::Negative, Number::Int(i)) => Number::from_i128(-i128::from(i)).into(),
        (Unary::Negative, Number::Big(b)) => Number::from_big(-b).into(),
        (Unary::Invert, Number::Float(_)) => return Err(bad()),
        (Unary::Invert, Number::Int(i)) => Value::Int(!i),
        (Unary::Invert, Number::Big(b)) => Number::from_big(-b - BigInt::from(1)).into(),
        (Unary::Positive | Unary::Not, number) => number.into(),
    })
}

pub(crate) fn binary(operator: Binary, left: &Value, right: &Value, budget: &mut Budget) -> Outcome {
    if let (Value::Int(a), Value::Int(b)) = (left, right) {
        let fast = match operator {
            Binary::Add => a.checked_add(*b),
            Binary::Subtract => a.checked_sub(*b),
            Binary::Multiply => a.checked_mul(*b),
            Binary::Divide
            | Binary::FloorDivide
            | Binary::Modulo
            | Binary::Power
            | Binary::BitAnd
            | Binary::BitOr
            | Binary::BitXor
            | Binary::ShiftLeft
            | Binary::ShiftRight => None,
        };
        if let Some(result) = fast {
            return Ok(Value::Int(result));
        }
    }
    if let (Binary::Modulo, Value::Text(template)) = (operator, left) {
        return printf::format(template, right).map(Value::text);
    }
    if let (Some(a), Some(b)) = (Number::of(left), Number::of(right)) {
        return arithmetic(operator, a, b, left, right);
    }
    match (operator, left, right) {
        (Binary::Add, Value::Text(a), Value::Text(b)) => {
            check_bytes(a.len() + b.len())?;
            budget.charge((a.len() + b.len()) / 64)?;
            Ok(Value::text([&**a, &**b].concat()))
        }
        (Binary::Add, Value::Bytes(a), Value::Bytes(b)) => {
            check_bytes(a.len() + b.len())?;
            Ok(Value::Bytes([&**a, &**b].concat().into()))
        }
        (Binary::Add, Value::List(a), Value::List(b)) => joined(a, b, budget).map(Value::List),
        (Binary::Add, Value::Tuple(a), Value::Tuple(b)) => joined(a, b, budget).map(Value::Tuple),
        (Binary::Multiply, sequence, count) | (Binary::Multiply, count, sequence)
            if is_sequence(sequence) && matches!(Number::of(count), Some(Number::Int(_) | Number::Big(_))) =>
        {
            repeated(sequence, count, budget)
        }
        (Binary::BitOr, Value::Map(_) | Value::Row(_), Value::Map(_) | Value::Row(_)) => {
            let mut merged: Map = entries(left).unwrap_or_default().into_iter().collect();
            merged.extend(entries(right).unwrap_or_default());
            budget.charge(merged.len())?;
            Ok(Value::Map(Arc::new(merged)))
        }
        _ => Err(unsupported(operator, left, right)),
    }
}

fn symbol(operator: Binary) -> &'static str {
    match operator {
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::FloorDivide => "//",
        Binary::Modulo => "%",
        Binary::Power => "** or pow()",
        Binary::BitAnd => "&",
        Binary::BitOr => "|",
        Binary::BitXor => "^",
        Binary::ShiftLeft => "<<",
        Binary::ShiftRight => ">>",
    }
}

fn unsupported(operator: Binary, left: &Value, right: &Value) -> crate::error::RunError {
    let (l, r) = (left.type_name(), right.type_name());
    let null = if matches!(left, Value::Null) || matches!(right, Value::Null) { " — one of them is null" } else { "" };
    match (operator, left) {
        (Binary::Add, Value::Text(_)) => {
            type_error(format!("can only concatenate str (not \"{r}\") to str — write str(…) around it{null}"))
        }
        (Binary::Add, Value::List(_)) => type_error(format!("can only concatenate list (not \"{r}\") to list{null}")),
        _ => {
            let hint = match right {
                Value::Text(_) if operator == Binary::Add => " — write str(…) around the number, or int(…) around the text",
                _ => null,
            };
            type_error(format!("unsupported operand type(s) for {}: '{l}' and '{r}'{hint}", symbol(operator)))
        }
    }
}

fn is_sequence(value: &Value) -> bool {
    matches!(value, Value::Text(_) | Value::Bytes(_) | Value::List(_) | Value::Tuple(_))
}

fn joined(a: &[Value], b: &[Value], budget: &mut Budget) -> Outcome<Arc<Vec<Value>>> {
    check_members(a.len() + b.len())?;
    budget.charge(a.len() + b.len())?;
    Ok(Arc::new([a, b].concat()))
}

fn repeated(sequence: &Value, count: &Value, budget: &mut Budget) -> Outcome {
    let count = match Number::of(count) {
        Some(Number::Int(i)) => usize::try_from(i.max(0)).unwrap_or(usize::MAX),
        Some(Number::Big(b)) if b.is_positive() => usize::MAX,
        _ => 0,
    };
    let list = |members: &[Value], budget: &mut Budget| -> Outcome<Arc<Vec<Value>>> {
        let length = members.len().saturating_mul(count);
        check_members(length)?;
        budget.charge(length)?;
        Ok(Arc::new(members.iter().cycle().take(length).cloned().collect()))
    };
    match sequence {
        Value::Text(text) => {
            check_bytes(text.len().saturating_mul(count))?;
            budget.charge(text.len().saturating_mul(count) / 64)?;
            Ok(Value::text(text.repeat(if text.is_empty() { 0 } else { count })))
        }
        Value::Bytes(bytes) => {
            check_bytes(bytes.len().saturating_mul(count))?;
            Ok(Value::Bytes(bytes.repeat(if bytes.is_empty() { 0 } else { count }).into()))
        }
        Value::List(members) => list(members, budget).map(Value::List),
        Value::Tuple(members) => list(members, budget).map(Value::Tuple),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) | Value::Map(_) | Value::Row(_) => {
            Err(type_error("can't multiply what is no sequence"))
        }
    }
}

fn arithmetic(operator: Binary, a: Number, b: Number, left: &Value, right: &Value) -> Outcome {
    match operator {
        Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::FloorDivide | Binary::Modulo | Binary::Power => {}
        Binary::BitAnd | Binary::BitOr | Binary::BitXor | Binary::ShiftLeft | Binary::ShiftRight => {
            return match (operator, left, right) {
                (Binary::BitAnd, Value::Bool(a), Value::Bool(b)) => Ok(Value::Bool(a & b)),
                (Binary::BitOr, Value::Bool(a), Value::Bool(b)) => Ok(Value::Bool(a | b)),
                (Binary::BitXor, Value::Bool(a), Value::Bool(b)) => Ok(Value::Bool(a ^ b)),
                _ => match (a.into_big(), b.into_big()) {
                    (Some(a), Some(b)) => bits(operator, a, &b).map(|n| Number::from_big(n).into()),
                    _ => Err(unsupported(operator, left, right)),
                },
            };
        }
    }
    if matches!(a, Number::Float(_)) || matches!(b, Number::Float(_)) {
        return floats(operator, finite(&a)?, finite(&b)?).map(Value::Float);
    }
    if operator == Binary::Divide {
        return divided(&a, &b).map(Value::Float);
    }
    if let (Binary::Power, Number::Int(exponent)) = (operator, &b)
        && *exponent < 0
    {
        return floats(operator, finite(&a)?, finite(&b)?).map(Value::Float);
    }
    match (a.into_big(), b.into_big()) {
        (Some(a), Some(b)) => integers(operator, a, b).map(|n| Number::from_big(n).into()),
        _ => Err(unsupported(operator, left, right)),
    }
}

/// An operand of float arithmetic: an integer too large for a float is an error in Python.
fn finite(number: &Number) -> Outcome<f64> {
    match number {
        Number::Float(f) => Ok(*f),
        Number::Int(_) | Number::Big(_) => {
            let float = number.to_f64();
            if float.is_finite() { Ok(float) } else { Err(expression("OverflowError: int too large to convert to float")) }
        }
    }
}

#[allow(clippy::cast_precision_loss)]
fn divided(a: &Number, b: &Number) -> Outcome<f64> {
    match (a, b) {
        (_, Number::Int(0)) => Err(expression("ZeroDivisionError: division by zero")),
        (Number::Int(a), Number::Int(b)) if a.unsigned_abs() <= 1 << 53 && b.unsigned_abs() <= 1 << 53 => Ok(*a as f64 / *b as f64),
        _ => big_quotient(a, b),
    }
}

/// The correctly rounded quotient of integers that a float does not hold: 64 quotient bits with a sticky last one round right.
#[allow(clippy::cast_precision_loss)]
fn big_quotient(a: &Number, b: &Number) -> Outcome<f64> {
    let (Some(a), Some(b)) = (a.clone().into_big(), b.clone().into_big()) else { return Ok(f64::NAN) };
    let negative = a.is_negative() != b.is_negative();
    let (a, b) = (a.abs(), b.abs());
    let shift = 64 - (i64::try_from(a.bits()).unwrap_or(i64::MAX) - i64::try_from(b.bits()).unwrap_or(i64::MAX));
    let (scaled_a, scaled_b) = if shift >= 0 { (a << shift.unsigned_abs(), b) } else { (a, b << shift.unsigned_abs()) };
    let quotient = &scaled_a / &scaled_b;
    let sticky = !(&scaled_a - &quotient * &scaled_b).is_zero();
    let digits = quotient.to_u128().unwrap_or(0) << 1 | u128::from(sticky);
    let float = (digits as f64) * 2f64.powi(i32::try_from(-shift - 1).unwrap_or(i32::MIN));
    if float.is_infinite() {
        return Err(expression("OverflowError: integer division result too large for a float"));
    }
    Ok(if negative { -float } else { float })
}

fn floats(operator: Binary, a: f64, b: f64) -> Outcome<f64> {
    let zero = |what: &str| Err(expression(format!("ZeroDivisionError: {what}")));
    Ok(match operator {
        Binary::Add => a + b,
        Binary::Subtract => a - b,
        Binary::Multiply => a * b,
        Binary::Divide if b == 0.0 => return zero("float division by zero"),
        Binary::Divide => a / b,
        Binary::FloorDivide if b == 0.0 => return zero("float floor division by zero"),
        Binary::FloorDivide => floor_division(a, b),
        Binary::Modulo if b == 0.0 => return zero("float modulo by zero"),
        Binary::Modulo => modulo(a, b),
        Binary::Power => return power(a, b),
        Binary::BitAnd | Binary::BitOr | Binary::BitXor | Binary::ShiftLeft | Binary::ShiftRight => f64::NAN,
    })
}

fn modulo(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest == 0.0 {
        0f64.copysign(b)
    } else if (rest < 0.0) != (b < 0.0) {
        rest + b
    } else {
        rest
    }
}

fn floor_division(a: f64, b: f64) -> f64 {
    let quotient = (a - modulo(a, b)) / b;
    if quotient == 0.0 {
        return 0f64.copysign(a / b);
    }
    let floor = quotient.floor();
    if quotient - floor > 0.5 { floor + 1.0 } else { floor }
}

fn power(a: f64, b: f64) -> Outcome<f64> {
    if a == 0.0 && b < 0.0 {
        return Err(expression("ZeroDivisionError: 0.0 cannot be raised to a negative power"));
    }
    if a < 0.0 && a.is_finite() && b.is_finite() && b.fract() != 0.0 {
        return Err(value_error("a negative number has no power with a fraction that is a real number"));
    }
    let result = a.powf(b);
    if result.is_infinite() && a.is_finite() && b.is_finite() {
        return Err(expression("OverflowError: (34, 'Numerical result out of range')"));
    }
    Ok(result)
}

fn too_large() -> crate::error::RunError {
    limit(format!("an integer would have more than {MAX_BITS} bits"))
}

fn integers(operator: Binary, a: BigInt, b: BigInt) -> Outcome<BigInt> {
    let result = match operator {
        Binary::Add => a + b,
        Binary::Subtract => a - b,
        Binary::Multiply if a.bits() + b.bits() > MAX_BITS => return Err(too_large()),
        Binary::Multiply => a * b,
        Binary::FloorDivide | Binary::Modulo | Binary::Divide if b.is_zero() => {
            return Err(expression("ZeroDivisionError: integer division or modulo by zero"));
        }
        Binary::FloorDivide | Binary::Divide => floored(&a, &b).0,
        Binary::Modulo => floored(&a, &b).1,
        Binary::Power => {
            let exponent = match b.to_u64() {
                Some(exponent) => exponent,
                None if a.is_zero() || a == BigInt::from(1) => return Ok(a),
                None => return Err(too_large()),
            };
            if a.bits().max(1).saturating_mul(exponent) > MAX_BITS && a.bits() > 1 {
                return Err(too_large());
            }
            if a.bits() <= 1 {
                // -1, 0 and 1: only the parity of the exponent matters, and whether it is 0.
                let small = if exponent == 0 { 0 } else { 2 - exponent % 2 };
                a.pow(small)
            } else {
                a.pow(exponent)
            }
        }
        Binary::BitAnd | Binary::BitOr | Binary::BitXor | Binary::ShiftLeft | Binary::ShiftRight => return bits(operator, a, &b),
    };
    Ok(result)
}

/// Quotient and rest, the rest with the divisor's sign.
fn floored(a: &BigInt, b: &BigInt) -> (BigInt, BigInt) {
    let (quotient, rest) = (a / b, a % b);
    if !rest.is_zero() && rest.is_negative() != b.is_negative() { (quotient - BigInt::from(1), rest + b) } else { (quotient, rest) }
}

fn bits(operator: Binary, a: BigInt, b: &BigInt) -> Outcome<BigInt> {
    Ok(match operator {
        Binary::BitAnd => a & b,
        Binary::BitOr => a | b,
        Binary::BitXor => a ^ b,
        Binary::ShiftLeft | Binary::ShiftRight => {
            if b.sign() == Sign::Minus {
                return Err(value_error("negative shift count"));
            }
            let count = b.to_u64().unwrap_or(u64::MAX);
            if operator == Binary::ShiftLeft {
                if !a.is_zero() && a.bits().saturating_add(count) > MAX_BITS {
                    return Err(too_large());
                }
                if a.is_zero() { a } else { a << count }
            } else if count >= a.bits() {
                BigInt::from(if a.is_negative() { -1 } else { 0 })
            } else {
                floored(&a, &(BigInt::from(1) << count)).0
            }
        }
        Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::FloorDivide | Binary::Modulo | Binary::Power => {
            return integers(operator, a, b.clone());
        }
    })
}

pub(crate) fn compare(operator: Compare, left: &Value, right: &Value, budget: &mut Budget) -> Outcome<bool> {
    match operator {
        Compare::Equal => Ok(left == right),
        Compare::NotEqual => Ok(left != right),
        Compare::Less => ordered(left, right, "<").map(|o| o == Some(Ordering::Less)),
        Compare::LessEqual => ordered(left, right, "<=").map(|o| matches!(o, Some(Ordering::Less | Ordering::Equal))),
        Compare::Greater => ordered(left, right, ">").map(|o| o == Some(Ordering::Greater)),
        Compare::GreaterEqual => ordered(left, right, ">=").map(|o| matches!(o, Some(Ordering::Greater | Ordering::Equal))),
        Compare::In => contains(right, left, budget),
        Compare::NotIn => contains(right, left, budget).map(|found| !found),
        Compare::Is => Ok(is_same(left, right)),
        Compare::IsNot => Ok(!is_same(left, right)),
    }
}

pub(crate) fn ordered(left: &Value, right: &Value, symbol: &str) -> Outcome<Option<Ordering>> {
    compare::order(left, right).map_err(|types| {
        let null = if types.left == "NoneType" || types.right == "NoneType" { " — one of them is null" } else { "" };
        type_error(format!("'{symbol}' not supported between instances of '{}' and '{}'{null}", types.left, types.right))
    })
}

fn contains(container: &Value, member: &Value, budget: &mut Budget) -> Outcome<bool> {
    match (container, member) {
        (Value::Text(text), Value::Text(part)) => Ok(text.contains(&**part)),
        (Value::Text(_), other) => {
            Err(type_error(format!("'in <string>' requires string as left operand, not {}{}", other.type_name(), null_hint(other))))
        }
        (Value::Bytes(bytes), Value::Bytes(part)) => Ok(memchr::memmem::find(bytes, part).is_some()),
        (Value::Bytes(bytes), Value::Int(byte)) => Ok(bytes.iter().any(|b| i64::from(*b) == *byte)),
        (Value::List(members) | Value::Tuple(members), member) => {
            budget.charge(members.len())?;
            Ok(members.iter().any(|m| m == member))
        }
        (Value::Map(map), Value::Text(key)) => Ok(map.contains_key(&**key)),
        (Value::Row(row), Value::Text(column)) => Ok(row.get(column).is_some()),
        (Value::Map(_) | Value::Row(_), key) => match key {
            Value::List(_) | Value::Map(_) | Value::Row(_) => Err(type_error(format!("unhashable type: '{}'", key.type_name()))),
            _ => Ok(false),
        },
        (Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) | Value::Bytes(_), _) => {
            Err(type_error(format!("argument of type '{}' is not iterable{}", container.type_name(), null_hint(container))))
        }
    }
}

/// `is`: null, booleans and small values by value, shared containers by identity.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => Arc::ptr_eq(a, b),
        (Value::Map(a), Value::Map(b)) => Arc::ptr_eq(a, b),
        (Value::Row(a), Value::Row(b)) => Arc::ptr_eq(a, b),
        (a, b) => a.type_name() == b.type_name() && a == b,
    }
}
