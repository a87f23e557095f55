//! Why a request got no reply: reqwest's chains of errors sorted into kinds, with one sentence each.

use std::error::Error;
use std::io;
use std::time::Duration;

use url::Url;

use super::address::Refused;
use super::outgoing::cut_url;
use crate::error::{ErrorKind, RunError};
use crate::report::count;

/// An attempt without a complete reply.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) kind: ErrorKind,
    /// A sentence for people, without the request's title.
    pub(super) message: String,
    /// It is proven that no byte of the request was sent.
    pub(super) before_send: bool,
    /// Trying again may help.
    pub(super) transient: bool,
}

impl Failure {
    pub(super) fn into_error(self, title: &str, attempts: u32) -> RunError {
        let tries = if attempts > 1 { format!(" (tried {attempts} times)") } else { String::new() };
        let mut error = RunError::new(self.kind, format!("{title}: {}{tries}", self.message));
        error.request = Some(title.to_owned());
        error
    }

    fn network(before_send: bool, message: String) -> Self {
        Self { kind: ErrorKind::Network, message, before_send, transient: true }
    }

    pub(super) fn refused(refused: &Refused, source: Option<&str>) -> Self {
        let advice = match source {
            Some(source) => format!("if the flow may talk to it, add '{}' to allow_hosts of source '{source}'", refused.host()),
            None => format!("if the flow may talk to it, use a source with '{}' in its allow_hosts", refused.host()),
        };
        Self {
            kind: ErrorKind::Network,
            message: format!("refused to connect: {refused}, and the flow does not name this host itself; {advice}"),
            before_send: true,
            transient: false,
        }
    }

    pub(super) fn no_client(error: &reqwest::Error) -> Self {
        Self {
            kind: ErrorKind::Configuration,
            message: format!(
                "no HTTP client can be opened ({}): are the system's CA certificates installed?",
                Chain::of(error).innermost()
            ),
            before_send: true,
            transient: false,
        }
    }

    pub(super) fn total_timeout(limit: Duration) -> Self {
        Self {
            kind: ErrorKind::Timeout,
            message: format!("no complete reply within {} (the request's timeout)", seconds(limit)),
            before_send: false,
            transient: true,
        }
    }

    pub(super) fn too_large(limit: u64) -> Self {
        Self {
            kind: ErrorKind::Reply,
            message: format!("the reply is larger than {} after decompression; ask for smaller pages", size(limit)),
            before_send: false,
            transient: false,
        }
    }

    /// Reads what reqwest reports before there is a status.
    pub(super) fn of_sending(error: &reqwest::Error, url: &Url, limits: super::Limits, source: Option<&str>) -> Self {
        let chain = Chain::of(error);
        if let Some(refused) = chain.find::<Refused>() {
            return Self::refused(refused, source);
        }
        let origin = origin(url);
        let host = url.host_str().unwrap_or_default();
        if error.is_connect() {
            if error.is_timeout() {
                return Self {
                    kind: ErrorKind::Timeout,
                    message: format!(
                        "cannot connect to {origin} within {}: is the address right, and does a firewall let it through?",
                        seconds(limits.connect)
                    ),
                    before_send: true,
                    transient: true,
                };
            }
            return Self::of_connecting(&chain, &origin, host, error.is_dns());
        }
        if error.is_timeout() {
            return Self {
                kind: ErrorKind::Timeout,
                message: format!("{origin} sent nothing for {}", seconds(limits.idle)),
                before_send: false,
                transient: true,
            };
        }
        if error.is_builder() {
            let message = format!("the request cannot be built: {}", chain.innermost());
            return Self { kind: ErrorKind::Configuration, message, before_send: true, transient: false };
        }
        match chain.find::<hyper::Error>() {
            Some(hyper) if hyper.is_canceled() => {
                Self::network(true, format!("{origin} closed the connection before the request was sent"))
            }
            Some(hyper) if hyper.is_incomplete_message() => Self::network(false, format!("{origin} closed the connection without a reply")),
            Some(hyper) if hyper.is_parse() => Self {
                kind: ErrorKind::Reply,
                message: format!("{origin} answered with something that is not HTTP: is the port right, and is it http or https?"),
                before_send: false,
                transient: false,
            },
            _ => Self::network(false, format!("the connection to {origin} broke before a reply came ({})", chain.innermost())),
        }
    }

