//! Python's format mini-language: `f"{value:>10.2f}"`.

use malachite_bigint::BigInt;
use num_traits::Signed as _;
use sequor_plan_format::expr::Conversion;

use super::budget::check_bytes;
use super::fault::{Outcome, type_error, value_error};
use crate::value::Value;
use crate::value::decimal;
use crate::value::number::{Number, float_repr, is_integer};
use crate::value::print::escape;

/// `f"{value!conversion:spec}"`.
pub(crate) fn formatted(value: &Value, conversion: Conversion, spec: &str) -> Outcome<String> {
    match conversion {
        Conversion::None => format(value, spec),
        Conversion::Str => format(&Value::text(value.to_text()), spec),
        Conversion::Repr => format(&Value::text(value.to_repr()), spec),
        Conversion::Ascii => format(&Value::text(ascii(value)), spec),
    }
}

/// `ascii(value)`.
pub(crate) fn ascii(value: &Value) -> String {
    let mut out = String::new();
    for c in value.to_repr().chars() {
        if c.is_ascii() { out.push(c) } else { escape(c, &mut out) }
    }
    out
}

/// `format(value, spec)`.
pub(crate) fn format(value: &Value, spec: &str) -> Outcome<String> {
    if spec.is_empty() {
        return Ok(value.to_text());
    }
    let parsed = Spec::parse(spec, value)?;
    match value {
        Value::Text(text) => parsed.text(text),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) => parsed.number(value),
        Value::Null | Value::Bytes(_) | Value::List(_) | Value::Tuple(_) | Value::Map(_) | Value::Row(_) => {
            Err(type_error(format!("unsupported format string passed to {}.__format__", value.type_name())))
        }
    }
}

