//! What one evaluation may use.

use super::fault::{Outcome, limit};

/// Steps of one evaluation: a node evaluated, a member of a list visited.
const STEPS: u64 = 50_000_000;

/// The largest text or list, in bytes.
pub(crate) const MAX_BYTES: usize = 256 << 20;

/// The most members that a list may have, by what a member takes at least.
pub(crate) const MAX_MEMBERS: usize = MAX_BYTES / 32;

/// The largest integer that arithmetic makes, in bits.
pub(crate) const MAX_BITS: u64 = 1 << 20;

#[derive(Debug)]
pub(crate) struct Budget {
    left: u64,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { left: STEPS }
    }

    /// Counts steps before they are done.
    pub(crate) fn charge(&mut self, steps: usize) -> Outcome<()> {
        self.left = self.left.checked_sub(steps as u64).ok_or_else(|| {
            limit(format!(
                "the expression needs more than {} million steps: let the database do the work, or use a smaller list",
                STEPS / 1_000_000
            ))
        })?;
        Ok(())
    }
}

/// Checks the length of a text before it is made.
pub(crate) fn check_bytes(bytes: usize) -> Outcome<()> {
    if bytes > MAX_BYTES { Err(limit(format!("MemoryError: a text would be longer than {} MiB", MAX_BYTES >> 20))) } else { Ok(()) }
}

/// Checks the length of a list before it is made.
pub(crate) fn check_members(members: usize) -> Outcome<()> {
    if members > MAX_MEMBERS { Err(limit(format!("MemoryError: a list would have more than {MAX_MEMBERS} members"))) } else { Ok(()) }
}
