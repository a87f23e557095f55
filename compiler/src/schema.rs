//! JSON Schemas for editors, made from the key tables. Draft 7: the newest that all of them know.
//!
//! A schema is milder than the compiler: it offers keys and values, and never calls wrong what compiles.

use serde_json::{Map, Value, json};

use crate::codes;
use crate::environment;
use crate::lint;
use crate::op;
use crate::settings;
use crate::source::{self, auth};
use crate::syntax::fields::EXPRESSION;
use crate::syntax::key::{Form, Key, Kind, Presence, Table};
use crate::syntax::{assign, flow, step};

/// Which files a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    Flow,
    Source,
    Environment,
    Project,
}

/// The schema as JSON text.
#[must_use]
pub fn schema(files: Files) -> String {
    let (title, body) = match files {
        Files::Flow => ("Sequor flow", flow_schema()),
        Files::Source => ("Sequor source", source_schema()),
        Files::Environment => ("Sequor environment", object(&[&environment::KEYS])),
        Files::Project => ("Sequor project", object(&[&settings::KEYS])),
    };
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!(title));
    if let Value::Object(body) = body {
        schema.extend(body);
    }
    format!("{:#}\n", Value::Object(schema))
}

fn flow_schema() -> Value {
    json!({
        "if": {"type": "array"},
        "then": {"$ref": "#/definitions/steps"},
        "else": object(&[&flow::FLOW]),
        "definitions": {
            "steps": {"type": ["array", "null"], "items": {"$ref": "#/definitions/step"}},
            "step": {
                "type": "object",
                "required": ["op"],
                "properties": {"op": {"enum": op_names(), "description": key(&step::COMMON, "op").map_or("", |k| k.doc)}},
                "allOf": op::OPS.iter().map(op_case).collect::<Vec<_>>(),
            },
        },
    })
}

fn op_names() -> Vec<&'static str> {
    op::OPS.iter().flat_map(|s| std::iter::once(s.name).chain(s.aliases.iter().copied())).collect()
}

/// If the step is this op, it has these keys.
fn op_case(spec: &op::Spec) -> Value {
    let names: Vec<&str> = std::iter::once(spec.name).chain(spec.aliases.iter().copied()).collect();
    json!({
        "if": {"properties": {"op": {"enum": names}}, "required": ["op"]},
        "then": object(&[spec.table, &step::COMMON]),
    })
}

fn source_schema() -> Value {
    let cases: Vec<Value> = source::TYPES
        .iter()
        .map(|(name, kind)| {
            json!({
                "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
                "then": object(&[kind.table(), &source::COMMON]),
            })
        })
        .collect();
    let types: Vec<&str> = source::TYPES.iter().map(|(name, _)| *name).collect();
    let doc = key(&source::COMMON, "type").map_or("", |k| k.doc);
    json!({"type": "object", "required": ["type"], "properties": {"type": {"enum": types, "description": doc}}, "allOf": cases})
}

fn key(table: &Table, name: &str) -> Option<&'static Key> {
    table.key(name)
}

/// A mapping with the keys of tables; a key of an earlier table hides one of a later.
fn object(tables: &[&Table]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    // Of a required key that may be written in several ways, one must be there.
    let mut any = Vec::new();
    for key in tables.iter().flat_map(|t| t.keys).filter(|k| k.presence != Presence::Later) {
        let names = || std::iter::once(key.name).chain(key.aliases.iter().copied());
        if key.form != Form::Python {
            for name in names() {
                properties.entry(name.to_owned()).or_insert_with(|| value(key));
            }
        }
        if key.form != Form::Literal {
            for name in names() {
                let doc = format!("{} (Python)", key.doc);
                properties.entry(format!("{name}{EXPRESSION}")).or_insert_with(|| json!({"description": doc}));
            }
        }
        if key.presence == Presence::Required {
            let spellings: Vec<String> = names().flat_map(|name| spellings(key, name)).collect();
            match spellings.as_slice() {
                [only] => required.push(only.clone()),
                several => any.push(json!({"anyOf": several.iter().map(|s| json!({"required": [s]})).collect::<Vec<_>>()})),
            }
        }
    }
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    if let Some(table) = tables.first() {
        schema.insert("description".to_owned(), json!(table.doc));
    }
    schema.insert("properties".to_owned(), json!(properties));
    schema.insert("additionalProperties".to_owned(), json!(false));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    if !any.is_empty() {
        schema.insert("allOf".to_owned(), json!(any));
    }
    Value::Object(schema)
}

