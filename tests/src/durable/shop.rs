//! A shop's API for interrupted runs: pages, orders, and requests that must not arrive twice. Answers depend on the request alone, so that two runs can be
//! compared; everything that arrived is in the ledger.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::service::{Reply, Request, Service};

/// How large it is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub customers: u64,
    /// Of a page.
    pub page: u64,
    /// Bytes of text in each reply to a POST.
    pub padding: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self { customers: 60, page: 10, padding: 0 }
    }
}

/// The running API.
pub struct Shop {
    service: Service,
    gate: Arc<Gate>,
}

/// Where requests are counted, and can be held.
#[derive(Default)]
struct Gate {
    at: Mutex<Position>,
    moved: Condvar,
}

#[derive(Default)]
struct Position {
    arrived: u64,
    /// From this request on (from 1), nothing is answered.
    hold: Option<u64>,
}

impl Shop {
    #[must_use]
    pub fn start(size: Size) -> Self {
        let gate = Arc::<Gate>::default();
        let own = gate.clone();
        let service = Service::start(move |request| {
            own.pass();
            answer(request, size)
        });
        Self { service, gate }
    }

    #[must_use]
    pub fn url(&self) -> String {
        self.service.url()
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        let url = self.service.url();
        url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a URL with a port")
    }

    /// How many requests have arrived, also those that are held.
    #[must_use]
    pub fn arrived(&self) -> u64 {
        self.gate.at.lock().expect("nothing panics while it holds this").arrived
    }

    /// Waits until this many requests have arrived, for a moment. Says whether they have.
    #[must_use]
    pub fn await_requests(&self, count: u64) -> bool {
        let at = self.gate.at.lock().expect("nothing panics while it holds this");
        let waited = self.gate.moved.wait_timeout_while(at, Duration::from_millis(20), |at| at.arrived < count);
        waited.expect("nothing panics while it holds this").0.arrived >= count
    }

    /// Answers nothing from the n-th request on, counted from the first one ever.
    pub fn hold_from(&self, request: u64) {
        self.gate.at.lock().expect("nothing panics while it holds this").hold = Some(request);
    }

    /// Answers everything again.
    pub fn release(&self) {
        self.gate.at.lock().expect("nothing panics while it holds this").hold = None;
        self.gate.moved.notify_all();
    }

    /// `METHOD path` of every request that must not be repeated and has no key, with how often it arrived.
    #[must_use]
    pub fn unsafe_requests(&self) -> BTreeMap<String, usize> {
        let mut counted = BTreeMap::new();
        for request in self.service.ledger() {
            if request.method == "POST" && request.header("idempotency-key").is_none() {
                *counted.entry(format!("POST {}", request.path)).or_default() += 1;
            }
        }
        counted
    }

    /// `METHOD path?query` of every request, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        let told = |request: &Request| {
            let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let mark = if query.is_empty() { "" } else { "?" };
            format!("{} {}{mark}{}", request.method, request.path, query.join("&"))
        };
        self.service.ledger().iter().map(told).collect()
    }

    /// Path and idempotency key of every request that has one.
    #[must_use]
    pub fn keyed_requests(&self) -> Vec<(String, String)> {
        let ledger = self.service.ledger();
        ledger.iter().filter_map(|request| Some((request.path.clone(), request.header("idempotency-key")?.to_owned()))).collect()
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // A held request would hold the service's thread too.
        self.release();
    }
}

impl Gate {
    fn pass(&self) {
        let mut at = self.at.lock().expect("nothing panics while it holds this");
        at.arrived += 1;
        let own = at.arrived;
        self.moved.notify_all();
        let _at = self.moved.wait_while(at, |at| at.hold.is_some_and(|hold| own >= hold)).expect("nothing panics while it holds this");
    }
}

fn answer(request: &Request, size: Size) -> Reply {
    let (kind, rest) = request.path.trim_start_matches('/').split_once('/').unwrap_or((request.path.trim_start_matches('/'), ""));
    let number: u64 = rest.rsplit('/').next().and_then(|last| last.parse().ok()).unwrap_or(0);
    match (request.method.as_str(), kind) {
        ("GET", "customers") => {
            let page = request.number("page").map_or(1, |page| page as u64).max(1);
            let rows = rows((page - 1) * size.page, size);
            Reply::json(200, &json!({ "data": rows, "page": page, "more": page * size.page < size.customers }))
        }
        ("GET", "orders") => {
            let from = request.number("after").map_or(0, |after| after as u64);
            let next = (from + size.page < size.customers).then_some(from + size.page);
            Reply::json(200, &json!({ "data": rows(from, size), "next": next }))
        }
        ("POST" | "PUT", "members" | "keyed" | "labels") => {
            Reply::json(201, &json!({ "id": 1_000_000 + number, "number": number, "padding": "x".repeat(size.padding) }))
        }
        _ => Reply::json(404, &json!({ "error": "there is no such thing" })),
    }
}

fn rows(from: u64, size: Size) -> Vec<Value> {
    (from + 1..=(from + size.page).min(size.customers)).map(row).collect()
}

fn row(id: u64) -> Value {
    json!({
        "id": id,
        "name": format!("customer {id} – \"ü\""),
        "email": format!("c{id}@shop.example"),
        "total": format!("{}.{:02}", id * 7 % 1000, id % 100),
        "active": !id.is_multiple_of(3),
        "created": format!("2024-03-{:02}T12:{:02}:00", id % 28 + 1, id % 60),
        "note": if id.is_multiple_of(5) { Value::Null } else { json!(format!("line\n{id}")) },
    })
}
