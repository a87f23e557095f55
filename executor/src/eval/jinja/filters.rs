//! Filters of Jinja2 that minijinja lacks, or that it gives another result for.

use minijinja::value::Kwargs;
use minijinja::{Environment, Error, ErrorKind, Value as Jinja};
use sequor_plan_format::expr::Function;

use super::super::budget::{Budget, check_bytes};
use super::super::functions;
use super::views::{from_value, to_value};
use crate::value::number::{Number, float_repr};
use crate::value::{MAX_DEPTH, Value};

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("string", |value: &Jinja| text_of(value));
    environment.add_filter("int", int);
    environment.add_filter("float", float);
    environment.add_filter("round", round);
    environment.add_filter("tojson", tojson);
    environment.add_filter("urlencode", |value: &Jinja| urlencode(value));
    environment.add_filter("default", default);
    environment.add_filter("d", default);
}

pub(super) fn text_of(value: &Jinja) -> Result<String, Error> {
    if value.is_undefined() { Ok(String::new()) } else { Ok(to_value(value)?.to_text()) }
}

/// What cannot be read as a number is the default.
fn int(value: &Jinja, default: Option<Jinja>, base: Option<i64>, options: Kwargs) -> Result<Jinja, Error> {
    let default = default.or(options.get("default")?).unwrap_or_else(|| Jinja::from(0));
    let base = base.or(options.get("base")?).unwrap_or(10);
    options.assert_all_used()?;
    let value = to_value(value)?;
    let call = |arguments: &[Value]| functions::call(Function::Int, arguments, &mut Budget::new());
    let read = match &value {
        Value::Text(_) => {
            let by_base = call(&[value.clone(), Value::Int(base)]);
            by_base.or_else(|_| {
                functions::call(Function::Float, std::slice::from_ref(&value), &mut Budget::new()).and_then(|float| call(&[float]))
            })
        }
        _ => call(std::slice::from_ref(&value)),
    };
    Ok(read.map_or(default, |number| from_value(&number)))
}

fn float(value: &Jinja, default: Option<Jinja>, options: Kwargs) -> Result<Jinja, Error> {
    let default = default.or(options.get("default")?).unwrap_or_else(|| Jinja::from(0.0));
    options.assert_all_used()?;
    let read = functions::call(Function::Float, &[to_value(value)?], &mut Budget::new());
    Ok(read.map_or(default, |number| from_value(&number)))
}

/// `round(precision=0, method='common')`, where `common` is Python's `round`.
fn round(value: &Jinja, precision: Option<i64>, method: Option<String>, options: Kwargs) -> Result<Jinja, Error> {
    let precision = precision.or(options.get("precision")?).unwrap_or(0);
    let method: Option<String> = method.or(options.get("method")?);
    options.assert_all_used()?;
    let value = to_value(value)?;
    let whole: fn(f64) -> f64 = match method.as_deref() {
        None | Some("common") => {
            let rounded = functions::call(Function::Round, &[value, Value::Int(precision)], &mut Budget::new());
            return rounded
                .map(|number| from_value(&number))
                .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.message.clone()));
        }
        Some("ceil") => f64::ceil,
        Some("floor") => f64::floor,
        Some(_) => return Err(Error::new(ErrorKind::InvalidOperation, "the method of round is common, ceil or floor")),
    };
    let number = Number::of(&value).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "round is for numbers"))?;
    let scale = 10f64.powi(i32::try_from(precision.clamp(-400, 400)).unwrap_or(0));
    Ok(Jinja::from(whole(number.to_f64() * scale) / scale))
}

/// `default(default_value='', boolean=False)`.
fn default(value: &Jinja, other: Option<Jinja>, boolean: Option<bool>, options: Kwargs) -> Result<Jinja, Error> {
    let other = other.or(options.get("default_value")?).unwrap_or_else(|| Jinja::from(""));
    let boolean = boolean.or(options.get("boolean")?).unwrap_or(false);
    options.assert_all_used()?;
    Ok(if value.is_undefined() || boolean && !value.is_true() { other } else { value.clone() })
}

/// As Jinja2's: keys sorted, ASCII only, and `<`, `>`, `&` and `'` escaped; on one line, or with `indent` spaces for each level.
fn tojson(value: &Jinja, indent: Option<usize>, options: Kwargs) -> Result<String, Error> {
    let indent = indent.or(options.get("indent")?);
    options.assert_all_used()?;
    check(indent.unwrap_or(0))?;
    let mut out = String::new();
    write_json(&to_value(value)?, &mut out, indent, 0)?;
    Ok(out)
}

pub(super) fn check(bytes: usize) -> Result<(), Error> {
    check_bytes(bytes).map_err(|error| Error::new(ErrorKind::InvalidOperation, error.message.clone()))
}

/// What separates members, and what stands before the first one where `indent` is set.
fn new_line(out: &mut String, indent: Option<usize>, depth: usize) -> Result<(), Error> {
    if let Some(indent) = indent {
        let spaces = indent.saturating_mul(depth);
        check(out.len().saturating_add(spaces))?;
        out.push('\n');
        out.push_str(&" ".repeat(spaces));
    }
    Ok(())
}

fn write_json(value: &Value, out: &mut String, indent: Option<usize>, depth: usize) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(Error::new(ErrorKind::InvalidOperation, "lists and maps nest too deep for JSON"));
    }
    let separator = if indent.is_some() { "," } else { ", " };
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => out.push_str(&i.to_string()),
        Value::Float(f) => out.push_str(&float_repr(*f)),
        Value::Number(n) => out.push_str(n),
        Value::Text(text) => write_json_text(text, out),
        Value::Bytes(_) => return Err(Error::new(ErrorKind::InvalidOperation, "bytes are not JSON serializable")),
        Value::List(members) | Value::Tuple(members) => {
            out.push('[');
            for (index, member) in members.iter().enumerate() {
                out.push_str(if index > 0 { separator } else { "" });
                new_line(out, indent, depth + 1)?;
                write_json(member, out, indent, depth + 1)?;
            }
            if !members.is_empty() {
                new_line(out, indent, depth)?;
            }
            out.push(']');
        }
        Value::Map(_) | Value::Row(_) => {
            let mut entries = super::super::entries(value).unwrap_or_default();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            out.push('{');
            for (index, (key, member)) in entries.iter().enumerate() {
                out.push_str(if index > 0 { separator } else { "" });
                new_line(out, indent, depth + 1)?;
                write_json_text(key, out);
                out.push_str(": ");
                write_json(member, out, indent, depth + 1)?;
            }
            if !entries.is_empty() {
                new_line(out, indent, depth)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn write_json_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' | '\'' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            ' '..='~' => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

/// What Jinja2 leaves as it is in a URL: letters, digits, `_.-~` and `/`.
const URL_SAFE: percent_encoding::AsciiSet =
    percent_encoding::NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b'/');

fn urlencode(value: &Jinja) -> Result<String, Error> {
    let quoted = |text: &str| percent_encoding::utf8_percent_encode(text, &URL_SAFE).to_string();
    let form = |text: &str| quoted(text).replace('/', "%2F").replace("%20", "+");
    match to_value(value)? {
        map @ (Value::Map(_) | Value::Row(_)) => {
            let entries = super::super::entries(&map).unwrap_or_default();
            Ok(entries.iter().map(|(k, v)| format!("{}={}", form(k), form(&v.to_text()))).collect::<Vec<_>>().join("&"))
        }
        other => Ok(quoted(&other.to_text())),
    }
}
