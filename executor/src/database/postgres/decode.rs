//! Result values from their text form.

use crate::value::Value;

use super::super::fit::hex_bytes;
use super::array;
use super::types::Form;

/// A value that does not look as its type says keeps its text: nothing is ever lost or null by mistake.
pub(super) fn value(bytes: &[u8], form: Form) -> Value {
    // Only a database without an encoding (SQL_ASCII) sends text that is not UTF-8.
    let Ok(text) = std::str::from_utf8(bytes) else { return Value::Bytes(bytes.into()) };
    let as_text = || Value::text(text);
    match form {
        Form::Bool => match text {
            "t" => Value::Bool(true),
            "f" => Value::Bool(false),
            _ => as_text(),
        },
        Form::Int => text.parse().map_or_else(|_| as_text(), Value::Int),
        Form::Float => text.parse().map_or_else(|_| as_text(), Value::Float),
        Form::Numeric if text.ends_with(|c: char| c.is_ascii_digit()) => Value::Number(text.into()),
        // NaN, Infinity, -Infinity
        Form::Numeric => text.parse().map_or_else(|_| as_text(), Value::Float),
        Form::Timestamp | Form::TimestampTz => Value::text(iso_timestamp(text)),
        Form::Bytes => text.strip_prefix("\\x").and_then(hex_bytes).map_or_else(as_text, |bytes| Value::Bytes(bytes.into())),
        Form::Array(element) => array::to_json(text, element).map_or_else(as_text, |json| container(&json)),
        Form::Json => container(text),
        Form::Date | Form::Time | Form::Uuid | Form::Text => as_text(),
    }
}

/// A JSON object or list as a map or list, so that flows can look into it. A scalar stays text: JSON's `null` and `"x"` are not SQL's.
fn container(json: &str) -> Value {
    let is_container = json.starts_with(['{', '[']);
    match is_container.then(|| crate::json::parse(json.as_bytes())) {
        Some(Ok(value)) => value,
        Some(Err(_)) | None => Value::text(json),
    }
}

/// `2024-01-02 03:04:05.5+00` as `2024-01-02T03:04:05.5+00:00`. Infinities stay; so does ` BC`.
pub(super) fn iso_timestamp(text: &str) -> String {
    let Some((date, time)) = text.split_once(' ') else { return text.to_owned() };
    let (time, era) = time.strip_suffix(" BC").map_or((time, ""), |time| (time, " BC"));
    // PostgreSQL leaves out the minutes of a whole-hour offset.
    let whole_hours = time.len() >= 3 && time.as_bytes()[time.len() - 3..].first().is_some_and(|sign| matches!(sign, b'+' | b'-'));
    format!("{date}T{time}{}{era}", if whole_hours { ":00" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_iso_8601() {
        for (text, iso) in [
            ("2024-01-02 03:04:05", "2024-01-02T03:04:05"),
            ("2024-01-02 03:04:05.123456+00", "2024-01-02T03:04:05.123456+00:00"),
            ("2024-01-02 03:04:05-03:30", "2024-01-02T03:04:05-03:30"),
            ("0044-03-15 00:00:00+00 BC", "0044-03-15T00:00:00+00:00 BC"),
            ("infinity", "infinity"),
        ] {
            assert_eq!(iso_timestamp(text), iso);
        }
    }
}
