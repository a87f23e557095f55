//! Python's methods of `str`.

use std::sync::Arc;

use sequor_plan_format::expr::Method;

use super::budget::check_bytes;
use super::fault::{Outcome, no_attribute, type_error, value_error};
use super::methods::expect;
use crate::value::Value;

pub(crate) fn call(text: &str, method: Method, arguments: &[Value]) -> Outcome {
    match method {
        Method::Lower | Method::Upper | Method::Capitalize | Method::Title | Method::IsAlpha | Method::IsDigit => {
            expect(method, arguments, 0, 0)?;
            Ok(match method {
                Method::Lower => Value::text(text.to_lowercase()),
                Method::Upper => Value::text(text.to_uppercase()),
                Method::Capitalize => Value::text(capitalized(text)),
                Method::Title => Value::text(titled(text)),
                Method::IsAlpha => Value::Bool(!text.is_empty() && text.chars().all(char::is_alphabetic)),
                _ => Value::Bool(!text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || is_digit(c))),
            })
        }
        Method::Strip | Method::LStrip | Method::RStrip => strip(text, method, arguments),
        Method::StartsWith | Method::EndsWith => starts_or_ends(text, method, arguments),
        Method::Find | Method::Index | Method::Count => find(text, method, arguments),
        Method::Replace => replace(text, arguments),
        Method::Split | Method::RSplit => split(text, method, arguments),
        Method::SplitLines => {
            expect(method, arguments, 0, 1)?;
            Ok(texts(lines(text, arguments.first().is_some_and(Value::is_true))))
        }
        Method::ZFill => zfill(text, arguments),
        Method::Join | Method::Copy | Method::Get | Method::Items | Method::Keys | Method::ToDict | Method::Values => {
            Err(no_attribute(&Value::text(text), method.name()))
        }
    }
}

fn texts<'t>(parts: impl IntoIterator<Item = &'t str>) -> Value {
    Value::List(Arc::new(parts.into_iter().map(Value::text).collect()))
}

/// What Python's `str.split()` splits at: Unicode white space and the four ASCII separators.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// Digits that are no decimal digits: superscripts and circled ones count for `isdigit()`.
fn is_digit(c: char) -> bool {
    matches!(c, '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{2070}' | '\u{2074}'..='\u{2079}' | '\u{2080}'..='\u{2089}')
        || matches!(u32::from(c), 0x660..=0x669 | 0x6f0..=0x6f9 | 0x966..=0x96f | 0xff10..=0xff19)
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars.as_str().to_lowercase().chars()).collect()).unwrap_or_default()
}

fn titled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_alphabetic();
    }
    out
}

fn text_argument(method: Method, arguments: &[Value], at: usize) -> Outcome<Option<&str>> {
    match arguments.get(at) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(other) => Err(type_error(format!("{}() argument must be str, not {}", method.name(), other.type_name()))),
    }
}

fn int_argument(method: Method, arguments: &[Value], at: usize) -> Outcome<Option<i64>> {
    match arguments.get(at) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Int(i)) => Ok(Some(*i)),
        Some(Value::Bool(b)) => Ok(Some(i64::from(*b))),
        Some(other) => Err(type_error(format!("{}(): '{}' object cannot be interpreted as an integer", method.name(), other.type_name()))),
    }
}

fn required(method: Method, arguments: &[Value], at: usize) -> Outcome<&str> {
    text_argument(method, arguments, at)?.ok_or_else(|| type_error(format!("{}() argument must be str, not NoneType", method.name())))
}

fn strip(text: &str, method: Method, arguments: &[Value]) -> Outcome {
    expect(method, arguments, 0, 1)?;
    let set = text_argument(method, arguments, 0)?;
    let strips = |c: char| set.map_or_else(|| is_space(c), |set| set.contains(c));
    Ok(Value::text(match method {
        Method::LStrip => text.trim_start_matches(strips),
        Method::RStrip => text.trim_end_matches(strips),
        _ => text.trim_matches(strips),
    }))
}

fn starts_or_ends(text: &str, method: Method, arguments: &[Value]) -> Outcome {
    expect(method, arguments, 1, 3)?;
    let part = window(text, int_argument(method, arguments, 1)?, int_argument(method, arguments, 2)?);
    let test = |affix: &str| {
        part.is_some_and(|(part, _)| if method == Method::StartsWith { part.starts_with(affix) } else { part.ends_with(affix) })
    };
    match arguments.first() {
        Some(Value::Tuple(affixes)) => {
            let mut found = false;
            for index in 0..affixes.len() {
                found |= test(required(method, affixes, index)?);
            }
            Ok(Value::Bool(found))
        }
        _ => Ok(Value::Bool(test(required(method, arguments, 0)?))),
    }
}

