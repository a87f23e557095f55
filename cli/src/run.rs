//! `run` and `resume --plan`: a flow of the project, compiled first, or a plan file.

use std::path::{Path, PathBuf};

use sequor_compiler::Options;
use sequor_executor::command::{self, PlanSource, ResumeArguments};

use crate::arguments::{Global, Run};
use crate::compile::{compile_for_run, process_variables};
use crate::target::is_plan_file;
use crate::{REFUSED, home_dir, plan_age};

pub(crate) fn run(Run { target, flow, arguments }: Run, global: &Global) -> anyhow::Result<u8> {
    if flow.is_some() && !is_plan_file(&target) {
        anyhow::bail!("--flow chooses a flow of a plan file; '{target}' is the name of a flow");
    }
    let Some(plan) = plan_source(target, &arguments.vars, arguments.home_dir.clone(), global)? else { return Ok(REFUSED) };
    let project = match &plan {
        PlanSource::File(_) => global.project_dir.join("project.yaml").is_file().then(|| global.project_dir.clone()),
        PlanSource::Bytes(..) => Some(global.project_dir.clone()),
    };
    Ok(command::run(arguments.into_request(plan, flow, project)).code())
}

/// What a command line names: a plan file, or a flow of the project, which is compiled. `None` where it has errors, which are printed.
pub(crate) fn plan_source(
    target: String,
    vars: &[(String, String)],
    home: Option<PathBuf>,
    global: &Global,
) -> anyhow::Result<Option<PlanSource>> {
    if is_plan_file(&target) {
        plan_age::warn_if_older(Path::new(&target), global)?;
        return Ok(Some(PlanSource::File(PathBuf::from(target))));
    }
    let mut variables = process_variables();
    variables.extend(vars.iter().map(|(name, _)| name.clone()));
    let options = Options { home_dir: home_dir(home).ok(), env: None, variables, ..Options::default() };
    Ok(compile_for_run(global, options, &target)?.map(|bytes| PlanSource::Bytes(bytes, target)))
}

/// `resume`, with `--plan` as `run` has its plan.
pub(crate) fn resume(mut arguments: ResumeArguments, global: &Global) -> anyhow::Result<u8> {
    let target = arguments.plan.take();
    let home = arguments.go_on.home_dir.clone();
    let plan = match target {
        Some(target) => match plan_source(target, &arguments.go_on.vars, home, global)? {
            Some(plan) => Some(plan),
            None => return Ok(REFUSED),
        },
        None => None,
    };
    let mut request = arguments.into_request(Some(global.project_dir.clone()));
    request.plan = plan;
    Ok(command::resume(request).code())
}
