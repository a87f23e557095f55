//! The commands about runs, shared by both binaries: from arguments to an exit status.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::driver::signals::Signal;
use crate::environment::Choice;
use crate::report::{Format, Verbosity};
use crate::services::network::UrlMapping;

mod arguments;
mod entry;
mod fork;
pub(crate) mod hint;
mod identity;
mod needed;
mod outlook;
mod plan_change;
mod resume;
mod run;
mod runs;
mod session;
mod settings;

pub use arguments::{ForkArguments, GcArguments, GoOnArguments, ResumeArguments, RunArguments, RunsArguments, StateArguments};
pub use hint::quoted;
pub use resume::ResumeRequest;
pub use runs::{GcRequest, Listing, StateRequest};

/// What to run.
pub enum PlanSource {
    File(PathBuf),
    /// An encoded plan, and where it comes from.
    Bytes(Vec<u8>, String),
}

/// Everything that a run is given. [`RunArguments`] makes one from a command line.
pub struct RunRequest {
    pub plan: PlanSource,
    /// The plan's first entry where absent.
    pub flow: Option<String>,
    pub parameters: Vec<(String, String)>,
    pub vars: Vec<(String, String)>,
    pub environment: Choice,
    pub mappings: Vec<UrlMapping>,
    /// Where relative paths start and `.sequor` is; the working folder where absent.
    pub project_folder: Option<PathBuf>,
    /// A file or a `postgres://` URL; `.sequor/state.db` in the project folder where absent.
    pub state: Option<String>,
    /// Runs of a project with the same key are one run.
    pub run_key: Option<String>,
    /// Whether the run can be resumed.
    pub journal: bool,
    /// Where the JSON report is written to.
    pub report: Option<PathBuf>,
    pub format: Format,
    pub verbosity: Verbosity,
}

/// How a command ended, as the calling process sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    Done,
    /// The flow failed.
    Failed,
    /// Bad usage, a bad plan, environment or state file.
    Refused,
    /// It can go on: it waits for a decision, or for a state store that can be written.
    Paused,
    /// Another executor has the run.
    Held,
    Stopped(Signal),
}

impl ExitStatus {
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Refused => 2,
            Self::Paused => 75,
            Self::Held => 76,
            Self::Stopped(signal) => signal.exit_status(),
        }
    }
}

/// Why a run was refused, as a sentence. Not an `Error` itself, so that every error can become one.
#[derive(Debug)]
struct Refusal(String);

impl<E: std::error::Error> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl RunRequest {
    /// What is left of it for a run that goes on.
    fn into_resume(self) -> ResumeRequest {
        ResumeRequest {
            run: None,
            plan: None,
            answers: Vec::new(),
            dry_run: false,
            json: false,
            vars: self.vars,
            environment: self.environment,
            mappings: self.mappings,
            project_folder: self.project_folder,
            state: self.state,
            report: self.report,
            format: self.format,
            verbosity: self.verbosity,
        }
    }
}

/// Runs a flow to its end and prints what came of it. Nothing is touched before the plan, the flow, its parameters and the environment have been
/// found good.
#[must_use]
pub fn run(request: RunRequest) -> ExitStatus {
    told(run::run(request))
}

/// Messages of this process tell people to type this to go on with its run, instead of `resume`.
pub fn goes_on_with(line: String) {
    hint::say_instead(line);
}

/// Goes on with a run, or says what that would do.
#[must_use]
pub fn resume(request: ResumeRequest) -> ExitStatus {
    told(resume::resume(request))
}

/// Starts a new run at a step of an old one.
#[must_use]
pub fn fork(request: ResumeRequest, from: &str) -> ExitStatus {
    told(fork::fork(request, from))
}

/// Prints what differs between the plan of a run and another one, and whether the run can go on with that, as text or
/// as one JSON object. Gives whether nothing differs.
///
/// # Errors
/// The exit status; what is wrong has been printed.
pub fn diff(request: &StateRequest, run: &str, plan: PlanSource, json: bool) -> Result<bool, ExitStatus> {
    runs::diff(request, run, plan, json).map_err(|refusal| told(Err(refusal)))
}

/// The plan that a run goes on with, and what is known of the run.
pub struct StoredPlan {
    pub bytes: Vec<u8>,
    /// For people.
    pub facts: String,
    /// As in `runs --json`.
    pub json: serde_json::Value,
}

/// Finds a run by its name or a part of it that is its alone.
///
/// # Errors
/// The exit status; what is wrong has been printed.
pub fn stored_plan(request: &StateRequest, run: &str) -> Result<StoredPlan, ExitStatus> {
    runs::stored_plan(request, run).map_err(|refusal| told(Err(refusal)))
}

/// Lists runs, the newest first.
#[must_use]
pub fn runs(request: &StateRequest, listing: Listing) -> ExitStatus {
    told(runs::runs(request, listing))
}

/// Says where a run is, and what a resume would do.
#[must_use]
pub fn status(request: &StateRequest, run: Option<&str>, json: bool) -> ExitStatus {
    told(runs::status(request, run, json))
}

/// Removes what is not needed any more.
#[must_use]
pub fn gc(request: &GcRequest) -> ExitStatus {
    told(runs::gc(request))
}

fn told(result: Result<ExitStatus, Refusal>) -> ExitStatus {
    result.unwrap_or_else(|Refusal(reason)| {
        let _ = writeln!(io::stderr().lock(), "error: {reason}");
        ExitStatus::Refused
    })
}
