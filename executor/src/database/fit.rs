//! Whether and how a value fits a column. The one place for the rules, whichever engine the column is in.
//!
//! A value goes in only if nothing of it is lost. What is not decided by the value alone:
//! - Null, `false`, `""` and `0` are never turned into each other; `""` fits text columns only. 0 and 1 fit a boolean column.
//! - A decimal fits a numeric column unless non-zero digits would be cut; it fits a double column as the nearest double, as written decimals do
//!   everywhere; an integer fits a double column only if the double is equal to it.
//! - Times with an offset are stored as the same instant in UTC; times without one are taken as UTC. Fractions of a second beyond microseconds are
//!   rounded by PostgreSQL: the one loss that is allowed, since no column type keeps them.
//! - Text in a json column stays as it is if it is a JSON object or array, and becomes a JSON string otherwise.

use std::borrow::Cow;
use std::sync::Arc;

use sequor_plan_format::ColumnType;

use crate::error::{ErrorKind, RunError};

use super::Cell;
use super::decimal::Decimal;
use super::fault::cut;

mod moment;

use moment::Moment;

/// A column that is being filled.
#[derive(Clone, Debug)]
pub(super) struct TargetColumn {
    pub(super) name: Arc<str>,
    pub(super) target: Target,
}

/// What the column takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Known(ColumnType),
    /// A type of the engine's own, by name: it reads the value's text.
    Other(String),
}

/// Which engine's ranges hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ranges {
    /// Integers of three sizes, numerics with `NaN`, times from 4713 BC to infinity.
    Postgres,
    /// One integer size; no not-a-number (it would be stored as NULL).
    Sqlite,
}

/// A value in the form in which its column takes it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fitted<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Digits for a numeric column.
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
}

impl TargetColumn {
    /// # Errors
    /// `Data`, naming the row (from 1), the column, the value and the type.
    pub(super) fn fit<'a>(&self, cell: &'a Cell<'_>, ranges: Ranges, row: u64) -> Result<Fitted<'a>, RunError> {
        let fitted = match &self.target {
            Target::Known(kind) => fit(cell, *kind, ranges),
            Target::Other(_) => to_text(cell),
        };
        fitted.map_err(|reason| self.misfit(cell, row, &reason))
    }

    /// The error for a value that does not fit.
    pub(super) fn misfit(&self, cell: &Cell<'_>, row: u64, reason: &str) -> RunError {
        let kind = match &self.target {
            Target::Known(kind) => kind.to_string(),
            Target::Other(name) => name.clone(),
        };
        let mut error = RunError::new(
            ErrorKind::Data,
            format!("row {row}: the value {} does not fit column '{}' of type {kind}: {reason}", shown(cell), self.name),
        );
        error.row = Some(row.to_string());
        error
    }
}

type Fit<'a> = Result<Fitted<'a>, Cow<'static, str>>;

fn fit<'a>(cell: &'a Cell<'_>, kind: ColumnType, ranges: Ranges) -> Fit<'a> {
    if matches!(cell, Cell::Null) {
        return Ok(Fitted::Null);
    }
    if let Cell::Text(text) = cell
        && text.is_empty()
        && !matches!(kind, ColumnType::Text | ColumnType::Varchar(_) | ColumnType::Json)
    {
        return Err("an empty text is neither null nor a value of this type; give None for null".into());
    }
    match kind {
        ColumnType::Text => to_text(cell),
        ColumnType::Varchar(length) => to_varchar(cell, length),
        ColumnType::SmallInt => to_integer(cell, if ranges == Ranges::Postgres { 16 } else { 64 }),
        ColumnType::Integer => to_integer(cell, if ranges == Ranges::Postgres { 32 } else { 64 }),
        ColumnType::BigInt => to_integer(cell, 64),
        ColumnType::Numeric(size) => to_numeric(cell, size, ranges),
        ColumnType::Real => to_double(cell, ranges).and_then(|float| to_real(cell, float)),
        ColumnType::Double => to_double(cell, ranges).map(Fitted::Float),
        ColumnType::Boolean => to_boolean(cell),
        ColumnType::Date => to_moment(cell, ranges, |moment| moment.date_text()),
        ColumnType::Time => to_time(cell),
        ColumnType::Timestamp => to_moment(cell, ranges, |moment| Ok(moment.timestamp_text())),
        ColumnType::TimestampTz => to_moment(cell, ranges, |moment| Ok(moment.timestamptz_text())),
        ColumnType::Json => to_json(cell),
        ColumnType::Uuid => to_uuid(cell),
        ColumnType::Binary => to_binary(cell),
    }
}

