//! Options that both binaries have.

use std::path::PathBuf;

use super::{GcRequest, Listing, PlanSource, ResumeRequest, RunRequest, StateRequest};
use crate::driver::Answer;
use crate::environment::Choice;
use crate::report::{Format, Verbosity};
use crate::services::network::UrlMapping;

/// Everything but the plan and the project.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct RunArguments {
    /// A value of a flow parameter, as text. Repeatable.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub parameters: Vec<(String, String)>,
    /// A value of a variable, as text, over the environment's and over constants of the project. Repeatable. SEQUOR_VAR_NAME=VALUE in the
    /// process's environment does the same.
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = pair)]
    pub vars: Vec<(String, String)>,
    /// The environment: envs/NAME.yaml in the project or in the home folder.
    #[arg(long, value_name = "NAME", conflicts_with = "env_file")]
    pub env: Option<String>,
    /// The environment: this file.
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// The folder with envs/ [default: ~/.sequor]
    #[arg(long, value_name = "DIR", env = "SEQUOR_HOME")]
    pub home_dir: Option<PathBuf>,
    #[command(flatten)]
    pub place: StateArguments,
    /// Runs with the same key are one run: a new key starts it, an unfinished run goes on, and where it is done nothing is done
    #[arg(long, value_name = "KEY", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub run_key: Option<String>,
    /// Keeps no journal: the run cannot be resumed
    #[arg(long, conflicts_with = "run_key")]
    pub no_journal: bool,
    /// Sends requests for one URL prefix to another. Repeatable.
    #[arg(long = "map-url", value_name = "FROM=TO", value_parser = UrlMapping::parse)]
    pub mappings: Vec<UrlMapping>,
    /// Writes a report as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Text, env = "SEQUOR_LOG_FORMAT")]
    pub log_format: Format,
    /// Only warnings, errors and what the flow prints.
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Every step.
    #[arg(short, long)]
    pub verbose: bool,
}

impl RunArguments {
    /// The request for a plan, with the flow and the project that the command names.
    #[must_use]
    pub fn into_request(self, plan: PlanSource, flow: Option<String>, project_folder: Option<PathBuf>) -> RunRequest {
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        RunRequest {
            plan,
            flow,
            parameters: self.parameters,
            vars: self.vars,
            environment: Choice { file: self.env_file, name: self.env, project_folder: project_folder.clone(), home: self.home_dir },
            mappings: self.mappings,
            project_folder,
            state: self.place.state,
            run_key: self.run_key,
            journal: !self.no_journal,
            report: self.report,
            format: self.log_format,
            verbosity,
        }
    }
}

/// Options of `runs`.
#[derive(Clone, Debug, clap::Args)]
pub struct RunsArguments {
    /// Only those that can go on
    #[arg(long)]
    pub unfinished: bool,
    /// One JSON object in each line
    #[arg(long)]
    pub json: bool,
    /// The newest so many, with --json too
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    #[command(flatten)]
    pub place: StateArguments,
}

impl RunsArguments {
    /// Where the runs are, and which of them are meant.
    #[must_use]
    pub fn into_request(self, project_folder: Option<PathBuf>) -> (StateRequest, Listing) {
        let Self { unfinished, json, limit, place } = self;
        (place.into_request(project_folder), Listing { unfinished, json, limit })
    }
}

/// Where the state of runs is.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct StateArguments {
    /// Where runs are recorded: a file, or postgres://user:password@host/database for several hosts [default: .sequor/state.db]
    #[arg(long, value_name = "FILE|URL", env = "SEQUOR_STATE", hide_env_values = true)]
    pub state: Option<String>,
}

impl StateArguments {
    /// The request, with the project that the command names.
    #[must_use]
    pub fn into_request(self, project_folder: Option<PathBuf>) -> StateRequest {
        StateRequest { project_folder, state: self.state }
    }
}

