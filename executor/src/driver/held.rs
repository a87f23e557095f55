//! Entries of the journal that wait: an event must not be durable before the rows that it stands for.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::journal::Journal;
use crate::journal::record::Record;
use crate::value::Value;

/// In the order of events.
#[derive(Default)]
pub(super) struct Held {
    entries: VecDeque<Entry>,
}

/// What the journal is to be given.
pub(super) struct Entry {
    /// The batch of rows that must be committed first; 0 for none.
    after: u64,
    what: What,
}

enum What {
    /// What happened, with the project variables that it set: in the journal together, or not at all.
    Record(Record, Vec<(Arc<str>, Value)>),
    DropSpool(String),
}

impl Entry {
    pub(super) fn record(after: u64, record: Record, project: Vec<(Arc<str>, Value)>) -> Self {
        Self { after, what: What::Record(record, project) }
    }

    pub(super) fn drop_spool(name: String) -> Self {
        Self { after: 0, what: What::DropSpool(name) }
    }
}

impl Held {
    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Nothing waits for rows any longer.
    pub(super) fn free(&mut self) {
        self.entries.iter_mut().for_each(|entry| entry.after = 0);
    }

    /// Gives the journal what may be durable. `committed` is the last batch whose rows are committed; none where no rows are on their way.
    pub(super) fn release(&mut self, committed: Option<u64>, journal: &Journal) {
        while self.entries.front().is_some_and(|first| committed.is_none_or(|committed| first.after <= committed)) {
            match self.entries.pop_front().map(|entry| entry.what) {
                Some(What::Record(record, project)) => journal.append(&record, project),
                Some(What::DropSpool(name)) => journal.drop_spool(name),
                None => {}
            }
        }
    }
}
