//! M001: a plan file beside a project that has changed since.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use sequor_compiler::diagnostic::{Diagnostic, Severity};
use sequor_compiler::render::{Format, render};
use sequor_compiler::{Options, Project};
use sequor_plan_format::Plan;
use sequor_plan_format::compare::compare;

use crate::arguments::Global;
use crate::colored;
use crate::target::read;

/// Warns on standard error where the project at hand gives another plan for the same flows. What cannot be compared is passed over: the plan is
/// run as it is in any case, and reading it reports its own faults.
pub(crate) fn warn_if_older(path: &Path, global: &Global) -> anyhow::Result<()> {
    let Some(fault) = older(path, global) else { return Ok(()) };
    let color = colored(global, io::stderr().is_terminal());
    io::stderr().lock().write_all(render(Format::Full, &[fault], color).as_bytes())?;
    Ok(())
}

fn older(path: &Path, global: &Global) -> Option<Diagnostic> {
    let project = Project::open(&global.project_dir, Options::default()).ok()?;
    let (plan, _) = read(path).ok()?;
    let entries: Vec<&str> = plan.project.entries.iter().map(|flow| plan.text(plan.flow(*flow).name)).collect();
    let fresh = sequor_compiler::compile(&project, &entries).ok()?.plan?;
    let name = |plan: &Plan| plan.text(plan.project.name).to_owned();
    if name(&plan) != name(&fresh) || compare(&plan, &fresh).is_same() {
        return None;
    }
    let shown = path.display();
    let message = format!("{shown} is older than the flows and sources of the project: what has changed since is not run");
    let flows = entries.join(" ");
    let fault = Diagnostic { severity: Severity::Warning, ..Diagnostic::of_project("M001", message) };
    Some(fault.help(format!("compile it anew: sequor compile {flows} -o {shown}")))
}
