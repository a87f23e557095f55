//! What a run did: counters and lines while it runs, a report at the end.
//!
//! Progress goes to standard error, what the flow prints to standard output. Every line is redacted here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sequor_plan_format::NodeId;
use sequor_plan_format::op::print::Level;

use crate::redact::Redactor;

pub mod line;

pub use line::{Format, Verbosity};

use line::Line;

/// What one node did, over all its executions in the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counters {
    /// How often it was started.
    pub started: u64,
    pub failed: u64,
    pub rows_in: u64,
    pub rows_out: u64,
    /// Requests sent, each attempt counted.
    pub requests: u64,
    pub retries: u64,
    pub elapsed: Duration,
}

/// Collects what happens. Shared by all tasks of a run.
#[derive(Default)]
pub struct Reporter {
    redactor: Arc<Redactor>,
    format: Format,
    verbosity: Verbosity,
    counters: Mutex<BTreeMap<NodeId, Counters>>,
}

impl Reporter {
    #[must_use]
    pub fn new(redactor: Arc<Redactor>, format: Format, verbosity: Verbosity) -> Self {
        Self { redactor, format, verbosity, counters: Mutex::default() }
    }

    /// A request was sent (each attempt counts).
    pub fn request(&self, node: NodeId) {
        self.count(node, |counters| counters.requests += 1);
    }

    /// A request is about to be sent again after `wait`, because of `reason`.
    pub fn retry(&self, node: NodeId, wait: Duration, reason: &str) {
        self.count(node, |counters| counters.retries += 1);
        self.log(Level::Warning, &format!("{reason}; trying again in {:.1} s", wait.as_secs_f64()));
    }

    /// Rows were read from a table or query.
    pub fn rows_in(&self, node: NodeId, rows: u64) {
        self.count(node, |counters| counters.rows_in += rows);
    }

    /// Rows were written to a table.
    pub fn rows_out(&self, node: NodeId, rows: u64) {
        self.count(node, |counters| counters.rows_out += rows);
    }

    /// An execution of a node ended.
    pub fn ended(&self, node: NodeId, elapsed: Duration, failed: bool) {
        self.count(node, |counters| {
            counters.started += 1;
            counters.failed += u64::from(failed);
            counters.elapsed += elapsed;
        });
    }

    /// What a node did so far.
    #[must_use]
    pub fn counters(&self, node: NodeId) -> Counters {
        self.locked().get(&node).copied().unwrap_or_default()
    }

    /// A line for the run's log, redacted before it is printed.
    pub fn log(&self, level: Level, line: &str) {
        if self.verbosity.shows(level) {
            Line { level, text: &self.redactor.redact(line) }.to_stderr(self.format);
        }
    }

    /// What a `print` op says.
    pub fn print(&self, level: Level, text: &str) {
        if level != Level::Debug || self.verbosity.shows(level) {
            Line { level, text: &self.redactor.redact(text) }.to_stdout(self.format);
        }
    }

    fn count(&self, node: NodeId, change: impl FnOnce(&mut Counters)) {
        change(self.locked().entry(node).or_default());
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<NodeId, Counters>> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