fn to_text<'a>(cell: &'a Cell<'_>) -> Fit<'a> {
    Ok(match cell {
        Cell::Null => Fitted::Null,
        Cell::Bool(b) => Fitted::Text(Cow::Borrowed(if *b { "true" } else { "false" })),
        Cell::Int(i) => Fitted::Int(*i),
        Cell::Float(f) => Fitted::Text(Cow::Owned(float_text(*f))),
        Cell::Number(text) | Cell::Text(text) | Cell::Json(text) => Fitted::Text(Cow::Borrowed(text)),
        Cell::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Fitted::Text(Cow::Borrowed(text)),
            Err(_) => return Err("these bytes are not UTF-8 text; use a binary column".into()),
        },
    })
}

fn to_varchar<'a>(cell: &'a Cell<'_>, length: u32) -> Fit<'a> {
    let fitted = to_text(cell)?;
    let found = match &fitted {
        Fitted::Text(text) => text.chars().count(),
        Fitted::Int(i) => i.to_string().len(),
        Fitted::Null | Fitted::Bool(_) | Fitted::Float(_) | Fitted::Number(_) | Fitted::Bytes(_) => 0,
    };
    if u32::try_from(found).is_ok_and(|found| found <= length) { Ok(fitted) } else { Err(format!("it has {found} characters").into()) }
}

fn to_integer<'a>(cell: &'a Cell<'_>, bits: u32) -> Fit<'a> {
    let value = match cell {
        Cell::Int(i) => *i,
        // 2^63 as a double is exact, and the first one that is too large.
        Cell::Float(f) if f.fract() == 0.0 && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(f) => to_i64_exact(*f),
        Cell::Float(f) if f.is_finite() && f.fract() != 0.0 => return Err("it has a fraction".into()),
        Cell::Float(_) => return Err("it is out of range".into()),
        Cell::Number(text) | Cell::Text(text) => match text.parse::<i64>() {
            Ok(value) => value,
            Err(_) => {
                let decimal = Decimal::parse(text).ok_or("it is not an integer")?;
                if !decimal.is_integer() {
                    return Err("it has a fraction".into());
                }
                decimal.to_i64().ok_or("it is out of range")?
            }
        },
        Cell::Bool(_) => return Err("true and false are not numbers; use a boolean column".into()),
        Cell::Null | Cell::Bytes(_) | Cell::Json(_) => return Err("it is not an integer".into()),
    };
    let largest = i64::MAX >> (64 - bits);
    if !(!largest..=largest).contains(&value) {
        return Err(format!("it is out of range ({} to {largest})", !largest).into());
    }
    Ok(Fitted::Int(value))
}

/// For an integral double inside the range of `i64`.
#[expect(clippy::cast_possible_truncation, reason = "the caller has checked the range and that there is no fraction")]
fn to_i64_exact(float: f64) -> i64 {
    float as i64
}

fn to_numeric<'a>(cell: &'a Cell<'_>, size: Option<(u16, u16)>, ranges: Ranges) -> Fit<'a> {
    let digits: Cow<'a, str> = match cell {
        Cell::Int(i) if size.is_none() => return Ok(Fitted::Int(*i)),
        Cell::Int(i) => Cow::Owned(i.to_string()),
        Cell::Float(f) if !f.is_finite() => return special_number(&float_text(*f), ranges).map(Fitted::Text),
        Cell::Float(f) => Cow::Owned(format!("{f:?}")),
        Cell::Number(text) | Cell::Text(text) => Cow::Borrowed(&**text),
        Cell::Bool(_) => return Err("true and false are not numbers; use a boolean column".into()),
        Cell::Null | Cell::Bytes(_) | Cell::Json(_) => return Err("it is not a number".into()),
    };
    let Some(decimal) = Decimal::parse(&digits) else {
        return special_number(&digits, ranges).map(Fitted::Text);
    };
    if let Some((precision, scale)) = size {
        if decimal.fraction_digits() > u64::from(scale) {
            return Err(format!("it has {} digits after the point; the column would cut them", decimal.fraction_digits()).into());
        }
        if decimal.whole_digits() > u64::from(precision - scale) {
            return Err(format!("it has {} digits before the point", decimal.whole_digits()).into());
        }
    }
    Ok(Fitted::Number(digits))
}

