//! What a long step has done so far, while it runs: on a terminal a line that is written over, elsewhere a line from time to time.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use sequor_plan_format::Plan;
use sequor_plan_format::op::print::Level;
use tokio::task::JoinHandle;

use super::{Counters, Format, Reporter, Running, amounts, count, title};

/// Between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Between two states of the line on a terminal.
const SHOWN_EVERY: Duration = Duration::from_secs(1);
/// The end of a line that is written over is cut: a longer one would take two, and the first would stay.
const LONGEST: usize = 78;

/// Shows what the step at hand has done, until it is ended.
pub(crate) struct Live {
    reporter: Arc<Reporter>,
    task: Option<JoinHandle<()>>,
}

impl Live {
    /// Shows nothing where only warnings are wanted. Must be called on the runtime.
    pub(crate) fn start(reporter: &Arc<Reporter>, plan: &Arc<Plan>) -> Self {
        let task = reporter.verbosity.shows(Level::Info).then(|| {
            let (reporter, plan) = (Arc::clone(reporter), Arc::clone(plan));
            let over = reporter.format == Format::Text && io::stderr().is_terminal();
            tokio::spawn(async move {
                let mut ticks = tokio::time::interval(if over { SHOWN_EVERY } else { LINE_EVERY });
                ticks.tick().await;
                loop {
                    ticks.tick().await;
                    let since = if over { SHOWN_EVERY } else { LINE_EVERY };
                    if let Some(line) = reporter.so_far(&plan, since) {
                        if over { reporter.show(&line) } else { reporter.log(Level::Info, &line) }
                    }
                }
            })
        });
        Self { reporter: Arc::clone(reporter), task }
    }

    pub(crate) fn end(self) {
        if let Some(task) = self.task {
            task.abort();
        }
        self.reporter.clear();
    }
}

impl Reporter {
    /// What the innermost step has done, if it takes longer than this already; of branches each one's.
    fn so_far(&self, plan: &Plan, longer: Duration) -> Option<String> {
        let branches = self.branches.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let lines: Vec<String> = branches.iter().filter_map(|branch| branch.so_far(plan, longer)).collect();
        if !lines.is_empty() {
            return Some(lines.join(" "));
        }
        let Running { node, since, replies, rows } = self.running().last().copied()?;
        let elapsed = Instant::now().duration_since(since);
        if elapsed < longer.mul_f64(0.9) {
            return None;
        }
        let progress = self.locked().progress.get(&node).copied().unwrap_or_default();
        let replies = if replies > 0 { format!("{}, ", count(replies, "page", "pages")) } else { String::new() };
        let counters = Counters { rows_out: progress.counters.rows_out + rows, ..progress.counters };
        let amounts = amounts(counters, progress.before);
        let amounts = format!("{replies}{amounts}");
        let so_far = if amounts.is_empty() { "is at work".to_owned() } else { format!("{} so far", amounts.trim_end_matches(", ")) };
        Some(format!("… {} {so_far}, {:.0} s", title(plan, node), elapsed.as_secs_f64()))
    }

    /// Writes over the line that stands there.
    fn show(&self, line: &str) {
        let line: String = self.redactor.redact(line).chars().take(LONGEST).collect();
        let _ = write!(io::stderr().lock(), "\r\x1b[K{line}");
        self.live.store(true, Ordering::Relaxed);
    }

    /// Takes the line away that stands there.
    pub(super) fn clear(&self) {
        if self.live.swap(false, Ordering::Relaxed) {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}
