//! The client of one source: its connections, its address checks and its retry budget.

use std::sync::{Once, OnceLock, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use sequor_plan_format::NodeId;
use sequor_plan_format::op::http_request::{Method, SuccessStatus};
use sequor_plan_format::op::print::Level;
use url::Url;

use super::address::Guard;
use super::attempt::{Answer, attempt};
use super::failure::{Failure, seconds};
use super::hosts::{Written, is_local_name};
use super::outgoing::Outgoing;
use super::retry::{Budget, Decision, Trouble, decide};
use super::{Limits, cut_url};
use crate::error::{ErrorKind, RunError};
use crate::eval::Reply;
use crate::report::Reporter;
use crate::services::network::Network;

/// Sends the requests of one source. Connections are kept alive and reused.
pub struct Client {
    limits: Limits,
    network: Network,
    written: RwLock<Written>,
    source: Option<String>,
    budget: Budget,
    guard: Guard,
    /// The origin of the first request.
    home: OnceLock<url::Origin>,
    /// By [`Route::slot`], opened at first use.
    routes: [OnceLock<reqwest::Client>; 8],
}

/// What connections to a URL are like.
#[derive(Clone, Copy)]
struct Route {
    tls: bool,
    /// To this machine: a proxy cannot reach it.
    local: bool,
    /// To a host that people wrote, whatever its address.
    written: bool,
}

impl Route {
    fn slot(self) -> usize {
        usize::from(self.tls) * 4 + usize::from(self.local) * 2 + usize::from(self.written)
    }
}

/// Where attempts are reported to.
#[derive(Clone, Copy)]
pub struct Observer<'a> {
    pub reporter: &'a Reporter,
    pub node: NodeId,
}

/// Why there is no reply to act on.
#[derive(Debug)]
pub struct Unanswered {
    pub error: RunError,
    /// False where it is proven that the last attempt was not sent, or was refused.
    pub may_have_arrived: bool,
}

/// A reply and how it was got.
pub struct Received {
    pub reply: Reply,
    pub attempts: u32,
}

impl Client {
    pub(super) fn new(limits: Limits, network: Network, written: Written, source: Option<String>) -> Self {
        let written = RwLock::new(written);
        Self {
            limits,
            network,
            written,
            source,
            budget: Budget::new(),
            guard: Guard::new(),
            home: OnceLock::new(),
            routes: Default::default(),
        }
    }

    /// Counts a URL's host among those that people wrote: that of a source's `base_url`.
    pub fn trust(&self, url: &Url) {
        if !self.is_written(url) {
            self.written.write().unwrap_or_else(PoisonError::into_inner).add_url(url);
        }
    }

    /// Whether the flow's author or the operator wrote this URL's host, or `allow_hosts` lists it.
    #[must_use]
    pub fn is_written(&self, url: &Url) -> bool {
        self.written.read().unwrap_or_else(PoisonError::into_inner).contains(url)
    }

    /// Whether a URL is of the origin that this client's first request goes to. The first call decides which one that is.
    #[must_use]
    pub fn is_home(&self, url: &Url) -> bool {
        *self.home.get_or_init(|| url.origin()) == url.origin()
    }

    /// Sends a request, again where its policy allows, and gives the complete reply, whatever its status.
    ///
    /// # Errors
    /// `Network`, `Timeout` or `Reply` where there is no complete reply; `HttpStatus` where the server asks for a longer wait than the policy allows; `Configuration`
    /// for a request that cannot be sent. With the request filled in, and with what is known of its arrival.
    pub async fn send(&self, outgoing: &Outgoing, observer: Observer<'_>) -> Result<Received, Unanswered> {
        let title = self.title(outgoing);
        let mut attempts = 0;
        loop {
            attempts += 1;
            observer.reporter.request(observer.node);
            let result = attempt(self, outgoing).await;
            let trouble = match &result {
                Ok(answer) if outgoing.wants(answer.status) => {
                    self.budget.succeeded(attempts - 1);
                    return finish(result, &title, attempts);
                }
                Ok(answer) => Trouble::Status { status: answer.status, headers: &answer.headers },
                Err(failure) => Trouble::Failure(failure),
            };
            let reason = match &trouble {
                Trouble::Status { status, .. } => format!("{title} {}", answered(*status)),
                Trouble::Failure(failure) => format!("{title}: {}", failure.message),
            };
            match decide(&outgoing.retry, attempts, outgoing.repeatable, &trouble, SystemTime::now(), dice()) {
                Decision::Again(wait) if self.budget.take() => {
                    observer.reporter.retry(observer.node, wait, &reason);
                    tokio::time::sleep(wait).await;
                }
                Decision::Again(_) => {
                    let line = format!("{reason}; not tried again, because {} retries in a row have helped nothing", Budget::FULL);
                    observer.reporter.log(Level::Warning, &line);
                    return finish(result, &title, attempts);
                }
                Decision::TooLong(wait) if !matches!(outgoing.success, SuccessStatus::Any) => {
                    return Err(Unanswered { error: too_long(outgoing, title, &reason, wait, result.ok()), may_have_arrived: false });
                }
                Decision::Final | Decision::TooLong(_) => return finish(result, &title, attempts),
            }
        }
    }