/// The numbers that are none: PostgreSQL keeps them in numeric columns.
fn special_number(text: &str, ranges: Ranges) -> Result<Cow<'static, str>, Cow<'static, str>> {
    let name = ["NaN", "Infinity", "-Infinity"].into_iter().find(|name| name.eq_ignore_ascii_case(text));
    match name {
        Some(name) if ranges == Ranges::Postgres => Ok(name.into()),
        Some(_) | None => Err("it is not a number".into()),
    }
}

fn to_double(cell: &Cell<'_>, ranges: Ranges) -> Result<f64, Cow<'static, str>> {
    let lossy = || Cow::Borrowed("a floating-point column would change its digits; use numeric or bigint");
    let float = match cell {
        Cell::Float(f) => *f,
        Cell::Int(i) => exact_double(*i).ok_or_else(lossy)?,
        Cell::Number(text) | Cell::Text(text) => match Decimal::parse(text) {
            Some(decimal) => {
                let float: f64 = text.parse().map_err(|_| "it is not a number")?;
                if !float.is_finite() {
                    return Err("it is out of range".into());
                }
                if decimal.is_integer()
                    && decimal.significant_digits() > 15
                    && decimal != Decimal::parse(&format!("{float:?}")).ok_or("it is not a number")?
                {
                    return Err(lossy());
                }
                float
            }
            None => special_number(text, Ranges::Postgres)?.parse().map_err(|_| "it is not a number")?,
        },
        Cell::Bool(_) => return Err("true and false are not numbers; use a boolean column".into()),
        Cell::Null | Cell::Bytes(_) | Cell::Json(_) => return Err("it is not a number".into()),
    };
    if float.is_nan() && ranges == Ranges::Sqlite {
        return Err("SQLite has no not-a-number: it would become null".into());
    }
    Ok(float)
}

#[expect(clippy::cast_precision_loss, reason = "the result is compared with the argument")]
fn exact_double(integer: i64) -> Option<f64> {
    let float = integer as f64;
    (float < 9_223_372_036_854_775_808.0 && to_i64_exact(float) == integer).then_some(float)
}

fn to_real(cell: &Cell<'_>, float: f64) -> Fit<'static> {
    #[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is what the column does")]
    let single = float as f32;
    if float.is_finite() && single.is_infinite() {
        return Err("it is out of range".into());
    }
    if matches!(cell, Cell::Int(_)) && f64::from(single).to_bits() != float.to_bits() {
        return Err("a single-precision column would change its digits; use double, numeric or bigint".into());
    }
    Ok(Fitted::Float(float))
}

/// The texts that PostgreSQL reads as booleans, and 0 and 1.
fn to_boolean<'a>(cell: &'a Cell<'_>) -> Fit<'a> {
    let text: &str = match cell {
        Cell::Bool(b) => return Ok(Fitted::Bool(*b)),
        Cell::Int(0) => "0",
        Cell::Int(1) => "1",
        Cell::Text(text) => text,
        Cell::Null | Cell::Int(_) | Cell::Float(_) | Cell::Number(_) | Cell::Bytes(_) | Cell::Json(_) => "",
    };
    let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(text));
    if is(&["true", "t", "yes", "y", "on", "1"]) {
        Ok(Fitted::Bool(true))
    } else if is(&["false", "f", "no", "n", "off", "0"]) {
        Ok(Fitted::Bool(false))
    } else {
        Err("it is neither true nor false".into())
    }
}

fn to_moment<'a>(cell: &'a Cell<'_>, ranges: Ranges, write: impl Fn(&Moment<'_>) -> Result<String, &'static str>) -> Fit<'a> {
    match cell {
        Cell::Text(text) => {
            if ranges == Ranges::Postgres && matches!(&**text, "infinity" | "-infinity") {
                return Ok(Fitted::Text(Cow::Borrowed(text)));
            }
            let moment = Moment::parse(text).ok_or("it is not written like 2024-01-31 or 2024-01-31T12:30:00Z")?;
            Ok(Fitted::Text(Cow::Owned(write(&moment)?)))
        }
        Cell::Int(_) | Cell::Float(_) | Cell::Number(_) => Err(
            "a number says no unit; turn it into text in the parser, for example by datetime.fromtimestamp(x, timezone.utc).isoformat()"
                .into(),
        ),
        Cell::Null | Cell::Bool(_) | Cell::Bytes(_) | Cell::Json(_) => Err("it is not a date or time".into()),
    }
}

