//! What a run did: counters and lines while it runs, a report at the end.
//!
//! Progress goes to standard error, what the flow prints and the table at the end to standard output. Every line is redacted here.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sequor_plan_format::op::print::Level;
use sequor_plan_format::{NodeId, Op, Plan};

use crate::error::RunError;
use crate::redact::Redactor;

mod amount;
mod document;
mod doubts;
mod failure;
mod line;
mod live;
mod place;
mod table;

pub(crate) use amount::count;
pub use document::{Document, RunFacts};
pub use doubts::doubts;
pub(crate) use doubts::settled;
pub use failure::failure;
pub use line::{Format, Verbosity};
pub(crate) use live::Live;
pub use table::table;

use line::Line;

/// A node in a loop has a line of its own this often, ...
const LINES_AT_ONCE: u64 = 5;
/// ... then at most one in this time.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// What one node did, over all its executions in the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counters {
    /// Executions that ended.
    pub executed: u64,
    pub failed: u64,
    pub rows_in: u64,
    pub rows_out: u64,
    /// Requests sent, each attempt counted.
    pub requests: u64,
    pub retries: u64,
    pub elapsed: Duration,
}

impl Counters {
    pub(crate) fn add(&mut self, other: Self) {
        let Self { executed, failed, rows_in, rows_out, requests, retries, elapsed } = other;
        self.executed += executed;
        self.failed += failed;
        self.rows_in += rows_in;
        self.rows_out += rows_out;
        self.requests += requests;
        self.retries += retries;
        self.elapsed += elapsed;
    }
}

/// Collects what happens. Shared by all tasks of a run, or of a branch of it.
#[derive(Default)]
pub struct Reporter {
    redactor: Arc<Redactor>,
    format: Format,
    verbosity: Verbosity,
    nodes: Mutex<Nodes>,
    /// Of branches that run now.
    branches: Mutex<Vec<Arc<Reporter>>>,
    /// Nodes that run now, outermost first.
    running: Mutex<Vec<Running>>,
    /// A line about the step at hand stands on the terminal, and goes before the next line does.
    live: Arc<AtomicBool>,
    /// Sources whose effects have no markers, with the nodes that use them.
    unmarked: Arc<Mutex<BTreeMap<String, NodeId>>>,
}

/// What the nodes did, and which of them something was added to since `changed` was asked.
#[derive(Default)]
struct Nodes {
    progress: BTreeMap<NodeId, Progress>,
    changed: Vec<NodeId>,
}

/// A node that runs.
#[derive(Clone, Copy)]
struct Running {
    node: NodeId,
    since: Instant,
    /// Replies that were read, and their rows.
    replies: u64,
    rows: u64,
}

#[derive(Clone, Copy, Default)]
struct Progress {
    counters: Counters,
    /// The counters when the node started.
    before: Counters,
    last_line: Option<Instant>,
    /// Since `changed` was asked last.
    changed: bool,
}

impl Reporter {
    #[must_use]
    pub fn new(redactor: Arc<Redactor>, format: Format, verbosity: Verbosity) -> Self {
        Self { redactor, format, verbosity, ..Self::default() }
    }

