//! Quoted texts, and the types that take them.

use super::super::columns::Class;

/// Whether a quoted text can be of a type. True in doubt.
pub(in super::super) fn fits(text: &str, class: Class) -> bool {
    let text = text.trim_matches([' ', '\t', '\n', '\r', '\x0B', '\x0C']);
    let lower = text.to_ascii_lowercase();
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    match class {
        Class::Integer => is_integer(text),
        Class::Numeric | Class::Float | Class::Number => is_number(text) || is_integer(text),
        Class::Boolean => is_boolean(&lower),
        Class::Date | Class::Timestamp | Class::TimestampTz => match iso_date(text) {
            Some(valid) => valid,
            None => digits || is_moment_word(&lower),
        },
        Class::Time => digits || ["now", "allballs"].iter().any(|w| lower.contains(w)),
        Class::Interval => digits || lower.contains("infinity"),
        Class::Uuid => {
            text.bytes().filter(u8::is_ascii_hexdigit).count() == 32
                && text.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b'-' | b'{' | b'}'))
        }
        Class::Array => text.starts_with(['{', '[']),
        Class::Json | Class::Jsonb => is_json(text),
        Class::Text | Class::Bytes | Class::Other | Class::Unknown => true,
    }
}

/// Whole numbers, also in the forms that later versions of the engine have.
fn is_integer(text: &str) -> bool {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let based = rest.len() > 2 && ["0x", "0o", "0b", "0X", "0O", "0B"].iter().any(|p| rest.starts_with(p));
    based || (rest.starts_with(|c: char| c.is_ascii_digit()) && rest.bytes().all(|b| b.is_ascii_digit() || b == b'_'))
}

/// A number as both engines read it.
pub(in super::super) fn is_number(text: &str) -> bool {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let word = rest.to_ascii_lowercase();
    if ["nan", "inf", "infinity"].contains(&word.as_str()) {
        return true;
    }
    rest.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && rest.bytes().any(|b| b.is_ascii_digit())
        && rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-' | b'_'))
}

fn is_boolean(lower: &str) -> bool {
    let starts = |word: &str, least: usize| lower.len() >= least && word.starts_with(lower);
    starts("true", 1)
        || starts("false", 1)
        || starts("yes", 1)
        || starts("no", 1)
        || starts("on", 2)
        || starts("off", 2)
        || lower == "1"
        || lower == "0"
}

fn is_moment_word(lower: &str) -> bool {
    ["now", "today", "tomorrow", "yesterday", "epoch", "infinity", "allballs"].iter().any(|w| lower.contains(w))
}

/// Whether a date as in 2024-12-31 is one of the calendar; `None` for other forms.
fn iso_date(text: &str) -> Option<bool> {
    let (date, rest) = text.split_at_checked(10)?;
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || month.len() != 2 || day.len() != 2 || parts.next().is_some() || rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten();
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    // `BC` counts leap years otherwise.
    Some((1..=days).contains(&day) || (day == 29 && month == 2 && rest.to_ascii_lowercase().contains("bc")))
}

/// Whether a text may be JSON, by its first and last characters.
fn is_json(text: &str) -> bool {
    let ends = |open: char, close: char| text.len() > 1 && text.starts_with(open) && text.ends_with(close);
    ends('{', '}')
        || ends('[', ']')
        || ends('"', '"')
        || ["true", "false", "null"].contains(&text)
        || text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
}
