//! Methods of `str` that only templates run here: the compiler gives none of them to the native evaluator.

use std::sync::Arc;

use minijinja::value::{Kwargs, from_args};
use minijinja::{Error, ErrorKind, Value as Jinja};
use sequor_plan_format::expr::Conversion;

use super::super::budget::check_bytes;
use super::super::fault::{Outcome, expression, type_error, value_error};
use super::super::format;
use super::views::{from_value, to_value};
use crate::value::Value;

/// Calls the method, if it is one of these.
pub(super) fn call(text: &str, method: &str, arguments: &[Jinja]) -> Option<Result<Jinja, Error>> {
    if method == "format" {
        return Some(formatted(text, arguments));
    }
    let arguments: Result<Vec<Value>, Error> = arguments.iter().map(to_value).collect();
    let result = match arguments {
        Ok(arguments) => plain(text, method, &arguments)?.map_err(|error| Error::new(ErrorKind::InvalidOperation, error.message.clone())),
        Err(error) => Err(error),
    };
    Some(result.map(|value| from_value(&value)))
}

fn plain(text: &str, method: &str, arguments: &[Value]) -> Option<Outcome> {
    let wrong = || type_error(format!("{method}() got the wrong arguments"));
    let cased = || text.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    let tuple = |parts: [&str; 3]| Value::Tuple(Arc::new(parts.into_iter().map(Value::text).collect()));
    let position =
        |at: Option<usize>| at.and_then(|at| text.get(..at)).map_or(-1, |before| i64::try_from(before.chars().count()).unwrap_or(i64::MAX));
    Some(match (method, arguments) {
        ("ljust" | "rjust" | "center", [Value::Int(width)]) => padded(text, method, *width, " "),
        ("ljust" | "rjust" | "center", [Value::Int(width), Value::Text(fill)]) => padded(text, method, *width, fill),
        ("partition", [Value::Text(separator)]) => {
            Ok(text.split_once(&**separator).map_or_else(|| tuple([text, "", ""]), |(before, after)| tuple([before, separator, after])))
        }
        ("rpartition", [Value::Text(separator)]) => {
            Ok(text.rsplit_once(&**separator).map_or_else(|| tuple(["", "", text]), |(before, after)| tuple([before, separator, after])))
        }
        ("rfind", [Value::Text(part)]) => Ok(Value::Int(position(text.rfind(&**part)))),
        ("removeprefix", [Value::Text(prefix)]) => Ok(Value::text(text.strip_prefix(&**prefix).unwrap_or(text))),
        ("removesuffix", [Value::Text(suffix)]) => Ok(Value::text(text.strip_suffix(&**suffix).unwrap_or(text))),
        ("swapcase", []) => Ok(Value::text(swapped(text))),
        ("islower", []) => Ok(Value::Bool(cased() && !text.chars().any(char::is_uppercase))),
        ("isupper", []) => Ok(Value::Bool(cased() && !text.chars().any(char::is_lowercase))),
        ("isspace", []) => Ok(Value::Bool(!text.is_empty() && text.chars().all(char::is_whitespace))),
        ("isalnum", []) => Ok(Value::Bool(!text.is_empty() && text.chars().all(char::is_alphanumeric))),
        (
            "ljust" | "rjust" | "center" | "partition" | "rpartition" | "rfind" | "removeprefix" | "removesuffix" | "swapcase" | "islower"
            | "isupper" | "isspace" | "isalnum",
            _,
        ) => Err(wrong()),
        _ => return None,
    })
}

fn padded(text: &str, method: &str, width: i64, fill: &str) -> Outcome {
    if fill.chars().count() != 1 {
        return Err(type_error("The fill character must be exactly one character long"));
    }
    let width = usize::try_from(width).unwrap_or(0);
    check_bytes(width.saturating_mul(fill.len()))?;
    let missing = width.saturating_sub(text.chars().count());
    let left = match method {
        "ljust" => 0,
        "rjust" => missing,
        // An odd space goes left where the width is odd.
        _ => missing / 2 + (missing & width & 1),
    };
    Ok(Value::text(format!("{}{text}{}", fill.repeat(left), fill.repeat(missing - left))))
}

fn swapped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_uppercase() {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
    }
    out
}

/// `text.format(…)` with `{}`, `{0}` and `{name}`, conversions and formats.
fn formatted(text: &str, arguments: &[Jinja]) -> Result<Jinja, Error> {
    let (positional, named): (&[Jinja], Kwargs) = from_args(arguments)?;
    let failed = |error: crate::error::RunError| Error::new(ErrorKind::InvalidOperation, error.message.clone());
    let mut out = String::new();
    let mut rest = text;
    let mut next = 0;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, mark) = rest.split_at(at);
        out.push_str(before);
        if let Some(after) = mark.strip_prefix("{{") {
            out.push('{');
            rest = after;
        } else if let Some(after) = mark.strip_prefix("}}") {
            out.push('}');
            rest = after;
        } else {
            let field = mark.strip_prefix('{').and_then(|field| field.split_once('}'));
            let (field, after) = field.ok_or_else(|| failed(value_error("a single '{' or '}' in the text of format()")))?;
            let (field, spec) = field.split_once(':').unwrap_or((field, ""));
            let (name, conversion) = field.split_once('!').unwrap_or((field, ""));
            let conversion = match conversion {
                "" => Conversion::None,
                "s" => Conversion::Str,
                "r" => Conversion::Repr,
                "a" => Conversion::Ascii,
                other => return Err(failed(value_error(format!("unknown conversion '{other}' in format()")))),
            };
            let place = if name.is_empty() { Some(next) } else { name.parse().ok() };
            next += usize::from(name.is_empty());
            let value = match place {
                Some(place) => positional.get(place).cloned(),
                None => named.get::<Option<Jinja>>(name)?,
            };
            let value = value.ok_or_else(|| failed(expression(format!("format() has no argument for '{{{name}}}'"))))?;
            out.push_str(&format::formatted(&to_value(&value)?, conversion, spec).map_err(failed)?);
            check_bytes(out.len()).map_err(failed)?;
            rest = after;
        }
    }
    out.push_str(rest);
    Ok(Jinja::from(out))
}
