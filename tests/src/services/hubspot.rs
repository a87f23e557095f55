//! HubSpot, CRM V3 contacts: bearer token, pages by the cursor `paging.next.after`, fields under `properties`.

use serde_json::{Value, json};

use super::{Store, after, not_found, refused};
use crate::service::{Reply, Request, Service};

pub const TOKEN: &str = "pat-token";
const PATH: &str = "/crm/v3/objects/contacts";

#[must_use]
pub fn start(contacts: usize) -> Service {
    let mut store = Store::new(contacts, |n| {
        contact(n, &json!({ "firstname": format!("First{n}"), "lastname": "Smith", "email": format!("h{n}@example.com") }))
    });
    Service::start(move |request| answer(&mut store, request))
}

fn contact(n: usize, properties: &Value) -> Value {
    json!({ "id": (500 + n).to_string(), "properties": properties, "createdAt": "2024-03-01T12:30:00.123Z", "updatedAt": "2024-03-02T12:30:00.123Z", "archived": false })
}

fn answer(store: &mut Store, request: &Request) -> Reply {
    if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return refused();
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", PATH) => list(store, request),
        ("POST", PATH) => {
            let properties = request.json()["properties"].clone();
            let Some(email) = properties["email"].as_str() else {
                return Reply::json(
                    400,
                    &json!({ "status": "error", "message": "Property values were not valid", "category": "VALIDATION_ERROR" }),
                );
            };
            if store.records.iter().any(|c| c["properties"]["email"] == email) {
                return Reply::json(409, &json!({ "status": "error", "message": "Contact already exists.", "category": "CONFLICT" }));
            }
            let created = store.create(|n| contact(n, &properties));
            Reply::json(201, &created)
        }
        ("DELETE", path) => {
            let id = after(path, &format!("{PATH}/")).unwrap_or("");
            store.delete(|c| c["id"] == id);
            Reply::empty(204)
        }
        _ => not_found(),
    }
}

fn list(store: &Store, request: &Request) -> Reply {
    let limit = request.number("limit").unwrap_or(10).min(100);
    let from = request.number("after").unwrap_or(0);
    let results = store.page(from, limit);
    let next = from + limit;
    let mut body = json!({ "results": results });
    if next < store.records.len() {
        body["paging"] = json!({ "next": { "after": next.to_string(), "link": format!("https://api.hubapi.com{PATH}?after={next}") } });
    }
    Reply::json(200, &body)
}
