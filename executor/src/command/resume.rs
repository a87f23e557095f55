//! `resume`: a run goes on where it stopped, with the settings that it was started with, and with its plan or a newer one.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use sequor_plan_format::Plan;
use sequor_plan_format::codec::{self, FORMAT_VERSION, PlanError};
use sequor_plan_format::op::print::Level;

use super::outlook::{Given, Outlook};
use super::run::{check_report, location, network, on_runtime, open_report};
use super::session::Session;
use super::settings::Settings;
use super::{ExitStatus, PlanSource, Refusal, entry, needed, plan_change};
use crate::driver::{Answer, Answers};
use crate::environment::{Choice, Environment};
use crate::error::RunError;
use crate::journal::Journal;
use crate::journal::members;
use crate::journal::progress::Progress;
use crate::journal::restore::{self, Restored};
use crate::load::{self, LoadError, Loaded};
use crate::machine::{Activation, State};
use crate::redact::Redactor;
use crate::report::{Format, Reporter, Verbosity};
use crate::services::network::UrlMapping;
use crate::services::{Services, Surroundings};
use crate::state::{AcquireError, Holder, Lease, Location, Outcome, RunRow, Store};
use crate::value::Value;

/// What is said beside the run.
pub struct ResumeRequest {
    /// A run by its name, or a part of it that is its alone; the newest unfinished one where absent.
    pub run: Option<String>,
    /// To go on with instead of the run's own.
    pub plan: Option<PlanSource>,
    /// What is said about what is in doubt.
    pub answers: Vec<Answer>,
    /// Only say what would be done.
    pub dry_run: bool,
    /// That as JSON.
    pub json: bool,
    pub vars: Vec<(String, String)>,
    pub environment: Choice,
    pub mappings: Vec<UrlMapping>,
    /// Where `.sequor` is; the working folder where absent.
    pub project_folder: Option<PathBuf>,
    /// `.sequor/state.db` in the project folder where absent.
    pub state: Option<String>,
    pub report: Option<PathBuf>,
    pub format: Format,
    pub verbosity: Verbosity,
}

pub(super) fn resume(mut request: ResumeRequest) -> Result<ExitStatus, Refusal> {
    let plan = request.plan.take().map(plan_change::load).transpose()?;
    let location = location(request.state.as_deref(), &request.project_folder.clone().unwrap_or_default())?;
    let answers = Answers::of(std::mem::take(&mut request.answers)).map_err(Refusal)?;
    on_runtime(async move {
        let mut store = open(&location).await?;
        let row = match &request.run {
            Some(text) => find(&mut store, text).await?,
            None => last_unfinished(&mut store, !answers.is_empty(), plan.as_ref()).await?,
        };
        if request.dry_run {
            let known = Known::of(&mut store, row).await?;
            return tried(known, plan, &answers, &request, &mut store).await;
        }
        Box::pin(go_on(store, row, request, answers, plan, None)).await
    })
}

/// A run that was started with the same key before: it goes on, or is done already.
pub(super) async fn of_key(row: RunRow, location: Location, request: ResumeRequest, report: Option<File>) -> Result<ExitStatus, Refusal> {
    let key = row.run_key.clone().unwrap_or_default();
    match row.outcome {
        Outcome::Done => {
            say(&request, &format!("run {} with the key '{key}' is done already: nothing to do", row.id));
            Ok(ExitStatus::Done)
        }
        Outcome::Abandoned => {
            Err(Refusal(format!("run {} with the key '{key}' was given up; take another key, or remove it with gc", row.id)))
        }
        Outcome::Running | Outcome::Failed | Outcome::Stopped | Outcome::InDoubt => {
            let store = open(&location).await?;
            Box::pin(go_on(store, row, request, Answers::default(), None, report)).await
        }
    }
}

pub(super) async fn open(location: &Location) -> Result<Store, Refusal> {
    if Store::exists(location) {
        Ok(Store::open(location).await?)
    } else {
        let path = location.path().map(|path| path.display().to_string()).unwrap_or_default();
        Err(Refusal(format!("there is no state file {path}: go to the folder where the run was started, or name the file with --state")))
    }
}

/// The run that `status` means where none is named: the one that a resume would go on with, else the newest.
pub(super) async fn meant(store: &mut Store) -> Result<RunRow, Refusal> {
    let run = match store.runs(None, true, 1).await?.pop() {
        Some(unfinished) => Some(unfinished),
        None => store.runs(None, false, 1).await?.pop(),
    };
    run.ok_or_else(|| Refusal("there is no run yet".to_owned()))
}

