//! A request, built and ready to be sent any number of times.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use sequor_plan_format::op::http_request::{Method, RetryPolicy, StatusRange, SuccessStatus};
use url::Url;

/// A request with everything that is sent. Its credentials stand apart from its URL, so that messages can show the URL.
#[derive(Clone)]
pub struct Outgoing {
    pub method: Method,
    /// As the flow wrote it, before `--map-url`.
    pub url: Url,
    pub headers: HeaderMap,
    /// An API key that travels in the query, as name and value. Added to the URL only when it is sent.
    pub query_credential: Option<(String, String)>,
    pub body: Option<Bytes>,
    /// Whole exchange, redirects and body included; the client's default where absent.
    pub timeout: Option<Duration>,
    pub retry: RetryPolicy,
    /// Sending it twice does no harm.
    pub repeatable: bool,
    pub success: SuccessStatus,
}

impl Outgoing {
    /// `METHOD url` for messages, without credentials and cut to a readable length.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.method.name(), cut_url(&self.url))
    }

    /// Whether a reply with this status is what the flow asked for, so that it is never tried again.
    pub(super) fn wants(&self, status: u16) -> bool {
        match &self.success {
            SuccessStatus::Default | SuccessStatus::Any => (200..300).contains(&status),
            SuccessStatus::Listed(ranges) => ranges.iter().any(|r: &StatusRange| r.contains(status)),
        }
    }
}

/// A URL for messages: without a password, at most some 300 characters.
#[must_use]
pub fn cut_url(url: &Url) -> String {
    const LONGEST: usize = 300;
    let mut shown = url.clone();
    if shown.password().is_some() {
        // Only URLs that cannot have a password refuse the change.
        let _ = shown.set_password(Some("***"));
    }
    let text = shown.as_str();
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    // A serialised URL is ASCII.
    format!("{}…", text.get(..LONGEST).unwrap_or(text))
}
