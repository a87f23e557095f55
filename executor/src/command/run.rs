//! A run from its beginning: what it is made of is settled, then it is recorded, then it is driven.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sequor_plan_format::op::print::Level;
use sequor_plan_format::{FlowId, Plan};

use super::session::Session;
use super::settings::Settings;
use super::{ExitStatus, PlanSource, Refusal, RunRequest, entry, hint, identity, needed, resume};
use crate::driver::Answers;
use crate::environment::Environment;
use crate::journal::Journal;
use crate::journal::progress::Progress;
use crate::load::{self, Loaded};
use crate::machine::State;
use crate::redact::Redactor;
use crate::report::Reporter;
use crate::services::network::{Network, UrlMapping};
use crate::services::{Services, Surroundings};
use crate::state::{BeginError, Holder, Location, NewRun, Store};
use crate::value::{Map, Value};

/// Threads that run the flow's tasks. More than this are idle: the work is mostly waiting.
const THREADS: usize = 4;

/// Of each of these threads, as the first thread of a program usually has it: steps of branches nest as deep as others.
const STACK: usize = 8 << 20;

/// Runs a command's work to its end.
pub(super) fn on_runtime<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let threads = std::thread::available_parallelism().map_or(THREADS, |n| n.get().clamp(2, THREADS));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).thread_stack_size(STACK).enable_all().build()?;
    runtime.block_on(Box::pin(work))
}

/// What is settled before anything is touched.
struct Prepared {
    plan: Plan,
    flow: FlowId,
    digest: String,
    bytes: Vec<u8>,
    parameters: Map,
    environment: Environment,
    location: Location,
    folder: PathBuf,
    settings: Settings,
}

pub(super) fn run(request: RunRequest) -> Result<ExitStatus, Refusal> {
    let (prepared, request) = prepare(request)?;
    on_runtime(prepared.run(request))
}

fn prepare(mut request: RunRequest) -> Result<(Prepared, RunRequest), Refusal> {
    let source = std::mem::replace(&mut request.plan, PlanSource::File(PathBuf::new()));
    let Loaded { plan, digest, bytes } = match source {
        PlanSource::File(path) => load::file(&path)?,
        PlanSource::Bytes(bytes, origin) => load::bytes(bytes, &origin)?,
    };
    let flow = entry::flow(&plan, request.flow.as_deref())?;
    let parameters = entry::parameters(&plan, flow, &request.parameters)?;
    let environment = Environment::load(&request.environment, &request.vars)?;
    let folder = request.project_folder.clone().unwrap_or_default();
    let location = location(request.state.as_deref(), &folder)?;
    let run_tag = identity::tag()?;
    let settings = Settings::new(&request.environment, &environment, &request.mappings, &parameters, &run_tag, request.journal);
    let prepared = Prepared { plan, flow, digest: digest.to_string(), bytes, parameters, environment, location, folder, settings };
    Ok((prepared, request))
}

/// Where the state is: the place that was named, else a file in the project folder.
pub(super) fn location(named: Option<&str>, folder: &Path) -> Result<Location, Refusal> {
    match named {
        Some(text) => Ok(Location::parse(text)?),
        None => Ok(Location::File(folder.join(".sequor").join("state.db"))),
    }
}

/// Hosts in values that the operator wrote are trusted, wherever they resolve to.
pub(super) fn network(mappings: Vec<UrlMapping>, environment: &Environment, parameters: &Map) -> Network {
    let mut network = Network { mappings, ..Network::default() };
    for mapping in &network.mappings {
        network.trusted.add(mapping.to());
    }
    environment.texts().into_iter().for_each(|text| network.trusted.add(text));
    for value in parameters.values() {
        if let Value::Text(text) = value {
            network.trusted.add(text);
        }
    }
    network
}