/// The run that is meant where none is named. A decision about requests is taken for the run that has just been looked at, and for no other.
/// Another plan is meant for a run of one of its flows.
async fn last_unfinished(store: &mut Store, decides: bool, plan: Option<&Loaded>) -> Result<RunRow, Refusal> {
    let mut unfinished = store.runs(None, true, u32::MAX).await?;
    if let Some(Loaded { plan, .. }) = plan {
        let flows: Vec<&str> = plan.project.entries.iter().map(|flow| plan.text(plan.flow(*flow).name)).collect();
        let is_meant = |run: &RunRow| flows.contains(&run.flow.as_str());
        if unfinished.iter().any(is_meant) {
            unfinished.retain(is_meant);
        }
    }
    let newest = store.runs(None, false, 1).await?.pop();
    if unfinished.is_empty() {
        let newest = newest.map(|run| format!("; the newest one, {}, is {}", run.id, run.state())).unwrap_or_default();
        return Err(Refusal(format!("there is no unfinished run to go on with{newest}")));
    }
    let is_clear = unfinished.len() == 1 && newest.is_some_and(|newest| newest.id == unfinished[0].id);
    if decides && !is_clear {
        let listed: Vec<_> = unfinished.iter().take(10).map(|run| format!("  {} ({}, flow '{}')", run.id, run.state(), run.flow)).collect();
        return Err(Refusal(format!("--in-doubt decides for one run: name it. Unfinished are, the newest first:\n{}", listed.join("\n"))));
    }
    Ok(unfinished.swap_remove(0))
}

/// The one run that a text names.
pub(super) async fn find(store: &mut Store, text: &str) -> Result<RunRow, Refusal> {
    let mut found = store.find(text).await?;
    match found.len() {
        1 => found.pop().ok_or_else(|| Refusal(String::new())),
        0 => Err(Refusal(format!("there is no run '{text}'; 'runs' lists those there are"))),
        _ => {
            let names: Vec<&str> = found.iter().map(|run| run.id.as_str()).collect();
            Err(Refusal(format!("'{text}' names several runs: {}", names.join(", "))))
        }
    }
}

/// Says what a resume would do; with another plan, after what differs. That it cannot is an answer too, with the status of a refusal.
async fn tried(
    known: Known,
    plan: Option<Loaded>,
    answers: &Answers,
    request: &ResumeRequest,
    store: &mut Store,
) -> Result<ExitStatus, Refusal> {
    let given = Given::of(request);
    let Some(new) = plan.filter(|_| !known.row.outcome.is_finished()) else {
        let outlook = Outlook::of(&known, answers, &given, store).await?;
        answered(&outlook, answers)?;
        outlook.print(request.json)?;
        return Ok(ExitStatus::Done);
    };
    let proposal = plan_change::propose(&known, &new)?;
    let change = proposal.json();
    if !request.json {
        writeln!(std::io::stdout().lock(), "{}", proposal.table)?;
    }
    let id = known.row.id.clone();
    let Some(changed) = proposal.outlook(known, new) else {
        let mut out = std::io::stdout().lock();
        match request.json {
            true => writeln!(out, "{}", serde_json::json!({ "run": id, "plan_change": change }))?,
            false => writeln!(out, "run {id} cannot go on with this plan")?,
        }
        return Ok(ExitStatus::Refused);
    };
    let outlook = Outlook::of(&changed, answers, &given, store).await?;
    answered(&outlook, answers)?;
    if request.json {
        let mut object = serde_json::to_value(&outlook)?;
        object["plan_change"] = change;
        writeln!(std::io::stdout().lock(), "{object}")?;
    } else {
        outlook.print(false)?;
    }
    Ok(ExitStatus::Done)
}

/// Every id that an answer names is in doubt.
fn answered(outlook: &Outlook, answers: &Answers) -> Result<(), Refusal> {
    let Some(id) = answers.ids().find(|id| outlook.doubtful_ids().all(|doubtful| doubtful != *id)) else { return Ok(()) };
    let ids: Vec<&str> = outlook.doubtful_ids().take(20).collect();
    let known = if ids.is_empty() { "nothing is in doubt".to_owned() } else { format!("in doubt are:\n  {}", ids.join("\n  ")) };
    Err(Refusal(format!("--in-doubt names '{id}', which is not in doubt; {known}")))
}

