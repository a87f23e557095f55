//! Those who read what `sequor compile`, `sequor schema` and `sequor graph` print: programs that nobody here wrote. Installed by `tests/run`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{Ran, run, workspace};

/// The folder of the installed programs; `None` where they are not (`tests/run --quick`).
fn programs() -> Option<PathBuf> {
    std::env::var_os("SEQUOR_READERS").map(PathBuf::from)
}

/// Runs `tests/readers/read.py`; `None` where nothing is installed.
#[must_use]
pub fn read(arguments: &[&str]) -> Option<Ran> {
    let script = workspace().join("tests/readers/read.py");
    Some(run(Command::new(programs()?.join("python")).arg(script).args(arguments)))
}

/// Checks a file against one of the schemas that `check-jsonschema` has (`vendor.gitlab-ci`).
#[must_use]
pub fn check(schema: &str, file: &Path) -> Option<Ran> {
    Some(run(Command::new(programs()?.join("check-jsonschema")).args(["--builtin-schema", schema]).arg(file)))
}
