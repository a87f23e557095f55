//! A loopback HTTP service for tests: a function from requests to replies, with a ledger of everything that arrived.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// Decoded query parameters, in order.
    pub query: Vec<(String, String)>,
    /// Names lower case.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    /// The first query parameter of that name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A query parameter as a number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<usize> {
        self.parameter(name)?.parse().ok()
    }

    /// The header of that name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as a form.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        decode_pairs(&String::from_utf8_lossy(&self.body))
    }
}

/// A reply to send.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: vec![("content-type".into(), "application/json".into())], body: body.to_string().into_bytes() }
    }

    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// A service that answers until it is dropped.
pub struct Service {
    address: SocketAddr,
    ledger: Arc<Mutex<Vec<Request>>>,
    /// Connections that are not closed.
    open: Arc<AtomicUsize>,
    _runtime: Runtime,
}

impl Service {
    /// Answers every request by `handler`, one at a time.
    pub fn start(handler: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let ledger = Arc::new(Mutex::new(Vec::new()));
        let handler = Arc::new(Mutex::new(handler));
        let open = Arc::<AtomicUsize>::default();
        runtime.spawn(accept(listener, handler, ledger.clone(), open.clone()));
        Self { address, ledger, open, _runtime: runtime }
    }

    /// What [`Self::settle`] asks for.
    pub const SETTLED: &'static str = "/settled";

    /// Waits until every connection is closed. For clients that are dead: what they sent before is then in the ledger.
    ///
    /// # Panics
    /// After a minute.
    pub fn settle(&self) {
        // Connections are accepted in order: once this one is answered, none of an earlier client waits to be accepted.
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        let request = format!("GET {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", Self::SETTLED);
        stream.write_all(request.as_bytes()).expect("a request");
        let _ = stream.read_to_end(&mut Vec::new());
        drop(stream);
        let started = std::time::Instant::now();
        while self.open.load(Ordering::Acquire) > 0 {
            assert!(started.elapsed().as_secs() < 60, "a connection to the service stays open");
            std::thread::sleep(std::time::Duration::from_micros(200));
        }
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far, in the order they were answered.
    #[must_use]
    pub fn ledger(&self) -> Vec<Request> {
        self.ledger.lock().expect("a ledger").clone()
    }

    /// How many requests were answered.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.ledger.lock().expect("a ledger").len()
    }

    /// How many requests with this method arrived.
    #[must_use]
    pub fn count(&self, method: &str) -> usize {
        self.ledger().iter().filter(|r| r.method == method).count()
    }
}

type Handler<H> = Arc<Mutex<H>>;

async fn accept<H: FnMut(&Request) -> Reply + Send + 'static>(
    listener: TcpListener,
    handler: Handler<H>,
    ledger: Arc<Mutex<Vec<Request>>>,
    open: Arc<AtomicUsize>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let (handler, ledger, open) = (handler.clone(), ledger.clone(), open.clone());
        open.fetch_add(1, Ordering::AcqRel);
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request| {
                let (handler, ledger) = (handler.clone(), ledger.clone());
                async move {
                    let request = read(request).await;
                    let reply = {
                        let mut handler = handler.lock().expect("a handler that did not panic");
                        let reply = handler(&request);
                        ledger.lock().expect("a ledger").push(request);
                        reply
                    };
                    Ok::<_, Infallible>(into_response(reply))
                }
            });
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            open.fetch_sub(1, Ordering::AcqRel);
        });
    }
}

async fn read(request: hyper::Request<Incoming>) -> Request {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|b| b.to_bytes().to_vec()).unwrap_or_default();
    let text = |v: &hyper::header::HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
    Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: decode_pairs(parts.uri.query().unwrap_or("")),
        headers: parts.headers.iter().map(|(n, v)| (n.as_str().to_owned(), text(v))).collect(),
        body,
    }
}

fn into_response(reply: Reply) -> hyper::Response<Full<Bytes>> {
    let mut response = hyper::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    response.body(Full::new(Bytes::from(reply.body))).expect("a valid reply")
}

/// `a=1&b=%20` in its parts.
fn decode_pairs(text: &str) -> Vec<(String, String)> {
    text.split('&').filter(|p| !p.is_empty()).map(|p| p.split_once('=').unwrap_or((p, ""))).map(|(k, v)| (decode(k), decode(v))).collect()
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|h| u8::from_str_radix(h, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
