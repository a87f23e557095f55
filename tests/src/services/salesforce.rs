//! Salesforce, REST: bearer token, SOQL queries with `nextRecordsUrl`, single sObject creation and deletion.

use serde_json::{Value, json};

use super::{Store, after, not_found, refused};
use crate::service::{Reply, Request, Service};

pub const TOKEN: &str = "sf-token";
const BASE: &str = "/services/data/v59.0";
/// Records in a reply.
const BATCH: usize = 20;

#[must_use]
pub fn start(accounts: usize) -> Service {
    let mut store = Store::new(accounts, |n| account(n, &format!("Account {n}"), &json!(1000 * n)));
    Service::start(move |request| answer(&mut store, request))
}

fn account(n: usize, name: &str, revenue: &Value) -> Value {
    let id = format!("001{n:015}");
    json!({ "attributes": { "type": "Account", "url": format!("{BASE}/sobjects/Account/{id}") }, "Id": id, "Name": name, "AnnualRevenue": revenue })
}

fn answer(store: &mut Store, request: &Request) -> Reply {
    if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return refused();
    }
    let Some(path) = request.path.strip_prefix(BASE) else { return not_found() };
    match (request.method.as_str(), path) {
        ("GET", "/query") if request.parameter("q").is_some_and(|q| q.contains("FROM Account")) => batch(store, 0),
        ("GET", "/query") => Reply::json(400, &json!([{ "message": "unexpected token", "errorCode": "MALFORMED_QUERY" }])),
        ("GET", path) => match after(path, "/query/01gXX-").and_then(|n| n.parse().ok()) {
            Some(from) => batch(store, from),
            None => not_found(),
        },
        ("POST", "/sobjects/Account") => {
            let body = request.json();
            let Some(name) = body["Name"].as_str() else {
                return Reply::json(
                    400,
                    &json!([{ "message": "Required fields are missing: [Name]", "errorCode": "REQUIRED_FIELD_MISSING", "fields": ["Name"] }]),
                );
            };
            let created = store.create(|n| account(n, name, &body["AnnualRevenue"]));
            Reply::json(201, &json!({ "id": created["Id"], "success": true, "errors": [] }))
        }
        ("DELETE", path) => match after(path, "/sobjects/Account/") {
            Some(id) if store.delete(|a| a["Id"] == id) == 1 => Reply::empty(204),
            _ => not_found(),
        },
        _ => not_found(),
    }
}

fn batch(store: &Store, from: usize) -> Reply {
    let next = from + BATCH;
    let done = next >= store.records.len();
    let mut body = json!({ "totalSize": store.records.len(), "done": done, "records": store.page(from, BATCH) });
    if !done {
        body["nextRecordsUrl"] = json!(format!("{BASE}/query/01gXX-{next}"));
    }
    Reply::json(200, &body)
}
