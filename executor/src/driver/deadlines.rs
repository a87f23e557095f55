//! Steps whose time is limited, and the wait between two attempts.
//!
//! A time runs while the run does: one that is resumed begins anew. A step of a branch has the limits of the steps around the branch, too.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sequor_plan_format::op::print::Level;
use sequor_plan_format::{NodeId, Plan};

use super::signals::Signals;
use super::{Driver, Ended};
use crate::error::{ErrorKind, RunError};
use crate::http::backoff;
use crate::machine::{Activation, Command, Event};
use crate::scope::Scope;
use crate::services::Services;

/// How often it is looked whether a commit is over.
const LOOK: Duration = Duration::from_millis(20);

#[derive(Clone, Debug, Default)]
pub(super) struct Deadlines(Vec<Deadline>);

#[derive(Clone, Copy, Debug)]
struct Deadline {
    node: NodeId,
    activation: Activation,
    limit: Duration,
    at: Instant,
}

impl Deadlines {
    /// A step begins, or goes on after the run was resumed.
    pub(super) fn begin(&mut self, plan: &Plan, node: NodeId, activation: Activation) {
        if let Some(milliseconds) = plan.node(node).timeout_ms {
            let limit = Duration::from_millis(milliseconds);
            self.0.push(Deadline { node, activation, limit, at: Instant::now() + limit });
        }
    }

    /// The step has ended, or its time is over and nothing more is to be ended by it.
    pub(super) fn forget(&mut self, activation: Activation) {
        self.0.retain(|deadline| deadline.activation != activation);
    }

    fn next(&self) -> Option<&Deadline> {
        self.0.iter().min_by_key(|deadline| deadline.at)
    }

    /// Ends when the first step's time is over, with its error.
    pub(super) async fn over(&self, plan: &Plan) -> RunError {
        let Some(deadline) = self.next() else { return std::future::pending().await };
        tokio::time::sleep_until(deadline.at.into()).await;
        deadline.error(plan)
    }

    /// The error of the first step whose time is over.
    pub(super) fn passed(&self, plan: &Plan) -> Option<RunError> {
        self.next().filter(|deadline| deadline.at <= Instant::now()).map(|deadline| deadline.error(plan))
    }
}

/// What ends an expression that waits in place, as it ends a command that does not: the time of a step, and a signal.
pub(crate) struct Limits {
    deadlines: Deadlines,
    signals: Signals,
}

impl Limits {
    /// Ends when the time is over, with the error that the expression ends with.
    pub(crate) async fn over(&self, plan: &Plan) -> RunError {
        let mut signals = self.signals.clone();
        tokio::select! {
            signal = signals.patience_over() => RunError::new(ErrorKind::Timeout, format!("stopped by {}", signal.name())),
            error = self.deadlines.over(plan) => error,
        }
    }
}

impl Deadline {
    fn error(&self, plan: &Plan) -> RunError {
        let step = plan.text(plan.node(self.node).id);
        let message = format!("step '{step}' has not ended in {:?}, its timeout", self.limit);
        let mut error = RunError::new(ErrorKind::Timeout, message);
        error.ends = Some(self.activation);
        error
    }
}

/// What came of a command. One that fails when the patience with it is over has not failed: the signal has ended what it waited for.
fn ended_by(signals: &Signals, event: Event) -> Result<Event, Ended> {
    match signals.impatient() {
        Some(signal) if matches!(event, Event::Failed(_)) => Err(Ended::Stopped(signal)),
        Some(_) | None => Ok(event),
    }
}

/// Waits before the next attempt of a step.
pub(super) async fn pause(services: &Services, node: NodeId, failures: u32) {
    let Some(retry) = &services.plan.node(node).retry else { return };
    let (first, longest) = (Duration::from_millis(retry.delay_ms), Duration::from_millis(retry.max_delay_ms));
    let wait = backoff(retry.backoff, first, longest, failures);
    let line = format!("attempt {} of {} begins in {:.1} s", failures + 1, retry.attempts, wait.as_secs_f64());
    services.reporter.log(Level::Warning, &line);
    tokio::time::sleep(wait).await;
}

impl Driver<'_> {
    /// Performs a command, unless the time of a step is over before it is done. `Err`: the run ends here.
    pub(super) async fn in_time(&mut self, command: Command, scope: Scope, signals: &mut Signals) -> Result<Event, Ended> {
        let services = self.services;
        if let Some(error) = self.deadlines.passed(&services.plan) {
            return Ok(Event::Failed(error));
        }
        let deadlines = self.deadlines.clone();
        let closes = matches!(command, Command::HttpClose { .. });
        let scope = scope.within(Arc::new(Limits { deadlines: deadlines.clone(), signals: signals.clone() }));
        let mut performed = pin!(self.perform(command, &scope));
        let error = tokio::select! {
            biased;
            event = &mut performed => return ended_by(signals, event),
            signal = signals.patience_over() => return Err(Ended::Stopped(signal)),
            error = deadlines.over(&services.plan) => error,
        };
        // What is being committed is done soon, and could not be taken back.
        while closes || services.commits.are_under_way() {
            tokio::select! {
                biased;
                event = &mut performed => return ended_by(signals, event),
                signal = signals.patience_over() => return Err(Ended::Stopped(signal)),
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        Ok(Event::Failed(error))
    }
}
