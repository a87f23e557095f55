//! The guard of page loops: no request is made twice for one item, and there is an end.

use std::collections::{BTreeMap, HashSet};

use crate::error::{ErrorKind, RunError};
use crate::http::Outgoing;

/// More pages than that are an endless loop.
const MOST: u64 = 100_000;

/// The pages that items have asked for.
#[derive(Default)]
pub(super) struct Pages {
    /// By item.
    seen: BTreeMap<u64, HashSet<[u8; 32]>>,
}

/// Items whose pages are remembered: more than are ever under way together.
const ITEMS: usize = 4_096;

impl Pages {
    /// # Errors
    /// Of kind `Limit` where the item has made this very request before, or too many of them.
    pub(super) fn enter(&mut self, item: u64, page: u64, outgoing: &Outgoing) -> Result<(), RunError> {
        if page <= 1 {
            self.seen.remove(&item);
        }
        if self.seen.len() >= ITEMS {
            self.seen.pop_first();
        }
        if page > MOST {
            return Err(RunError::new(
                ErrorKind::Limit,
                format!("the page loop has asked for {MOST} pages: 'while' never becomes false; check its condition"),
            ));
        }
        if !self.seen.entry(item).or_default().insert(digest(outgoing)) {
            let message = format!(
                "the page loop asks for the same page for ever: {} has been sent before; change what the request is made from (a page number or cursor) in 'variables', or end 'while'",
                outgoing.title()
            );
            return Err(RunError::new(ErrorKind::Limit, message));
        }
        Ok(())
    }
}

/// Of everything that is sent.
pub(super) fn digest(outgoing: &Outgoing) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(outgoing.method.name().as_bytes());
    part(outgoing.url.as_str().as_bytes());
    for (name, value) in &outgoing.headers {
        part(name.as_str().as_bytes());
        part(value.as_bytes());
    }
    part(outgoing.body.as_deref().unwrap_or_default());
    *hasher.finalize().as_bytes()
}