/// The part between two character positions, with the number of characters before it.
fn window(text: &str, start: Option<i64>, stop: Option<i64>) -> Option<(&str, usize)> {
    if start.is_none() && stop.is_none() {
        return Some((text, 0));
    }
    let length = text.chars().count();
    let place = |bound: i64| {
        let signed = i64::try_from(length).unwrap_or(i64::MAX);
        usize::try_from(if bound < 0 { bound.saturating_add(signed).max(0) } else { bound }).unwrap_or(usize::MAX)
    };
    let (start, stop) = (start.map_or(0, place), stop.map_or(length, place).min(length));
    if start > length || start > stop {
        return None;
    }
    let byte = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(i, _)| i);
    text.get(byte(start)..byte(stop)).map(|part| (part, start))
}

fn find(text: &str, method: Method, arguments: &[Value]) -> Outcome {
    expect(method, arguments, 1, 3)?;
    let wanted = required(method, arguments, 0)?;
    let part = window(text, int_argument(method, arguments, 1)?, int_argument(method, arguments, 2)?);
    let signed = |n: usize| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
    if method == Method::Count {
        return Ok(signed(part.map_or(0, |(part, _)| part.matches(wanted).count())));
    }
    let found = part.and_then(|(part, before)| part.find(wanted).map(|at| before + part.get(..at).unwrap_or_default().chars().count()));
    match found {
        Some(at) => Ok(signed(at)),
        None if method == Method::Find => Ok(Value::Int(-1)),
        None => Err(value_error("substring not found")),
    }
}

fn replace(text: &str, arguments: &[Value]) -> Outcome {
    expect(Method::Replace, arguments, 2, 3)?;
    let (old, new) = (required(Method::Replace, arguments, 0)?, required(Method::Replace, arguments, 1)?);
    let most = int_argument(Method::Replace, arguments, 2)?.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let found = text.matches(old).count().min(most);
    check_bytes(text.len().saturating_add(found.saturating_mul(new.len())))?;
    Ok(Value::text(text.replacen(old, new, most)))
}

fn split(text: &str, method: Method, arguments: &[Value]) -> Outcome {
    expect(method, arguments, 0, 2)?;
    let most = int_argument(method, arguments, 1)?.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    match text_argument(method, arguments, 0)? {
        Some("") => Err(value_error("empty separator")),
        Some(separator) if method == Method::Split => Ok(texts(text.splitn(most.saturating_add(1), separator))),
        Some(separator) => {
            let mut parts: Vec<&str> = text.rsplitn(most.saturating_add(1), separator).collect();
            parts.reverse();
            Ok(texts(parts))
        }
        None if method == Method::Split => Ok(texts(words(text, most))),
        None => Ok(texts(words_from_end(text, most))),
    }
}

fn words(text: &str, most: usize) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        if found.len() == most {
            found.push(rest);
            break;
        }
        let end = rest.find(is_space).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        found.push(word);
        rest = after.trim_start_matches(is_space);
    }
    found
}

fn words_from_end(text: &str, most: usize) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim_end_matches(is_space);
    while !rest.is_empty() {
        if found.len() == most {
            found.push(rest);
            break;
        }
        let start = rest.char_indices().rev().find(|(_, c)| is_space(*c)).map_or(0, |(i, c)| i + c.len_utf8());
        let (before, word) = rest.split_at(start);
        found.push(word);
        rest = before.trim_end_matches(is_space);
    }
    found.reverse();
    found
}

fn lines(text: &str, keep_ends: bool) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let ends = |c: char| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}');
        let Some((at, end)) = rest.char_indices().find(|(_, c)| ends(*c)) else {
            found.push(rest);
            break;
        };
        let width = if rest.get(at..).is_some_and(|r| r.starts_with("\r\n")) { 2 } else { end.len_utf8() };
        let (line, after) = rest.split_at(at + width);
        found.push(if keep_ends { line } else { line.get(..at).unwrap_or_default() });
        rest = after;
    }
    found
}

fn zfill(text: &str, arguments: &[Value]) -> Outcome {
    expect(Method::ZFill, arguments, 1, 1)?;
    let width = usize::try_from(int_argument(Method::ZFill, arguments, 0)?.unwrap_or(0)).unwrap_or(0);
    check_bytes(width)?;
    let zeros = "0".repeat(width.saturating_sub(text.chars().count()));
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = text.get(..text.len() - digits.len()).unwrap_or_default();
    Ok(Value::text(format!("{sign}{zeros}{digits}")))
}
