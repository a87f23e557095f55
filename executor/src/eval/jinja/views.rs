//! Values as minijinja sees them, and back. Lists, maps and rows are shared, not copied.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Tuple, ValueKind};
use minijinja::{Error, ErrorKind, State, Value as Jinja};
use sequor_plan_format::expr::Method;

use super::super::budget::Budget;
use super::super::fault::no_column;
use super::super::methods;
use super::session::{ReplyPart, Session};
use super::{digits, text_methods};
use crate::value::number::Number;
use crate::value::{MAX_DEPTH, Map, Row, Value};

pub(super) fn from_value(value: &Value) -> Jinja {
    match value {
        Value::Null => Jinja::from(()),
        Value::Bool(b) => Jinja::from(*b),
        Value::Int(i) => Jinja::from(*i),
        Value::Float(f) => Jinja::from(*f),
        Value::Number(text) => match Number::parse(text) {
            Number::Float(f) => {
                digits::remember(f, text);
                Jinja::from(f)
            }
            Number::Int(i) => Jinja::from(i),
            Number::Big(_) => text.parse::<i128>().map_or_else(|_| Jinja::from(text.clone()), Jinja::from),
        },
        Value::Text(text) => Jinja::from(text.clone()),
        Value::Bytes(bytes) => Jinja::from_bytes(bytes.to_vec()),
        Value::List(_) | Value::Tuple(_) => Jinja::from_object(Members(value.clone())),
        Value::Map(_) | Value::Row(_) => Jinja::from_object(Entries(value.clone())),
    }
}

pub(super) fn to_value(value: &Jinja) -> Result<Value, Error> {
    converted(value, 0)
}

fn converted(value: &Jinja, depth: usize) -> Result<Value, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("lists and maps nest deeper than {MAX_DEPTH}")));
    }
    if let Some(Members(shared)) = value.downcast_object_ref() {
        return Ok(shared.clone());
    }
    if let Some(Entries(shared)) = value.downcast_object_ref() {
        return Ok(shared.clone());
    }
    let members = || value.try_iter()?.map(|member| converted(&member, depth + 1)).collect::<Result<Vec<_>, Error>>();
    Ok(match value.kind() {
        ValueKind::Undefined | ValueKind::None => Value::Null,
        ValueKind::Bool => Value::Bool(value.is_true()),
        ValueKind::Number => number(value),
        ValueKind::String => Value::text(value.as_str().unwrap_or_default()),
        ValueKind::Bytes => Value::Bytes(value.as_bytes().unwrap_or_default().into()),
        ValueKind::Seq | ValueKind::Iterable if value.downcast_object_ref::<Tuple>().is_some() => Value::Tuple(Arc::new(members()?)),
        ValueKind::Seq | ValueKind::Iterable => Value::List(Arc::new(members()?)),
        ValueKind::Map => {
            let mut map = Map::new();
            for key in value.try_iter()? {
                let member = value.get_item(&key)?;
                map.insert(to_value(&key)?.to_text().into(), converted(&member, depth + 1)?);
            }
            Value::Map(Arc::new(map))
        }
        _ => Value::text(value.to_string()),
    })
}

fn number(value: &Jinja) -> Value {
    if value.is_integer() {
        return i64::try_from(value.clone()).map_or_else(|_| Value::Number(value.to_string().into()), Value::Int);
    }
    f64::try_from(value.clone()).map_or(Value::Null, |float| digits::of(float).map_or(Value::Float(float), Value::Number))
}

/// A list or tuple.
#[derive(Debug)]
struct Members(Value);

impl Members {
    fn members(&self) -> &[Value] {
        match &self.0 {
            Value::List(members) | Value::Tuple(members) => members,
            _ => &[],
        }
    }
}

impl Object for Members {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let index = key.as_i64()?;
        let length = i64::try_from(self.members().len()).ok()?;
        let at = if index < 0 { index + length } else { index };
        self.members().get(usize::try_from(at).ok()?).map(from_value)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.members().len())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_text())
    }
}

/// A map or row.
#[derive(Debug)]
struct Entries(Value);

