//! Options of `run` that both binaries have.

use std::path::PathBuf;

use super::{PlanSource, RunRequest};
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
    /// The state file [default: .sequor/state.db]
    #[arg(long, value_name = "FILE", env = "SEQUOR_STATE")]
    pub state: Option<PathBuf>,
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
            state: self.state,
            report: self.report,
            format: self.log_format,
            verbosity,
        }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err(format!("'{text}' must be NAME=VALUE")),
    }
}
