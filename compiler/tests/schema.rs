//! The JSON Schemas name every op and key, and nothing that this version refuses.

use sequor_compiler::op::OPS;
use sequor_compiler::schema::{Files, schema};
use sequor_compiler::syntax::key::Presence;
use serde_json::Value;

#[test]
fn every_op_is_in_the_schema_with_its_keys() {
    let schema: Value = serde_json::from_str(&schema(Files::Flow)).unwrap();
    let cases = schema["$defs"]["step"]["allOf"].as_array().unwrap();
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

#[test]
fn schemas_are_json_of_the_right_draft() {
    for files in [Files::Flow, Files::Source, Files::Project] {
        let schema: Value = serde_json::from_str(&schema(files)).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}
