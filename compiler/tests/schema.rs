//! The JSON Schemas name every op and key, and nothing that this version refuses.

use sequor_compiler::op::OPS;
use sequor_compiler::schema::{Files, schema};
use sequor_compiler::syntax::key::Presence;
use serde_json::Value;

#[test]
fn every_op_is_in_the_schema_with_its_keys() {
    let schema: Value = serde_json::from_str(&schema(Files::Flow)).unwrap();
    let cases = schema["definitions"]["step"]["allOf"].as_array().unwrap();
    assert_eq!(cases.len(), OPS.len());
    for (case, op) in cases.iter().zip(&OPS) {
        assert_eq!(case["if"]["properties"]["op"]["enum"][0], op.name);
        let properties = case["then"]["properties"].as_object().unwrap();
        for key in op.table.keys {
            let spelt = [key.name.to_owned(), format!("{}_expression", key.name)];
            let there = spelt.iter().any(|k| properties.contains_key(k));
            assert_eq!(there, key.presence != Presence::Later, "{} of {}", key.name, op.name);
        }
    }
}

/// Every key that an editor offers says what it is for.
#[test]
fn every_property_has_a_description() {
    fn look(value: &Value, at: &str) {
        if let Some(properties) = value["properties"].as_object() {
            for (name, property) in properties {
                // What decides which case holds is described where it is offered.
                let decides = property.get("const").is_some() || at.ends_with("/if");
                assert!(decides || property["description"].as_str().is_some_and(|d| d.len() > 3), "{at}/{name}: {property}");
            }
        }
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| look(value, &format!("{at}/{key}"))),
            Value::Array(items) => items.iter().enumerate().for_each(|(i, value)| look(value, &format!("{at}/{i}"))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    for files in [Files::Flow, Files::Source, Files::Environment, Files::Project] {
        look(&serde_json::from_str(&schema(files)).unwrap(), "");
    }
}

#[test]
fn schemas_are_json_of_the_right_draft() {
    for files in [Files::Flow, Files::Source, Files::Environment, Files::Project] {
        let schema: Value = serde_json::from_str(&schema(files)).unwrap();
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    }
}