    /// For a branch: what it counts is its own until it is joined, and shows here at once.
    pub(crate) fn branch(&self) -> Arc<Self> {
        let Self { redactor, format, verbosity, nodes: _, branches, running: _, live, unmarked } = self;
        let (redactor, unmarked) = (Arc::clone(redactor), Arc::clone(unmarked));
        let branch =
            Arc::new(Self { redactor, format: *format, verbosity: *verbosity, live: Arc::clone(live), unmarked, ..Self::default() });
        branches.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&branch));
        branch
    }

    /// What branches have counted is counted here from now on.
    pub(crate) fn join(&self) {
        let branches = std::mem::take(&mut *self.branches.lock().unwrap_or_else(PoisonError::into_inner));
        for (node, counters) in branches.iter().flat_map(|branch| branch.counters()) {
            self.change(node, |progress| progress.counters.add(counters));
        }
    }

    /// A request was sent (each attempt counts).
    pub fn request(&self, node: NodeId) {
        self.change(node, |progress| progress.counters.requests += 1);
    }

    /// A request is about to be sent again after `wait`, because of `reason`.
    pub fn retry(&self, node: NodeId, wait: Duration, reason: &str) {
        self.change(node, |progress| progress.counters.retries += 1);
        self.log(Level::Warning, &format!("{reason}; trying again in {:.1} s", wait.as_secs_f64()));
    }

    /// A reply with so many rows was read. They are counted as written once their tables are.
    pub(crate) fn reply(&self, node: NodeId, rows: u64) {
        if let Some(running) = self.running().iter_mut().rev().find(|running| running.node == node) {
            running.replies += 1;
            running.rows += rows;
        }
    }

    /// Rows were read from a table or query.
    pub fn rows_in(&self, node: NodeId, rows: u64) {
        self.change(node, |progress| progress.counters.rows_in += rows);
    }

    /// Rows were written to a table.
    pub fn rows_out(&self, node: NodeId, rows: u64) {
        self.change(node, |progress| progress.counters.rows_out += rows);
    }

    /// A line for the run's log, redacted before it is printed.
    pub fn log(&self, level: Level, line: &str) {
        if self.verbosity.shows(level) {
            self.clear();
            Line { level, text: &self.redactor.redact(line) }.to_stderr(self.format);
        }
    }

    /// What a `print` op says.
    pub fn print(&self, level: Level, text: &str) {
        if level != Level::Debug || self.verbosity.shows(level) {
            self.clear();
            Line { level, text: &self.redactor.redact(text) }.to_stdout(self.format);
        }
    }

    /// Text for standard output as it is, secrets aside.
    pub(crate) fn write_out(&self, text: &str) {
        self.clear();
        // A reader that went away does not change what the run did.
        let _ = io::stdout().lock().write_all(self.redactor.redact(text).as_bytes());
    }

    /// Text for standard error as it is, secrets aside.
    pub(crate) fn write_err(&self, text: &str) {
        self.clear();
        let _ = io::stderr().lock().write_all(self.redactor.redact(text).as_bytes());
    }

    /// An execution of a node starts.
    pub(crate) fn began(&self, plan: &Plan, node: NodeId) {
        self.change(node, |progress| progress.before = progress.counters);
        self.running().push(Running { node, since: Instant::now(), replies: 0, rows: 0 });
        if self.verbosity.shows(Level::Debug) {
            self.log(Level::Debug, &format!("▶ {}", title(plan, node)));
        }
    }

    /// A node's `when` is not true.
    pub(crate) fn skipped(&self, plan: &Plan, node: NodeId) {
        if self.verbosity.shows(Level::Debug) {
            self.log(Level::Debug, &format!("- {} skipped: its 'when' is not true", title(plan, node)));
        }
    }

    /// An error that ends nothing: a loop goes on, or a `catch` takes it.
    pub(crate) fn tolerated(&self, plan: &Plan, node: NodeId, error: &RunError) {
        let row = error.row.as_ref().map(|row| format!(" (row {row})")).unwrap_or_default();
        self.log(Level::Warning, &format!("{} goes on after an error{row}: {}", title(plan, node), error.message));
    }

    /// An execution of a node ended.
    pub(crate) fn ended(&self, plan: &Plan, node: NodeId, elapsed: Duration, failed: bool) {
        let quiet_op = !has_line(&plan.node(node).op);
        self.running().pop_if(|running| running.node == node);
        let line = self.change(node, |progress| {
            progress.counters.executed += 1;
            progress.counters.failed += u64::from(failed);
            progress.counters.elapsed += elapsed;
            let due = progress.counters.executed <= LINES_AT_ONCE || progress.last_line.is_none_or(|last| last.elapsed() >= LINE_EVERY);
            if !due {
                return None;
            }
            progress.last_line = Some(Instant::now());
            Some((progress.counters, progress.before))
        });
        let Some((now, before)) = line else { return };
        let level = if quiet_op { Level::Debug } else { Level::Info };
        if !self.verbosity.shows(level) {
            return;
        }
        let times = if now.executed > LINES_AT_ONCE { format!(", {} times so far", now.executed) } else { String::new() };
        let text = if failed {
            format!("✗ {} failed after {:.1} s{times}", title(plan, node), elapsed.as_secs_f64())
        } else {
            format!("✓ {} {}{:.1} s{times}", title(plan, node), amounts(now, before), elapsed.as_secs_f64())
        };
        self.log(level, &text);
    }

    /// The counters that have changed since this was asked last.
    pub(crate) fn changed(&self) -> Vec<(NodeId, Counters)> {
        let mut nodes = self.locked();
        let Nodes { progress, changed } = &mut *nodes;
        let counters = changed.drain(..).filter_map(|node| {
            let progress = progress.get_mut(&node)?;
            progress.changed = false;
            Some((node, progress.counters))
        });
        counters.collect()
    }

    /// Goes on from the counters of a run that is resumed.
    pub(crate) fn restore(&self, counters: &BTreeMap<NodeId, Counters>) {
        let mut nodes = self.locked();
        for (node, counters) in counters {
            nodes.progress.insert(*node, Progress { counters: *counters, before: *counters, ..Progress::default() });
        }
    }

    /// A source's effects have no markers. Whether that is new.
    pub(crate) fn unmarked(&self, node: NodeId, source: &str) -> bool {
        self.unmarked.lock().unwrap_or_else(PoisonError::into_inner).insert(source.to_owned(), node).is_none()
    }

    /// Sources whose effects happen at least once.
    pub(crate) fn unmarked_sources(&self) -> Vec<String> {
        self.unmarked.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// What every node did so far.
    #[must_use]
    pub fn counters(&self) -> BTreeMap<NodeId, Counters> {
        let mut all: BTreeMap<NodeId, Counters> =
            self.locked().progress.iter().map(|(node, progress)| (*node, progress.counters)).collect();
        for branch in self.branches.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            for (node, counters) in branch.counters() {
                all.entry(node).or_default().add(counters);
            }
        }
        all
    }

    fn change<T>(&self, node: NodeId, change: impl FnOnce(&mut Progress) -> T) -> T {
        let mut nodes = self.locked();
        let Nodes { progress, changed } = &mut *nodes;
        let progress = progress.entry(node).or_default();
        if !std::mem::replace(&mut progress.changed, true) {
            changed.push(node);
        }
        change(progress)
    }

    fn running(&self) -> MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn locked(&self) -> MutexGuard<'_, Nodes> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `id (op)`.
