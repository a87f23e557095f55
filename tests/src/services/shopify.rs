//! Shopify, REST Admin customers: `X-Shopify-Access-Token`, pages by a `Link` header with an opaque `page_info`, nested addresses.

use serde_json::{Value, json};

use super::{Store, after, not_found, refused};
use crate::service::{Reply, Request, Service};

pub const TOKEN: &str = "shpat_token";
const PATH: &str = "/admin/api/2024-10/customers";

#[must_use]
pub fn start(customers: usize) -> Service {
    let mut store = Store::new(customers, |n| customer(n, &format!("First{n}"), &format!("s{n}@example.com")));
    Service::start(move |request| answer(&mut store, request))
}

fn customer(n: usize, first: &str, email: &str) -> Value {
    let id = 7_000_000_000_000_usize + n;
    let addresses: Vec<_> = (0..n % 3)
        .map(|a| {
            json!({
                "id": 8_000_000_000_000_usize + n * 10 + a, "address1": format!("{a} Main St"), "address2": null, "city": "Ottawa",
                "province": "Ontario", "zip": "K1A 0B1", "country": "Canada",
            })
        })
        .collect();
    json!({
        "id": id, "first_name": first, "last_name": "Doe", "email": email, "total_spent": "199.65",
        "email_marketing_consent": { "state": if n.is_multiple_of(2) { "subscribed" } else { "not_subscribed" }, "single_opt_in": null },
        "addresses": addresses,
    })
}

fn answer(store: &mut Store, request: &Request) -> Reply {
    if request.header("x-shopify-access-token") != Some(TOKEN) {
        return refused();
    }
    let path = request.path.strip_suffix(".json").unwrap_or("");
    match (request.method.as_str(), path) {
        ("GET", PATH) => list(store, request),
        ("POST", PATH) => {
            let body = &request.json()["customer"];
            let Some(email) = body["email"].as_str() else {
                return Reply::json(422, &json!({ "errors": { "email": ["can't be blank"] } }));
            };
            let created = store.create(|n| customer(n, body["first_name"].as_str().unwrap_or(""), email));
            Reply::json(201, &json!({ "customer": created }))
        }
        ("DELETE", path) => match after(path, &format!("{PATH}/")) {
            Some(id) if store.delete(|c| c["id"].as_u64() == id.parse().ok()) == 1 => Reply::json(200, &json!({})),
            _ => not_found(),
        },
        _ => not_found(),
    }
}

/// `page_info` is opaque to clients; here it is the position, dressed up. With it only `limit` may be given, as in the real API.
fn list(store: &Store, request: &Request) -> Reply {
    let limit = request.number("limit").unwrap_or(50);
    let from = match request.parameter("page_info") {
        None => 0,
        Some(info) => match info.strip_prefix("eyJ").and_then(|n| n.parse().ok()) {
            Some(from) if request.query.iter().all(|(n, _)| n == "limit" || n == "page_info") => from,
            _ => return Reply::json(400, &json!({ "errors": { "page_info": "Invalid value." } })),
        },
    };
    let reply = Reply::json(200, &json!({ "customers": store.page(from, limit) }));
    let next = from + limit;
    if next >= store.records.len() {
        return reply;
    }
    reply.with_header("link", format!("<https://acme.myshopify.com{PATH}.json?limit={limit}&page_info=eyJ{next}>; rel=\"next\""))
}
