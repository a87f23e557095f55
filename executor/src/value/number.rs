//! Numbers as arithmetic sees them: Python's `int` of any size and `float`.

use malachite_bigint::BigInt;
use num_traits::{FromPrimitive, ToPrimitive};

use super::Value;

/// A number of Python. `Big` never holds what fits `Int`.
#[derive(Clone, Debug)]
pub enum Number {
    Int(i64),
    Big(BigInt),
    Float(f64),
}

impl Number {
    /// The number that a value is in arithmetic; booleans count as 0 and 1.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(b) => Some(Self::Int(i64::from(*b))),
            Value::Int(i) => Some(Self::Int(*i)),
            Value::Float(f) => Some(Self::Float(*f)),
            Value::Number(text) => Some(Self::parse(text)),
            Value::Null | Value::Text(_) | Value::Bytes(_) | Value::List(_) | Value::Tuple(_) | Value::Map(_) | Value::Row(_) => None,
        }
    }

    /// JSON number text as Python's `json` reads it: an `int` without a point or exponent, a `float` with one.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if is_integer(text) {
            if let Ok(int) = text.parse() {
                return Self::Int(int);
            }
            if let Ok(big) = text.parse() {
                return Self::from_big(big);
            }
        }
        Self::Float(text.parse().unwrap_or(f64::NAN))
    }

    /// The smallest form of an integer.
    #[must_use]
    pub fn from_big(big: BigInt) -> Self {
        big.to_i64().map_or(Self::Big(big), Self::Int)
    }

    #[must_use]
    pub fn from_i128(int: i128) -> Self {
        i64::try_from(int).map_or_else(|_| Self::Big(BigInt::from(int)), Self::Int)
    }

    /// `float(number)`; infinite where an integer is too large for one.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn to_f64(&self) -> f64 {
        match self {
            Self::Int(i) => *i as f64,
            Self::Big(b) => b.to_f64().unwrap_or(f64::INFINITY),
            Self::Float(f) => *f,
        }
    }

    /// The integer, where it is one.
    #[must_use]
    pub fn into_big(self) -> Option<BigInt> {
        match self {
            Self::Int(i) => Some(BigInt::from(i)),
            Self::Big(b) => Some(b),
            Self::Float(_) => None,
        }
    }

    /// The integer part of a finite float.
    #[must_use]
    pub fn truncated(float: f64) -> Option<Self> {
        BigInt::from_f64(float.trunc()).map(Self::from_big)
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        match number {
            Number::Int(i) => Self::Int(i),
            Number::Big(b) => Self::Number(b.to_string().into()),
            Number::Float(f) => Self::Float(f),
        }
    }
}

/// Whether JSON number text is an integer.
#[must_use]
pub fn is_integer(text: &str) -> bool {
    !text.bytes().any(|b| matches!(b, b'.' | b'e' | b'E' | b'n' | b'N' | b'i' | b'I'))
}

/// `repr(float)`: the shortest digits that give the same float, with an exponent below 1e-4 and from 1e16 on.
#[must_use]
pub fn float_repr(float: f64) -> String {
    if float.is_nan() {
        return "nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "inf".to_owned() } else { "-inf".to_owned() };
    }
    let shortest = format!("{float:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let mut plain = float.to_string();
        if !plain.contains('.') {
            plain.push_str(".0");
        }
        return plain;
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_python_prints_them() {
        for (float, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.1 + 0.2, "0.30000000000000004"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(float_repr(float), text);
        }
    }

    #[test]
    fn integers_of_any_size_keep_their_digits() {
        let big = "123456789012345678901234567890";
        assert!(matches!(Value::from(Number::parse(big)), Value::Number(t) if &*t == big));
        assert!(matches!(Number::parse("-9223372036854775808"), Number::Int(i64::MIN)));
        assert!(matches!(Number::parse("10.20"), Number::Float(f) if f == 10.2));
    }
}