fn to_time<'a>(cell: &'a Cell<'_>) -> Fit<'a> {
    match cell {
        Cell::Text(text) if moment::is_time(text) => Ok(Fitted::Text(Cow::Borrowed(text))),
        Cell::Null | Cell::Bool(_) | Cell::Int(_) | Cell::Float(_) | Cell::Number(_) | Cell::Text(_) | Cell::Bytes(_) | Cell::Json(_) => {
            Err("it is not written like 12:30:00".into())
        }
    }
}

fn to_json<'a>(cell: &'a Cell<'_>) -> Fit<'a> {
    Ok(Fitted::Text(match cell {
        Cell::Bool(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
        Cell::Int(i) => Cow::Owned(i.to_string()),
        Cell::Float(f) if f.is_finite() => Cow::Owned(float_text(*f)),
        Cell::Number(text) | Cell::Json(text) => Cow::Borrowed(&**text),
        Cell::Text(text) if is_json_container(text) => Cow::Borrowed(&**text),
        Cell::Text(text) => Cow::Owned(serde_json::Value::from(&**text).to_string()),
        Cell::Null | Cell::Float(_) | Cell::Bytes(_) => return Err("JSON has no such value".into()),
    }))
}

fn is_json_container(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// With or without hyphens and braces; stored in the canonical form.
fn to_uuid<'a>(cell: &'a Cell<'_>) -> Fit<'a> {
    let Cell::Text(text) = cell else { return Err("it is not a UUID".into()) };
    let inside = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    let digits: String = inside.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    let hyphens_in_place = !inside.contains('-') || (inside.len() == 36 && [8, 13, 18, 23].iter().all(|&at| inside.as_bytes()[at] == b'-'));
    if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) || !hyphens_in_place {
        return Err("it is not a UUID".into());
    }
    Ok(Fitted::Text(Cow::Owned(format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]))))
}

/// Bytes, or text in PostgreSQL's `\x0a1b` form.
fn to_binary<'a>(cell: &'a Cell<'_>) -> Fit<'a> {
    match cell {
        Cell::Bytes(bytes) => Ok(Fitted::Bytes(Cow::Borrowed(&**bytes))),
        Cell::Text(text) => {
            let bytes = text
                .strip_prefix("\\x")
                .and_then(hex_bytes)
                .ok_or("text is not bytes; decode it in the parser, for example by base64.b64decode")?;
            Ok(Fitted::Bytes(Cow::Owned(bytes)))
        }
        Cell::Null | Cell::Bool(_) | Cell::Int(_) | Cell::Float(_) | Cell::Number(_) | Cell::Json(_) => Err("it is not bytes".into()),
    }
}

/// Pairs of hexadecimal digits.
pub(super) fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| if let &[high, low] = pair { Some(digit(high)? << 4 | digit(low)?) } else { None }).collect()
}

/// A double as Python and JSON write it: `3.0`, `1e-07`, `NaN`, `Infinity`.
fn float_text(float: f64) -> String {
    if float.is_nan() {
        return "NaN".into();
    }
    if float.is_infinite() {
        return if float > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    let scientific = format!("{float:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(-4..16) => format!("{float:?}"),
        Ok(exponent) => format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()),
        Err(_) => scientific,
    }
}

/// A value in a message: cut, and quoted where it is text.
fn shown(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Null => "null".into(),
        Cell::Bool(b) => b.to_string(),
        Cell::Int(i) => i.to_string(),
        Cell::Float(f) => float_text(*f),
        Cell::Number(text) => cut(text),
        Cell::Text(text) => format!("{:?}", cut(text)),
        Cell::Bytes(bytes) => format!("of {} bytes", bytes.len()),
        Cell::Json(text) => cut(text),
    }
}

#[cfg(test)]
mod tests;
