//! The command line of `sequor`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sequor_compiler::render::Format;
use sequor_executor::command::{ForkArguments, GcArguments, ResumeArguments, RunArguments, RunsArguments, StateArguments};
use sequor_executor::driver::Answer;

/// Integrations as short YAML flows: compiled, shipped as one plan file, run by a small executor.
#[derive(Debug, Parser)]
#[command(name = "sequor", version, disable_help_subcommand = true, max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// The project: the folder with project.yaml
    #[arg(short = 'p', long, global = true, env = "SEQUOR_PROJECT_DIR", value_name = "DIR", default_value = ".")]
    pub project_dir: PathBuf,
    /// Colours in messages
    #[arg(long, global = true, env = "SEQUOR_COLOR", value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what Sequor does, with a small API of its own: no account, no network
    Demo(Demo),
    /// Make a new project
    Init {
        /// The folder to make
        dir: PathBuf,
    },
    /// Environments: the variables and secrets that differ between test and production
    Env {
        #[command(subcommand)]
        command: EnvCommand,
    },
    /// Check a project and write its plan
    Compile(Compile),
    /// Run a flow or a plan file
    Run(Box<Run>),
    /// Go on with a run where it stopped
    Resume(Box<ResumeArguments>),
    /// Start a new run at a step of an old one, with its results up to there
    Fork(Box<ForkArguments>),
    /// List runs, the newest first
    Runs(RunsArguments),
    /// Say where a run is, and what a resume would do
    Status {
        /// The run, or the beginning or end of its name [default: the newest unfinished one, else the newest]
        run: Option<String>,
        /// As one JSON object
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: StateArguments,
    },
    /// Remove finished runs from the state store, and give up runs that are named
    Gc(GcArguments),
    /// Print a plan file, or the plan of a run, as text
    Show(Show),
    /// Draw how the steps of a flow follow each other: as a tree, or for Mermaid, Graphviz and browsers
    Graph(Graph),
    /// Compare two plans step by step: status 0 where nothing differs, 1 where something does. For a run and a plan: whether it can go on with that
    Diff(Diff),
    /// Explain a code of `compile`, such as S103
    Explain {
        /// The code; without it, all codes
        code: Option<String>,
    },
    /// Print the JSON Schema of flow, source, environment or project files, for editors
    Schema {
        #[arg(value_enum, default_value_t = SchemaKind::Flow)]
        kind: SchemaKind,
    },
    /// Print the versions of program and plan format
    Version,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Home {
    /// Where environments are kept that do not belong to a project [default: ~/.sequor]
    #[arg(long, env = "SEQUOR_HOME", value_name = "DIR")]
    pub home_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// A flow of the project, by name, or a plan file
    #[arg(value_name = "FLOW|PLAN")]
    pub target: String,
    /// The flow of a plan file to start with [default: the plan's first]
    #[arg(long, value_name = "NAME")]
    pub flow: Option<String>,
    #[command(flatten)]
    pub arguments: RunArguments,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to write the demo project; files that are there are kept
    #[arg(default_value = "sequor-demo")]
    pub dir: PathBuf,
    /// The port of the demo API on 127.0.0.1; 0 takes any free one
    #[arg(long, default_value_t = 8377)]
    pub port: u16,
    /// Only answer requests, until stopped: to run the demo project by hand
    #[arg(long)]
    pub serve: bool,
    /// The API takes its time, so that the run takes some 20 seconds: to stop it or kill it in the middle
    #[arg(long)]
    pub slow: bool,
    /// Goes on with the run that was stopped or killed, with the API as it was
    #[arg(long, conflicts_with = "serve")]
    pub resume: bool,
    /// With --resume: what to do about requests of which nobody knows whether they arrived; as of 'sequor resume'
    #[arg(long, value_name = "WHAT|ID=WHAT", value_parser = Answer::parse, requires = "resume")]
    pub in_doubt: Vec<Answer>,
    /// How many customers the demo API has
    #[arg(long, default_value_t = crate::demo::CUSTOMERS, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub customers: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EnvCommand {
    /// Make a new environment file
    Init {
        /// The environment's name, as in `--env NAME`
        name: String,
        #[command(flatten)]
        home: Home,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Compile {
    /// Flows that a run may start with, by name; all flows of the project where none is named; `-` reads one file from standard input
    pub flows: Vec<String>,
    /// The plan file to write [default: NAME.plan in the working folder, after the flow or the project]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Check only, write nothing
    #[arg(long, conflicts_with = "output")]
    pub check: bool,
    /// Check this environment too
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    #[command(flatten)]
    pub home: Home,
    /// How faults are printed
    #[arg(long, value_enum, value_name = "FORMAT", env = "SEQUOR_OUTPUT_FORMAT", default_value_t = OutputFormat::Full)]
    pub output_format: OutputFormat,
    /// Show hints too
    #[arg(long)]
    pub pedantic: bool,
    /// Warnings count as errors
    #[arg(long)]
    pub deny_warnings: bool,
    /// Unknown keys are warnings, where nothing is missing for them
    #[arg(long)]
    pub lenient: bool,
    /// Mend what can be mended safely, in the files
    #[arg(long, conflicts_with_all = ["diff", "watch"])]
    pub fix: bool,
    /// Show what --fix would change, as a unified diff; write nothing
    #[arg(long, conflicts_with_all = ["output", "watch"])]
    pub diff: bool,
    /// Compile again whenever a file of the project changes, until stopped
    #[arg(long)]
    pub watch: bool,
    /// The file in the project that standard input is [default: a flow 'stdin']
    #[arg(long, value_name = "PATH")]
    pub stdin_path: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// With source lines and help
    Full,
    /// One line each
    Concise,
    /// One object for programs, version 1
    Json,
    /// The same, an object a line, the summary last
    Jsonl,
    /// Annotations of GitHub Actions
    Github,
    /// A Code Quality report of GitLab
    Gitlab,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Test results in JUnit's XML
    Junit,
}

impl OutputFormat {
    pub(crate) fn format(self) -> Format {
        match self {
            Self::Full => Format::Full,
            Self::Concise => Format::Concise,
            Self::Json => Format::Json,
            Self::Jsonl => Format::Jsonl,
            Self::Github => Format::Github,
            Self::Gitlab => Format::Gitlab,
            Self::Sarif => Format::Sarif,
            Self::Junit => Format::Junit,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A plan file, or a run: its name, or the beginning or end of it
    #[arg(value_name = "PLAN|RUN")]
    pub plan: String,
    /// Only what the plan touches: hosts, tables, variables, effects
    #[arg(long)]
    pub manifest: bool,
    /// The manifest as JSON, for a run with what is known of it
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub place: StateArguments,
}

#[derive(Debug, Args)]
pub(crate) struct Graph {
    /// A flow of the project, by name, a plan file, or a run: its name, or the beginning or end of it
    #[arg(value_name = "FLOW|PLAN|RUN")]
    pub target: String,
    /// What is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = GraphFormat::Text)]
    pub format: GraphFormat,
    /// The widest line of a tree, in columns; longer ones are cut [default: not cut]
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(20..))]
    pub width: Option<u16>,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub home: Home,
    #[command(flatten)]
    pub place: StateArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// A tree for terminals
    Text,
    /// A flowchart for Markdown files
    Mermaid,
    /// A graph for Graphviz
    Dot,
    /// A picture for browsers
    Svg,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A plan file, a flow of the project, by name, or a run: its name, or the beginning or end of it
    #[arg(value_name = "OLD|RUN")]
    pub before: String,
    /// A plan file, or a flow of the project [default: the flows that a run of OLD may start with, as the project has them now]
    #[arg(value_name = "NEW")]
    pub after: Option<String>,
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub home: Home,
    #[command(flatten)]
    pub place: StateArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaKind {
    Flow,
    Source,
    Environment,
    Project,
}
