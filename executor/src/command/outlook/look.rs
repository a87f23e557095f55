//! What the target databases know that the journal does not: replies that landed just before the process died, a transaction that was committed.
//!
//! Only looks. A copy of the run's position goes forward over what has landed, as a resume would, up to the request that is sent next.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use sequor_plan_format::op::http_request::HttpRequest;
use sequor_plan_format::path::node_path;
use sequor_plan_format::{NodeId, Op, Plan, SourceId};

use crate::command::resume::Known;
use crate::command::run::network;
use crate::command::settings::Settings;
use crate::command::{Refusal, ResumeRequest};
use crate::database::{self, Database, Effect, Marker};
use crate::environment::Choice;
use crate::error::RunError;
use crate::journal::Journal;
use crate::journal::effects::Effects;
use crate::journal::members;
use crate::journal::progress::Progress;
use crate::machine::{Activation, Command, Event, OpenFrame, Position};
use crate::op::effect::run_in_source;
use crate::op::http_request::{self, Absorbed};
use crate::redact::Redactor;
use crate::report::Reporter;
use crate::scope::Scope;
use crate::services::network::UrlMapping;
use crate::services::{Services, Surroundings};
use crate::state::Store;
use crate::value::Value;

/// A database that does not answer within this is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a resume would be given, beside what the run was started with.
#[derive(Clone, Default)]
pub(in crate::command) struct Given {
    environment: Choice,
    vars: Vec<(String, String)>,
    mappings: Vec<UrlMapping>,
    folder: Option<std::path::PathBuf>,
}

impl Given {
    pub(in crate::command) fn of(request: &ResumeRequest) -> Self {
        Self {
            environment: request.environment.clone(),
            vars: request.vars.clone(),
            mappings: request.mappings.clone(),
            folder: request.project_folder.clone(),
        }
    }

    pub(in crate::command) fn at(folder: Option<std::path::PathBuf>) -> Self {
        Self { folder, ..Self::default() }
    }
}

/// A run as a resume would find it.
pub(super) struct Look {
    pub(super) progress: Progress,
    pub(super) effects: Effects,
    /// Absent where what the run was started with is not here.
    services: Option<Arc<Services>>,
    /// What could not be found out, and why.
    pub(super) unknown: Option<String>,
    /// Of an `http_request`: its tables are swapped in already.
    pub(super) closed: bool,
    /// Of one transaction: whether it was committed.
    pub(super) committed: Option<bool>,
}

/// What is read from the databases.
struct Found {
    landed: VecDeque<(u64, Absorbed)>,
    closed: bool,
    committed: Option<bool>,
}

impl Look {
    pub(super) async fn at(known: &Known, given: &Given, store: &mut Store) -> Result<Self, Refusal> {
        let (services, unknown) = match services(known, given) {
            Ok(services) => (Some(services), None),
            Err(Refusal(reason)) => (None, Some(reason)),
        };
        let progress = known.restored.progress.clone();
        let effects = known.restored.effects.clone();
        let look = Self { progress, effects, services, unknown, closed: false, committed: None };
        look.forwarded(known, store).await
    }

    /// The same, of a branch.
    pub(super) async fn branch(&self, known: &Known, progress: &Progress, store: &mut Store) -> Result<Self, Refusal> {
        let (progress, effects) = (progress.clone(), self.effects.clone());
        let services = self.services.clone();
        let look = Self { progress, effects, services, unknown: self.unknown.clone(), closed: false, committed: None };
        look.forwarded(known, store).await
    }

    async fn forwarded(mut self, known: &Known, store: &mut Store) -> Result<Self, Refusal> {
        let look = &mut self;
        // Whoever has the run now is further every moment.
        if known.row.holder.is_some() {
            return Ok(self);
        }
        match look.find(known).await {
            Ok(Found { landed, closed, committed }) => {
                (look.closed, look.committed) = (closed, committed);
                look.forward(known, landed, store).await?;
            }
            Err(error) => {
                look.unknown.get_or_insert(error.message.clone());
                look.forward(known, VecDeque::new(), store).await?;
            }
        }
        Ok(self)
    }

    /// The variables that the next expression sees.
    fn scope(&self, services: &Arc<Services>) -> Scope {
        let visible = self.progress.state.visible();
        let scope = Scope::new(services, visible.locals, visible.project);
        visible.bound.into_iter().fold(scope, |scope, (name, value)| scope.with_local(&name, value))
    }

    async fn find(&self, known: &Known) -> Result<Found, RunError> {
        let mut found = Found { landed: VecDeque::new(), closed: false, committed: None };
        let Some(services) = &self.services else { return Ok(found) };
        let plan = &known.plan;
        if let Some((open, op)) = self.open_requests(plan)
            && let Position::Requests { read, .. } = open.position
            && let Some(table) = self.effects.tables_of(open.activation).first()
        {
            let markers = self.markers(services, known, table.source, (open.node, open.activation), read).await?;
            found.closed = markers.last().is_some_and(|marker| marker.finished);
            found.landed = http_request::has_landed(plan, op, &markers, read)?;
        }
        if let Some(Command::Run { node, activation }) = self.progress.pending {
            let source = match &plan.node(node).op {
                Op::Transform(op) => Some(op.target.source),
                Op::Copy(op) => Some(op.target.source),
                Op::Execute(op) => op.transaction.then_some(op.source),
                Op::SetVariable(_)
                | Op::Print(_)
                | Op::Fail(_)
                | Op::HttpRequest(_)
                | Op::IfElse(_)
                | Op::WhileLoop(_)
                | Op::ForEach(_)
                | Op::TryCatch(_)
                | Op::Parallel(_)
                | Op::Sleep(_)
                | Op::Assert(_)
                | Op::Leave(_)
                | Op::Block(_)
                | Op::RunFlow(_) => None,
            };
            if let Some(source) = source {
                let markers = self.markers(services, known, source, (node, activation), 0).await?;
                found.committed = Some(markers.iter().any(|marker| marker.finished || marker.batch == 0));
            }
        }
        Ok(found)
    }

