//! `sequor-executor`: runs plan files, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    if sequor_executor::python::is_worker() {
        return sequor_executor::python::worker_main();
    }
    ExitCode::SUCCESS
}
