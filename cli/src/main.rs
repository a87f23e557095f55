//! The `sequor` command: parses arguments, calls the compiler and the executor, prints.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this crate is for")]

mod arguments;
mod compile;
mod demo;
mod diff;
mod explain;
mod graph;
mod init;
mod plan_age;
mod run;
mod show;
mod target;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use sequor_executor::command;

use arguments::{Arguments, Color, Command, EnvCommand, Global, SchemaKind};

/// The compiler makes many small values.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bad usage, missing files, an internal fault.
const REFUSED: u8 = 2;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|a| a == sequor_executor::python::WORKER_ARGUMENT) {
        return sequor_executor::python::worker_main();
    }
    let arguments = Arguments::parse();
    match run_command(arguments) {
        Ok(status) => status.into(),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr().lock(), "error: {error:#}");
            REFUSED.into()
        }
    }
}

/// Runs one command; gives its exit status.
fn run_command(Arguments { global, command }: Arguments) -> anyhow::Result<u8> {
    // Not locked: tasks of a run print, too.
    let out = &mut io::stdout();
    match command {
        Command::Demo(arguments) => return demo::demo(&arguments, &global, out),
        Command::Init { dir } => init::project(&dir, out)?,
        Command::Env { command: EnvCommand::Init { name, home } } => init::environment(&name, &home_dir(home.home_dir)?, out)?,
        Command::Compile(arguments) => return compile::compile(&arguments, &global, out),
        Command::Run(arguments) => return run::run(*arguments, &global),
        Command::Resume(arguments) => return run::resume(*arguments, &global),
        Command::Fork(arguments) => {
            let (request, from) = arguments.into_request(project(&global));
            return Ok(command::fork(request, &from).code());
        }
        Command::Runs(arguments) => {
            let (place, listing) = arguments.into_request(project(&global));
            return Ok(command::runs(&place, listing).code());
        }
        Command::Status { run, json, place } => {
            return Ok(command::status(&place.into_request(project(&global)), run.as_deref(), json).code());
        }
        Command::Gc(arguments) => return Ok(command::gc(&arguments.into_request(project(&global))).code()),
        Command::Show(arguments) => return show::show(arguments, &global, out),
        Command::Graph(arguments) => return graph::graph(arguments, &global, out),
        Command::Diff(arguments) => return diff::diff(arguments, &global, out),
        Command::Explain { code } => explain::explain(code.as_deref(), out)?,
        Command::Schema { kind } => {
            let files = match kind {
                SchemaKind::Flow => sequor_compiler::schema::Files::Flow,
                SchemaKind::Source => sequor_compiler::schema::Files::Source,
                SchemaKind::Environment => sequor_compiler::schema::Files::Environment,
                SchemaKind::Project => sequor_compiler::schema::Files::Project,
            };
            writeln!(out, "{}", sequor_compiler::schema::schema(files).trim_end())?;
        }
        Command::Version => {
            writeln!(out, "sequor {}", env!("CARGO_PKG_VERSION"))?;
            writeln!(out, "plan format {}", sequor_plan_format::codec::FORMAT_VERSION)?;
        }
    }
    Ok(0)
}

/// The project whose runs are meant.
fn project(global: &Global) -> Option<PathBuf> {
    Some(global.project_dir.clone())
}

/// Where environments are kept that do not belong to a project.
fn home_dir(given: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    given.or_else(|| std::env::home_dir().map(|home| home.join(".sequor"))).context("there is no home folder: name one with --home-dir")
}

/// Whether messages to this stream are coloured.
fn colored(global: &Global, terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR") => false,
        Color::Auto => set("FORCE_COLOR") || terminal,
    }
}

/// Standard output is a terminal.
fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// The reader of our output went away: `sequor show x.plan | head`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}