async fn go_on(
    mut store: Store,
    row: RunRow,
    request: ResumeRequest,
    answers: Answers,
    plan: Option<Loaded>,
    report: Option<File>,
) -> Result<ExitStatus, Refusal> {
    // Before anything is claimed.
    if let Err(reason @ PlanError::Version { .. }) = codec::header(&store.plan(&row.plan_digest).await?) {
        return Err(other_version(&row, LoadError::Plan { origin: String::new(), reason }));
    }
    let lease = match store.acquire(&row.id, &Holder::this()).await {
        Ok(lease) => lease,
        Err(AcquireError::Finished(Outcome::Done)) => {
            say(&request, &format!("run {} is done already: nothing to do", row.id));
            return Ok(ExitStatus::Done);
        }
        Err(error @ AcquireError::Held { .. }) => {
            tell(&request, Level::Error, &format!("run {}: {error}", row.id));
            return Ok(ExitStatus::Held);
        }
        Err(error) => return Err(Refusal(format!("run {}: {error}", row.id))),
    };
    let prepared = prepare(&mut store, &lease, &request, &answers, plan).await;
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(refusal) => {
            // Nothing was touched: the next one need not wait for this lease.
            let _ = store.give_back(&lease).await;
            return Err(refusal);
        }
    };
    let Prepared { known, environment, settings, next } = prepared;
    // Not before: the report of an earlier run stays where nothing goes on.
    let report = match report {
        Some(open) => Some(open),
        None => request.report.as_deref().map(open_report).transpose()?,
    };
    let Known { row, plan, restored } = known;
    let Restored { progress, effects } = restored;
    let (journal, writing) = Journal::start(store, lease, next, row.secret, settings.journal);
    journal.restore(effects);
    let redactor = Arc::new(Redactor::default());
    let reporter = Reporter::new(Arc::clone(&redactor), request.format, request.verbosity);
    reporter.restore(&progress.counters);
    let surroundings = Surroundings {
        reporter: Arc::new(reporter),
        redactor,
        network: network(settings.mappings(request.mappings), &environment, &settings.parameters),
        folder: settings.folder(request.project_folder),
        environment,
        run_tag: settings.run_tag,
        journal,
        program: std::env::current_exe()?,
    };
    let session = Session {
        services: Services::new(Arc::new(plan), surroundings),
        writing,
        progress,
        answers,
        flow: row.flow,
        digest: row.plan_digest,
        started: row.started,
        resumed: true,
        report,
        format: request.format,
        verbosity: request.verbosity,
    };
    Box::pin(session.run()).await
}

/// A run as its journal has it.
pub(super) struct Known {
    pub(super) row: RunRow,
    pub(super) plan: Plan,
    pub(super) restored: Restored,
}

struct Prepared {
    known: Known,
    environment: Environment,
    settings: Settings,
    /// The number of the journal's next segment.
    next: u64,
}

async fn prepare(
    store: &mut Store,
    lease: &Lease,
    request: &ResumeRequest,
    answers: &Answers,
    plan: Option<Loaded>,
) -> Result<Prepared, Refusal> {
    // Whoever had the run before may have moved it to another plan since it was found.
    let row = store.run(lease.run()).await?.ok_or_else(|| Refusal(format!("run {} is gone", lease.run())))?;
    let settings = Settings::parse(&row.settings)?;
    let environment = settings.environment(&request.environment, &request.vars)?;
    say_missing(request, &settings, &environment);
    if !settings.journal {
        return Err(Refusal(format!("run {} was started with --no-journal: it cannot go on", row.id)));
    }
    let (_, mut next) = store.journal(&row.id).await?;
    let mut known = Known::of(store, row).await?;
    if answers.ids().next().is_some() {
        answered(&Outlook::of(&known, answers, &Given::of(request), store).await?, answers)?;
    }
    if let Some(new) = plan {
        if known.row.plan_digest == new.digest.to_string() {
            say(request, &format!("run {} has this plan already", known.row.id));
        } else {
            request.report.as_deref().map(check_report).transpose()?;
            known = change(plan_change::Place { store, lease, next }, known, new, request, &settings).await?;
            next += 1;
        }
    }
    needed::by_rest(&known.plan, entry::flow(&known.plan, Some(&known.row.flow))?, &known.restored.progress, &environment)?;
    Ok(Prepared { known, environment, settings, next })
}

