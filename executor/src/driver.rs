//! Performs what the machine commands and tells it what came of it, with everything in the journal that must be there first.
//!
//! Takes a run at any point, drives it to its end or until a signal stops it. Control flow is the machine's; what an op does is the op's.
//!
//! An event is journalled when its effect is durable, in the order of events. Rows of replies are committed behind the run's back, so events of replies wait for
//! them ([`held`]). An error that ends the run is not journalled: the run goes on, when it is resumed, at the command that failed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use sequor_plan_format::{NodeId, Op};

use crate::error::RunError;
use crate::failpoint::hit;
use crate::journal::JournalError;
use crate::journal::effects::{Body, Change, Doubt, RequestState};
use crate::journal::progress::{Progress, Stepped};
use crate::journal::record::Record;
use crate::machine::{Command, Event, FrameId};
use crate::op::http_request;
use crate::report::Counters;
use crate::scope::Scope;
use crate::services::Services;

mod answers;
mod branches;
mod deadlines;
mod doubt;
mod event;
mod held;
mod resource;
pub mod signals;
mod tree;

pub use answers::{Answer, Answers};
pub(crate) use deadlines::Limits;
pub use doubt::Policy;
pub(crate) use resource::missing;

use deadlines::Deadlines;
use event::{can_be_kept, redact};
use held::{Entry, Held};
use resource::Resource;
use signals::{Signal, Signals};
use tree::Thread;

/// How a run ended.
#[derive(Debug)]
pub enum Ended {
    Done,
    Failed(RunError),
    /// A signal asked for it.
    Stopped(Signal),
    /// It is not known whether these requests arrived, and nobody has said what to do.
    InDoubt(Vec<Doubt>),
    /// The journal cannot be written: going on would lose what is done.
    Broken(JournalError),
    /// What was open when the run was interrupted cannot be opened again.
    Unopened(RunError),
}

pub struct Driver<'a> {
    services: &'a Arc<Services>,
    thread: Thread,
    signals: Signals,
    open: BTreeMap<FrameId, Resource>,
    /// Nodes that run, with their start.
    running: Vec<(NodeId, Instant)>,
    held: Held,
    /// Of running steps, and of those around this branch.
    deadlines: Deadlines,
    /// The command at hand was given before the run was resumed: its effect may be there.
    again: bool,
    /// It failed, after the steps of a `finally`.
    rewound: bool,
}

impl<'a> Driver<'a> {
    #[must_use]
    pub(crate) fn new(services: &'a Arc<Services>, progress: Progress) -> Self {
        Self::of(services, Thread::new(progress), Signals::none(), Deadlines::default())
    }

    fn of(services: &'a Arc<Services>, thread: Thread, signals: Signals, deadlines: Deadlines) -> Self {
        let (open, running, held) = (BTreeMap::new(), Vec::new(), Held::default());
        Self { services, thread, signals, open, running, held, deadlines, again: false, rewound: false }
    }

    /// Runs from where the progress is. A run that is resumed opens again what was open, and settles what is in doubt by `answers`.
    pub(crate) async fn run(mut self, answers: &Answers, signals: &Signals) -> Ended {
        self.signals = signals.clone();
        let ended = match self.reopen(answers).await {
            Ok(None) => self.drive().await,
            Ok(Some(ended)) => ended,
            Err(mut error) => {
                redact(&self.services.redactor, &mut error);
                Ended::Failed(error)
            }
        };
        let ended = match self.services.journal.broken() {
            Some(error) => Ended::Broken(error),
            None => ended,
        };
        for (_, resource) in std::mem::take(&mut self.open) {
            resource.suspend().await;
        }
        match ended {
            Ended::Failed(error) => {
                if self.rewound {
                    self.snapshot();
                }
                Ended::Failed(error)
            }
            // The run goes on there when it is resumed, whatever the flow catches.
            Ended::Unopened(error) => Ended::Failed(error),
            ended @ (Ended::Done | Ended::Stopped(_) | Ended::InDoubt(_) | Ended::Broken(_)) => ended,
        }
    }

    /// Makes the start durable, or opens what was open before a crash.
    async fn reopen(&mut self, answers: &Answers) -> Result<Option<Ended>, RunError> {
        let progress = self.thread.root().clone();
        if progress.pending.is_some() {
            let doubts = doubt::settle(self.services, &progress, answers).await?;
            if !doubts.is_empty() {
                return Ok(Some(Ended::InDoubt(doubts)));
            }
            self.open_again().await?;
        }
        self.snapshot();
        Ok(None)
    }

