//! One run: prepared, recorded, driven, reported.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sequor_plan_format::op::print::Level;
use sequor_plan_format::{FlowId, Plan};

use super::{ExitStatus, PlanSource, Refusal, RunRequest, entry, identity};
use crate::driver::signals::Signals;
use crate::driver::{Driver, Ended};
use crate::environment::Environment;
use crate::error::RunError;
use crate::load::{self, Loaded};
use crate::machine::State;
use crate::redact::Redactor;
use crate::report::{self, Document, Format, Reporter, RunFacts, Verbosity};
use crate::services::network::{Network, UrlMapping};
use crate::services::{Services, Surroundings};
use crate::state::{Outcome, RunRecord, Store};
use crate::value::{Map, Value};

/// Threads that run the flow's tasks. More than this are idle: the work is mostly waiting.
const THREADS: usize = 4;

/// What is settled before anything is touched.
struct Prepared {
    services: Arc<Services>,
    flow: FlowId,
    parameters: Map,
    digest: String,
    bytes: Vec<u8>,
    state: PathBuf,
    report: Option<PathBuf>,
    format: Format,
    verbosity: Verbosity,
}

pub(super) fn run(request: RunRequest) -> Result<ExitStatus, Refusal> {
    let prepared = prepare(request)?;
    let threads = std::thread::available_parallelism().map_or(THREADS, |n| n.get().clamp(2, THREADS));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(Box::pin(prepared.run()))
}

fn prepare(request: RunRequest) -> Result<Prepared, Refusal> {
    let Loaded { plan, digest, bytes } = match request.plan {
        PlanSource::File(path) => load::file(&path)?,
        PlanSource::Bytes(bytes, origin) => load::bytes(bytes, &origin)?,
    };
    let flow = entry::flow(&plan, request.flow.as_deref())?;
    let parameters = entry::parameters(&plan, flow, &request.parameters)?;
    let environment = Environment::load(&request.environment, &request.vars)?;
    let network = network(request.mappings, &environment, &parameters);
    let redactor = Arc::new(Redactor::default());
    let folder = request.project_folder.unwrap_or_default();
    let state = request.state.unwrap_or_else(|| folder.join(".sequor").join("state.db"));
    let surroundings = Surroundings {
        reporter: Arc::new(Reporter::new(Arc::clone(&redactor), request.format, request.verbosity)),
        redactor,
        environment,
        network,
        folder,
        run_tag: identity::tag()?,
        program: std::env::current_exe()?,
    };
    Ok(Prepared {
        services: Services::new(Arc::new(plan), surroundings),
        flow,
        parameters,
        digest: digest.to_string(),
        bytes,
        state,
        report: request.report,
        format: request.format,
        verbosity: request.verbosity,
    })
}

/// Hosts in values that the operator wrote are trusted, wherever they resolve to.
fn network(mappings: Vec<UrlMapping>, environment: &Environment, parameters: &Map) -> Network {
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
    async fn run(mut self) -> Result<ExitStatus, Refusal> {
        let services = Arc::clone(&self.services);
        let plan = &*services.plan;
        let (project, flow) = (plan.text(plan.project.name), plan.text(plan.flow(self.flow).name));
        let started = jiff::Timestamp::now();
        let run = identity::run(started, &services.run_tag);
        let report = self.report.as_deref().map(open_report).transpose()?;
        let mut store = Store::open(&self.state).await?;
        let known = store.project(project).await?;
        let parameters = self.recorded_parameters()?;
        let record = RunRecord {
            id: &run,
            project,
            flow,
            plan_digest: &self.digest,
            plan: &self.bytes,
            parameters: &parameters,
            started: &format!("{started:.3}"),
        };
        store.begin(&record).await?;
        services.evaluator.warm();
        self.announce(flow, &run);

        let mut signals = Signals::listen()?;
        let mut state = State::new(self.flow, std::mem::take(&mut self.parameters), known);
        let ended = Driver::new(&services, &mut store, project, &run).run(&mut state, &mut signals).await;

        let (outcome, status, error) = match &ended {
            Ended::Done => (Outcome::Done, ExitStatus::Done, None),
            Ended::Failed(error) => (Outcome::Failed, ExitStatus::Failed, Some(error)),
            Ended::Stopped(signal) => (Outcome::Stopped, ExitStatus::Stopped(*signal), None),
            Ended::Broken(error) => return Err(Refusal(format!("the run was stopped, its state cannot be kept: {error}"))),
        };
        let facts = RunFacts {
            run: &run,
            flow,
            plan_digest: &self.digest,
            environment: services.environment.name(),
            started: record.started,
            ended: &format!("{:.3}", jiff::Timestamp::now()),
            outcome: outcome.name(),
            exit_status: status.code(),
            mappings: &services.network.mappings,
        };
        let counters = services.reporter.counters();
        let mut document = serde_json::to_string(&Document::new(plan, facts, &counters, error))?;
        services.redactor.redact_in_place(&mut document);
        let recorded = store.end(&run, outcome, facts.ended, &document).await;
        self.conclude(flow, status, error, &document, started);
        if let Some(mut file) = report {
            writeln!(file, "{document}")?;
        }
        recorded?;
        Ok(status)
    }

    /// As JSON, without secrets.
    fn recorded_parameters(&self) -> Result<String, Refusal> {
        let value = Value::Map(Arc::new(self.parameters.clone()));
        let text = crate::json::to_text(&value).map_err(|error| Refusal(error.message.clone()))?;
        Ok(self.services.redactor.redact(&text).into_owned())
    }

    fn announce(&self, flow: &str, run: &str) {
        let reporter = &self.services.reporter;
        let environment = self.services.environment.name().map(|name| format!(", environment '{name}'")).unwrap_or_default();
        reporter.log(Level::Info, &format!("flow '{flow}' starts (run {run}{environment})"));
        for mapping in &self.services.network.mappings {
            reporter.log(Level::Info, &format!("requests for {} go to {}", mapping.from(), mapping.to()));
        }
    }

    /// What people see at the end.
    fn conclude(&self, flow: &str, status: ExitStatus, error: Option<&RunError>, document: &str, started: jiff::Timestamp) {
        let plan: &Plan = &self.services.plan;
        let reporter: &Reporter = &self.services.reporter;
        match self.format {
            Format::Json => reporter.write_out(&format!("{document}\n")),
            Format::Text if self.verbosity == Verbosity::Quiet => {}
            Format::Text => reporter.write_out(&report::table(plan, &reporter.counters())),
        }
        let seconds = jiff::Timestamp::now().duration_since(started).as_secs_f64();
        let code = status.code();
        match (status, error) {
            (_, Some(error)) => {
                if self.format == Format::Text {
                    reporter.write_err(&report::failure(plan, error));
                }
                reporter.log(Level::Error, &format!("flow '{flow}' failed after {seconds:.1} s (exit status {code}: the flow failed)"));
            }
            (ExitStatus::Stopped(signal), None) => {
                let name = signal.name();
                reporter.log(
                    Level::Warning,
                    &format!("flow '{flow}' was stopped by {name} after {seconds:.1} s (exit status {code}: stopped by a signal)"),
                );
            }
            (ExitStatus::Done | ExitStatus::Failed | ExitStatus::Refused, None) => {
                reporter.log(Level::Info, &format!("flow '{flow}' done in {seconds:.1} s (exit status {code})"));
            }
        }
    }
}

/// Before the run: a place that cannot be written is found out while nothing has happened yet.
fn open_report(path: &Path) -> Result<File, Refusal> {
    File::create(path).map_err(|error| Refusal(format!("the report cannot be written to {}: {error}", path.display())))
}
