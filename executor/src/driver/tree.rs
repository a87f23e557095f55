//! The progress of a run and of its branches, shared by those who drive them: a snapshot has all of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::journal::Journal;
use crate::journal::progress::Progress;

/// How long a snapshot waits for branches whose rows are not committed yet.
const PATIENCE: Duration = Duration::from_millis(500);

/// A run, or a branch of it.
#[derive(Clone)]
pub(super) struct Thread {
    tree: Arc<Tree>,
    /// Indexes of branches, outermost first. Empty: the run itself.
    path: Vec<u32>,
}

struct Tree {
    root: Mutex<Progress>,
    /// Paths of those whose events wait for their rows: the journal does not have all that their progress has.
    holding: Mutex<BTreeSet<Vec<u32>>>,
    /// One of them does not wait any more, or there is a new snapshot.
    changed: Notify,
}

impl Thread {
    pub(super) fn new(progress: Progress) -> Self {
        let tree = Tree { root: Mutex::new(progress), holding: Mutex::default(), changed: Notify::new() };
        Self { tree: Arc::new(tree), path: Vec::new() }
    }

    pub(super) fn branch(&self, index: u32) -> Self {
        let path = self.path.iter().copied().chain([index]).collect();
        Self { tree: Arc::clone(&self.tree), path }
    }

    pub(super) fn path(&self) -> &[u32] {
        &self.path
    }

    /// Of the whole run.
    pub(super) fn root(&self) -> MutexGuard<'_, Progress> {
        self.tree.root.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its own progress; `None` where its `parallel` does not run, which no driver outlives.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Progress) -> T) -> Option<T> {
        self.root().at(&self.path).map(look)
    }

    /// Says whether events wait for rows.
    pub(super) fn hold(&self, holds: bool) {
        let mut holding = self.holding();
        if holds {
            holding.insert(self.path.clone());
        } else if holding.remove(&self.path) {
            self.tree.changed.notify_waiters();
        }
    }

    /// Waits a little until nobody's events wait for rows. Whether that is so, and a snapshot is still due.
    pub(super) async fn is_clear(&self, journal: &Journal) -> bool {
        let clear = async {
            loop {
                let changed = self.tree.changed.notified();
                if !journal.has_grown() || self.holding().is_empty() {
                    return;
                }
                changed.await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, clear).await.is_ok();
        in_time && journal.has_grown()
    }

    /// Those that wait for a snapshot can go on.
    pub(super) fn was_kept(&self) {
        self.tree.changed.notify_waiters();
    }

    fn holding(&self) -> MutexGuard<'_, BTreeSet<Vec<u32>>> {
        self.tree.holding.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
