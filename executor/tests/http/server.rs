//! A loopback server that does what a test tells it to.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?')?.1;
        url::form_urlencoded::parse(query.as_bytes()).find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
    }
}

/// What the server does with a request.
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    chunks: Vec<(Duration, Bytes)>,
    /// The connection is cut after the chunks.
    broken: bool,
}

pub(crate) fn status(status: u16) -> Answer {
    Answer { status, headers: Vec::new(), chunks: Vec::new(), broken: false }
}

pub(crate) fn json(text: impl Into<String>) -> Answer {
    status(200).header("content-type", "application/json").body(text.into())
}

impl Answer {
    pub(crate) fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.chunks.push((Duration::ZERO, body.into()));
        self
    }

    /// One more chunk, after a pause.
    pub(crate) fn later(mut self, pause: Duration, body: impl Into<Bytes>) -> Self {
        self.chunks.push((pause, body.into()));
        self
    }

    pub(crate) fn then_break(mut self) -> Self {
        self.broken = true;
        self
    }

    fn into_response(self) -> hyper::Response<UnsyncBoxBody<Bytes, std::io::Error>> {
        let mut response = hyper::Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        let whole = self.chunks.len() <= 1 && !self.broken && self.chunks.iter().all(|(pause, _)| pause.is_zero());
        let body = if whole {
            let bytes = self.chunks.into_iter().next().map(|(_, b)| b).unwrap_or_default();
            Full::new(bytes).map_err(|never: Infallible| match never {}).boxed_unsync()
        } else {
            let end = self.broken.then_some(None);
            let steps = self.chunks.into_iter().map(Some).chain(end);
            let frames = stream::unfold(steps, |mut steps| async move {
                let frame = match steps.next()? {
                    Some((pause, bytes)) => {
                        tokio::time::sleep(pause).await;
                        Ok(Frame::data(bytes))
                    }
                    None => {
                        // What was sent so far gets through before the cut.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        Err(std::io::Error::other("cut"))
                    }
                };
                Some((frame, steps))
            });
            StreamBody::new(frames).boxed_unsync()
        };
        response.body(body).unwrap()
    }
}

/// Stops with the test's runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// `answer` gets each request and how many came before it.
    pub(crate) async fn start(answer: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static) -> Self {
        let (server, listener) = Self::listen().await;
        let (seen, connections, answer) = (Arc::clone(&server.seen), Arc::clone(&server.connections), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                let service = service_fn(move |request: hyper::Request<Incoming>| {
                    let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                    async move {
                        let request = read(request).await?;
                        let before = {
                            let mut seen = seen.lock().unwrap();
                            seen.push(request.clone());
                            seen.len() - 1
                        };
                        Ok::<_, hyper::Error>(answer(&request, before).into_response())
                    }
                });
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        server
    }

    /// Gives each connection, with its number, to `handle` once its first bytes are there.
    pub(crate) async fn raw<F: Future<Output = ()> + Send + 'static>(
        handle: impl Fn(TcpStream, usize) -> F + Send + Sync + 'static,
    ) -> Self {
        let (server, listener) = Self::listen().await;
        let connections = Arc::clone(&server.connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(handle(stream, connections.fetch_add(1, Ordering::SeqCst)));
            }
        });
        server
    }

    async fn listen() -> (Self, TcpListener) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        (Self { address, seen: Arc::default(), connections: Arc::default() }, listener)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn read(request: hyper::Request<Incoming>) -> Result<Seen, hyper::Error> {
    let (head, body) = request.into_parts();
    let headers = head.headers.iter().map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned())).collect();
    let body = body.collect().await?.to_bytes();
    Ok(Seen {
        method: head.method.to_string(),
        target: head.uri.path_and_query().unwrap().to_string(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// Reads a request without a body.
pub(crate) async fn read_head(stream: &mut TcpStream) {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|w| w == b"\r\n\r\n") {
        let mut buffer = [0; 1024];
        match stream.read(&mut buffer).await {
            Ok(n) if n > 0 => bytes.extend_from_slice(&buffer[..n]),
            _ => return,
        }
    }
}

pub(crate) async fn write(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}
