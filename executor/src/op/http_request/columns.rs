//! The columns of a table: as a parser's result declares them, or inferred from rows.

use std::sync::Arc;

use sequor_plan_format::ColumnType;

use super::body::entries;
use super::text::{a_kind, is_null, names, plain};
use crate::database::ColumnDefinition;
use crate::error::{ErrorKind, RunError};
use crate::value::Value;

/// Reads the columns that a parser's result gives for `table`; `None` for `auto`.
///
/// # Errors
/// Of kind `Data` for a form that is none of: a map from name to type, a list of `{name, type}`, `auto`.
pub(super) fn declared(table: &str, value: &Value) -> Result<Option<Vec<ColumnDefinition>>, RunError> {
    let wrong = |what: String| RunError::new(ErrorKind::Data, format!("the parser's columns of table '{table}' {what}"));
    let columns: Vec<ColumnDefinition> = match value {
        Value::Text(text) if text.eq_ignore_ascii_case("auto") => return Ok(None),
        Value::List(list) | Value::Tuple(list) => list
            .iter()
            .map(|entry| {
                let field = |key: &str| entries(entry)?.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value);
                match (field("name").and_then(plain), field("type")) {
                    (Some(name), Some(kind)) => column(table, &name, kind),
                    _ => Err(wrong(format!("must be a list of {{name, type}}, but one of them is {}", a_kind(entry)))),
                }
            })
            .collect::<Result<_, _>>()?,
        Value::Map(map) => map.iter().map(|(name, kind)| column(table, name, kind)).collect::<Result<_, _>>()?,
        other => {
            return Err(wrong(format!("must be a map of names and types, a list of {{name, type}}, or 'auto', not {}", a_kind(other))));
        }
    };
    if columns.is_empty() {
        return Err(wrong("are empty: name at least one".to_owned()));
    }
    for (index, column) in columns.iter().enumerate() {
        if columns[..index].iter().any(|c| c.name == column.name) {
            return Err(wrong(format!("name '{}' twice", column.name)));
        }
    }
    Ok(Some(columns))
}

fn column(table: &str, name: &str, kind: &Value) -> Result<ColumnDefinition, RunError> {
    let fault = |reason: String| RunError::new(ErrorKind::Data, format!("column '{name}' of table '{table}': {reason}"));
    let written = match (kind, entries(kind)) {
        (_, Some(parts)) => type_object(&parts).map_err(fault)?,
        (kind, None) => plain(kind).ok_or_else(|| fault(format!("its type must be text, but it is {}", a_kind(kind))))?,
    };
    let kind = written.parse::<ColumnType>().map_err(|e| fault(e.to_string()))?;
    Ok(ColumnDefinition { name: Arc::from(name), kind })
}

/// `{name: numeric, precision: 10, scale: 2}` as `numeric(10,2)`.
fn type_object(parts: &[(&str, &Value)]) -> Result<String, String> {
    let (mut name, mut arguments) = (None, [None, None]);
    for (key, value) in parts {
        let text = plain(value).filter(|_| !is_null(value));
        match *key {
            "name" | "type" => name = text,
            "precision" | "length" => arguments[0] = text,
            "scale" => arguments[1] = text,
            other => return Err(format!("its type has the unknown key '{other}'; known keys are: name, precision, scale, length")),
        }
    }
    let name = name.ok_or("its type has no name")?;
    Ok(match arguments {
        [None, None] => name,
        [Some(precision), None] => format!("{name}({precision})"),
        [Some(precision), Some(scale)] => format!("{name}({precision},{scale})"),
        [None, Some(_)] => return Err("its type has a scale without a precision".to_owned()),
    })
}

