//! Filters of Jinja2 that minijinja lacks, or that it gives another result for.

use minijinja::value::{Kwargs, Rest};
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
    environment.add_filter("tojson", |value: &Jinja| tojson(value));
    environment.add_filter("urlencode", |value: &Jinja| urlencode(value));
    environment.add_filter("center", center);
    environment.add_filter("truncate", truncate);
    environment.add_filter("wordcount", |text: &Jinja| {
        Ok::<_, Error>(text_of(text)?.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).count())
    });
    environment.add_filter("striptags", |text: &Jinja| Ok::<_, Error>(striptags(&text_of(text)?)));
}

fn text_of(value: &Jinja) -> Result<String, Error> {
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

/// As Jinja2's: keys sorted, ASCII only, and `<`, `>`, `&` and `'` escaped.
fn tojson(value: &Jinja) -> Result<String, Error> {
    let mut out = String::new();
    write_json(&to_value(value)?, &mut out, 0)?;
    Ok(out)
}

fn write_json(value: &Value, out: &mut String, depth: usize) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(Error::new(ErrorKind::InvalidOperation, "lists and maps nest too deep for JSON"));
    }
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
                out.push_str(if index > 0 { ", " } else { "" });
                write_json(member, out, depth + 1)?;
            }
            out.push(']');
        }
        Value::Map(_) | Value::Row(_) => {
            let mut entries = super::super::entries(value).unwrap_or_default();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            out.push('{');
            for (index, (key, member)) in entries.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_json_text(key, out);
                out.push_str(": ");
                write_json(member, out, depth + 1)?;
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

fn center(value: &Jinja, width: Option<usize>) -> Result<String, Error> {
    let text = text_of(value)?;
    let width = width.unwrap_or(80);
    check_bytes(width).map_err(|error| Error::new(ErrorKind::InvalidOperation, error.message.clone()))?;
    let missing = width.saturating_sub(text.chars().count());
    // As str.center: an odd space goes left where the width is odd.
    let left = missing / 2 + (missing & width & 1);
    Ok(format!("{}{text}{}", " ".repeat(left), " ".repeat(missing - left)))
}

/// `truncate(length=255, killwords=False, end='...', leeway=5)`.
fn truncate(value: &Jinja, arguments: Rest<Jinja>, options: Kwargs) -> Result<String, Error> {
    let at = |index: usize, name: &str| -> Result<Option<Jinja>, Error> {
        match arguments.get(index) {
            Some(value) => Ok(Some(value.clone())),
            None => options.get(name),
        }
    };
    let length = at(0, "length")?.and_then(|v| v.as_usize()).unwrap_or(255);
    let kill_words = at(1, "killwords")?.is_some_and(|v| v.is_true());
    let end = at(2, "end")?.map_or_else(|| Ok("...".to_owned()), |v| text_of(&v))?;
    let leeway = at(3, "leeway")?.and_then(|v| v.as_usize()).unwrap_or(5);
    options.assert_all_used()?;
    let text = text_of(value)?;
    if text.chars().count() <= length.saturating_add(leeway) {
        return Ok(text);
    }
    let cut: String = text.chars().take(length.saturating_sub(end.chars().count())).collect();
    let kept = if kill_words { cut.as_str() } else { cut.rsplit_once(' ').map_or(cut.as_str(), |(before, _)| before) };
    Ok(format!("{kept}{end}"))
}

fn striptags(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}