/// What `resume` and `fork` may be told beside the run.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct GoOnArguments {
    /// A value of a variable, as text, over what the run was started with. Repeatable
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = pair)]
    pub vars: Vec<(String, String)>,
    /// Another environment than the run was started with, or the same one read anew
    #[arg(long, value_name = "NAME", conflicts_with = "env_file")]
    pub env: Option<String>,
    /// The same: this file
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// The folder with envs/ [default: ~/.sequor]
    #[arg(long, value_name = "DIR", env = "SEQUOR_HOME")]
    pub home_dir: Option<PathBuf>,
    #[command(flatten)]
    pub place: StateArguments,
    /// Sends requests for one URL prefix to another, instead of what the run was started with. Repeatable
    #[arg(long = "map-url", value_name = "FROM=TO", value_parser = UrlMapping::parse)]
    pub mappings: Vec<UrlMapping>,
    /// Writes a report as JSON to this file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Text, env = "SEQUOR_LOG_FORMAT")]
    pub log_format: Format,
    /// Only warnings, errors and what the flow prints
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Every step
    #[arg(short, long)]
    pub verbose: bool,
}

/// Options of `resume`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ResumeArguments {
    /// The run, or the beginning or end of its name [default: the newest unfinished one]
    pub run: Option<String>,
    /// What to do about requests of which nobody knows whether they arrived: send (again), skip (leave the item out) or done (it arrived: go on without
    /// its reply). With an id that 'status' lists, for that one only: ID=send. Repeatable
    #[arg(long, value_name = "WHAT|ID=WHAT", value_parser = Answer::parse)]
    pub in_doubt: Vec<Answer>,
    /// Goes on with this plan instead of the run's own, if what is done and what is running is the same in both
    #[arg(long, value_name = "PLAN")]
    pub plan: Option<String>,
    /// Says what would be sent and written, and does nothing
    #[arg(long)]
    pub dry_run: bool,
    /// With --dry-run: as one JSON object
    #[arg(long, requires = "dry_run")]
    pub json: bool,
    #[command(flatten)]
    pub go_on: GoOnArguments,
}

impl ResumeArguments {
    /// The request, with the project that the command names. `--plan` is a file.
    #[must_use]
    pub fn into_request(self, project_folder: Option<PathBuf>) -> ResumeRequest {
        let plan = self.plan.map(|path| PlanSource::File(PathBuf::from(path)));
        ResumeRequest {
            run: self.run,
            plan,
            answers: self.in_doubt,
            dry_run: self.dry_run,
            json: self.json,
            ..self.go_on.into_request(project_folder)
        }
    }
}

/// Options of `fork`.
#[derive(Clone, Debug, clap::Args)]
pub struct ForkArguments {
    /// The old run, or the beginning or end of its name
    pub run: String,
    /// The step to start with: its path, or its id alone
    #[arg(long, value_name = "STEP")]
    pub from: String,
    #[command(flatten)]
    pub go_on: GoOnArguments,
}

impl ForkArguments {
    /// The request, with the project that the command names, and the step.
    #[must_use]
    pub fn into_request(self, project_folder: Option<PathBuf>) -> (ResumeRequest, String) {
        (ResumeRequest { run: Some(self.run), ..self.go_on.into_request(project_folder) }, self.from)
    }
}

impl GoOnArguments {
    fn into_request(self, project_folder: Option<PathBuf>) -> ResumeRequest {
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        ResumeRequest {
            run: None,
            plan: None,
            answers: Vec::new(),
            dry_run: false,
            json: false,
            vars: self.vars,
            environment: Choice { file: self.env_file, name: self.env, project_folder: project_folder.clone(), home: self.home_dir },
            mappings: self.mappings,
            project_folder,
            state: self.place.state,
            report: self.report,
            format: self.log_format,
            verbosity,
        }
    }
}

/// Options of `gc`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct GcArguments {
    /// Gives this run up, finished or not, and removes what it has left in databases. Repeatable
    #[arg(long = "run", value_name = "RUN")]
    pub runs: Vec<String>,
    /// Removes finished runs that ended longer ago
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pub older_than: u32,
    #[command(flatten)]
    pub place: StateArguments,
}

impl GcArguments {
    /// The request, with the project that the command names.
    #[must_use]
    pub fn into_request(self, project_folder: Option<PathBuf>) -> GcRequest {
        GcRequest { place: self.place.into_request(project_folder), runs: self.runs, older_than_days: self.older_than }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err(format!("'{text}' must be NAME=VALUE")),
    }
}