impl Object for Entries {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        match &self.0 {
            Value::Map(map) => map.get(key.as_str()?).map(from_value),
            Value::Row(row) => Some(column(row, key.as_str()?)),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match &self.0 {
            Value::Map(map) => Enumerator::Values(map.keys().map(|key| Jinja::from(key.clone())).collect()),
            Value::Row(row) => Enumerator::Values(row.columns.iter().map(|column| Jinja::from(column.clone())).collect()),
            _ => Enumerator::Empty,
        }
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, arguments: &[Jinja]) -> Result<Jinja, Error> {
        apply(&self.0, method, arguments)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_text())
    }
}

/// A column of a row; using one that is not there is an error.
fn column(row: &Row, name: &str) -> Jinja {
    row.get(name)
        .map_or_else(|| Jinja::from(Error::new(ErrorKind::InvalidOperation, no_column(name, &row.columns).message.clone())), from_value)
}

/// Methods that minijinja does not know itself: Python's.
pub(super) fn call_method(_: &mut State<'_, '_>, value: &Jinja, method: &str, arguments: &[Jinja]) -> Result<Jinja, Error> {
    apply(&to_value(value)?, method, arguments)
}

fn apply(value: &Value, method: &str, arguments: &[Jinja]) -> Result<Jinja, Error> {
    if let Value::Text(text) = value
        && let Some(result) = text_methods::call(text, method, arguments)
    {
        return result;
    }
    let Some(method) = method_named(method) else {
        return Err(Error::new(ErrorKind::UnknownMethod, format!("'{}' object has no attribute '{method}'", value.type_name())));
    };
    let arguments = arguments.iter().map(to_value).collect::<Result<Vec<_>, _>>()?;
    let result = methods::call(value, method, &arguments, &mut Budget::new());
    result.map(|value| from_value(&value)).map_err(|error| Error::new(ErrorKind::InvalidOperation, error.message.clone()))
}

fn method_named(name: &str) -> Option<Method> {
    Method::ALL.into_iter().find(|method| method.name() == name)
}

/// `response`: its parts as attributes, and as calls.
#[derive(Debug)]
pub(super) struct Response(pub(super) Arc<Session>);

impl Response {
    fn part(&self, name: &str) -> Option<Result<Jinja, Error>> {
        let part = match name {
            "status_code" => ReplyPart::Status,
            "headers" => return Some(self.0.reply(ReplyPart::Headers).map(|map| Jinja::from_object(Headers(map)))),
            "text" => ReplyPart::Text,
            "json" => ReplyPart::Json,
            "url" => ReplyPart::Url,
            "elapsed" => ReplyPart::Elapsed,
            "ok" => return Some(self.0.reply(ReplyPart::Status).map(|status| Jinja::from(matches!(status, Value::Int(..400))))),
            _ => return None,
        };
        Some(self.0.reply(part).map(|value| from_value(&value)))
    }
}

impl Object for Response {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let name = key.as_str()?;
        Some(self.part(name).unwrap_or_else(|| Err(no_part(name))).unwrap_or_else(Jinja::from))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, _: &[Jinja]) -> Result<Jinja, Error> {
        self.part(method).unwrap_or_else(|| Err(no_part(method)))
    }
}

fn no_part(name: &str) -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!("response has no '{name}': it has status_code, ok, headers, text, json(), url and elapsed"),
    )
}

/// The reply's headers, whose names are looked up in any case.
#[derive(Debug)]
struct Headers(Value);

impl Object for Headers {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        match &self.0 {
            Value::Map(map) => map.get(&*key.as_str()?.to_lowercase()).map(from_value),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match &self.0 {
            Value::Map(map) => Enumerator::Values(map.keys().map(|key| Jinja::from(key.clone())).collect()),
            _ => Enumerator::Empty,
        }
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, arguments: &[Jinja]) -> Result<Jinja, Error> {
        let lower = |value: &Jinja| value.as_str().map_or_else(|| value.clone(), |text| Jinja::from(text.to_lowercase()));
        match (method, arguments.split_first()) {
            ("get", Some((name, default))) => {
                let mut arguments = vec![lower(name)];
                arguments.extend_from_slice(default);
                apply(&self.0, method, &arguments)
            }
            _ => apply(&self.0, method, arguments),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_text())
    }
}
