//! `sequor-executor`: runs plan files, and goes on with runs.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sequor_executor::command::{
    self, ForkArguments, GcArguments, PlanSource, ResumeArguments, RunArguments, RunsArguments, StateArguments,
};
use sequor_executor::python;

/// Runs plans that 'sequor compile' has written.
#[derive(Parser)]
#[command(name = "sequor-executor", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a plan.
    ///
    /// Exit status: 0 done, 1 the flow failed, 2 bad usage, plan, environment or state file, 75 paused or in doubt, 76 held by another
    /// executor, 130 or 143 stopped by a signal. After 1, 75, 130 and 143 'resume' goes on.
    Run {
        /// A plan file.
        plan: PathBuf,
        /// The flow to start with [default: the plan's first]
        #[arg(long, value_name = "NAME")]
        flow: Option<String>,
        #[command(flatten)]
        arguments: Box<RunArguments>,
    },
    /// Goes on with a run where it stopped.
    Resume(Box<ResumeArguments>),
    /// Starts a new run at a step of an old one, with its results up to there.
    Fork(Box<ForkArguments>),
    /// Lists runs, the newest first.
    Runs(RunsArguments),
    /// Says where a run is, and what a resume would do.
    Status {
        /// The run, or the beginning or end of its name [default: the newest unfinished one, else the newest]
        run: Option<String>,
        /// As one JSON object
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: StateArguments,
    },
    /// Removes finished runs from the state store, and gives up runs that are named.
    Gc(GcArguments),
    /// Prints the version.
    Version,
}

fn main() -> ExitCode {
    if python::is_worker() {
        return python::worker_main();
    }
    // A plan file runs without a project: relative paths start at the working folder.
    let here = || Some(PathBuf::new());
    let status = match Arguments::parse().command {
        Command::Run { plan, flow, arguments } => command::run(arguments.into_request(PlanSource::File(plan), flow, here())),
        Command::Resume(arguments) => command::resume(arguments.into_request(here())),
        Command::Fork(arguments) => {
            let (request, from) = arguments.into_request(here());
            command::fork(request, &from)
        }
        Command::Runs(arguments) => {
            let (place, listing) = arguments.into_request(here());
            command::runs(&place, listing)
        }
        Command::Status { run, json, place } => command::status(&place.into_request(here()), run.as_deref(), json),
        Command::Gc(arguments) => command::gc(&arguments.into_request(here())),
        Command::Version => return print(&format!("sequor-executor {}\n", env!("CARGO_PKG_VERSION"))),
    };
    status.code().into()
}

fn print(text: &str) -> ExitCode {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
