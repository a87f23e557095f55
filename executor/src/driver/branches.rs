//! Branches of a `parallel`: each is driven like a run, on a task of its own, so that one whose expression waits in place keeps no other from going on.
//!
//! A branch that fails keeps the others from nothing that they have begun: they go on to their ends, those that have not started do not start, and the step fails with the
//! first error in the order of branches. When the run is resumed, branches that have ended stay so, the others go on where they were.

use futures_util::future::BoxFuture;
use sequor_plan_format::op::Parallel;
use sequor_plan_format::op::print::Level;
use sequor_plan_format::{NodeId, Op};
use tokio::task::JoinSet;

use super::event::redact;
use super::resource::{Resource, missing};
use super::{Driver, Ended};
use crate::error::RunError;
use crate::journal::record::Record;
use crate::machine::{Event, FrameId};

/// How a branch ended.
struct Branch {
    index: u32,
    ended: Ended,
    /// What a branch that failed has open.
    open: Vec<Resource>,
}

impl Driver<'_> {
    /// Performs a `parallel`. `Err`: the run ends here, and may go on later.
    pub(super) async fn branches(&mut self, frame: FrameId, node: NodeId) -> Result<Event, Ended> {
        let services = self.services;
        let Op::Parallel(op) = &services.plan.node(node).op else { return Ok(Event::Failed(missing())) };
        let mut ended = self.side_by_side(op).await;
        ended.sort_by_key(|branch| branch.index);
        let stopped = ended.iter().position(|branch| !matches!(branch.ended, Ended::Done | Ended::Failed(_)));
        if let Some(at) = stopped {
            for branch in &mut ended {
                suspend(std::mem::take(&mut branch.open)).await;
            }
            return Err(ended.swap_remove(at).ended);
        }
        services.reporter.join();
        let mut first = None;
        let mut left = Vec::new();
        for Branch { index, ended, open } in ended {
            left.extend(open);
            let Ended::Failed(error) = ended else { continue };
            if first.is_none() {
                first = Some(error);
            } else {
                let name = op.branches.get(index as usize).map_or("", |branch| services.plan.text(branch.name));
                services.reporter.log(Level::Warning, &format!("branch '{name}' failed too: {}", error.message));
            }
        }
        match first {
            Some(mut error) => {
                self.open.insert(frame, Resource::Branches(left));
                self.place(&mut error);
                Ok(Event::Failed(error))
            }
            None => Ok(self.joined()),
        }
    }

    async fn side_by_side(&mut self, op: &Parallel) -> Vec<Branch> {
        let mut waiting = (0u32..).zip(&op.branches).map(|(index, _)| index);
        let mut running = JoinSet::new();
        let mut ended: Vec<Branch> = Vec::new();
        loop {
            while running.len() < op.max_concurrency as usize && ended.iter().all(|branch| matches!(branch.ended, Ended::Done)) {
                match waiting.next() {
                    Some(index) => drop(running.spawn(self.branch(index))),
                    None => break,
                }
            }
            match running.join_next().await {
                Some(Ok(branch)) => ended.push(branch),
                Some(Err(fault)) => {
                    // A fault of this program is one wherever it is met.
                    if let Ok(panic) = fault.try_into_panic() {
                        std::panic::resume_unwind(panic);
                    }
                }
                None => return ended,
            }
        }
    }

    /// Boxed, as a branch may have branches.
    fn branch(&self, index: u32) -> BoxFuture<'static, Branch> {
        let (thread, signals, deadlines) = (self.thread.branch(index), self.signals.clone(), self.deadlines.clone());
        let begun = thread.with(|progress| (progress.pending.is_some(), progress.state.is_over()));
        let services = match begun {
            None => return Box::pin(async move { Branch { index, ended: Ended::Failed(missing()), open: Vec::new() } }),
            // It had ended before the run was interrupted.
            Some((false, true)) => {
                self.services.reporter.branch().restore(&thread.with(|progress| progress.counters.clone()).unwrap_or_default());
                return Box::pin(async move { Branch { index, ended: Ended::Done, open: Vec::new() } });
            }
            Some(_) => self.services.branch(),
        };
        Box::pin(async move {
            let (ended, open) = Driver::of(&services, thread, signals, deadlines).drive_branch().await;
            Branch { index, ended, open }
        })
    }

    /// Gives how the branch ended, and what it has open where it failed.
    async fn drive_branch(mut self) -> (Ended, Vec<Resource>) {
        let counters = self.thread.with(|progress| progress.counters.clone()).unwrap_or_default();
        self.services.reporter.restore(&counters);
        let ended = match self.open_again().await {
            Ok(()) => self.drive().await,
            Err(mut error) => {
                redact(&self.services.redactor, &mut error);
                Ended::Unopened(error)
            }
        };
        let ended = match self.services.journal.broken() {
            Some(error) => Ended::Broken(error),
            None => ended,
        };
        self.thread.hold(false);
        let open: Vec<Resource> = std::mem::take(&mut self.open).into_values().collect();
        match ended {
            Ended::Failed(error) => {
                if self.rewound {
                    let counters = self.thread.with(|progress| progress.counters.clone()).unwrap_or_default().into_iter().collect();
                    self.services.journal.append(&Record::Rewound { counters }.within(self.thread.path()), Vec::new());
                }
                (Ended::Failed(error), open)
            }
            ended => {
                suspend(open).await;
                (ended, Vec::new())
            }
        }
    }

    fn joined(&self) -> Event {
        let assigned = self.thread.with(|progress| progress.state.joined(progress.branches().iter().map(|branch| &branch.state)));
        match assigned {
            Some(assigned) => Event::Done { assigned },
            None => Event::Failed(missing()),
        }
    }

    /// The flows around a branch belong to the place of its error.
    fn place(&self, error: &mut RunError) {
        let mut around = self.thread.with(|progress| progress.state.stack()).unwrap_or_default();
        // The flow of the `parallel` is the branch's, too.
        around.pop();
        around.append(&mut error.stack);
        error.stack = around;
    }
}

async fn suspend(open: Vec<Resource>) {
    for resource in open {
        resource.suspend().await;
    }
}