/// The columns of rows, in the order in which their keys first appear, each with the narrowest type that holds all its values.
pub(super) fn inferred(rows: &[Value]) -> Vec<ColumnDefinition> {
    let mut found: indexmap::IndexMap<&str, Option<ColumnType>> = indexmap::IndexMap::new();
    for row in rows {
        for (name, value) in entries(row).unwrap_or_default() {
            let kind = found.entry(name).or_default();
            *kind = match (*kind, type_of(value)) {
                (None, new) => new,
                (old, None) => old,
                (Some(old), Some(new)) => Some(widened(old, new)),
            };
        }
    }
    found.into_iter().map(|(name, kind)| ColumnDefinition { name: Arc::from(name), kind: kind.unwrap_or(ColumnType::Text) }).collect()
}

fn type_of(value: &Value) -> Option<ColumnType> {
    if is_null(value) {
        return None;
    }
    Some(match value {
        Value::Bool(_) => ColumnType::Boolean,
        Value::Int(_) => ColumnType::BigInt,
        Value::Float(_) => ColumnType::Double,
        Value::Number(_) => ColumnType::Numeric(None),
        Value::Text(_) | Value::Null => ColumnType::Text,
        Value::Bytes(_) => ColumnType::Binary,
        Value::List(_) | Value::Tuple(_) | Value::Map(_) | Value::Row(_) => ColumnType::Json,
    })
}

fn widened(old: ColumnType, new: ColumnType) -> ColumnType {
    use ColumnType::{BigInt, Double, Numeric, Text};
    match (old, new) {
        (old, new) if old == new => old,
        (BigInt, Double) | (Double, BigInt) => Double,
        (BigInt | Double | Numeric(_), Numeric(_)) | (Numeric(_), BigInt | Double) => Numeric(None),
        _ => Text,
    }
}

/// `id, name and 3 more`, for messages.
pub(super) fn column_names(columns: &[ColumnDefinition]) -> String {
    names(columns.iter().map(|c| &*c.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(columns: &[ColumnDefinition]) -> String {
        columns.iter().map(|c| format!("{} {}", c.name, c.kind)).collect::<Vec<_>>().join(", ")
    }

    fn declared_by(json_text: &str) -> String {
        match declared("t", &crate::json::parse(json_text.as_bytes()).unwrap()) {
            Ok(Some(columns)) => shown(&columns),
            Ok(None) => "auto".to_owned(),
            Err(error) => error.message.clone(),
        }
    }

    #[test]
    fn reads_every_form_of_a_declaration() {
        assert_eq!(declared_by(r#"{"id": "text", "n": "numeric(10,2)"}"#), "id text, n numeric(10,2)");
        assert_eq!(declared_by(r#"[{"name": "id", "type": "int"}]"#), "id integer");
        assert_eq!(declared_by(r#"{"n": {"name": "numeric", "precision": 10, "scale": 2}}"#), "n numeric(10,2)");
        assert_eq!(declared_by(r#""auto""#), "auto");
    }

    #[test]
    fn says_what_is_wrong_with_a_declaration() {
        assert!(declared_by(r#"{"id": "textt"}"#).starts_with("column 'id' of table 't': unknown column type 'textt'"));
        assert!(declared_by(r#"[{"name": "id"}]"#).contains("list of {name, type}"));
        assert!(declared_by(r#"[{"name": "id", "type": "text"}, {"name": "id", "type": "text"}]"#).contains("'id' twice"));
        assert!(declared_by("[]").contains("empty"));
        assert!(declared_by("7").contains("not a number"));
    }

    #[test]
    fn infers_the_narrowest_type_that_holds_all_values() {
        let rows = crate::json::parse(
            br#"[{"i": 1, "f": 1, "n": 1, "b": true, "t": "x", "j": [1], "null": null, "mixed": 1},
                 {"i": 2, "f": 0.5, "n": 10.20, "b": null, "t": null, "j": {}, "mixed": "a", "late": false}]"#,
        )
        .unwrap();
        let Value::List(rows) = rows else { panic!() };
        assert_eq!(
            shown(&inferred(&rows)),
            "i bigint, f double, n numeric, b boolean, t text, j json, null text, mixed text, late boolean"
        );
    }
}
