//! What a command line names: a plan file, a flow of the project, or a run.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sequor_compiler::Options;
use sequor_executor::command::{self, StateRequest, StoredPlan};
use sequor_plan_format::Plan;
use sequor_plan_format::codec::{self, Digest};

use crate::REFUSED;
use crate::arguments::Global;
use crate::compile::{compile_aside, process_variables};
use crate::home_dir;

/// Of a command that takes all three.
pub(crate) enum Target {
    File(PathBuf),
    Flow(String),
    Run(String),
}

impl Target {
    /// A file comes before a flow of that name, and a flow before a run.
    pub(crate) fn of(text: String, global: &Global) -> Self {
        let is_flow = ["yaml", "yml"].iter().any(|end| global.project_dir.join(format!("flows/{text}.{end}")).is_file());
        match () {
            () if is_plan_file(&text) => Self::File(PathBuf::from(text)),
            () if is_flow || !is_run(&text) => Self::Flow(text),
            () => Self::Run(text),
        }
    }

    /// The plan, or the exit status where there is none: what is wrong has been printed.
    pub(crate) fn plan(self, home: Option<PathBuf>, state: &StateRequest, global: &Global) -> anyhow::Result<Result<Plan, u8>> {
        match self {
            Self::File(path) => Ok(Ok(read(&path)?.0)),
            Self::Flow(flow) => Ok(compiled(&[flow], home, global)?.ok_or(REFUSED)),
            Self::Run(run) => match stored(state, &run, "plan file or flow")? {
                Ok(stored) => Ok(Ok(decoded(&stored, &run)?.0)),
                Err(status) => Ok(Err(status)),
            },
        }
    }
}

/// Flows of the project as they are now. `None` where they have errors, which are printed.
pub(crate) fn compiled(flows: &[String], home: Option<PathBuf>, global: &Global) -> anyhow::Result<Option<Plan>> {
    let options = Options { home_dir: home_dir(home).ok(), variables: process_variables(), ..Options::default() };
    compile_aside(global, options, flows)
}

/// Reads a plan file and its name.
pub(crate) fn read(path: &Path) -> anyhow::Result<(Plan, Digest)> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    codec::decode(&bytes).with_context(|| format!("{shown} is refused"))
}

/// The plan of a run; the exit status where there is no such run. `others` is what the name could have been instead.
pub(crate) fn stored(state: &StateRequest, run: &str, others: &str) -> anyhow::Result<Result<StoredPlan, u8>> {
    match command::stored_plan(state, run) {
        Ok(stored) => Ok(Ok(stored)),
        Err(status) => {
            writeln!(io::stderr().lock(), "there is no {others} '{run}', so a run of that name was looked for")?;
            Ok(Err(status.code()))
        }
    }
}

/// The plan of a run and its name.
pub(crate) fn decoded(stored: &StoredPlan, run: &str) -> anyhow::Result<(Plan, Digest)> {
    codec::decode(&stored.bytes).with_context(|| format!("the plan of run '{run}' is refused"))
}

/// A flow has no `.plan` at its end; a file without it can still be named by a path.
pub(crate) fn is_plan_file(target: &str) -> bool {
    let path = Path::new(target);
    path.extension().is_some_and(|e| e == "plan") || (path.is_file() && path.extension().is_none_or(|e| e != "yaml" && e != "yml"))
}

/// Names of runs are no paths.
pub(crate) fn is_run(text: &str) -> bool {
    let path = Path::new(text);
    !path.exists() && path.extension().is_none() && path.file_name() == Some(path.as_os_str())
}
