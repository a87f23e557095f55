//! Performs what the machine commands and tells it what came of it.
//!
//! Takes a state at any point, runs it to its end or until a signal stops it. Control flow is the machine's; what an op does is the op's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use sequor_plan_format::{NodeId, op};

use crate::error::{ErrorKind, RunError};
use crate::machine::{Command, Event, FrameId, State, step};
use crate::redact::Redactor;
use crate::scope::Scope;
use crate::services::Services;
use crate::state::{StateError, Store};

mod resource;
pub mod signals;

use resource::Resource;
use signals::{Signal, Signals};

/// Characters of an error's message that are kept.
const LONGEST_MESSAGE: usize = 4096;

/// How a run ended.
#[derive(Debug)]
pub enum Ended {
    Done,
    Failed(RunError),
    /// A signal asked for it.
    Stopped(Signal),
    /// The state store cannot be written: going on would lose what is done.
    Broken(StateError),
}

pub struct Driver<'a> {
    services: &'a Arc<Services>,
    store: &'a mut Store,
    /// Name of the project whose variables flows set.
    project: &'a str,
    run: &'a str,
    open: BTreeMap<FrameId, Resource>,
    /// Nodes that run, with their start.
    running: Vec<(NodeId, Instant)>,
}

impl<'a> Driver<'a> {
    #[must_use]
    pub fn new(services: &'a Arc<Services>, store: &'a mut Store, project: &'a str, run: &'a str) -> Self {
        Self { services, store, project, run, open: BTreeMap::new(), running: Vec::new() }
    }

    /// Runs `state` from its start.
    pub async fn run(mut self, state: &mut State, signals: &mut Signals) -> Ended {
        let ended = self.drive(state, signals).await;
        for (_, resource) in std::mem::take(&mut self.open) {
            resource.release().await;
        }
        ended
    }

    async fn drive(&mut self, state: &mut State, signals: &mut Signals) -> Ended {
        let mut event = Event::Start;
        loop {
            let mut answer = None;
            for command in step(&self.services.plan, state, event) {
                if let Command::Finish { outcome } = command {
                    return outcome.map_or_else(Ended::Failed, |()| Ended::Done);
                }
                match self.notice(command).await {
                    Ok(None) => {}
                    Ok(Some(command)) => answer = Some(command),
                    Err(error) => return Ended::Broken(error),
                }
            }
            let Some(command) = answer else { return Ended::Done };
            if let Some(signal) = signals.received() {
                return Ended::Stopped(signal);
            }
            let scope = scope(self.services, state);
            event = tokio::select! {
                biased;
                event = self.perform(command, &scope) => event,
                signal = signals.patience_over() => return Ended::Stopped(signal),
            };
        }
    }

    /// Deals with a notice; gives back what is no notice.
    async fn notice(&mut self, command: Command) -> Result<Option<Command>, StateError> {
        let reporter = &self.services.reporter;
        match command {
            Command::Began { node } => {
                self.running.push((node, Instant::now()));
                reporter.began(&self.services.plan, node);
            }
            Command::Skipped { node } => reporter.skipped(&self.services.plan, node),
            Command::Ended { node, failed } => {
                if let Some((_, start)) = self.running.pop() {
                    reporter.ended(&self.services.plan, node, start.elapsed(), failed);
                }
            }
            Command::Tolerated { node, error } => reporter.tolerated(&self.services.plan, node, &error),
            Command::Commit { values } => self.store.set_project(self.project, self.run, &values).await?,
            Command::Release { frame } => {
                if let Some(resource) = self.open.remove(&frame) {
                    resource.release().await;
                }
            }
            other => return Ok(Some(other)),
        }
        Ok(None)
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
            Command::Run { node, .. } => Event::Done { assigned: crate::op::perform(services, node, scope).await? },
            Command::OpenItems { frame, node, .. } => {
                self.open.insert(frame, Resource::items(services, node, scope).await?);
                Event::Done { assigned: Vec::new() }
            }
            Command::NextItem { frame } => Event::Item(self.resource(frame)?.next_item()?),
            Command::HttpOpen { frame, node, .. } => {
                let (resource, assigned) = Resource::http(services, node, scope).await?;
                self.open.insert(frame, resource);
                Event::Done { assigned }
            }
            Command::HttpNext { frame } => Event::Item(self.resource(frame)?.http_next().await?),
            Command::HttpExchange { frame, page, .. } => {
                self.resource(frame)?.exchange(scope, page).await?;
                Event::Done { assigned: Vec::new() }
            }
            Command::HttpAbsorb { frame, page, .. } => {
                let absorbed = self.resource(frame)?.absorb(scope, page).await?;
                Event::Absorbed { assigned: absorbed.assigned, again: absorbed.again }
            }
            Command::HttpClose { frame, .. } => {
                let resource = self.open.remove(&frame).ok_or_else(resource::missing)?;
                resource.close().await?;
                Event::Done { assigned: Vec::new() }
            }
            Command::Began { .. }
            | Command::Skipped { .. }
            | Command::Ended { .. }
            | Command::Tolerated { .. }
            | Command::Commit { .. }
            | Command::Release { .. }
            | Command::Finish { .. } => return Err(resource::missing()),
        };
        can_be_kept(&event)?;
        Ok(event)
    }

    fn resource(&mut self, frame: FrameId) -> Result<&mut Resource, RunError> {
        self.open.get_mut(&frame).ok_or_else(resource::missing)
    }
}

/// The variables that the innermost frame sees.
fn scope(services: &Arc<Services>, state: &State) -> Scope {
    let visible = state.visible();
    let scope = Scope::new(services, visible.locals, visible.project);
    visible.bound.into_iter().fold(scope, |scope, (name, value)| scope.with_local(&name, value))
}

/// Every text of an error may have a secret in it: an URL, a body, a statement that the database quotes.
/// Project variables are kept as JSON: a value without such a form is the step's error, not the store's.
fn can_be_kept(event: &Event) -> Result<(), RunError> {
    let (Event::Done { assigned } | Event::Absorbed { assigned, .. }) = event else { return Ok(()) };
    for variable in assigned.iter().filter(|a| a.scope == op::Scope::Project) {
        crate::json::to_text(&variable.value)
            .map_err(|why| RunError::new(ErrorKind::Data, format!("variable '{}' cannot be kept: {}", variable.name, why.message)))?;
    }
    Ok(())
}

fn redact(redactor: &Redactor, error: &mut RunError) {
    redactor.redact_in_place(&mut error.message);
    // A snippet may raise an error with a megabyte of text.
    if let Some((end, _)) = error.message.char_indices().nth(LONGEST_MESSAGE) {
        error.message.truncate(end);
        error.message.push('…');
    }
    let details = &mut **error;
    let quote = details.place.as_mut().and_then(|place| place.quote.as_mut());
    for text in [&mut details.body, &mut details.request, &mut details.row].into_iter().flatten().chain(quote) {
        redactor.redact_in_place(text);
    }
}