/// How a key may be written under one of its names.
fn spellings(key: &Key, name: &str) -> Vec<String> {
    let python = || format!("{name}{EXPRESSION}");
    match key.form {
        Form::Literal => vec![name.to_owned()],
        Form::Dynamic => vec![name.to_owned(), python()],
        Form::Python => vec![python()],
    }
}

fn value(key: &Key) -> Value {
    let mut schema = match kind(key.kind) {
        Value::Object(schema) => schema,
        _ => Map::new(),
    };
    let doc = match key.presence {
        Presence::Default(default) => format!("{} (default: {default})", key.doc),
        Presence::Required | Presence::Optional | Presence::Later => key.doc.to_owned(),
    };
    schema.insert("description".to_owned(), json!(doc));
    Value::Object(schema)
}

fn kind(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({"type": ["string", "number", "boolean", "null"]}),
        Kind::Bool => json!({"type": ["boolean", "null"]}),
        Kind::Integer => json!({"type": ["integer", "null"]}),
        Kind::Duration => json!({"type": ["string", "number", "null"]}),
        Kind::Any | Kind::Condition | Kind::Columns | Kind::Parameters => json!({}),
        // Case does not matter to the compiler, so a pattern beside the list keeps other spellings valid.
        Kind::Choice(choices) => {
            json!({"anyOf": [{"enum": choices}, {"type": "string", "pattern": in_any_case(choices)}, {"type": "null"}]})
        }
        Kind::Names => {
            json!({"anyOf": [{"type": ["string", "number", "null"]}, {"type": "array", "items": {"type": ["string", "number"]}}]})
        }
        Kind::Constants => json!({"type": ["object", "null"]}),
        Kind::Entries => json!({"anyOf": [{"type": "object"}, {"type": ["string", "null"]}]}),
        Kind::Assigns => json!({
            "type": ["object", "null"],
            "additionalProperties": {"anyOf": [object(&[&assign::ASSIGNMENT]), {}]},
        }),
        Kind::Section(table) if std::ptr::eq(table, &raw const auth::NONE) => auth_schema(),
        Kind::Section(table) => json!({"anyOf": [object(&[table]), {"type": ["integer", "null"]}]}),
        Kind::Sections(table) => {
            json!({"anyOf": [{"type": "array", "items": {"anyOf": [object(&[table]), {"$ref": "#/definitions/step"}]}}, object(&[table]), {"type": "null"}]})
        }
        // Beside a reference, nothing counts in draft 7: a description would be lost.
        Kind::Steps => json!({"allOf": [{"$ref": "#/definitions/steps"}]}),
        Kind::Branches => json!({"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/definitions/steps"}}),
        Kind::Levels => levels_schema(),
        Kind::Statuses => {
            json!({"anyOf": [{"type": ["integer", "string", "null"]}, {"type": "array", "items": {"type": ["integer", "string"]}}]})
        }
    }
}

/// A pattern for these words.
fn in_any_case(words: &[&str]) -> String {
    let letter =
        |c: char| if c.is_ascii_alphabetic() { format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase()) } else { c.to_string() };
    let words: Vec<String> = words.iter().map(|w| w.chars().map(letter).collect()).collect();
    format!("^({})$", words.join("|"))
}

fn auth_schema() -> Value {
    let cases: Vec<Value> = auth::TABLES.into_iter().map(|t| object(&[t])).collect();
    json!({"anyOf": cases.into_iter().chain([json!({"type": ["string", "null"]})]).collect::<Vec<_>>()})
}

/// `lint`: levels by code, name or start of codes, and the same for paths.
fn levels_schema() -> Value {
    let names = codes::CODES.iter().flat_map(|c| [(c.code, c.summary), (c.name, c.summary)]);
    let level = |doc: &str| json!({"enum": lint::LEVELS, "description": doc});
    let mut properties: Map<String, Value> = names.map(|(name, doc)| (name.to_owned(), level(doc))).collect();
    properties.insert("all".to_owned(), level("every check"));
    let starts = json!({"^[A-Z][0-9]{0,2}$": level("all codes that start like this")});
    let mut whole = properties.clone();
    whole.insert("paths".to_owned(), json!({
        "type": "object",
        "description": "levels in some files: a pattern of paths → levels; `*` within a name, `**` across folders",
        "additionalProperties": {"type": "object", "properties": properties, "patternProperties": starts, "additionalProperties": false},
    }));
    json!({"type": ["object", "null"], "properties": whole, "patternProperties": starts, "additionalProperties": false})
}
