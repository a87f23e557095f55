//! One request and its moods: connections, time-outs, redirects, retries, addresses.

use std::io::Write as _;
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use sequor_executor::error::{ErrorKind, RunError};
use sequor_executor::http::{Clients, Limits, Observer, Outgoing, Received};
use sequor_executor::report::Reporter;
use sequor_executor::services::network::{Network, UrlMapping};
use sequor_plan_format::op::http_request::{Backoff, Method, RetryPolicy, SuccessStatus};
use sequor_plan_format::{NodeId, Plan};

use crate::server::{Server, json, read_head, status, write};

fn outgoing(method: Method, url: &str) -> Outgoing {
    Outgoing {
        method,
        url: url.parse().unwrap(),
        headers: HeaderMap::new(),
        query_credential: None,
        body: None,
        timeout: None,
        retry: RetryPolicy { delay_ms: 10, backoff: Backoff::Constant, ..RetryPolicy::default() },
        repeatable: method.is_idempotent(),
        success: SuccessStatus::Default,
    }
}

fn get(url: &str) -> Outgoing {
    outgoing(Method::Get, url)
}

fn post(url: &str) -> Outgoing {
    Outgoing { body: Some("{}".into()), ..outgoing(Method::Post, url) }
}

/// A network in which the operator wrote these URLs.
fn trusting(urls: &[&str]) -> Network {
    let mut network = Network::default();
    urls.iter().for_each(|url| network.trusted.add(url));
    network
}

async fn send_in(network: &Network, limits: Limits, outgoing: &Outgoing) -> Result<Received, RunError> {
    let client = Clients::new(limits).of(&Plan::default(), network, None);
    client.send(outgoing, Observer { reporter: &Reporter::default(), node: NodeId(0) }).await.map_err(|unanswered| unanswered.error)
}

async fn send(outgoing: &Outgoing) -> Result<Received, RunError> {
    send_in(&trusting(&[outgoing.url.as_str()]), Limits::default(), outgoing).await
}

async fn failure(outgoing: &Outgoing) -> RunError {
    send(outgoing).await.err().unwrap()
}

