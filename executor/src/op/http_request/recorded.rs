//! Replies in the journal: written before anybody reads them, read again after a crash.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;

use crate::database::Gate;
use crate::error::{ErrorKind, RunError};
use crate::eval::Reply;
use crate::journal::effects::{Body, Change, Recorded, RequestId, RequestState};
use crate::journal::{Journal, JournalError};

/// A larger body goes to the spool …
const INLINE: usize = 64 << 10;
/// … in parts of this size.
const PART: usize = 1 << 20;

/// Headers that hold credentials. No flow needs them, and the journal must not have them.
const SECRET: [&str; 6] = ["set-cookie", "set-cookie2", "authorization", "www-authenticate", "proxy-authenticate", "authentication-info"];

/// Gives the journal a reply, and what waits until it is durable.
pub(super) fn write(journal: &Journal, id: RequestId, reply: &Reply, title: String) -> Option<Gate> {
    let body = if reply.body.len() <= INLINE || !journal.is_on() {
        Body::Inline(if journal.is_on() { reply.body.to_vec() } else { Vec::new() })
    } else {
        let name = spool_name(id);
        let mut parts = 0;
        for part in reply.body.chunks(PART) {
            journal.spool(&name, parts, part.to_vec());
            parts += 1;
        }
        Body::Spooled { parts }
    };
    let headers = reply.headers.iter().filter(|(name, _)| !SECRET.contains(&name.as_str())).cloned().collect();
    let elapsed_us = u64::try_from(reply.elapsed.as_micros()).unwrap_or(u64::MAX);
    let recorded = Recorded { status: reply.status, url: reply.url.clone(), headers, body, elapsed_us, title };
    if !journal.is_on() {
        journal.with_effects(|effects| effects.read(id));
        return None;
    }
    journal.effect(Change::Request { id, state: RequestState::Replied(recorded) });
    let (syncing, journal) = (journal.syncing_soon(), journal.clone());
    Some(Box::pin(async move { syncing.await.map_err(|error| broken(&journal, &error)) }))
}

/// The reply as it was received, credentials aside.
pub(super) async fn read(journal: &Journal, id: RequestId, recorded: Recorded) -> Result<Reply, RunError> {
    let Recorded { status, url, headers, body, elapsed_us, .. } = recorded;
    let body = match body {
        Body::Inline(bytes) => Bytes::from(bytes),
        Body::Spooled { parts } => {
            let name = spool_name(id);
            let mut bytes = Vec::new();
            for part in 0..parts {
                bytes.extend(journal.read_spool(&name, part).await.map_err(|error| internal(error.to_string()))?);
            }
            Bytes::from(bytes)
        }
    };
    Ok(Reply { status, url, headers, body, elapsed: Duration::from_micros(elapsed_us), json: OnceLock::new() })
}

/// A reply that stands for one that was lost.
pub(super) fn stand_in(url: String, json: String, title: String) -> Recorded {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Recorded { status: 200, url, headers, body: Body::Inline(json.into_bytes()), elapsed_us: 0, title }
}

pub(crate) fn spool_name(id: RequestId) -> String {
    format!("reply-{}-{}-{}", id.activation.0, id.ordinal, id.page)
}

/// Returns when everything that the journal was given is durable.
///
/// # Errors
/// It is not: the driver finds out why from the journal, and ends the run.
pub(crate) async fn durable(journal: &Journal) -> Result<(), RunError> {
    journal.sync().await.map_err(|error| broken(journal, &error))
}

fn broken(journal: &Journal, error: &JournalError) -> RunError {
    journal.note(error);
    internal(error.to_string())
}

fn internal(reason: String) -> RunError {
    RunError::new(ErrorKind::Failed("internal".to_owned()), reason)
}
