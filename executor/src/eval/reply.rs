//! A complete HTTP reply, as expressions read it.

use std::sync::Arc;

use super::fault::Outcome;
use crate::error::{ErrorKind, RunError};
use crate::json;
use crate::value::{Map, Value};

/// A complete HTTP reply.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// The URL that answered, after redirects.
    pub url: String,
    /// In the order received; names lower case.
    pub headers: Vec<(String, String)>,
    /// After decompression.
    pub body: bytes::Bytes,
    pub elapsed: std::time::Duration,
    /// `body` read as JSON, at most once.
    pub json: std::sync::OnceLock<Result<Value, String>>,
}

impl Reply {
    /// The body as JSON.
    ///
    /// # Errors
    /// Of kind `Reply`, saying what is wrong where and how the body starts.
    pub fn json(&self) -> Outcome<&Value> {
        self.json
            .get_or_init(|| json::parse(&self.body))
            .as_ref()
            .map_err(|fault| RunError::new(ErrorKind::Reply, format!("the reply is not JSON: {fault}")))
    }

    /// The body as text: UTF-8, with what is not replaced by U+FFFD.
    #[must_use]
    pub fn text(&self) -> Arc<str> {
        String::from_utf8_lossy(&self.body).into()
    }

    /// The headers as a map with lower-case names. Values of repeated headers are joined by `, `.
    #[must_use]
    pub fn header_map(&self) -> Value {
        let mut map = Map::new();
        for (name, value) in &self.headers {
            let joined = match map.get(name.as_str()) {
                Some(Value::Text(before)) => format!("{before}, {value}"),
                _ => value.clone(),
            };
            map.insert(name.as_str().into(), Value::text(joined));
        }
        Value::Map(Arc::new(map))
    }
}
