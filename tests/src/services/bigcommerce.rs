//! BigCommerce, customers V3: `X-Auth-Token`, pages by number with `meta.pagination`, bodies and deletions in bulk.

use serde_json::{Value, json};

use super::{Store, not_found, refused};
use crate::service::{Reply, Request, Service};

pub const TOKEN: &str = "bc-token";
const PATH: &str = "/stores/abc123/v3/customers";

#[must_use]
pub fn start(customers: usize) -> Service {
    let mut store = Store::new(customers, |n| customer(n, &format!("First{n}"), &format!("Last{n}"), &format!("c{n}@example.com")));
    Service::start(move |request| answer(&mut store, request))
}

fn customer(id: usize, first: &str, last: &str, email: &str) -> Value {
    json!({ "id": id, "first_name": first, "last_name": last, "email": email, "customer_group_id": 0, "date_created": "2024-05-01T10:00:00Z" })
}

fn answer(store: &mut Store, request: &Request) -> Reply {
    if request.header("x-auth-token") != Some(TOKEN) {
        return refused();
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", PATH) => list(store, request),
        ("POST", PATH) => create(store, &request.json()),
        ("DELETE", PATH) => {
            let ids: Vec<&str> = request.parameter("id:in").unwrap_or("").split(',').collect();
            store.delete(|c| ids.contains(&c["id"].to_string().as_str()));
            Reply::empty(204)
        }
        _ => not_found(),
    }
}

fn list(store: &Store, request: &Request) -> Reply {
    let page = request.number("page").unwrap_or(1).max(1);
    let limit = request.number("limit").unwrap_or(50);
    let data = store.page((page - 1) * limit, limit);
    let total = store.records.len();
    let pages = total.div_ceil(limit);
    let links = if page < pages { json!({ "next": format!("?page={}&limit={limit}", page + 1) }) } else { json!({}) };
    Reply::json(
        200,
        &json!({
            "data": data,
            "meta": { "pagination": { "total": total, "count": data.len(), "per_page": limit, "current_page": page, "total_pages": pages, "links": links } },
        }),
    )
}

fn create(store: &mut Store, body: &Value) -> Reply {
    let Some(wanted) = body.as_array().filter(|b| b.iter().all(|c| c["email"].is_string())) else {
        return Reply::json(422, &json!({ "title": "The request body must be a list of customers with an email", "status": 422 }));
    };
    let text = |v: &Value| v.as_str().unwrap_or("").to_owned();
    let created: Vec<_> =
        wanted.iter().map(|c| store.create(|n| customer(n, &text(&c["first_name"]), &text(&c["last_name"]), &text(&c["email"])))).collect();
    Reply::json(200, &json!({ "data": created, "meta": {} }))
}
