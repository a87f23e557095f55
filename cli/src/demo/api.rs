//! The demo API: a small shop on a loopback port, with the habits of real APIs: pages by number, pages by cursor, a token, and a POST that sometimes
//! answers 429.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::data;
use super::ledger::Ledger;

/// The token that every request must bear.
pub(crate) const TOKEN: &str = "demo-token";
/// A request body larger than this is refused.
const MAX_BODY: usize = 1 << 20;
/// POSTs that are refused once with 429, by their number from 1.
const REFUSED: [u64; 2] = [5, 12];

/// The shop: how much there is to read, and what has been written.
pub(crate) struct Shop {
    customers: u64,
    orders: u64,
    posts: AtomicU64,
    /// How long an answer takes.
    delay: Duration,
    /// Bodies of accepted POSTs, in order.
    members: Mutex<Vec<serde_json::Value>>,
    /// Every POST that came, so that the shop is as it was when it is opened again.
    ledger: Option<Ledger>,
}

impl Shop {
    pub(super) fn new(customers: u64, orders: u64, delay: Duration, ledger: Option<Ledger>) -> Arc<Self> {
        let (posts, members) = ledger.as_ref().map(|ledger| (ledger.posts, ledger.members.clone())).unwrap_or_default();
        Arc::new(Self { customers, orders, posts: AtomicU64::new(posts), delay, members: Mutex::new(members), ledger })
    }

    /// Before anything comes of it.
    fn note(&self, post: &serde_json::Value) -> std::io::Result<()> {
        self.ledger.as_ref().map_or(Ok(()), |ledger| ledger.note(post))
    }
}

/// Answers on `listener` until the task is dropped.
pub(crate) async fn serve(listener: TcpListener, shop: Arc<Shop>) -> std::io::Result<()> {
    let origin = format!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (shop, origin) = (shop.clone(), origin.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let (shop, origin) = (shop.clone(), origin.clone());
                async move { Ok::<_, Infallible>(answer(&shop, &origin, request).await) }
            });
            // A client that goes away in the middle is the client's affair.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// A listener on this port of the loopback address; on any free one for 0.
pub(crate) async fn listen(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await
}

async fn answer(shop: &Shop, origin: &str, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let bears_token = request.headers().get(AUTHORIZATION).is_some_and(|v| v.as_bytes() == format!("Bearer {TOKEN}").as_bytes());
    if !bears_token {
        return json(StatusCode::UNAUTHORIZED, r#"{"error":"missing or wrong bearer token"}"#.into());
    }
    let query = parse_query(request.uri().query().unwrap_or(""));
    // What is asked for happens in the middle: a process that is killed may or may not have done it.
    tokio::time::sleep(shop.delay / 2).await;
    let answer = route(shop, origin, request, &query).await;
    tokio::time::sleep(shop.delay / 2).await;
    answer
}

async fn route(shop: &Shop, origin: &str, request: Request<Incoming>, query: &HashMap<String, String>) -> Response<Full<Bytes>> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/v1/customers") => customers(shop, origin, query),
        (&Method::GET, "/v1/orders") => orders(shop, query),
        (&Method::GET, "/v1/campaign_members") => {
            let members = shop.members.lock().await;
            let of = query.get("customer_id");
            let wanted = |member: &&serde_json::Value| of.is_none_or(|id| is_id(&member["customer_id"], id));
            let members: Vec<_> = members.iter().filter(wanted).collect();
            json(StatusCode::OK, serde_json::json!({ "data": members }).to_string())
        }
        (&Method::POST, "/v1/campaign_members") => create_member(shop, request).await,
        (_, path) => json(StatusCode::NOT_FOUND, serde_json::json!({ "error": format!("nothing at {path}") }).to_string()),
    }
}