    /// The `http_request` that is under way, if any.
    pub(super) fn open_requests<'a>(&self, plan: &'a Plan) -> Option<(OpenFrame, &'a HttpRequest)> {
        let open = self.progress.state.open_frames().pop()?;
        match (&plan.node(open.node).op, open.position) {
            (Op::HttpRequest(op), Position::Requests { .. }) => Some((open, op)),
            _ => None,
        }
    }

    /// A database without a file has nothing, and is not made here.
    async fn markers(
        &self,
        services: &Arc<Services>,
        known: &Known,
        source: SourceId,
        (node, activation): (NodeId, Activation),
        from: u64,
    ) -> Result<Vec<Marker>, RunError> {
        let settings = services.settings(source, &self.scope(services))?;
        if let database::Settings::Sqlite { path } = &settings
            && !path.is_file()
        {
            return Ok(Vec::new());
        }
        let run = run_in_source(&known.row.id, &known.plan, source);
        let effect = Effect { run, activation: activation.0, node: node_path(&known.plan, node), fence: 0 };
        let name = known.plan.text(known.plan.source(source).name);
        let looked = tokio::time::timeout(PATIENCE, async {
            let database = Database::connect(&settings).await?;
            let markers = database.peek(&effect, from).await;
            database.close().await;
            markers
        });
        let failed = |reason: &str| {
            let message = format!("source '{name}' cannot be asked: {reason}");
            RunError::new(crate::error::ErrorKind::Database, message)
        };
        match looked.await {
            Ok(markers) => markers.map_err(|error| failed(&services.redactor.redact(&error.message))),
            Err(_) => Err(failed("it does not answer")),
        }
    }

    /// Takes the steps that a resume takes without sending anything.
    async fn forward(&mut self, known: &Known, mut landed: VecDeque<(u64, Absorbed)>, store: &mut Store) -> Result<(), Refusal> {
        let plan = &known.plan;
        let mut cache = None;
        while let Some((open, op)) = self.open_requests(plan) {
            let Position::Requests { ordinal, read, .. } = open.position else { break };
            let event = match &self.progress.pending {
                Some(Command::HttpNext { .. }) => {
                    let item = match &op.for_each {
                        None if ordinal == 0 => Some(Value::Null),
                        Some(_) if ordinal < super::count(store, &known.row.id, open.activation).await? => {
                            let read = async |name: String, part| store.spool_part(&known.row.id, &name, part).await;
                            let member = members::find(open.activation, ordinal, &mut cache, read).await;
                            Some(member.map_err(|error| Refusal(error.message.clone()))?)
                        }
                        None | Some(_) => None,
                    };
                    Event::Item(item)
                }
                Some(Command::HttpExchange { .. }) if landed.front().is_some_and(|(batch, _)| *batch == read + 1) => {
                    Event::Done { assigned: Vec::new() }
                }
                Some(Command::HttpAbsorb { batch, .. }) if landed.front().is_some_and(|(first, _)| first == batch) => {
                    let Some((_, Absorbed { assigned, again })) = landed.pop_front() else { break };
                    Event::Absorbed { assigned, again }
                }
                Some(_) | None => break,
            };
            self.progress.step(plan, event, Vec::new(), &mut self.effects);
        }
        Ok(())
    }

    /// Where the request that comes next goes; else why that is not known.
    pub(super) fn address(&self, op: &HttpRequest) -> Result<String, String> {
        let Some(services) = &self.services else {
            return Err(self.unknown.clone().unwrap_or_default());
        };
        match http_request::address(services, op, &self.scope(services)) {
            Ok(Some(title)) => Ok(title),
            Ok(None) => Err("it is made from what a database holds then".to_owned()),
            Err(error) => Err(services.redactor.redact(&error.message).into_owned()),
        }
    }
}

/// Enough to evaluate expressions and to find databases. Nothing is opened.
fn services(known: &Known, given: &Given) -> Result<Arc<Services>, Refusal> {
    let settings = Settings::parse(&known.row.settings)?;
    let environment = settings.environment(&given.environment, &given.vars)?;
    let surroundings = Surroundings {
        reporter: Arc::new(Reporter::default()),
        redactor: Arc::new(Redactor::default()),
        network: network(settings.mappings(given.mappings.clone()), &environment, &settings.parameters),
        folder: settings.folder(given.folder.clone()),
        environment,
        run_tag: settings.run_tag.clone(),
        journal: Journal::detached(),
        program: std::env::current_exe()?,
    };
    Ok(Services::new(Arc::new(known.plan.clone()), surroundings))
}
