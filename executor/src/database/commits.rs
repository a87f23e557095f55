//! Which transactions are past the point of no return.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts commits that are under way. Whoever drops a future that works in a database waits until none is: what a COMMIT brings would be there although nobody
/// has heard of it.
#[derive(Clone, Debug, Default)]
pub struct Commits(Arc<AtomicUsize>);

/// A commit that is under way until this is dropped.
pub(super) struct Committing(Arc<AtomicUsize>);

impl Commits {
    #[must_use]
    pub fn are_under_way(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }

    pub(super) fn begin(&self) -> Committing {
        self.0.fetch_add(1, Ordering::SeqCst);
        Committing(Arc::clone(&self.0))
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_under_way_until_it_is_over() {
        let commits = Commits::default();
        let committing = commits.begin();
        assert!(commits.clone().are_under_way());
        drop(committing);
        assert!(!commits.are_under_way());
    }
}