struct Spec {
    fill: char,
    align: Option<char>,
    sign: char,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Spec {
    fn parse(spec: &str, value: &Value) -> Outcome<Self> {
        let bad = || value_error(format!("Invalid format specifier '{spec}' for object of type '{}'", value.type_name()));
        let chars: Vec<char> = spec.chars().collect();
        let at = |i: usize| chars.get(i).copied();
        let is_align = |c: Option<char>| matches!(c, Some('<' | '>' | '=' | '^'));
        let (mut fill, mut align, mut i) = (' ', None, 0);
        if is_align(at(1)) {
            (fill, align, i) = (at(0).unwrap_or(' '), at(1), 2);
        } else if is_align(at(0)) {
            (align, i) = (at(0), 1);
        }
        let mut sign = '-';
        if let Some(c @ ('+' | '-' | ' ')) = at(i) {
            sign = c;
            i += 1;
        }
        if at(i) == Some('z') {
            i += 1;
        }
        let alternate = at(i) == Some('#');
        i += usize::from(alternate);
        if at(i) == Some('0') {
            if align.is_none() {
                fill = '0';
                align = Some(if matches!(value, Value::Text(_)) { '<' } else { '=' });
            }
            i += 1;
        }
        let digits = |i: &mut usize| -> Outcome<Option<usize>> {
            let start = *i;
            while at(*i).is_some_and(|c| c.is_ascii_digit()) {
                *i += 1;
            }
            let text: String = chars.get(start..*i).unwrap_or_default().iter().collect();
            if text.is_empty() {
                Ok(None)
            } else {
                text.parse().map(Some).map_err(|_| value_error("Too many decimal digits in format string"))
            }
        };
        let width = digits(&mut i)?.unwrap_or(0);
        let grouping = at(i).filter(|c| matches!(c, ',' | '_'));
        i += usize::from(grouping.is_some());
        let mut precision = None;
        if at(i) == Some('.') {
            i += 1;
            precision = Some(digits(&mut i)?.ok_or_else(|| value_error("Format specifier missing precision"))?);
        }
        let kind = at(i);
        if i + usize::from(kind.is_some()) != chars.len() {
            return Err(bad());
        }
        check_bytes(width)?;
        check_bytes(precision.unwrap_or(0))?;
        Ok(Self { fill, align, sign, alternate, width, grouping, precision, kind })
    }

    fn text(&self, text: &str) -> Outcome<String> {
        if let Some(kind) = self.kind.filter(|k| *k != 's') {
            return Err(value_error(format!("Unknown format code '{kind}' for object of type 'str'")));
        }
        if self.sign != '-' || self.grouping.is_some() || self.align == Some('=') {
            return Err(value_error("signs, grouping and '=' are for numbers, not for text"));
        }
        let cut: String = text.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
        Ok(self.padded("", &cut, '<'))
    }

    fn number(&self, value: &Value) -> Outcome<String> {
        if let Some(text) = self.exact(value) {
            return Ok(text);
        }
        let Some(number) = Number::of(value) else { return Ok(value.to_text()) };
        let unknown = |kind: char| value_error(format!("Unknown format code '{kind}' for object of type '{}'", value.type_name()));
        match (self.kind, number) {
            (None | Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n' | '%'), Number::Float(f)) => self.float(f),
            (Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%'), integer) => self.float(integer.to_f64()),
            (Some(kind), Number::Float(_)) => Err(unknown(kind)),
            (None | Some('d' | 'n' | 'b' | 'o' | 'x' | 'X' | 'c'), integer) => self.integer(integer),
            (Some(kind), Number::Int(_) | Number::Big(_)) => Err(unknown(kind)),
        }
    }

    /// A decimal that a float would change, by its own digits.
    fn exact(&self, value: &Value) -> Option<String> {
        let Value::Number(text) = value else { return None };
        if is_integer(text) {
            return None;
        }
        let unsigned = text.trim_start_matches('-');
        let digits = match self.kind {
            Some('f' | 'F') => decimal::fixed(unsigned, self.precision.unwrap_or(6))?,
            None if self.precision.is_none() => unsigned.to_owned(),
            _ => return None,
        };
        let head = self.sign_of(text.starts_with('-'));
        let (whole, rest) = digits.split_at(digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len()));
        Some(self.grouped(&head, whole, rest, 3))
    }

    fn integer(&self, number: Number) -> Outcome<String> {
        if self.precision.is_some() {
            return Err(value_error("Precision not allowed in integer format specifier"));
        }
        let big = number.into_big().unwrap_or_else(|| BigInt::from(0));
        if self.kind == Some('c') {
            let c = u32::try_from(&big).ok().and_then(char::from_u32).ok_or_else(|| value_error("%c arg not in range(0x110000)"))?;
            return Ok(self.padded("", &c.to_string(), '<'));
        }
        let (radix, prefix) = match self.kind {
            Some('b') => (2, "0b"),
            Some('o') => (8, "0o"),
            Some('x') => (16, "0x"),
            Some('X') => (16, "0X"),
            _ => (10, ""),
        };
        let mut digits = big.abs().to_str_radix(radix);
        if self.kind == Some('X') {
            digits.make_ascii_uppercase();
        }
        let prefix = if self.alternate { prefix } else { "" };
        let head = format!("{}{prefix}", self.sign_of(big.is_negative()));
        Ok(self.grouped(&head, &digits, "", if radix == 10 { 3 } else { 4 }))
    }

    fn float(&self, float: f64) -> Outcome<String> {
        let head = self.sign_of(float.is_sign_negative() && !float.is_nan());
        let float = float.abs();
        let percent = self.kind == Some('%');
        let digits = if !float.is_finite() {
            float_repr(float)
        } else {
            match self.kind {
                Some('e' | 'E') => exponent_form(float, self.precision.unwrap_or(6)),
                Some('f' | 'F') => format!("{float:.*}", self.precision.unwrap_or(6)),
                Some('%') => format!("{:.*}", self.precision.unwrap_or(6), float * 100.0),
                Some(_) => general(float, self.precision.unwrap_or(6), self.alternate, false),
                None => self.precision.map_or_else(|| float_repr(float), |p| general(float, p, self.alternate, true)),
            }
        };
        let mut digits = if matches!(self.kind, Some('E' | 'F' | 'G')) { digits.to_uppercase() } else { digits };
        if percent {
            digits.push('%');
        }
        let whole = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let (whole, rest) = digits.split_at(whole);
        Ok(self.grouped(&head, whole, rest, 3))
    }

    fn sign_of(&self, negative: bool) -> String {
        match (negative, self.sign) {
            (true, _) => "-".to_owned(),
            (false, '+') => "+".to_owned(),
            (false, ' ') => " ".to_owned(),
            (false, _) => String::new(),
        }
    }

    /// Puts separators between the digits of the whole part; zeros that fill the width are separated too.
    fn grouped(&self, head: &str, whole: &str, rest: &str, every: usize) -> String {
        let Some(separator) = self.grouping.filter(|_| !whole.is_empty()) else {
            return self.padded(head, &format!("{whole}{rest}"), '>');
        };
        let mut digits = whole.to_owned();
        if self.fill == '0' && self.align == Some('=') {
            let room = self.width.saturating_sub(head.chars().count() + rest.chars().count());
            while digits.len() + digits.len().saturating_sub(1) / every < room {
                digits.insert(0, '0');
            }
        }
        let mut out = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(every) {
                out.push(separator);
            }
            out.push(digit);
        }
        self.padded(head, &format!("{out}{rest}"), '>')
    }

    fn padded(&self, head: &str, body: &str, default: char) -> String {
        let missing = self.width.saturating_sub(head.chars().count() + body.chars().count());
        let fill = |n: usize| std::iter::repeat_n(self.fill, n).collect::<String>();
        match self.align.unwrap_or(default) {
            '<' => format!("{head}{body}{}", fill(missing)),
            '^' => format!("{}{head}{body}{}", fill(missing / 2), fill(missing - missing / 2)),
            '=' => format!("{head}{}{body}", fill(missing)),
            _ => format!("{}{head}{body}", fill(missing)),
        }
    }
}

/// `1.5e+20`: Rust prints the same digits but a bare exponent.
fn exponent_form(float: f64, precision: usize) -> String {
    let text = format!("{float:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// The `g` form: `precision` significant digits, with an exponent where it is below -4 or not below the precision. Without a type letter one digit
/// after the point is kept.
fn general(float: f64, precision: usize, keep_zeros: bool, keep_point: bool) -> String {
    let precision = precision.max(1);
    let with_exponent = exponent_form(float, precision - 1);
    let exponent: i32 = with_exponent.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let digits = i32::try_from(precision).unwrap_or(i32::MAX);
    let limit = if keep_point { digits.saturating_sub(1) } else { digits };
    let trimmed = |text: &str| {
        if keep_zeros || !text.contains('.') { text.to_owned() } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
    };
    if exponent < -4 || exponent >= limit.max(if keep_point { 1 } else { 0 }) && exponent >= limit {
        let (mantissa, tail) = with_exponent.split_once('e').unwrap_or((&with_exponent, "+00"));
        return format!("{}e{tail}", trimmed(mantissa));
    }
    let decimals = usize::try_from(digits - 1 - exponent).unwrap_or(0);
    let mut plain = trimmed(&format!("{float:.decimals$}"));
    if keep_point && !plain.contains('.') {
        plain.push_str(".0");
    }
    plain
}
