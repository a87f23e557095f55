//! Stripe, customers: the secret key as a bearer token, bodies as forms with `metadata[…]`, pages by `starting_after` and `has_more`.

use serde_json::{Value, json};

use super::{Store, after, not_found, refused};
use crate::service::{Reply, Request, Service};

pub const KEY: &str = "sk_test_key";
const PATH: &str = "/v1/customers";

#[must_use]
pub fn start(customers: usize) -> Service {
    let mut store = Store::new(customers, |n| customer(n, &format!("Customer {n}"), &format!("p{n}@example.com"), &json!({})));
    Service::start(move |request| answer(&mut store, request))
}

fn customer(n: usize, name: &str, email: &str, metadata: &Value) -> Value {
    json!({ "id": format!("cus_{n:06}"), "object": "customer", "name": name, "email": email, "balance": 0, "created": 1_700_000_000 + n, "metadata": metadata })
}

fn answer(store: &mut Store, request: &Request) -> Reply {
    if request.header("authorization") != Some(&format!("Bearer {KEY}")) {
        return refused();
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", PATH) => list(store, request),
        ("POST", PATH) => create(store, request),
        ("DELETE", path) => match after(path, &format!("{PATH}/")) {
            Some(id) if store.delete(|c| c["id"] == id) == 1 => {
                Reply::json(200, &json!({ "id": id, "object": "customer", "deleted": true }))
            }
            _ => Reply::json(
                404,
                &json!({ "error": { "type": "invalid_request_error", "code": "resource_missing", "message": "No such customer" } }),
            ),
        },
        _ => not_found(),
    }
}

fn list(store: &Store, request: &Request) -> Reply {
    let limit = request.number("limit").unwrap_or(10).min(100);
    let from = match request.parameter("starting_after") {
        None => 0,
        Some(id) => store.records.iter().position(|c| c["id"] == id).map_or(usize::MAX, |at| at + 1),
    };
    if from == usize::MAX {
        return Reply::json(
            400,
            &json!({ "error": { "type": "invalid_request_error", "param": "starting_after", "message": "No such customer" } }),
        );
    }
    let data = store.page(from, limit);
    Reply::json(200, &json!({ "object": "list", "url": PATH, "has_more": from + limit < store.records.len(), "data": data }))
}

fn create(store: &mut Store, request: &Request) -> Reply {
    if request.header("content-type") != Some("application/x-www-form-urlencoded") {
        return Reply::json(
            400,
            &json!({ "error": { "type": "invalid_request_error", "message": "Invalid request: the body must be a form" } }),
        );
    }
    let form = request.form();
    let field = |name: &str| form.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v);
    let metadata = json!({ "source_id": field("metadata[source_id]") });
    let created = store.create(|n| customer(n, field("name"), field("email"), &metadata));
    Reply::json(200, &created)
}
