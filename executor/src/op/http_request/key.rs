//! Idempotency keys: what they are, and where they go.

use std::sync::Arc;

use reqwest::header::HeaderMap;
use sequor_plan_format::op::http_request::{Key, KeyIn, KeyValue, Request};

use super::build::{header_name, header_value};
use super::text::{a_kind, required_text};
use crate::error::{ErrorKind, RunError};
use crate::journal::effects::RequestId;
use crate::scope::Scope;
use crate::services::Services;
use crate::value::{Map, Value};

/// The key of a request: made from its place in the run, or what the flow gives. Null is none.
pub(super) fn value(services: &Services, scope: &Scope, key: &Key, id: RequestId) -> Result<Option<String>, RunError> {
    match &key.value {
        KeyValue::Auto => Ok(Some(services.journal.key(id))),
        KeyValue::Given(expr) => match scope.evaluate(services, *expr)? {
            Value::Null => Ok(None),
            value => required_text("the idempotency_key", &value).map(Some),
        },
    }
}

/// The body with the key in it, where that is its place.
pub(super) fn into_body(services: &Services, request: &Request, key: Option<&str>, body: Value) -> Result<Value, RunError> {
    let (Some(KeyIn::Field(field)), Some(key)) = (request.key.as_ref().map(|key| &key.place), key) else { return Ok(body) };
    let field = services.plan.text(*field);
    let mut map = match body {
        Value::Map(map) => Arc::unwrap_or_clone(map),
        Value::Row(row) => row.columns.iter().cloned().zip(row.values.iter().cloned()).collect::<Map>(),
        other => {
            let message = format!(
                "the idempotency key goes into the body's field '{field}', so the body must be a map, but it is {}",
                a_kind(&other)
            );
            return Err(RunError::new(ErrorKind::Data, message));
        }
    };
    map.entry(field.into()).or_insert_with(|| Value::text(key));
    Ok(Value::Map(Arc::new(map)))
}

/// Adds the header, where the key goes there. One that the flow has set itself stays.
pub(super) fn into_headers(services: &Services, request: &Request, key: Option<&str>, headers: &mut HeaderMap) -> Result<(), RunError> {
    let (Some(Key { place: KeyIn::Header(name), quoted, .. }), Some(key)) = (&request.key, key) else { return Ok(()) };
    let text = services.plan.text(*name);
    let key = if *quoted { format!("\"{key}\"") } else { key.to_owned() };
    if let Some(value) = header_value(text, &Value::text(key))? {
        headers.entry(header_name(text)?).or_insert(value);
    }
    Ok(())
}