fn title(plan: &Plan, node: NodeId) -> String {
    let node = plan.node(node);
    format!("{} ({})", plan.text(node.id), node.op.name())
}

/// Whether an op does something that people wait for. The others have lines when asked for with `-v`.
fn has_line(op: &Op) -> bool {
    match op {
        Op::HttpRequest(_) | Op::Transform(_) | Op::Copy(_) | Op::Execute(_) | Op::ForEach(_) | Op::RunFlow(_) => true,
        Op::SetVariable(_)
        | Op::Print(_)
        | Op::Fail(_)
        | Op::Sleep(_)
        | Op::Assert(_)
        | Op::Leave(_)
        | Op::IfElse(_)
        | Op::WhileLoop(_)
        | Op::TryCatch(_)
        | Op::Parallel(_)
        | Op::Block(_) => false,
    }
}

/// What one execution did: `120 rows, 3 requests, `.
fn amounts(now: Counters, before: Counters) -> String {
    let mut text = String::new();
    let rows = (now.rows_out - before.rows_out).max(now.rows_in - before.rows_in);
    for (amount, one, many) in
        [(rows, "row", "rows"), (now.requests - before.requests, "request", "requests"), (now.retries - before.retries, "retry", "retries")]
    {
        if amount > 0 {
            text.push_str(&format!("{}, ", count(amount, one, many)));
        }
    }
    text
}
