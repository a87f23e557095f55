//! HTTP: one client per source, with our own time-outs, redirects, retries and address checks.
//!
//! Takes requests that are already built ([`Outgoing`]) and gives complete replies. Knows no expressions, rows or tables. reqwest moves the bytes; everything it
//! decides by itself otherwise (retries, redirects, `Referer`) is switched off.

mod address;
mod attempt;
mod client;
mod failure;
mod hosts;
mod outgoing;
mod redirect;
mod retry;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use sequor_plan_format::{Plan, SourceId, SourceKind};

use crate::services::network::Network;

pub(crate) use client::answered;
pub use client::{Client, Observer, Received, Unanswered};
pub use outgoing::{Outgoing, cut_url};
pub(crate) use retry::backoff;

use hosts::Written;

/// Bounds of one request. The total is a default: a source or a request may set its own.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub connect: Duration,
    /// The longest silence of a server.
    pub idle: Duration,
    pub total: Duration,
    /// Of a reply's body after decompression.
    pub reply_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), idle: Duration::from_secs(60), total: Duration::from_secs(300), reply_bytes: 1 << 30 }
    }
}

/// The clients of a run, opened at their first use.
#[derive(Default)]
pub struct Clients {
    limits: Limits,
    /// Hosts in the plan's own texts and from the operator, found at the first use.
    written: OnceLock<Written>,
    clients: Mutex<BTreeMap<Option<SourceId>, Arc<Client>>>,
}

impl Clients {
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The client of a source, or the one for requests without a source.
    #[must_use]
    pub fn of(&self, plan: &Plan, network: &Network, source: Option<SourceId>) -> Arc<Client> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry(source).or_insert_with(|| {
            let mut written = self.written.get_or_init(|| Written::new(&network.trusted, plan)).clone();
            let source = source.map(|s| plan.source(s));
            if let Some(SourceKind::Http(http)) = source.map(|s| &s.kind) {
                http.allow_hosts.iter().for_each(|host| written.allow(plan.text(*host)));
            }
            let name = source.map(|s| plan.text(s.name).to_owned());
            Arc::new(Client::new(self.limits, network.clone(), written, name))
        });
        Arc::clone(client)
    }
}