    /// What this run, or branch, had open before a crash; nothing where it has not begun.
    async fn open_again(&mut self) -> Result<(), RunError> {
        let Progress { state, pending, .. } = &self.thread.with(|progress| progress.clone()).ok_or_else(missing)?;
        if pending.is_none() {
            return Ok(());
        }
        self.again = true;
        let scope = self.scope();
        for open in state.open_frames() {
            let resource = Resource::reopen(self.services, &open, &scope).await?;
            self.open.insert(open.frame, resource);
        }
        let begun = state.begun_nodes();
        self.running = begun.iter().map(|(node, _)| (*node, Instant::now())).collect();
        begun.iter().for_each(|(node, activation)| self.deadlines.begin(&self.services.plan, *node, *activation));
        self.running.iter().for_each(|(node, _)| self.services.reporter.began(&self.services.plan, *node));
        Ok(())
    }

    async fn drive(&mut self) -> Ended {
        let mut signals = self.signals.clone();
        let starts = self.thread.with(|progress| progress.pending.is_none() && !progress.state.is_over()).unwrap_or_default();
        let mut event = starts.then_some(Event::Start);
        loop {
            if let Some(event) = event.take()
                && let Some(ended) = self.step(event).await
            {
                return ended;
            }
            let Some(command) = self.thread.with(|progress| progress.pending.clone()).flatten() else { return Ended::Done };
            if let Some(error) = self.services.journal.broken() {
                return Ended::Broken(error);
            }
            if let Some(signal) = signals.received() {
                self.settle().await;
                return Ended::Stopped(signal);
            }
            if let Command::Branches { frame, node, .. } = command {
                // Each of them looks for signals itself.
                match self.branches(frame, node).await {
                    Ok(came) => event = Some(came),
                    Err(ended) => return ended,
                }
                self.again = false;
                continue;
            }
            let scope = self.scope();
            event = match self.in_time(command, scope, &mut signals).await {
                Ok(came) => Some(came),
                Err(ended) => return ended,
            };
            self.again = false;
        }
    }

    /// Takes an event. Gives how the run ended, if it did.
    async fn step(&mut self, event: Event) -> Option<Ended> {
        let services = self.services;
        let counters = services.reporter.changed();
        let (after, record) = self.entry(&event, counters.clone());
        let failed = matches!(event, Event::Failed(_));
        if let Event::Failed(error) = &event {
            if let Some(ends) = error.ends {
                self.deadlines.forget(ends);
            }
            self.settle().await;
        }
        let stepped = services.journal.with_effects(|effects| self.thread.step(|p| p.step(&services.plan, event, counters, effects)));
        let Some(Stepped { notices, fatal, rewound, caught, read, left, passed }) = stepped else { return Some(Ended::Failed(missing())) };
        if fatal {
            self.rewound = rewound;
            return self.fatal(notices).await;
        }
        if let Some(counter) = passed {
            self.held.push(Entry::record(after, Record::Passed(counter).within(self.thread.path()), Vec::new()));
        }
        let project = notices.iter().filter_map(|notice| if let Command::Commit { values } = notice { Some(values.clone()) } else { None });
        self.held.push(Entry::record(after, record.within(self.thread.path()), project.flatten().collect()));
        if failed {
            // What was not committed is given up with its op.
            self.held.free();
        }
        if let Some((id, RequestState::Replied(reply))) = read
            && let Body::Spooled { .. } = reply.body
        {
            self.held.push(Entry::drop_spool(http_request::reply_spool(id)));
        }
        for (node, id, state) in left {
            self.left(node, id, state).await;
        }
        let mut begun = Vec::new();
        let mut done = false;
        for notice in notices {
            if let Command::Began { node, .. } = notice {
                begun.push(node);
            }
            done |= matches!(notice, Command::Finish { .. });
            self.notice(notice, caught && failed).await;
        }
        self.release();
        if done {
            return Some(Ended::Done);
        }
        // A branch cannot be forked: the others would be missing.
        if !begun.is_empty() && self.thread.path().is_empty() && !self.is_in_loop() {
            self.mark(&begun);
        }
        if services.journal.has_grown() {
            self.compact().await;
        }
        None
    }

    /// The run ends with an error. Nothing of the step is kept: a resumed run takes it again.
    async fn fatal(&mut self, notices: Vec<Command>) -> Option<Ended> {
        let mut ended = None;
        for notice in notices {
            match notice {
                Command::Finish { outcome: Err(error) } => ended = Some(Ended::Failed(error)),
                // What is open is suspended at the end.
                Command::Release { .. } | Command::Commit { .. } => {}
                told => self.notice(told, false).await,
            }
        }
        ended
    }

