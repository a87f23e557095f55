//! `sequor-executor`: runs plan files, nothing else.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sequor_executor::command::{self, PlanSource, RunArguments};
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
    /// Exit status: 0 done, 1 the flow failed, 2 bad usage, plan, environment or state file, 130 or 143 stopped by a signal.
    Run {
        /// A plan file.
        plan: PathBuf,
        /// The flow to start with [default: the plan's first]
        #[arg(long, value_name = "NAME")]
        flow: Option<String>,
        #[command(flatten)]
        arguments: Box<RunArguments>,
    },
    /// Prints the version.
    Version,
}

fn main() -> ExitCode {
    if python::is_worker() {
        return python::worker_main();
    }
    match Arguments::parse().command {
        Command::Run { plan, flow, arguments } => {
            command::run(arguments.into_request(PlanSource::File(plan), flow, Some(PathBuf::new()))).code().into()
        }
        Command::Version => match writeln!(io::stdout().lock(), "sequor-executor {}", env!("CARGO_PKG_VERSION")) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
    }
}
