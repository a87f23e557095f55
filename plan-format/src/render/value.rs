//! Constants as JSON.

use crate::{Plan, Value, ValueId};

use super::text::quote;

/// JSON on one line. Infinite numbers, which JSON lacks, are written as Python writes them in JSON. Recursion is bounded by the depth of constants.
pub(super) fn json(plan: &Plan, id: ValueId, out: &mut String) {
    match plan.value(id) {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Float(number) => out.push_str(&float(*number)),
        Value::Number(text) => out.push_str(plan.text(*text)),
        Value::Text(text) => out.push_str(&quote(plan.text(*text))),
        Value::List(members) => {
            out.push('[');
            for (index, member) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                json(plan, *member, out);
            }
            out.push(']');
        }
        Value::Map(members) => {
            out.push('{');
            for (index, (key, member)) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                out.push_str(&quote(plan.text(*key)));
                out.push_str(": ");
                json(plan, *member, out);
            }
            out.push('}');
        }
    }
}

/// The shortest text that reads back as the same float, and never as an integer.
fn float(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() };
    }
    format!("{number:?}")
}
