//! PostgreSQL's array text (`{1,NULL,"a\"b",{…}}`) as a JSON list. One pass, no recursion.
//!
//! <https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>

use super::decode::iso_timestamp;
use super::types::Element;

/// `None` where the text is not an array's.
pub(super) fn to_json(text: &str, element: Element) -> Option<String> {
    // Bounds that do not start at 1 come first: [0:2]={…}
    let body = if text.starts_with('[') { text.split_once('=')?.1 } else { text };
    let mut json = String::with_capacity(body.len() + 8);
    let mut depth = 0_usize;
    let mut rest = body;
    while let Some(next) = rest.chars().next() {
        match next {
            '{' => {
                depth += 1;
                json.push('[');
                rest = &rest[1..];
            }
            '}' => {
                depth = depth.checked_sub(1)?;
                json.push(']');
                rest = &rest[1..];
            }
            ',' => {
                json.push(',');
                rest = &rest[1..];
            }
            '"' => {
                let (value, after) = quoted(&rest[1..])?;
                push(&mut json, &value, element);
                rest = after;
            }
            _ => {
                let end = rest.find([',', '}'])?;
                match &rest[..end] {
                    "NULL" => json.push_str("null"),
                    value => push(&mut json, value, element),
                }
                rest = &rest[end..];
            }
        }
    }
    (depth == 0 && !json.is_empty()).then_some(json)
}

/// The value up to the closing quote, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            other => value.push(other),
        }
    }
    None
}

fn push(json: &mut String, value: &str, element: Element) {
    let string = |value: &str| serde_json::Value::from(value).to_string();
    match element {
        Element::Bool => json.push_str(if value == "t" { "true" } else { "false" }),
        // NaN and the infinities are no JSON numbers.
        Element::Number if value.ends_with(|c: char| c.is_ascii_digit()) => json.push_str(value),
        Element::Json => json.push_str(value),
        Element::Timestamp => json.push_str(&string(&iso_timestamp(value))),
        Element::Number | Element::Text => json.push_str(&string(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_become_lists() {
        for (text, element, json) in [
            ("{}", Element::Number, "[]"),
            ("{1,NULL,-3}", Element::Number, "[1,null,-3]"),
            ("{{1,2},{3,4}}", Element::Number, "[[1,2],[3,4]]"),
            ("[0:1]={1.50,NaN}", Element::Number, "[1.50,\"NaN\"]"),
            ("{t,f}", Element::Bool, "[true,false]"),
            (r#"{a,"b,c","d\"e\\f","NULL","",ü}"#, Element::Text, r#"["a","b,c","d\"e\\f","NULL","","ü"]"#),
            (r#"{"2024-01-02 03:04:05+00"}"#, Element::Timestamp, r#"["2024-01-02T03:04:05+00:00"]"#),
            (r#"{"{\"a\": 1}"}"#, Element::Json, r#"[{"a": 1}]"#),
        ] {
            assert_eq!(to_json(text, element).as_deref(), Some(json), "{text}");
        }
    }

    #[test]
    fn other_text_is_left_alone() {
        for text in ["", "{", "{1,2", "}", "{\"a", "{\"a\\", "[0:1]"] {
            assert_eq!(to_json(text, Element::Text), None, "{text}");
        }
    }
}
