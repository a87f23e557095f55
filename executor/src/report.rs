//! What a run did: counters while it runs, a report at the end.

use sequor_plan_format::NodeId;

/// Collects what happens. Shared by all tasks of a run.
#[derive(Default)]
pub struct Reporter {}

impl Reporter {
    /// A request was sent (each attempt counts).
    pub fn request(&self, node: NodeId) {
        let _ = node;
    }
    /// A request is about to be sent again after `wait`, because of `reason`.
    pub fn retry(&self, node: NodeId, wait: std::time::Duration, reason: &str) {
        let _ = (node, wait, reason);
    }
    /// Rows were read from a table or query.
    pub fn rows_in(&self, node: NodeId, rows: u64) {
        let _ = (node, rows);
    }
    /// Rows were written to a table.
    pub fn rows_out(&self, node: NodeId, rows: u64) {
        let _ = (node, rows);
    }
    /// A line for the run's log, redacted before it is printed.
    pub fn log(&self, level: sequor_plan_format::op::print::Level, line: &str) {
        let _ = (level, line);
    }
}