    /// What the journal has of an event. Rows of a reply are committed later than it is read.
    fn entry(&self, event: &Event, counters: Vec<(NodeId, Counters)>) -> (u64, Record) {
        let pending = self.thread.with(|progress| progress.pending.clone()).flatten();
        let activation = |frame: FrameId| Some(self.thread.with(|progress| progress.state.node_of(frame))??.1);
        match (event, &pending) {
            (Event::Item(Some(_)), Some(Command::NextItem { frame: id } | Command::HttpNext { frame: id }))
                if let (Some(activation), Some(ordinal)) = (activation(*id), self.open.get(id).and_then(Resource::taken)) =>
            {
                (0, Record::Member { activation, ordinal, counters })
            }
            (Event::Absorbed { .. }, Some(Command::HttpAbsorb { batch, .. })) => (*batch, Record::Event { event: event.clone(), counters }),
            _ => (0, Record::Event { event: event.clone(), counters }),
        }
    }

    async fn notice(&mut self, command: Command, caught: bool) {
        let reporter = &self.services.reporter;
        let plan = &self.services.plan;
        match command {
            Command::Began { node, activation } => {
                self.deadlines.begin(plan, node, activation);
                self.running.push((node, Instant::now()));
                reporter.began(plan, node);
            }
            Command::Skipped { node } => reporter.skipped(plan, node),
            Command::Ended { node, activation, failed } => {
                self.deadlines.forget(activation);
                if let Some((_, start)) = self.running.pop() {
                    reporter.ended(plan, node, start.elapsed(), failed);
                }
            }
            Command::Tolerated { node, error } => reporter.tolerated(plan, node, &error),
            Command::Release { frame, .. } => {
                self.release();
                if let Some(resource) = self.open.remove(&frame) {
                    if caught {
                        // Before that the run would be resumed inside of the op. A journal that cannot be written ends the run.
                        let _ = self.services.journal.sync().await;
                        hit("release.caught");
                    }
                    // Where the error may end the run, the run goes on in here.
                    if self.is_failing() && !caught { resource.suspend().await } else { resource.discard().await }
                }
            }
            // The others are answered, or end the run.
            Command::Finish { .. }
            | Command::Branches { .. }
            // Kept with its event.
            | Command::Commit { .. }
            | Command::Evaluate { .. }
            | Command::Run { .. }
            | Command::Pause { .. }
            | Command::OpenItems { .. }
            | Command::NextItem { .. }
            | Command::HttpOpen { .. }
            | Command::HttpNext { .. }
            | Command::HttpExchange { .. }
            | Command::HttpAbsorb { .. }
            | Command::HttpClose { .. } => {}
        }
    }

    /// An op ended before a request's reply was read.
    async fn left(&mut self, node: NodeId, id: crate::journal::effects::RequestId, state: RequestState) {
        match state {
            RequestState::Intended(intent) | RequestState::Cleared(intent) => {
                let doubt = doubt::of(self.services, node, id, &intent).await;
                self.services.journal.effect(Change::Doubt(doubt));
            }
            RequestState::Replied(reply) => {
                if let Body::Spooled { .. } = reply.body {
                    self.held.push(Entry::drop_spool(http_request::reply_spool(id)));
                }
            }
            RequestState::Settled(_) => {}
        }
    }

    async fn perform(&mut self, command: Command, scope: &Scope) -> Event {
        match Box::pin(self.try_perform(command, scope)).await {
            Ok(event) => event,
            Err(mut error) => {
                redact(&self.services.redactor, &mut error);
                Event::Failed(error)
            }
        }
    }

