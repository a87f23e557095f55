//! Methods of texts, lists, maps and rows.

use std::sync::Arc;

use sequor_plan_format::expr::Method;

use super::budget::{Budget, check_bytes};
use super::fault::{Outcome, no_attribute, no_column, type_error, value_error};
use super::{entries, members, text_methods};
use crate::value::{Map, Value};

pub(crate) fn call(base: &Value, method: Method, arguments: &[Value], budget: &mut Budget) -> Outcome {
    match base {
        Value::Text(text) => {
            budget.charge(text.len() / 64)?;
            match method {
                Method::Join => joined(text, arguments, budget),
                _ => text_methods::call(text, method, arguments),
            }
        }
        Value::List(list) | Value::Tuple(list) => list_method(base, list, method, arguments, budget),
        Value::Map(map) => map_method(base, map, method, arguments, budget),
        Value::Row(row) => match method {
            Method::Get => {
                let (column, default) = key_and_default(arguments)?;
                let Value::Text(name) = column else { return Err(no_column(&column.to_text(), &row.columns)) };
                let value = super::index::column_of(row, name)?;
                Ok(if matches!(value, Value::Null) { default } else { value.clone() })
            }
            _ => map_method(base, &entries(base).unwrap_or_default().into_iter().collect(), method, arguments, budget),
        },
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) | Value::Bytes(_) => {
            Err(no_attribute(base, method.name()))
        }
    }
}

/// Checks how many arguments a method got.
pub(crate) fn expect(method: Method, arguments: &[Value], least: usize, most: usize) -> Outcome<()> {
    if (least..=most).contains(&arguments.len()) {
        return Ok(());
    }
    let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
    Err(type_error(format!("{}() takes {wanted} arguments, {} given", method.name(), arguments.len())))
}

fn joined(separator: &str, arguments: &[Value], budget: &mut Budget) -> Outcome {
    expect(Method::Join, arguments, 1, 1)?;
    let members = members(arguments.first().unwrap_or(&Value::Null))?;
    budget.charge(members.len())?;
    let mut out = String::new();
    for (index, member) in members.iter().enumerate() {
        let Value::Text(text) = member else {
            return Err(type_error(format!(
                "sequence item {index}: expected str instance, {} found — write str(…) around each member",
                member.type_name()
            )));
        };
        check_bytes(out.len() + separator.len() + text.len())?;
        if index > 0 {
            out.push_str(separator);
        }
        out.push_str(text);
    }
    budget.charge(out.len() / 64)?;
    Ok(Value::text(out))
}

fn list_method(base: &Value, list: &Arc<Vec<Value>>, method: Method, arguments: &[Value], budget: &mut Budget) -> Outcome {
    budget.charge(list.len())?;
    match method {
        Method::Count => {
            expect(method, arguments, 1, 1)?;
            let found = list.iter().filter(|m| Some(*m) == arguments.first()).count();
            Ok(Value::Int(i64::try_from(found).unwrap_or(i64::MAX)))
        }
        Method::Index => {
            expect(method, arguments, 1, 3)?;
            let bounded = super::index::slice(&Value::List(list.clone()), arguments.get(1), arguments.get(2), None)?;
            let found = members(&bounded)?.iter().position(|m| Some(m) == arguments.first());
            let skipped = super::index::first_of_slice(list.len(), arguments.get(1))?;
            let at = found.map(|at| at + skipped);
            at.map(|i| Value::Int(i64::try_from(i).unwrap_or(i64::MAX)))
                .ok_or_else(|| value_error(format!("{} is not in list", arguments.first().unwrap_or(&Value::Null).to_repr())))
        }
        Method::Copy if matches!(base, Value::List(_)) => {
            expect(method, arguments, 0, 0)?;
            Ok(base.clone())
        }
        _ => Err(no_attribute(base, method.name())),
    }
}

fn map_method(base: &Value, map: &Map, method: Method, arguments: &[Value], budget: &mut Budget) -> Outcome {
    let pair = |key: &Arc<str>, value: &Value| Value::Tuple(Arc::new(vec![Value::Text(key.clone()), value.clone()]));
    match method {
        Method::Get => {
            let (key, default) = key_and_default(arguments)?;
            Ok(match key {
                Value::Text(key) => map.get(&**key).cloned().unwrap_or(default),
                _ => default,
            })
        }
        Method::Items | Method::Keys | Method::Values | Method::Copy | Method::ToDict => {
            expect(method, arguments, 0, 0)?;
            budget.charge(map.len())?;
            match method {
                Method::Items => Ok(Value::List(Arc::new(map.iter().map(|(k, v)| pair(k, v)).collect()))),
                Method::Keys => Ok(Value::List(Arc::new(map.keys().map(|k| Value::Text(k.clone())).collect()))),
                Method::Values => Ok(Value::List(Arc::new(map.values().cloned().collect()))),
                Method::ToDict if matches!(base, Value::Map(_)) => Err(no_attribute(base, method.name())),
                _ => Ok(Value::Map(Arc::new(map.clone()))),
            }
        }
        _ => Err(no_attribute(base, method.name())),
    }
}

fn key_and_default(arguments: &[Value]) -> Outcome<(&Value, Value)> {
    expect(Method::Get, arguments, 1, 2)?;
    Ok((arguments.first().unwrap_or(&Value::Null), arguments.get(1).cloned().unwrap_or(Value::Null)))
}
