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
    /// Paths of those that take a step, or whose events wait for their rows: the journal does not have all that their progress has.
    holding: Mutex<BTreeSet<Vec<u32>>>,
    /// It has of one of them now, or there is a new snapshot.
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

    /// Takes a step of its own progress. The journal has it when [`Self::hold`] says so: until then nobody's snapshot may have it.
    pub(super) fn step<T>(&self, take: impl FnOnce(&mut Progress) -> T) -> Option<T> {
        let mut root = self.root();
        self.holding().insert(self.path.clone());
        root.at(&self.path).map(take)
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

    /// Gives the journal a snapshot once it has all that everybody's progress has, waiting a little for that. Whether it was given one: another branch may come first.
    pub(super) async fn snapshot_when_clear(&self, journal: &Journal) -> bool {
        let taken = async {
            loop {
                let changed = self.tree.changed.notified();
                if !journal.has_grown() {
                    return false;
                }
                if journal.snapshot(|effects| self.clear().map(|root| root.snapshot(effects.clone()))) {
                    self.tree.changed.notify_waiters();
                    return true;
                }
                changed.await;
            }
        };
        tokio::time::timeout(PATIENCE, taken).await.unwrap_or_default()
    }

    /// The progress of the whole run, where the journal has all of it. Nobody takes a step meanwhile.
    fn clear(&self) -> Option<MutexGuard<'_, Progress>> {
        let root = self.root();
        self.holding().is_empty().then_some(root)
    }

    fn holding(&self) -> MutexGuard<'_, BTreeSet<Vec<u32>>> {
        self.tree.holding.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use sequor_plan_format::FlowId;

    use super::*;
    use crate::machine::State;
    use crate::value::Map;

    /// Between a step and its record in the journal another branch may want a snapshot: it would have the step, and the record behind it would be taken once more.
    #[test]
    fn no_snapshot_has_a_step_that_the_journal_is_still_to_be_given() {
        let thread = Thread::new(Progress::new(State::new(FlowId(0), Map::new(), Map::new())));
        assert!(thread.clear().is_some());
        assert!(thread.step(|_| ()).is_some());
        assert!(thread.clear().is_none(), "its record is on the way");
        thread.hold(true);
        assert!(thread.clear().is_none(), "its record waits for rows");
        thread.hold(false);
        assert!(thread.clear().is_some());
    }
}
