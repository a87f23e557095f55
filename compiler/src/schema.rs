//! JSON Schemas for editors (draft 2020-12), made from the key tables.
//!
//! A schema is milder than the compiler: it offers keys and values, and never calls wrong what compiles.

use serde_json::{Map, Value, json};

use crate::codes;
use crate::lint;
use crate::op;
use crate::settings;
use crate::source::{self, auth};
use crate::syntax::fields::EXPRESSION;
use crate::syntax::key::{Form, Key, Kind, Presence, Table};
use crate::syntax::{flow, scalars, step};

/// Which files a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    Flow,
    Source,
    Project,
}

/// The schema as JSON text.
#[must_use]
pub fn schema(files: Files) -> String {
    let (title, body) = match files {
        Files::Flow => ("Sequor flow", flow_schema()),
        Files::Source => ("Sequor source", source_schema()),
        Files::Project => ("Sequor project", object(&[&settings::KEYS])),
    };
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!(title));
    if let Value::Object(body) = body {
        schema.extend(body);
    }
    format!("{:#}\n", Value::Object(schema))
}

fn flow_schema() -> Value {
    json!({
        "anyOf": [object(&[&flow::FLOW]), {"$ref": "#/$defs/steps"}],
        "$defs": {
            "steps": {"type": ["array", "null"], "items": {"$ref": "#/$defs/step"}},
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
    json!({"type": "object", "required": ["type"], "properties": {"type": {"enum": types}}, "allOf": cases})
}

fn key(table: &Table, name: &str) -> Option<&'static Key> {
    table.key(name)
}

/// A mapping with the keys of tables; a key of an earlier table hides one of a later.
fn object(tables: &[&Table]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
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
        if key.presence == Presence::Required && key.form == Form::Literal && key.aliases.is_empty() {
            required.push(key.name);
        }
    }
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if let (Value::Object(schema), false) = (&mut schema, required.is_empty()) {
        schema.insert("required".to_owned(), json!(required));
    }
    schema
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
        Kind::Any | Kind::Columns | Kind::Parameters => json!({}),
        // Case does not matter to the compiler, so a pattern beside the list keeps other spellings valid.
        Kind::Choice(choices) => json!({"anyOf": [{"enum": choices}, {"type": ["string", "null"]}]}),
        Kind::Names => {
            json!({"anyOf": [{"type": ["string", "number", "null"]}, {"type": "array", "items": {"type": ["string", "number"]}}]})
        }
        Kind::Entries => json!({"anyOf": [{"type": "object"}, {"type": ["string", "null"]}]}),
        Kind::Assigns => json!({
            "type": ["object", "null"],
            "additionalProperties": {"anyOf": [object(&[&scalars::ASSIGNMENT]), {}]},
        }),
        Kind::Section(table) if std::ptr::eq(table, &raw const auth::NONE) => auth_schema(),
        Kind::Section(table) => json!({"anyOf": [object(&[table]), {"type": ["integer", "null"]}]}),
        Kind::Sections(table) => {
            json!({"anyOf": [{"type": "array", "items": {"anyOf": [object(&[table]), {"$ref": "#/$defs/step"}]}}, object(&[table]), {"type": "null"}]})
        }
        Kind::Steps => json!({"$ref": "#/$defs/steps"}),
        Kind::Levels => levels_schema(),
        Kind::Statuses => {
            json!({"anyOf": [{"type": ["integer", "string", "null"]}, {"type": "array", "items": {"type": ["integer", "string"]}}]})
        }
    }
}

fn auth_schema() -> Value {
    let cases: Vec<Value> = [&auth::NONE, &auth::BASIC, &auth::BEARER, &auth::API_KEY].into_iter().map(|t| object(&[t])).collect();
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
