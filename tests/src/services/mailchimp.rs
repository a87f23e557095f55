//! Mailchimp, Marketing API list members: basic authentication, pages by offset and count, members addressed by the MD5 of their address.

use serde_json::{Value, json};

use super::{Store, after, not_found, refused};
use crate::service::{Reply, Request, Service};

/// `anystring:mc-key`, as basic authentication sends it.
const AUTHORIZATION: &str = "Basic YW55c3RyaW5nOm1jLWtleQ==";
pub const USERNAME: &str = "anystring";
pub const KEY: &str = "mc-key";
const PATH: &str = "/3.0/lists/list1/members";

#[must_use]
pub fn start(members: usize) -> Service {
    let mut store = Store::new(members, |n| member(&format!("hash{n}"), &format!("m{n}@example.com"), &format!("First{n}")));
    Service::start(move |request| answer(&mut store, request))
}

fn member(id: &str, email: &str, first: &str) -> Value {
    json!({ "id": id, "email_address": email, "status": "subscribed", "merge_fields": { "FNAME": first, "LNAME": "Jones" }, "stats": { "avg_open_rate": 0.25 } })
}

fn answer(store: &mut Store, request: &Request) -> Reply {
    if request.header("authorization") != Some(AUTHORIZATION) {
        return refused();
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", PATH) => {
            let (offset, count) = (request.number("offset").unwrap_or(0), request.number("count").unwrap_or(10));
            Reply::json(200, &json!({ "members": store.page(offset, count), "list_id": "list1", "total_items": store.records.len() }))
        }
        ("PUT", path) => {
            let (Some(hash), body) = (after(path, &format!("{PATH}/")), request.json()) else { return not_found() };
            if hash.len() != 32 || !body["email_address"].is_string() {
                return Reply::json(
                    400,
                    &json!({ "title": "Invalid Resource", "status": 400, "detail": "The resource submitted could not be validated." }),
                );
            }
            store.delete(|m| m["id"] == hash);
            let email = body["email_address"].as_str().unwrap_or("");
            let first = body["merge_fields"]["FNAME"].as_str().unwrap_or("");
            let kept = store.create(|_| member(hash, email, first));
            Reply::json(200, &kept)
        }
        ("DELETE", path) => match after(path, &format!("{PATH}/")) {
            Some(hash) if store.delete(|m| m["id"] == hash) == 1 => Reply::empty(204),
            _ => not_found(),
        },
        _ => not_found(),
    }
}