/// The run goes on with another plan from here on.
async fn change(
    place: plan_change::Place<'_>,
    known: Known,
    new: Loaded,
    request: &ResumeRequest,
    settings: &Settings,
) -> Result<Known, Refusal> {
    let environment = settings.environment(&request.environment, &request.vars)?;
    let redactor = Arc::new(Redactor::default());
    let surroundings = Surroundings {
        reporter: Arc::new(Reporter::new(Arc::clone(&redactor), request.format, request.verbosity)),
        redactor,
        network: network(settings.mappings(request.mappings.clone()), &environment, &settings.parameters),
        folder: settings.folder(request.project_folder.clone()),
        environment,
        run_tag: settings.run_tag.clone(),
        journal: Journal::detached(),
        program: std::env::current_exe()?,
    };
    let (known, table) = plan_change::apply(place, known, new, surroundings).await?;
    say(request, &format!("run {} goes on with another plan\n{}", known.row.id, table.trim_end()));
    Ok(known)
}

/// Names the values that the run was started with and that have to be given again.
pub(super) fn say_missing(request: &ResumeRequest, settings: &Settings, environment: &Environment) {
    let missing = settings.missing(environment);
    if !missing.is_empty() {
        let line =
            format!("the run was started with values that are not kept; where they are needed, give them again: {}", missing.join(", "));
        say(request, &line);
    }
}

impl Known {
    /// Reads the plan and the journal of a run. Changes nothing.
    pub(super) async fn of(store: &mut Store, row: RunRow) -> Result<Self, Refusal> {
        let bytes = store.plan(&row.plan_digest).await?;
        let Loaded { plan, .. } = load::bytes(bytes, &format!("of run {}", row.id)).map_err(|error| other_version(&row, error))?;
        let (segments, _) = store.journal(&row.id).await?;
        let restored = if segments.is_empty() {
            fresh(&plan, &row, store).await?
        } else {
            let mut members = Spooled { store, run: row.id.clone(), cache: None };
            let restored = restore::restore(&plan, &segments, &mut members).await;
            restored.map_err(|error| Refusal(error.message.clone()))?
        };
        // Without the lease, another executor may have moved the run to another plan between these reads.
        match store.run(&row.id).await? {
            Some(now) if now.plan_digest == row.plan_digest => Ok(Self { row, plan, restored }),
            _ => Err(Refusal(format!("run {} was moved to another plan just now; look again", row.id))),
        }
    }
}

/// A run cannot be compiled again.
fn other_version(row: &RunRow, error: LoadError) -> Refusal {
    match error {
        LoadError::Plan { reason: PlanError::Version { found }, .. } => Refusal(format!(
            "run {} was begun with plan format version {found}; this version of Sequor reads version {FORMAT_VERSION}. Nothing was touched: finish it with the version of \
             Sequor that began it",
            row.id
        )),
        error => error.into(),
    }
}

/// A run that was interrupted before its first step was kept: nothing has happened.
async fn fresh(plan: &Plan, row: &RunRow, store: &mut Store) -> Result<Restored, Refusal> {
    let flow = entry::flow(plan, Some(&row.flow))?;
    let parameters = Settings::parse(&row.settings)?.parameters;
    let known = store.project(&row.project).await?;
    let progress = Progress::new(State::new(flow, parameters, known));
    Ok(Restored { progress, effects: crate::journal::effects::Effects::default() })
}

/// Members of loops, straight from the store.
struct Spooled<'a> {
    store: &'a mut Store,
    run: String,
    cache: Option<(Activation, u64, Vec<Value>)>,
}

impl restore::Members for Spooled<'_> {
    async fn member(&mut self, activation: Activation, ordinal: u64) -> Result<Value, RunError> {
        let Self { store, run, cache } = self;
        members::find(activation, ordinal, cache, async |name, part| store.spool_part(run, &name, part).await).await
    }
}

/// A line for whoever called, outside of any run.
fn say(request: &ResumeRequest, line: &str) {
    tell(request, Level::Warning, line);
}

fn tell(request: &ResumeRequest, level: Level, line: &str) {
    let reporter = Reporter::new(Arc::default(), request.format, request.verbosity);
    reporter.log(level, line);
}
