//! `run`: a flow of the project, compiled first, or a plan file.

use std::path::{Path, PathBuf};

use sequor_compiler::Options;
use sequor_executor::command::{self, PlanSource};

use crate::arguments::{Global, Run};
use crate::compile::{compile_for_run, process_variables};
use crate::{REFUSED, home_dir};

pub(crate) fn run(Run { target, flow, arguments }: Run, global: &Global) -> anyhow::Result<u8> {
    let project = global.project_dir.join("project.yaml").is_file().then(|| global.project_dir.clone());
    if is_plan_file(&target) {
        let request = arguments.into_request(PlanSource::File(PathBuf::from(target)), flow, project);
        return Ok(command::run(request).code());
    }
    if flow.is_some() {
        anyhow::bail!("--flow chooses a flow of a plan file; '{target}' is the name of a flow");
    }
    let mut variables = process_variables();
    variables.extend(arguments.vars.iter().map(|(name, _)| name.clone()));
    let options = Options { home_dir: home_dir(arguments.home_dir.clone()).ok(), env: None, variables };
    let Some(bytes) = compile_for_run(global, options, &target)? else { return Ok(REFUSED) };
    let request = arguments.into_request(PlanSource::Bytes(bytes, target), None, Some(global.project_dir.clone()));
    Ok(command::run(request).code())
}

/// A flow has no `.plan` at its end; a file without it can still be named by a path.
fn is_plan_file(target: &str) -> bool {
    let path = Path::new(target);
    path.extension().is_some_and(|e| e == "plan") || (path.is_file() && path.extension().is_none_or(|e| e != "yaml" && e != "yml"))
}
