//! The `run` command, shared by both binaries: from arguments to an exit status.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::driver::signals::Signal;
use crate::environment::Choice;
use crate::report::{Format, Verbosity};
use crate::services::network::UrlMapping;

mod arguments;
mod entry;
mod identity;
mod run;

pub use arguments::RunArguments;

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
    /// `.sequor/state.db` in the project folder where absent.
    pub state: Option<PathBuf>,
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
    Stopped(Signal),
}

impl ExitStatus {
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Refused => 2,
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

/// Runs a flow to its end and prints what came of it. Nothing is touched before the plan, the flow, its parameters and the environment have been
/// found good.
#[must_use]
pub fn run(request: RunRequest) -> ExitStatus {
    run::run(request).unwrap_or_else(|Refusal(reason)| {
        let _ = writeln!(io::stderr().lock(), "error: {reason}");
        ExitStatus::Refused
    })
}
