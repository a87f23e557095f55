//! The service of the crash cases: replies that depend on the request alone, and books of what it was asked for.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::case::{Behaviour, BehaviourName};
use crate::service::{Reply, Request, Service};

/// A request that the service answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub method: String,
    pub path: String,
    /// Query and body.
    pub content: String,
    pub key: Option<String>,
    pub status: u16,
}

impl Entry {
    /// Whether it changed something, or gave something. A question about another request does neither.
    #[must_use]
    pub fn acted(&self) -> bool {
        self.status < 400 && !self.path.starts_with(ASKED)
    }
}

/// `/asked/orders/4` tells whether a POST of `/orders/4` arrived, and what it was answered.
const ASKED: &str = "/asked/";

#[derive(Debug, Default)]
struct Books {
    behaviour: Behaviour,
    entries: Vec<Entry>,
    /// Of `limited`.
    met: HashSet<String>,
    /// Replies to requests with an idempotency key.
    kept: BTreeMap<String, Value>,
    /// Replies by the path of the request.
    given: BTreeMap<String, Value>,
}

/// A running service with its books.
pub struct Shop {
    service: Service,
    books: Arc<Mutex<Books>>,
}

impl Shop {
    #[must_use]
    pub fn start(behaviour: &Behaviour) -> Self {
        let books = Arc::new(Mutex::new(Books { behaviour: behaviour.clone(), ..Books::default() }));
        let of_service = Arc::clone(&books);
        let service = Service::start(move |request| of_service.lock().unwrap_or_else(PoisonError::into_inner).answer(request));
        Self { service, books }
    }

    #[must_use]
    pub fn url(&self) -> String {
        self.service.url()
    }

    /// Waits until everything that a process sent before it died is in the books.
    pub fn settle(&self) {
        self.service.settle();
    }

    /// In the order they were answered.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner).entries.clone()
    }
}

impl Books {
    fn answer(&mut self, request: &Request) -> Reply {
        if request.path == Service::SETTLED {
            return Reply::empty(204);
        }
        let reply = self.reply(request);
        let query: Vec<_> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.entries.push(Entry {
            method: request.method.clone(),
            path: request.path.clone(),
            content: format!("{} {}", query.join("&"), String::from_utf8_lossy(&request.body)),
            key: request.header("idempotency-key").map(str::to_owned),
            status: reply.status,
        });
        reply
    }

    fn reply(&mut self, request: &Request) -> Reply {
        let last = request.path.rsplit('/').next().unwrap_or_default();
        let number = last.trim_start_matches(|c: char| !c.is_ascii_digit()).parse::<u64>().ok();
        let behaviour = &self.behaviour;
        match behaviour.name {
            BehaviourName::Shop => {}
            BehaviourName::Refusing => {
                if number.is_some_and(|n| behaviour.numbers.contains(&n)) {
                    return Reply::json(behaviour.status, &json!({ "error": format!("{last} is refused") }));
                }
            }
            BehaviourName::Limited => {
                let name = format!("{} {} {:?}", request.method, request.path, request.query);
                if self.met.insert(name) {
                    return Reply::json(behaviour.status, &json!({ "error": "later" }));
                }
            }
        }
        match request.method.as_str() {
            "GET" => self.get(request, number),
            "DELETE" => Reply::empty(204),
            _ => {
                let reply = change(request, number);
                self.given.insert(request.path.clone(), reply.clone());
                match request.header("idempotency-key") {
                    Some(key) => Reply::json(200, self.kept.entry(key.to_owned()).or_insert(reply)),
                    None => Reply::json(if request.method == "POST" { 201 } else { 200 }, &reply),
                }
            }
        }
    }

    fn get(&self, request: &Request, number: Option<u64>) -> Reply {
        let (total, size) = (self.behaviour.records, self.behaviour.page.max(1));
        let rows = |from: u64| (from..(from + size).min(total)).map(record).collect::<Vec<_>>();
        let page = request.number("page").map_or(1, |page| page as u64);
        if request.path == "/records" {
            return Reply::json(200, &json!({ "data": rows((page - 1) * size), "page": page, "more": page * size < total }));
        }
        if request.path == "/cursor" {
            let from = request.parameter("after").and_then(|after| after.strip_prefix("after-")).and_then(|n| n.parse().ok()).unwrap_or(0);
            let next = (from + size < total).then(|| format!("after-{}", from + size));
            return Reply::json(200, &json!({ "data": rows(from), "next": next }));
        }
        if request.path == "/records.csv" {
            let lines: String = (0..total).map(|n| format!("{},\"name {n}\"\n", n + 1)).collect();
            let headers = vec![("content-type".into(), "text/csv".into())];
            return Reply { status: 200, headers, body: format!("id,name\n{lines}").into_bytes() };
        }
        if let Some(path) = request.path.strip_prefix(ASKED) {
            let given = self.given.get(&format!("/{path}"));
            return Reply::json(200, &json!({ "arrived": given.is_some(), "reply": given }));
        }
        if request.path == "/empty" {
            return Reply::json(200, &json!({ "data": [] }));
        }
        let Some(number) = number.filter(|_| request.path.starts_with("/parts/")) else {
            return Reply::json(404, &json!({ "error": "not found" }));
        };
        let parts: Vec<_> = (1..=4).map(|n| json!({ "number": number, "page": page, "part": format!("{number}.{page}.{n}") })).collect();
        Reply::json(200, &json!({ "data": parts, "more": page < number }))
    }
}

/// What a changing request gives: no two paths give the same, and the same path always does.
fn change(request: &Request, number: Option<u64>) -> Value {
    let body = match request.json() {
        Value::Null => request.form().into_iter().map(|(name, value)| (name, Value::from(value))).collect(),
        body => body,
    };
    let number = number.unwrap_or(0);
    if request.path.starts_with("/export/") {
        let count = body.get("rows").and_then(Value::as_u64).unwrap_or(0);
        let rows: Vec<_> = (0..count).map(|n| json!({ "id": number * 1000 + n, "text": format!("{n} ").repeat(40) })).collect();
        return json!({ "data": rows });
    }
    if let Some(rest) = request.path.strip_prefix("/search/") {
        let item: u64 = rest.split('/').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let hits: Vec<_> = (0..3).map(|n| json!({ "number": item, "page": number, "hit": format!("{item}/{number}/{n}") })).collect();
        return json!({ "data": hits, "next": number + 1 });
    }
    let lines: Vec<_> = (0..=number % 3 + 1).map(|n| json!({ "sku": format!("s{number}-{n}"), "quantity": n + 1 })).collect();
    json!({ "id": 1000 + number, "number": number, "city": body.get("city"), "lines": lines, "body": body })
}

fn record(index: u64) -> Value {
    let id = index + 1;
    json!({
        "id": id,
        "name": format!("name {id} – \"ü\""),
        "amount": format!("{}.{:02}", id * 3, id % 100),
        "at": format!("2024-03-{:02}T12:00:00", index % 28 + 1),
        "tags": [{ "tag": "a", "weight": id }, { "tag": "b", "weight": id * 2 }],
    })
}
