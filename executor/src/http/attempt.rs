//! One attempt: a request sent, its redirects followed, its reply read to the end.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use reqwest::header::{HeaderMap, LOCATION};
use sequor_plan_format::op::http_request::Method;
use url::Url;

use super::client::Client;
use super::failure::Failure;
use super::outgoing::{Outgoing, cut_url};
use super::redirect;
use crate::error::ErrorKind;

/// A complete reply, not yet judged.
pub(super) struct Answer {
    pub(super) status: u16,
    /// In the flow's terms, before `--map-url`.
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) elapsed: Duration,
}

/// Sends `outgoing` once, within its time limit.
pub(super) async fn attempt(client: &Client, outgoing: &Outgoing) -> Result<Answer, Failure> {
    let limit = outgoing.timeout.unwrap_or(client.limits().total);
    match tokio::time::timeout(limit, follow(client, outgoing)).await {
        Ok(result) => result,
        Err(_) => Err(Failure::total_timeout(limit)),
    }
}

async fn follow(client: &Client, outgoing: &Outgoing) -> Result<Answer, Failure> {
    let start = Instant::now();
    let mut url = outgoing.url.clone();
    let mut headers = outgoing.headers.clone();
    let mut credential = outgoing.query_credential.as_ref();
    for _ in 0..=redirect::MOST {
        let target = client.target(&url);
        let response = send(client, outgoing, &url, &target, &headers, credential).await?;
        let status = response.status().as_u16();
        let location = response.headers().get(LOCATION).and_then(|l| std::str::from_utf8(l.as_bytes()).ok()).map(str::to_owned);
        let reply_headers = response.headers().clone();
        let body = read(client, outgoing.method, &target, response).await?;
        let next = location.filter(|_| redirect::applies(outgoing.method, status) && !outgoing.wants(status));
        let Some(next) = next else {
            return Ok(Answer { status, url, headers: reply_headers, body, elapsed: start.elapsed() });
        };
        let next = url.join(&next).map_err(|e| unusable(&url, status, &format!("'{}' is not a URL: {e}", cut(&next))))?;
        let next_target = client.target(&next);
        match next_target.scheme() {
            "https" => {}
            "http" if target.scheme() == "http" => {}
            "http" => return Err(unusable(&url, status, &format!("it leads from https to http ({})", cut_url(&next)))),
            other => return Err(unusable(&url, status, &format!("'{other}' is neither http nor https"))),
        }
        if !redirect::same_origin(&url, &next) && !redirect::same_origin(&target, &next_target) {
            headers = redirect::harmless(&headers);
            credential = None;
        }
        url = next;
    }
    Err(unusable(&outgoing.url, 0, &format!("there are more than {} in a row", redirect::MOST)))
}

async fn send(
    client: &Client,
    outgoing: &Outgoing,
    url: &Url,
    target: &Url,
    headers: &HeaderMap,
    credential: Option<&(String, String)>,
) -> Result<reqwest::Response, Failure> {
    let mut sent_to = target.clone();
    sent_to.set_fragment(None);
    if let Some((name, value)) = credential {
        sent_to.query_pairs_mut().append_pair(name, value);
    }
    let mut request = client.route(target, url != target)?.request(method(outgoing.method), sent_to).headers(headers.clone());
    if let Some(body) = &outgoing.body {
        request = request.body(body.clone());
    }
    request.send().await.map_err(|e| Failure::of_sending(&e, target, client.limits(), client.source()))
}

async fn read(client: &Client, method: Method, target: &Url, mut response: reqwest::Response) -> Result<Bytes, Failure> {
    if method == Method::Head {
        return Ok(Bytes::new());
    }
    let limits = client.limits();
    // Most replies are one chunk: it is kept as it is.
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    loop {
        let received = first.len() + all.len();
        let chunk = response.chunk().await.map_err(|e| Failure::of_reading(&e, target, limits, received))?;
        let Some(chunk) = chunk else { break };
        if (received + chunk.len()) as u64 > limits.reply_bytes {
            return Err(Failure::too_large(limits.reply_bytes));
        }
        if received == 0 {
            first = chunk;
        } else {
            if !first.is_empty() {
                all.extend_from_slice(&first);
                first = Bytes::new();
            }
            all.extend_from_slice(&chunk);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

fn unusable(url: &Url, status: u16, reason: &str) -> Failure {
    let by = if status == 0 { String::new() } else { format!(" ({status} from {})", cut_url(url)) };
    Failure {
        kind: ErrorKind::Network,
        message: format!("the redirect{by} is not followed: {reason}"),
        before_send: false,
        transient: false,
    }
}

fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Options => reqwest::Method::OPTIONS,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
        Method::Post => reqwest::Method::POST,
        Method::Patch => reqwest::Method::PATCH,
    }
}