#[tokio::test]
async fn a_thousand_requests_share_a_connection() {
    let server = Server::start(|_, n| json(format!("{n}"))).await;
    let network = trusting(&[&server.url("/")]);
    let client = Clients::default().of(&Plan::default(), &network, None);
    let reporter = Reporter::default();
    for n in 0..1000 {
        // An error's body is read to its end as well: the connection stays usable.
        let sent = client.send(&get(&server.url("/x")), Observer { reporter: &reporter, node: NodeId(0) }).await.unwrap();
        assert_eq!(&sent.reply.body[..], n.to_string().as_bytes());
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn errors_and_redirects_keep_the_connection_too() {
    let server = Server::start(|_, n| match n {
        0 => status(500).body("oops".repeat(1000)),
        1 => status(302).header("location", "/y").body("moved".repeat(1000)),
        _ => json("1"),
    })
    .await;
    assert_eq!(send(&get(&server.url("/x"))).await.unwrap().attempts, 2);
    assert_eq!((server.seen().len(), server.connections()), (3, 1));
}

#[tokio::test]
async fn waits_as_long_as_the_server_asks() {
    let server = Server::start(|_, n| if n == 0 { status(429).header("retry-after", 1) } else { json("1") }).await;
    let start = Instant::now();
    let sent = send(&post(&server.url("/x"))).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!((sent.attempts, sent.reply.status), (2, 200));
    assert_eq!(server.seen()[1].body, "{}");
}

#[tokio::test]
async fn a_wait_beyond_the_policy_ends_the_request() {
    let server = Server::start(|_, _| status(429).header("retry-after", 3600).body("slow down")).await;
    let error = failure(&get(&server.url("/x"))).await;
    let expected = format!(
        "GET {} answered 429 Too Many Requests and asks to wait 3600 s, longer than max_delay of its retry (300 s)",
        server.url("/x")
    );
    assert_eq!(error.message, expected);
    assert_eq!((error.kind.clone(), error.status_code, error.body.as_deref()), (ErrorKind::HttpStatus, Some(429), Some("slow down")));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn server_errors_are_tried_again_where_that_is_safe() {
    let server = Server::start(|seen, n| if n < 2 || seen.path() == "/always" { status(502) } else { json("1") }).await;
    assert_eq!(send(&get(&server.url("/x"))).await.unwrap().attempts, 3);
    let last = send(&get(&server.url("/always"))).await.unwrap();
    assert_eq!((last.attempts, last.reply.status), (5, 502));
    let once = send(&post(&server.url("/always"))).await.unwrap();
    assert_eq!((once.attempts, once.reply.status), (1, 502));
    let marked = Outgoing { repeatable: true, ..post(&server.url("/always")) };
    assert_eq!(send(&marked).await.unwrap().attempts, 5);
}

#[tokio::test]
async fn a_listed_status_is_no_trouble() {
    let server = Server::start(|_, _| status(503)).await;
    let range = sequor_plan_format::op::http_request::StatusRange { first: 503, last: 503 };
    let wanted = Outgoing { success: SuccessStatus::Listed(vec![range]), ..get(&server.url("/x")) };
    assert_eq!(send(&wanted).await.unwrap().attempts, 1);
}

#[tokio::test]
async fn a_request_that_may_have_arrived_is_repeated_only_where_that_is_safe() {
    let server = Server::raw(|mut stream, n| async move {
        read_head(&mut stream).await;
        if n > 0 {
            write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        }
    })
    .await;
    let error = failure(&post(&server.url("/x"))).await;
    assert_eq!(error.message, format!("POST {}: {} closed the connection without a reply", server.url("/x"), server.url("")));
    assert_eq!((error.kind.clone(), server.connections()), (ErrorKind::Network, 1));

    let server = Server::raw(|mut stream, n| async move {
        read_head(&mut stream).await;
        if n > 0 {
            write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        }
    })
    .await;
    assert_eq!(send(&get(&server.url("/x"))).await.unwrap().attempts, 2);
}

#[tokio::test]
async fn a_refused_connection_says_what_to_check() {
    let port = {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.local_addr().unwrap().port()
    };
    let url = format!("http://127.0.0.1:{port}/x");
    // Nothing was sent: even a POST is tried again.
    let error = failure(&post(&url)).await;
    let expected = format!(
        "POST {url}: cannot connect to http://127.0.0.1:{port} (connection refused): is the service running, and are host and port right? (tried 5 times)"
    );
    assert_eq!(error.message, expected);
    assert_eq!(error.kind, ErrorKind::Network);
    assert_eq!(error.request.as_deref(), Some(format!("POST {url}").as_str()));
}

#[tokio::test]
async fn an_unknown_host_says_so() {
    let once = RetryPolicy { attempts: 1, ..RetryPolicy::default() };
    let error = failure(&Outgoing { retry: once, ..get("http://no-such-host.invalid/x") }).await;
    assert!(error.message.contains("the host name 'no-such-host.invalid' cannot be resolved"), "{}", error.message);
    assert_eq!(error.kind, ErrorKind::Network);
}

#[tokio::test]
async fn https_to_a_plain_server_says_so() {
    let server = Server::start(|_, _| json("1")).await;
    let error = failure(&get(&server.url("/x").replace("http:", "https:"))).await;
    assert!(error.message.contains("no TLS connection to https://127.0.0.1"), "{}", error.message);
    assert!(error.message.contains("is it http instead of https?"), "{}", error.message);
}

#[tokio::test]
async fn something_that_is_not_http_says_so() {
    let server = Server::raw(|mut stream, _| async move {
        read_head(&mut stream).await;
        write(&mut stream, "SSH-2.0-OpenSSH_9.2\r\n\r\n").await;
    })
    .await;
    let error = failure(&get(&server.url("/x"))).await;
    assert!(error.message.contains("answered with something that is not HTTP"), "{}", error.message);
    assert_eq!((error.kind.clone(), server.connections()), (ErrorKind::Reply, 1));
}

#[tokio::test]
async fn silence_and_slowness_end() {
    let server = Server::start(|seen, _| {
        let pause = Duration::from_secs(30);
        if seen.path() == "/drip" {
            (0..100).fold(status(200), |answer, _| answer.later(Duration::from_millis(100), "x"))
        } else if seen.path() == "/stop" {
            status(200).body("abc").later(pause, "d")
        } else {
            status(200).later(pause, "")
        }
    })
    .await;
    let limits = Limits { idle: Duration::from_millis(300), ..Limits::default() };
    let once = RetryPolicy { attempts: 1, ..RetryPolicy::default() };
    let fails = async |outgoing: Outgoing| {
        let error = send_in(&trusting(&[&server.url("")]), limits, &Outgoing { retry: once.clone(), ..outgoing }).await.err().unwrap();
        assert_eq!(error.kind, ErrorKind::Timeout);
        error.message.clone()
    };
    let stopped = fails(get(&server.url("/stop"))).await;
    assert!(stopped.ends_with("stopped sending for 0.3 s after 3 bytes of its reply"), "{stopped}");
    let drip = fails(Outgoing { timeout: Some(Duration::from_millis(500)), ..get(&server.url("/drip")) }).await;
    assert!(drip.ends_with("no complete reply within 0.5 s (the request's timeout)"), "{drip}");

    let silent = Server::raw(|mut stream, _| async move {
        read_head(&mut stream).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
    })
    .await;
    let error = send_in(&trusting(&[&silent.url("")]), limits, &post(&silent.url("/x"))).await.err().unwrap();
    assert!(error.message.ends_with("sent nothing for 0.3 s"), "{}", error.message);
    assert_eq!(silent.connections(), 1, "a POST that may have arrived is not repeated");
}

#[tokio::test]
async fn a_truncated_reply_is_never_taken_for_a_whole_one() {
    let server = Server::start(|seen, n| match (seen.path(), n) {
        ("/chunked", 0) => status(200).body("[1, 2").then_break(),
        _ => json("[1, 2]"),
    })
    .await;
    let sent = send(&get(&server.url("/chunked"))).await.unwrap();
    assert_eq!((sent.attempts, &sent.reply.body[..]), (2, &b"[1, 2]"[..]));

    let cut = Server::raw(|mut stream, _| async move {
        read_head(&mut stream).await;
        write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[1, 2").await;
    })
    .await;
    let error = failure(&post(&cut.url("/x"))).await;
    assert!(error.message.contains("broke the connection off after 5 bytes of its reply"), "{}", error.message);
    assert_eq!(error.kind, ErrorKind::Network);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn compressed_replies_are_read_and_bombs_are_not() {
    let server = Server::start(|seen, _| {
        assert!(seen.header("accept-encoding").unwrap().contains("gzip"));
        let body = match seen.path() {
            "/small" => gzip(b"[1]"),
            "/bad" => b"not gzip at all, not at all".to_vec(),
            _ => gzip(&vec![b' '; 64 << 20]),
        };
        status(200).header("content-encoding", "gzip").body(body)
    })
    .await;
    assert_eq!(&send(&get(&server.url("/small"))).await.unwrap().reply.body[..], b"[1]");

    let limits = Limits { reply_bytes: 1 << 20, ..Limits::default() };
    let error = send_in(&trusting(&[&server.url("")]), limits, &get(&server.url("/bomb"))).await.err().unwrap();
    assert!(error.message.ends_with("the reply is larger than 1 MiB after decompression; ask for smaller pages"), "{}", error.message);
    assert_eq!(error.kind, ErrorKind::Reply);

    let error = failure(&post(&server.url("/bad"))).await;
    assert!(error.message.contains("the reply cannot be decompressed"), "{}", error.message);
}

fn with_secrets(outgoing: Outgoing) -> Outgoing {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", "Bearer secret".parse().unwrap());
    headers.insert("x-auth-token", "secret".parse().unwrap());
    headers.insert("accept", "application/json".parse().unwrap());
    Outgoing { headers, query_credential: Some(("key".to_owned(), "secret".to_owned())), ..outgoing }
}

#[tokio::test]
async fn a_redirect_to_another_server_takes_no_secrets_along() {
    let other = Server::start(|_, _| json("2")).await;
    let away = other.url("/there");
    let server = Server::start(move |seen, _| match seen.path() {
        "/away" => status(302).header("location", &away),
        "/near" => status(307).header("location", "there?x=1"),
        _ => json("1"),
    })
    .await;
    let network = trusting(&[&server.url(""), &other.url("")]);

    let reply = send_in(&network, Limits::default(), &with_secrets(get(&server.url("/near")))).await.unwrap().reply;
    assert_eq!(reply.url, server.url("/there?x=1"));
    let near = &server.seen()[1];
    assert_eq!(near.target, "/there?x=1&key=secret");
    assert_eq!(near.header("authorization"), Some("Bearer secret"));

    let reply = send_in(&network, Limits::default(), &with_secrets(get(&server.url("/away")))).await.unwrap().reply;
    assert_eq!(reply.url, other.url("/there"));
    let there = &other.seen()[0];
    assert_eq!(there.target, "/there");
    assert_eq!((there.header("authorization"), there.header("x-auth-token"), there.header("referer")), (None, None, None));
    assert_eq!(there.header("accept"), Some("application/json"));
}

#[tokio::test]
async fn redirects_that_are_not_followed() {
    let server = Server::start(|seen, _| match seen.path() {
        "/loop" => status(302).header("location", "/loop"),
        "/file" => status(302).header("location", "file:///etc/passwd"),
        "/meta" => status(302).header("location", "http://169.254.169.254/latest"),
        _ => status(303).header("location", "/loop"),
    })
    .await;
    let message = async |path: &str| failure(&get(&server.url(path))).await.message.clone();
    assert!(message("/loop").await.contains("there are more than 10 in a row"));
    assert!(message("/file").await.contains("'file' is neither http nor https"));
    let refused = message("/meta").await;
    assert!(
        refused.contains("'169.254.169.254' is a link-local or cloud metadata address") && refused.contains("allow_hosts"),
        "{refused}"
    );
    let before = server.seen().len();
    assert_eq!(send(&post(&server.url("/post"))).await.unwrap().reply.status, 303);
    assert_eq!(server.seen().len(), before + 1);
}

#[tokio::test]
async fn a_host_that_nobody_wrote_does_not_lead_inside() {
    let server = Server::start(|_, _| json("1")).await;
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("http://{host}:{}/x", server.address.port());
        let error = send_in(&Network::default(), Limits::default(), &get(&url)).await.err().unwrap();
        assert_eq!(error.kind, ErrorKind::Network);
        assert!(error.message.contains("an address of this machine") && error.message.contains("allow_hosts"), "{}", error.message);
        assert!(send_in(&trusting(&[&url]), Limits::default(), &get(&url)).await.is_ok());
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn mapped_urls_go_elsewhere_and_say_so() {
    let server = Server::start(|seen, _| match seen.path() {
        "/v1/start" => status(302).header("location", "https://api.example.com/v1/next?page=2"),
        "/v1/next" => json("1"),
        _ => status(404),
    })
    .await;
    let mut network = Network::default();
    network.mappings.push(UrlMapping::parse(&format!("https://api.example.com=http://{}", server.address)).unwrap());
    let start = with_secrets(get("https://api.example.com/v1/start"));
    let reply = send_in(&network, Limits::default(), &start).await.unwrap().reply;
    assert_eq!((reply.status, reply.url.as_str()), (200, "https://api.example.com/v1/next?page=2"));
    assert_eq!(server.seen()[1].header("authorization"), Some("Bearer secret"));

    network.mappings[0] = UrlMapping::parse("https://api.example.com=http://127.0.0.1:1").unwrap();
    let error = send_in(&network, Limits::default(), &get("https://api.example.com/v1/start")).await.err().unwrap();
    let title = "GET https://api.example.com/v1/start (sent to http://127.0.0.1:1/v1/start): cannot connect";
    assert!(error.message.starts_with(title), "{}", error.message);
}
