//! An API on loopback that costs next to nothing: it takes any request, waits, and answers a small JSON object. And a client that costs no more.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::measure::Cost;

pub(crate) struct Api {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    delay: Duration,
    seen: Mutex<Seen>,
    arrived: Condvar,
}

struct Seen {
    requests: u64,
    /// Requests from this one on get no answer.
    hold_from: u64,
}

impl Api {
    /// Answers each request after `delay`. Serves until the process ends.
    pub(crate) fn start(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let seen = Mutex::new(Seen { requests: 0, hold_from: u64::MAX });
        let shared = Arc::new(Shared { delay, seen, arrived: Condvar::new() });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&serving);
                // A client that is killed ends its connection.
                std::thread::spawn(move || drop(serve(stream, &shared)));
            }
        });
        Self { url, shared }
    }

    /// Forgets what was asked so far. The `n`-th request from now on and those after it get no answer.
    pub(crate) fn hold_from(&self, n: u64) {
        *self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen { requests: 0, hold_from: n };
    }

    /// Returns when `n` requests have come.
    pub(crate) fn wait_for(&self, n: u64) {
        let mut seen = self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while seen.requests < n {
            seen = self.shared.arrived.wait(seen).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn serve(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let mut line = String::new();
    let mut body = Vec::new();
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if let Some((name, value)) = text.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        body.resize(length, 0);
        reader.read_exact(&mut body)?;
        let (number, held) = {
            let mut seen = shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.requests += 1;
            (seen.requests, seen.requests >= seen.hold_from)
        };
        shared.arrived.notify_all();
        if held {
            // Until the client goes away.
            reader.read_line(&mut line)?;
            return Ok(());
        }
        if !shared.delay.is_zero() {
            std::thread::sleep(shared.delay);
        }
        let reply = format!(r#"{{"id": {number}, "status": "accepted"}}"#);
        write!(writer, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{reply}", reply.len())?;
    }
}

/// So many POSTs over so many connections, by a client that does nothing with the replies.
pub(crate) fn bare_posts(url: &str, requests: u64, connections: u64) -> Cost {
    let host = url.trim_start_matches("http://");
    let next = AtomicU64::new(0);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| {
                let mut stream = TcpStream::connect(host).expect("the API");
                stream.set_nodelay(true).expect("a socket");
                let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
                let mut line = String::new();
                let mut reply = Vec::new();
                loop {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    if id >= requests {
                        break;
                    }
                    let body = format!(r#"{{"id": {id}, "name": "item {id}"}}"#);
                    let head = format!("POST /items HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n");
                    let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
                    stream.write_all(request.as_bytes()).expect("a request");
                    let mut length = 0;
                    loop {
                        line.clear();
                        assert!(reader.read_line(&mut line).expect("a reply") > 0, "the API closed the connection");
                        if let Some(value) = line.strip_prefix("content-length: ") {
                            length = value.trim().parse().expect("a length");
                        }
                        if line == "\r\n" {
                            break;
                        }
                    }
                    reply.resize(length, 0);
                    reader.read_exact(&mut reply).expect("a body");
                }
            });
        }
    });
    Cost { wall: started.elapsed(), memory: 0 }
}
