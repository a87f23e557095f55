//! What an unquoted scalar means: YAML 1.2's core schema.
//!
//! Two departures, both because a plan holds JSON values: `.inf` and `.nan` stay text, and a number that neither an `i64` nor an `f64` holds without
//! loss keeps its digits. `yes`, `no`, `on`, `off`, dates, `1_000` and `1:30` are text, as the core schema has it.

use super::ScalarValue;

/// The value of a plain scalar.
pub(super) fn resolve(text: &str) -> ScalarValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => ScalarValue::Null,
        "true" | "True" | "TRUE" => ScalarValue::Bool(true),
        "false" | "False" | "FALSE" => ScalarValue::Bool(false),
        _ => number(text).unwrap_or(ScalarValue::Text),
    }
}

fn number(text: &str) -> Option<ScalarValue> {
    let first = *text.as_bytes().first()?;
    if !matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.') {
        return None;
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    decimal(text)
}

fn radix(digits: &str, radix: u32) -> Option<ScalarValue> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    if let Ok(n) = i64::from_str_radix(digits, radix) {
        return Some(ScalarValue::Int(n));
    }
    u128::from_str_radix(digits, radix).ok().map(|n| ScalarValue::Number(n.to_string()))
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn decimal(text: &str) -> Option<ScalarValue> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(i) => (&unsigned[..i], Some(&unsigned[i + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !fraction.is_none_or(digits) || (whole.is_empty() && fraction.is_none_or(str::is_empty)) {
        return None;
    }
    if let Some(exponent) = exponent {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if unsigned.is_empty() || !digits(unsigned) {
            return None;
        }
    }
    if fraction.is_none()
        && exponent.is_none()
        && let Ok(n) = text.strip_prefix('+').unwrap_or(text).parse::<i64>()
    {
        return Some(ScalarValue::Int(n));
    }

    let exact = json_number(negative, whole, fraction.unwrap_or(""), exponent);
    let significant = whole.bytes().chain(fraction.unwrap_or("").bytes()).skip_while(|b| *b == b'0').count();
    // Fifteen significant digits survive the way through an f64 and back.
    let float = (fraction.is_some() || exponent.is_some()).then(|| exact.parse::<f64>().ok()).flatten();
    match float {
        Some(f) if significant <= 15 && f.is_finite() && (f != 0.0 || significant == 0) && (f == 0.0 || f.abs() >= f64::MIN_POSITIVE) => {
            Some(ScalarValue::Float(f))
        }
        _ => Some(ScalarValue::Number(exact)),
    }
}

/// The same number as JSON writes it: no plus sign, no leading zeros, digits on both sides of the point.
fn json_number(negative: bool, whole: &str, fraction: &str, exponent: Option<&str>) -> String {
    let whole = whole.trim_start_matches('0');
    let mut out = String::from(if negative { "-" } else { "" });
    out.push_str(if whole.is_empty() { "0" } else { whole });
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    if let Some(exponent) = exponent {
        out.push('e');
        out.push_str(exponent.strip_prefix('+').unwrap_or(exponent));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_schema() {
        let cases = [
            ("", ScalarValue::Null),
            ("~", ScalarValue::Null),
            ("NULL", ScalarValue::Null),
            ("nULL", ScalarValue::Text),
            ("True", ScalarValue::Bool(true)),
            ("tRUE", ScalarValue::Text),
            ("yes", ScalarValue::Text),
            ("off", ScalarValue::Text),
            ("12", ScalarValue::Int(12)),
            ("+12", ScalarValue::Int(12)),
            ("-0", ScalarValue::Int(0)),
            ("012", ScalarValue::Int(12)),
            ("0o17", ScalarValue::Int(15)),
            ("0x1F", ScalarValue::Int(31)),
            ("0x", ScalarValue::Text),
            ("0xFFFFFFFFFFFFFFFF", ScalarValue::Number("18446744073709551615".into())),
            ("9223372036854775807", ScalarValue::Int(i64::MAX)),
            ("9223372036854775808", ScalarValue::Number("9223372036854775808".into())),
            ("+00123456789012345678901", ScalarValue::Number("123456789012345678901".into())),
            ("3.0", ScalarValue::Float(3.0)),
            (".5", ScalarValue::Float(0.5)),
            ("5.", ScalarValue::Float(5.0)),
            ("-1.5e3", ScalarValue::Float(-1500.0)),
            ("1e3", ScalarValue::Float(1000.0)),
            ("0.1", ScalarValue::Float(0.1)),
            ("1e999", ScalarValue::Number("1e999".into())),
            ("1e-999", ScalarValue::Number("1e-999".into())),
            ("+.12345678901234567890", ScalarValue::Number("0.12345678901234567890".into())),
            (".", ScalarValue::Text),
            ("-", ScalarValue::Text),
            ("+e1", ScalarValue::Text),
            ("1e", ScalarValue::Text),
            ("1_000", ScalarValue::Text),
            ("1:30", ScalarValue::Text),
            ("1.2.3", ScalarValue::Text),
            ("2024-01-15", ScalarValue::Text),
            (".inf", ScalarValue::Text),
            (".nan", ScalarValue::Text),
            ("-x", ScalarValue::Text),
        ];
        for (text, value) in cases {
            assert_eq!(resolve(text), value, "{text:?}");
        }
    }
}