/// `?page=2&limit=50`, both from 1.
fn customers(shop: &Shop, origin: &str, query: &HashMap<String, String>) -> Response<Full<Bytes>> {
    let (Some(page), Some(limit)) = (number(query, "page", 1), number(query, "limit", 50).filter(|l| *l <= 1000)) else {
        return json(StatusCode::BAD_REQUEST, r#"{"error":"page and limit are numbers from 1, limit at most 1000"}"#.into());
    };
    let pages = shop.customers.div_ceil(limit).max(1);
    let first = (page - 1).saturating_mul(limit).saturating_add(1);
    let mut out = String::with_capacity(300 * 1000);
    out.push_str(r#"{"data":["#);
    for id in first..=shop.customers.min(first.saturating_add(limit - 1)) {
        if id > first {
            out.push(',');
        }
        data::write_customer(&mut out, id);
    }
    let _ = write!(out, r#"],"meta":{{"page":{page},"total_pages":{pages},"total":{}"#, shop.customers);
    if page < pages {
        let _ = write!(out, r#","next":"{origin}/v1/customers?page={}&limit={limit}""#, page + 1);
    }
    out.push_str("}}");
    json(StatusCode::OK, out)
}

/// `?after=ID&limit=50`; the reply's `next_cursor` is the next `after`, null at the end.
fn orders(shop: &Shop, query: &HashMap<String, String>) -> Response<Full<Bytes>> {
    let after = query.get("after").map_or(Some(0), |a| a.parse::<u64>().ok());
    let (Some(after), Some(limit)) = (after, number(query, "limit", 50).filter(|l| *l <= 1000)) else {
        return json(StatusCode::BAD_REQUEST, r#"{"error":"after is an order id, limit a number from 1 to 1000"}"#.into());
    };
    let last = shop.orders.min(after.saturating_add(limit));
    let mut out = String::from(r#"{"orders":["#);
    for id in after.saturating_add(1)..=last {
        if id > after + 1 {
            out.push(',');
        }
        data::write_order(&mut out, id, shop.customers);
    }
    out.push_str(r#"],"next_cursor":"#);
    let _ = if last < shop.orders { write!(out, "{last}") } else { write!(out, "null") };
    out.push('}');
    json(StatusCode::OK, out)
}

async fn create_member(shop: &Shop, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let number = shop.posts.fetch_add(1, Ordering::Relaxed) + 1;
    let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
    if REFUSED.contains(&number) {
        if shop.note(&serde_json::Value::Null).is_err() {
            return unwritable();
        }
        let mut reply = json(StatusCode::TOO_MANY_REQUESTS, r#"{"error":"slow down"}"#.into());
        reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        return reply;
    }
    let member = body.ok().and_then(|b| serde_json::from_slice::<serde_json::Value>(&b.to_bytes()).ok());
    let Some(serde_json::Value::Object(mut member)) = member else {
        return json(StatusCode::BAD_REQUEST, r#"{"error":"the body must be a JSON object"}"#.into());
    };
    if !member.get("email").is_some_and(serde_json::Value::is_string) {
        return json(StatusCode::UNPROCESSABLE_ENTITY, r#"{"error":"email is missing"}"#.into());
    }
    let mut members = shop.members.lock().await;
    member.insert("id".into(), serde_json::json!(format!("cm_{:04}", members.len() + 1)));
    let member = serde_json::Value::Object(member);
    if shop.note(&member).is_err() {
        return unwritable();
    }
    members.push(member.clone());
    json(StatusCode::CREATED, serde_json::json!({ "data": member }).to_string())
}

/// Whether a number in a body, or a text, is what a query asks for.
fn is_id(value: &serde_json::Value, asked: &str) -> bool {
    match value.as_u64() {
        Some(number) => asked.parse() == Ok(number),
        None => value.as_str() == Some(asked),
    }
}

fn unwritable() -> Response<Full<Bytes>> {
    json(StatusCode::SERVICE_UNAVAILABLE, r#"{"error":"the shop's ledger cannot be written"}"#.into())
}

fn json(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut reply = Response::new(Full::new(Bytes::from(body)));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

/// A number from 1; `None` where the parameter is something else.
fn number(query: &HashMap<String, String>, name: &str, default: u64) -> Option<u64> {
    query.get(name).map_or(Some(default), |v| v.parse().ok().filter(|n| *n > 0))
}

/// The parameters that this API has are plain numbers: nothing to decode.
fn parse_query(query: &str) -> HashMap<String, String> {
    query.split('&').filter_map(|p| p.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}
