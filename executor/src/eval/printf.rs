//! Python's `template % values`.

use std::sync::Arc;

use super::fault::{Outcome, type_error, value_error};
use super::format;
use crate::value::Value;
use crate::value::number::{Number, is_integer};

/// `template % values`, where a tuple gives several values and a map names them.
pub(crate) fn format(template: &str, values: &Value) -> Outcome<String> {
    let mut given = match values {
        Value::Tuple(members) => Given { members: members.clone(), next: 0 },
        other => Given { members: Arc::new(vec![other.clone()]), next: 0 },
    };
    let mut out = String::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once('%') {
        out.push_str(text);
        rest = directive(after, values, &mut given, &mut out)?;
    }
    out.push_str(rest);
    let unused = given.next < given.members.len() && !matches!(values, Value::Map(_) | Value::Row(_) | Value::List(_));
    if unused { Err(type_error("not all arguments converted during string formatting")) } else { Ok(out) }
}

struct Given {
    members: Arc<Vec<Value>>,
    next: usize,
}

impl Given {
    fn take(&mut self) -> Outcome {
        let value = self.members.get(self.next).cloned().ok_or_else(|| type_error("not enough arguments for format string"))?;
        self.next += 1;
        Ok(value)
    }
}

/// Handles what follows a `%`; gives the text after it.
fn directive<'t>(after: &'t str, values: &Value, given: &mut Given, out: &mut String) -> Outcome<&'t str> {
    let mut rest = after;
    let mut named = None;
    if let Some(tail) = rest.strip_prefix('(') {
        let (name, tail) = tail.split_once(')').ok_or_else(|| value_error("incomplete format key"))?;
        named = Some(super::index::index(values, &Value::text(name))?);
        rest = tail;
    }
    let flags_end = rest.find(|c| !matches!(c, '-' | '+' | ' ' | '#' | '0')).unwrap_or(rest.len());
    let (flags, tail) = rest.split_at(flags_end);
    let (width, tail) = number(tail, given)?;
    let (precision, tail) = match tail.strip_prefix('.') {
        Some(tail) => number(tail, given).map(|(n, tail)| (Some(n.unwrap_or(0)), tail))?,
        None => (None, tail),
    };
    let tail = tail.trim_start_matches(['l', 'h', 'L']);
    let mut chars = tail.chars();
    let Some(kind) = chars.next() else { return Err(value_error("incomplete format")) };
    if kind == '%' {
        out.push('%');
        return Ok(chars.as_str());
    }
    let value = named.map_or_else(|| given.take(), Ok)?;
    out.push_str(&converted(kind, &value, flags, width, precision)?);
    Ok(chars.as_str())
}

fn number<'t>(text: &'t str, given: &mut Given) -> Outcome<(Option<usize>, &'t str)> {
    if let Some(rest) = text.strip_prefix('*') {
        return match given.take()? {
            Value::Int(n) => Ok((Some(usize::try_from(n).unwrap_or(0)), rest)),
            _ => Err(type_error("* wants int")),
        };
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() { Ok((None, rest)) } else { digits.parse().map(|n| (Some(n), rest)).map_err(|_| value_error("width too big")) }
}

fn converted(kind: char, value: &Value, flags: &str, width: Option<usize>, precision: Option<usize>) -> Outcome<String> {
    let numeric =
        || Number::of(value).ok_or_else(|| type_error(format!("%{kind} format: a real number is required, not {}", value.type_name())));
    let (value, kind) = match kind {
        's' => (Value::text(value.to_text()), 's'),
        'r' => (Value::text(value.to_repr()), 's'),
        'a' => (Value::text(format::ascii(value)), 's'),
        'd' | 'i' | 'u' => match numeric()? {
            Number::Float(f) => (Number::truncated(f).ok_or_else(|| value_error("cannot convert float to integer"))?.into(), 'd'),
            integer => (integer.into(), 'd'),
        },
        'x' | 'X' | 'o' | 'c' => (value.clone(), kind),
        'f' | 'F' if matches!(value, Value::Number(text) if !is_integer(text)) => (value.clone(), kind),
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => (Value::Float(numeric()?.to_f64()), kind),
        other => return Err(value_error(format!("unsupported format character '{other}'"))),
    };
    let mut spec = String::new();
    spec.push(match (flags.contains('-'), flags.contains('0') && kind != 's') {
        (true, _) => '<',
        (false, true) => '=',
        (false, false) => '>',
    });
    if flags.contains('0') && !flags.contains('-') && kind != 's' {
        spec.insert(0, '0');
    }
    if kind != 's' && kind != 'c' {
        if flags.contains('+') {
            spec.push('+');
        } else if flags.contains(' ') {
            spec.push(' ');
        }
        if flags.contains('#') {
            spec.push('#');
        }
    }
    if let Some(width) = width {
        spec.push_str(&width.to_string());
    }
    if let Some(precision) = precision.filter(|_| !matches!(kind, 'd' | 'x' | 'X' | 'o' | 'c')) {
        spec.push_str(&format!(".{precision}"));
    }
    spec.push(kind);
    format::format(&value, &spec)
}