    fn of_connecting(chain: &Chain<'_>, origin: &str, host: &str, dns: bool) -> Self {
        let network = |message: String| Self::network(true, message);
        if let Some(tls) = chain.find::<rustls::Error>() {
            return Self { transient: false, ..network(format!("no TLS connection to {origin}: {}", tls_reason(tls))) };
        }
        if dns {
            return network(format!("the host name '{host}' cannot be resolved ({}): is it spelled right?", chain.innermost()));
        }
        match chain.find::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => {
                network(format!("cannot connect to {origin} (connection refused): is the service running, and are host and port right?"))
            }
            Some(io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe) => {
                network(format!("cannot connect to {origin}: it closed the connection at once; is it http or https?"))
            }
            Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
                network(format!("cannot connect to {origin}: there is no route to it; is the network up?"))
            }
            Some(io::ErrorKind::InvalidData) => {
                network(format!("no TLS connection to {origin} ({}): does the server speak https?", chain.innermost()))
            }
            _ => network(format!("cannot connect to {origin} ({})", chain.innermost())),
        }
    }

    /// Reads what reqwest reports while the body comes in.
    pub(super) fn of_reading(error: &reqwest::Error, url: &Url, limits: super::Limits, received: usize) -> Self {
        let chain = Chain::of(error);
        let origin = origin(url);
        if error.is_timeout() {
            return Self {
                kind: ErrorKind::Timeout,
                message: format!(
                    "{origin} stopped sending for {} after {} of its reply",
                    seconds(limits.idle),
                    count(received as u64, "byte", "bytes")
                ),
                before_send: false,
                transient: true,
            };
        }
        if chain.find::<hyper::Error>().is_some() || chain.find::<io::Error>().is_some_and(|e| is_broken(e.kind())) {
            return Self::network(
                false,
                format!("{origin} broke the connection off after {} of its reply", count(received as u64, "byte", "bytes")),
            );
        }
        Self {
            kind: ErrorKind::Reply,
            message: format!("the reply cannot be decompressed ({}) after {}", chain.innermost(), count(received as u64, "byte", "bytes")),
            before_send: false,
            transient: true,
        }
    }
}

fn is_broken(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe | io::ErrorKind::TimedOut)
}

fn tls_reason(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(reason) => {
            format!("its certificate is not accepted ({reason}); a private authority must be known to this machine")
        }
        rustls::Error::InvalidMessage(_) => "it does not speak TLS; is it http instead of https?".to_owned(),
        other => other.to_string(),
    }
}

/// `scheme://host:port`, the port only where it is not the scheme's own.
fn origin(url: &Url) -> String {
    match url.origin() {
        origin @ url::Origin::Tuple(..) => origin.ascii_serialization(),
        url::Origin::Opaque(_) => cut_url(url),
    }
}

/// `0.5 s`, `10 s`.
pub(super) fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 { format!("{} s", duration.as_secs()) } else { format!("{:.1} s", duration.as_secs_f64()) }
}

fn size(bytes: u64) -> String {
    match bytes {
        b if b >= 1 << 30 && b.is_multiple_of(1 << 30) => format!("{} GiB", b >> 30),
        b if b >= 1 << 20 && b.is_multiple_of(1 << 20) => format!("{} MiB", b >> 20),
        b => format!("{b} bytes"),
    }
}

/// An error and its causes, from the outside in.
struct Chain<'a>(Vec<&'a (dyn Error + 'static)>);

impl<'a> Chain<'a> {
    fn of(error: &'a (dyn Error + 'static)) -> Self {
        let mut links = vec![error];
        let mut next = error.source();
        while let Some(link) = next {
            links.push(link);
            // `io::Error::source` skips the error it wraps.
            let wrapped = link.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            next = match wrapped {
                Some(inner) => Some(inner as &(dyn Error + 'static)),
                None => link.source(),
            };
            if links.len() > 32 {
                break;
            }
        }
        Self(links)
    }

    /// The innermost link of that type.
    fn find<T: Error + 'static>(&self) -> Option<&'a T> {
        self.0.iter().rev().find_map(|link| link.downcast_ref::<T>())
    }

    fn innermost(&self) -> String {
        self.0.last().map(ToString::to_string).unwrap_or_default()
    }
}