impl Prepared {
    async fn run(self, request: RunRequest) -> Result<ExitStatus, Refusal> {
        let project = self.plan.text(self.plan.project.name).to_owned();
        let flow = self.plan.text(self.plan.flow(self.flow).name).to_owned();
        let report = request.report.as_deref().map(open_report).transpose()?;
        let mut store = Store::open(&self.location).await?;
        if let Some(key) = &request.run_key
            && let Some(known) = store.run_of_key(&project, key).await?
        {
            drop(store);
            return resume::of_key(known, self.location, request.into_resume(), report).await;
        }
        let unfinished = store.runs(Some(&project), true, 100).await?.into_iter().find(|run| run.flow == flow && run.holder.is_none());
        let known = store.project(&project).await?;
        needed::by_flow(&self.plan, self.flow, needed::Given { environment: &self.environment, kept: &known })?;
        let redactor = Arc::new(Redactor::default());
        let now = jiff::Timestamp::now();
        let started = format!("{now:.3}");
        let id = identity::run(now, &self.settings.run_tag);
        let secret = identity::secret()?;
        let parameters = recorded_parameters(&self.parameters, &redactor)?;
        let settings = self.settings.to_text()?;
        let new = NewRun {
            id: &id,
            project: &project,
            flow: &flow,
            plan_digest: &self.digest,
            plan: &self.bytes,
            parameters: &parameters,
            started: &started,
            run_key: request.run_key.as_deref(),
            secret: &secret,
            settings: &settings,
            parent: None,
        };
        let lease = match store.begin(&new, &Holder::this()).await {
            Ok(lease) => lease,
            // Another executor came first.
            Err(BeginError::KeyTaken { run }) => {
                let key = request.run_key.unwrap_or_default();
                let reporter = Reporter::new(redactor, request.format, request.verbosity);
                reporter.log(Level::Error, &format!("run {run} with the key '{key}' has just been started by another executor"));
                return Ok(ExitStatus::Held);
            }
            Err(BeginError::State(error)) => return Err(error.into()),
        };
        let (journal, writing) = Journal::start(store, lease, 0, secret, self.settings.journal);
        let surroundings = Surroundings {
            reporter: Arc::new(Reporter::new(Arc::clone(&redactor), request.format, request.verbosity)),
            redactor,
            network: network(request.mappings, &self.environment, &self.parameters),
            environment: self.environment,
            folder: self.folder,
            run_tag: self.settings.run_tag,
            journal,
            program: std::env::current_exe()?,
        };
        let services = Services::new(Arc::new(self.plan), surroundings);
        if let Some(before) = unfinished {
            let line = format!(
                "run {} of this flow is unfinished ({}). This is a new run: it begins with the first step, whatever that one has sent and loaded. To go on with that one: {}",
                before.id,
                before.state(),
                hint::resume(&before.id)
            );
            services.reporter.log(Level::Warning, &line);
        }
        let progress = Progress::new(State::new(self.flow, self.parameters, known));
        let session = Session {
            services,
            writing,
            progress,
            answers: Answers::default(),
            flow,
            digest: self.digest,
            started,
            resumed: false,
            report,
            format: request.format,
            verbosity: request.verbosity,
        };
        Box::pin(session.run()).await
    }
}

/// As JSON, without secrets.
fn recorded_parameters(parameters: &Map, redactor: &Redactor) -> Result<String, Refusal> {
    let text = crate::json::to_text(&Value::Map(Arc::new(parameters.clone()))).map_err(|error| Refusal(error.message.clone()))?;
    Ok(redactor.redact(&text).into_owned())
}

/// Whether a report can be written there; one that is there stays as it is.
pub(super) fn check_report(path: &Path) -> Result<(), Refusal> {
    File::options().append(true).create(true).open(path).map(drop).map_err(|error| unwritable(path, &error))
}

/// Before the run: a place that cannot be written is found out while nothing has happened yet.
pub(super) fn open_report(path: &Path) -> Result<File, Refusal> {
    File::create(path).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Refusal {
    Refusal(format!("the report cannot be written to {}: {error}", path.display()))
}
