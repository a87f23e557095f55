//! Seven services in the shapes of their public APIs: paths, authentication, paging, replies. Written from their public documentation; each keeps
//! its records in memory and knows three things: list with pages, create, delete.

pub mod bigcommerce;
pub mod github;
pub mod hubspot;
pub mod mailchimp;
pub mod salesforce;
pub mod shopify;
pub mod stripe;

use serde_json::{Value, json};

use crate::service::Reply;

/// Records of one kind, with the ids they were given.
#[derive(Debug)]
pub struct Store {
    pub records: Vec<Value>,
    next: usize,
}

impl Store {
    /// `count` records made by `make` from their numbers, which start at 1.
    pub fn new(count: usize, make: impl Fn(usize) -> Value) -> Self {
        Self { records: (1..=count).map(make).collect(), next: count + 1 }
    }

    /// Keeps the record that `make` gives for the next number.
    pub fn create(&mut self, make: impl FnOnce(usize) -> Value) -> Value {
        let record = make(self.next);
        self.next += 1;
        self.records.push(record.clone());
        record
    }

    /// Removes records; gives how many there were.
    pub fn delete(&mut self, doomed: impl Fn(&Value) -> bool) -> usize {
        let before = self.records.len();
        self.records.retain(|r| !doomed(r));
        before - self.records.len()
    }

    /// Records `from` (from 0) and on, at most `limit`.
    #[must_use]
    pub fn page(&self, from: usize, limit: usize) -> &[Value] {
        let start = from.min(self.records.len());
        &self.records[start..(start + limit).min(self.records.len())]
    }
}

/// The part of a path after a prefix.
fn after<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    path.strip_prefix(prefix).filter(|rest| !rest.is_empty())
}

fn refused() -> Reply {
    Reply::json(401, &json!({ "message": "authentication is missing or wrong" }))
}

fn not_found() -> Reply {
    Reply::json(404, &json!({ "message": "not found" }))
}