    /// `METHOD url`, with the URL that `--map-url` makes of it.
    #[must_use]
    pub fn title(&self, outgoing: &Outgoing) -> String {
        self.title_of(outgoing.method, &outgoing.url)
    }

    /// The same of a request that is not built yet.
    pub(crate) fn title_of(&self, method: Method, url: &Url) -> String {
        let title = format!("{} {}", method.name(), cut_url(url));
        match self.network.map(url) {
            Some(mapped) => format!("{title} (sent to {})", cut_url(&mapped)),
            None => title,
        }
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    pub(super) fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Where a request for `url` really goes.
    pub(super) fn target(&self, url: &Url) -> Url {
        self.network.map(url).unwrap_or_else(|| url.clone())
    }

    /// The connections for a request to `target`, which `--map-url` made where `mapped`.
    pub(super) fn route(&self, target: &Url, mapped: bool) -> Result<&reqwest::Client, Failure> {
        let route = Route {
            tls: target.scheme() == "https",
            local: target.host_str().is_some_and(is_local_name),
            written: mapped || self.is_written(target),
        };
        if !route.written {
            Guard::check(target).map_err(|refused| Failure::refused(&refused, self.source()))?;
        }
        let slot = &self.routes[route.slot()];
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = self.open(route).map_err(|e| Failure::no_client(&e))?;
        Ok(slot.get_or_init(|| client))
    }

    fn open(&self, route: Route) -> reqwest::Result<reqwest::Client> {
        install_crypto();
        let mut builder = reqwest::Client::builder()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.limits.connect)
            .read_timeout(self.limits.idle)
            .tcp_keepalive(Duration::from_secs(60));
        if !route.tls {
            // Reading the system's certificates takes time, and fails on machines that have none.
            builder = builder.tls_certs_only([]);
        }
        if route.local {
            builder = builder.no_proxy();
        }
        if !route.written {
            builder = builder.dns_resolver(self.guard.clone());
        }
        builder.build()
    }
}

fn finish(result: Result<Answer, Failure>, title: &str, attempts: u32) -> Result<Received, Unanswered> {
    let answer = result.map_err(|failure| {
        let may_have_arrived = !failure.before_send;
        Unanswered { error: failure.into_error(title, attempts), may_have_arrived }
    })?;
    let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let reply = Reply {
        status: answer.status,
        url: answer.url.into(),
        headers: answer.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: answer.body,
        elapsed: answer.elapsed,
        json: OnceLock::new(),
    };
    Ok(Received { reply, attempts })
}

/// `answered 429 Too Many Requests`.
pub(crate) fn answered(status: u16) -> String {
    match reqwest::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()) {
        Some(reason) => format!("answered {status} {reason}"),
        None => format!("answered {status}"),
    }
}

fn too_long(outgoing: &Outgoing, title: String, reason: &str, wait: Duration, answer: Option<Answer>) -> RunError {
    let longest = Duration::from_millis(outgoing.retry.max_delay_ms);
    let message = format!("{reason} and asks to wait {}, longer than max_delay of its retry ({})", seconds(wait), seconds(longest));
    let mut error = RunError::new(ErrorKind::HttpStatus, message);
    error.request = Some(title);
    if let Some(answer) = answer {
        error.status_code = Some(answer.status);
        error.body = Some(String::from_utf8_lossy(&answer.body[..answer.body.len().min(4096)]).into_owned());
    }
    error
}

/// A number in 0..1, unlike any other process's.
fn dice() -> f64 {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    f64::from(random) / (f64::from(u32::MAX) + 1.0)
}

/// rustls asks for its cryptography once per process; one that is already there is as good.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
