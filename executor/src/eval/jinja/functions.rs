//! The functions of templates: `var`, `is_var_defined`, `env`, `query`, `query_value`, and the casts `int`, `float`, `str`, `bool`.

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Rest};
use minijinja::{Environment, Error, ErrorKind, State, Value as Jinja};
use sequor_plan_format::expr::Function;

use super::super::budget::Budget;
use super::super::functions;
use super::session::{Session, of};
use super::views::{from_value, to_value};
use crate::value::Value;

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_function("var", |state: &State<'_, '_>, name: &str| {
        let session = session(state)?;
        session.variable(name)?.map(|value| from_value(&value)).ok_or_else(|| session.undefined(name))
    });
    environment.add_function("is_var_defined", |state: &State<'_, '_>, name: &str| {
        Ok::<_, Error>(session(state)?.tested_variable(name)?.is_some_and(|value| !matches!(value, Value::Null)))
    });
    environment.add_function("env", |state: &State<'_, '_>, name: &str| Ok::<_, Error>(from_value(&session(state)?.environment(name)?)));
    environment.add_function("query", |state: &State<'_, '_>, arguments: Rest<Jinja>| {
        let (source, sql, _) = query_arguments(&arguments)?;
        let rows = session(state)?.query(source, sql)?;
        Ok::<_, Error>(from_value(&Value::List(Arc::new(rows))))
    });
    environment.add_function("query_value", |state: &State<'_, '_>, arguments: Rest<Jinja>| {
        let (source, sql, cast) = query_arguments(&arguments)?;
        let rows = session(state)?.query(source, sql)?;
        let value = match rows.first() {
            Some(Value::Row(row)) => row.values.first().cloned().unwrap_or(Value::Null),
            _ => Value::Null,
        };
        match cast {
            Some(cast) if !matches!(value, Value::Null) => applied(cast, &[value]),
            _ => Ok(from_value(&value)),
        }
    });
    for (name, function) in [("int", Function::Int), ("float", Function::Float), ("str", Function::Str), ("bool", Function::Bool)] {
        environment.add_global(name, Jinja::from_object(Cast(function)));
    }
}

fn session(state: &State<'_, '_>) -> Result<Arc<Session>, Error> {
    of(state).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "the functions of a flow work in its templates only"))
}

/// `([source,] sql [, cast])`.
fn query_arguments(arguments: &[Jinja]) -> Result<(Option<&str>, &str, Option<Function>), Error> {
    let (texts, cast) = match arguments.split_last() {
        Some((last, before)) => match last.downcast_object_ref::<Cast>() {
            Some(cast) => (before, Some(cast.0)),
            None => (arguments, None),
        },
        None => (arguments, None),
    };
    match texts {
        [sql] => sql.as_str().map(|sql| (None, sql, cast)),
        [source, sql] => source.as_str().zip(sql.as_str()).map(|(source, sql)| (Some(source), sql, cast)),
        _ => None,
    }
    .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "a query is written query_value([source,] sql [, int|float|str|bool])"))
}

fn applied(function: Function, arguments: &[Value]) -> Result<Jinja, Error> {
    let result = functions::call(function, arguments, &mut Budget::new());
    result.map(|value| from_value(&value)).map_err(|error| Error::new(ErrorKind::InvalidOperation, error.message.clone()))
}

/// `int`, `float`, `str` or `bool`: as the last argument of a query, or called.
#[derive(Debug)]
struct Cast(Function);

impl Object for Cast {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, arguments: &[Jinja]) -> Result<Jinja, Error> {
        let arguments = arguments.iter().map(to_value).collect::<Result<Vec<_>, _>>()?;
        applied(self.0, &arguments)
    }
}