    async fn try_perform(&mut self, command: Command, scope: &Scope) -> Result<Event, RunError> {
        let services = self.services;
        let event = match command {
            Command::Evaluate { expr, .. } => Event::Value(scope.evaluate(services, expr)?),
            Command::Run { node, activation } => {
                hit("run.before");
                if has_effect(&services.plan.node(node).op) {
                    http_request::durable(&services.journal).await?;
                }
                let failures = self.thread.with(|progress| progress.state.failures()).unwrap_or_default();
                let assigned = crate::op::perform(services, node, activation, self.again || failures > 0, scope).await?;
                hit("run.after");
                Event::Done { assigned }
            }
            Command::Pause { node, failures, .. } => {
                deadlines::pause(services, node, failures).await;
                Event::Done { assigned: Vec::new() }
            }
            Command::OpenItems { frame, node, activation } => {
                self.open.insert(frame, Resource::items(services, node, activation, scope).await?);
                hit("items.opened");
                Event::Done { assigned: Vec::new() }
            }
            Command::NextItem { frame } => Event::Item(self.resource(frame)?.next_item().await?),
            Command::HttpOpen { frame, node, activation } => {
                let (resource, assigned) = Resource::requests(services, node, activation, scope).await?;
                self.open.insert(frame, resource);
                hit("http.opened");
                Event::Done { assigned }
            }
            Command::HttpNext { frame } => Event::Item(self.resource(frame)?.next_item().await?),
            Command::HttpExchange { frame, page, .. } => {
                self.resource(frame)?.http()?.exchange(scope, page).await?;
                hit("http.exchanged");
                Event::Done { assigned: Vec::new() }
            }
            Command::HttpAbsorb { frame, page, batch, .. } => {
                let absorbed = self.resource(frame)?.http()?.absorb(scope, page, batch).await?;
                hit("http.absorbed");
                Event::Absorbed { assigned: absorbed.assigned, again: absorbed.again }
            }
            Command::HttpClose { frame, batch } => {
                hit("http.before_close");
                self.resource(frame)?.http()?.close(scope, batch).await?;
                hit("http.after_close");
                Event::Done { assigned: Vec::new() }
            }
            // Performed elsewhere, or by nobody.
            Command::Branches { .. }
            | Command::Began { .. }
            | Command::Skipped { .. }
            | Command::Ended { .. }
            | Command::Tolerated { .. }
            | Command::Commit { .. }
            | Command::Release { .. }
            | Command::Finish { .. } => return Err(missing()),
        };
        can_be_kept(&event)?;
        Ok(event)
    }

    fn resource(&mut self, frame: FrameId) -> Result<&mut Resource, RunError> {
        self.open.get_mut(&frame).ok_or_else(missing)
    }

    /// The variables that the innermost frame sees.
    fn scope(&self) -> Scope {
        match self.thread.with(|progress| progress.state.visible()) {
            Some(visible) => {
                let scope = Scope::new(self.services, visible.locals, visible.project);
                visible.bound.into_iter().fold(scope, |scope, (name, value)| scope.with_local(&name, value))
            }
            None => Scope::new(self.services, Arc::default(), Arc::default()),
        }
    }

    fn is_failing(&self) -> bool {
        self.thread.with(|progress| progress.state.is_failing()).unwrap_or_default()
    }

    fn is_in_loop(&self) -> bool {
        self.thread.with(|progress| progress.state.is_in_loop(&self.services.plan)).unwrap_or_default()
    }

    /// Gives the journal what need not wait any longer.
    fn release(&mut self) {
        let committed = self.open.values().filter_map(Resource::committed).min();
        self.held.release(committed, &self.services.journal);
        self.thread.hold(!self.held.is_empty());
    }

    /// As far as it goes: rows that were read are committed, and the journal has their events.
    async fn settle(&mut self) {
        for resource in self.open.values_mut() {
            // The op that cannot commit says so itself.
            let _ = resource.settle().await;
        }
        self.release();
    }

    /// Replaces the journal by a snapshot once everything in it is settled. Where branches do not come to that point together, it is put off.
    async fn compact(&mut self) {
        self.settle().await;
        if !self.held.is_empty() {
            return;
        }
        if !self.thread.snapshot_when_clear(&self.services.journal).await {
            self.services.journal.put_off();
            return;
        }
        if self.services.journal.sync().await.is_ok() {
            self.open.values_mut().for_each(Resource::journalled);
        }
        hit("journal.compacted");
    }

    fn snapshot(&self) {
        self.services.journal.snapshot(|effects| Some(self.thread.root().snapshot(effects.clone())));
    }

    /// Notes that a run may be forked from here: from the step that has just begun, and from those around it that began with it.
    fn mark(&self, begun: &[NodeId]) {
        let snapshot = self.thread.root().snapshot(crate::journal::effects::Effects::default());
        for (node, ..) in snapshot.progress.state.position().iter().filter(|(node, ..)| begun.contains(node)) {
            self.services.journal.mark(sequor_plan_format::path::node_path(&self.services.plan, *node), &snapshot);
        }
    }
}

/// Whether an op changes something outside of the run: everything before it must be durable first.
fn has_effect(op: &Op) -> bool {
    match op {
        Op::Transform(_) | Op::Copy(_) | Op::Execute(_) => true,
        Op::SetVariable(_)
        | Op::Print(_)
        | Op::Fail(_)
        | Op::Sleep(_)
        | Op::Assert(_)
        | Op::Leave(_)
        | Op::HttpRequest(_)
        | Op::IfElse(_)
        | Op::WhileLoop(_)
        | Op::ForEach(_)
        | Op::TryCatch(_)
        | Op::Parallel(_)
        | Op::Block(_)
        | Op::RunFlow(_) => false,
    }
}
