//! The worker side of Python: an interpreter in a process of its own, fed over its standard input and output.
//!
//! The process is the same executable, started with [`WORKER_ARGUMENT`] first. It reads calls, runs snippets and answers. It has no files, processes
//! or sockets: RustPython is built without them, and what stands in for them raises an error.

mod body;
mod convert;
mod interpreter;
mod limits;
mod parse;
pub(crate) mod protocol;
mod worker;

use std::ffi::OsStr;
use std::process::ExitCode;

/// The first argument of a worker. A program that gives workers their executable calls [`worker_main`] when it sees it, before anything else.
pub const WORKER_ARGUMENT: &str = "--sequor-python-worker";

/// Interpreted code and the parser recurse on this stack.
const STACK_BYTES: usize = 256 << 20;

/// Whether this process was started as a worker.
#[must_use]
pub fn is_worker() -> bool {
    std::env::args_os().nth(1).is_some_and(|argument| argument == OsStr::new(WORKER_ARGUMENT))
}

/// Runs the worker until its input ends.
#[must_use]
pub fn worker_main() -> ExitCode {
    let mut arguments = std::env::args().skip(2).filter_map(|argument| argument.parse().ok());
    let (memory, seconds) = (arguments.next().unwrap_or(2 << 30), arguments.next().unwrap_or(10));
    if limits::apply(memory).is_err() {
        return ExitCode::FAILURE;
    }
    let thread = std::thread::Builder::new().name("python".to_owned()).stack_size(STACK_BYTES);
    match thread.spawn(move || worker::serve(seconds)).map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
