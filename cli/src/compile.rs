//! `compile`: checks a project, prints what is wrong, and writes the plan.

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sequor_compiler::diagnostic::Severity;
use sequor_compiler::render::{Format, render};
use sequor_compiler::{Compiled, Options, Project};
use sequor_plan_format::{Plan, codec};

use crate::arguments::{Compile, Global, OutputFormat};
use crate::{colored, home_dir, stdout_is_terminal};

pub(crate) fn compile(arguments: &Compile, global: &Global, out: &mut dyn Write) -> anyhow::Result<u8> {
    let options =
        Options { home_dir: home_dir(arguments.home.home_dir.clone()).ok(), env: arguments.env.clone(), variables: process_variables() };
    let mut compiled = compile_flows(global, options, &arguments.flows)?;
    compiled.diagnostics.retain(|d| arguments.pedantic || d.severity < Severity::Hint);
    let format = match arguments.output_format {
        OutputFormat::Full => Format::Full,
        OutputFormat::Concise => Format::Concise,
        OutputFormat::Json => Format::Json,
    };
    out.write_all(render(format, &compiled.diagnostics, colored(global, stdout_is_terminal())).as_bytes())?;
    let denied = arguments.deny_warnings && compiled.diagnostics.iter().any(|d| d.severity == Severity::Warning);
    let Some(plan) = compiled.plan.filter(|_| !denied) else { return Ok(1) };
    if arguments.check {
        return Ok(0);
    }
    let path = arguments.output.clone().unwrap_or_else(|| default_output(&arguments.flows, &plan));
    let bytes = codec::encode(&plan)?;
    write_whole(&path, &bytes)?;
    let digest = codec::header(&bytes)?.digest;
    writeln!(
        io::stderr().lock(),
        "wrote {} ({}, {}, plan {})",
        path.display(),
        count(plan.flows.len(), "flow"),
        count(plan.nodes.len(), "step"),
        digest.short()
    )?;
    Ok(0)
}

/// Reads and compiles a project.
pub(crate) fn compile_flows(global: &Global, options: Options, flows: &[String]) -> anyhow::Result<Compiled> {
    let project = Project::open(&global.project_dir, options)?;
    Ok(sequor_compiler::compile(&project, flows)?)
}

/// Compiles one flow for a run. Faults go to standard error: standard output belongs to the flow. `None` where there are errors.
pub(crate) fn compile_for_run(global: &Global, options: Options, flow: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let compiled = compile_flows(global, options, &[flow.to_owned()])?;
    let mut shown = compiled.diagnostics;
    shown.retain(|d| d.severity < Severity::Hint);
    if !shown.is_empty() {
        let color = colored(global, io::stderr().is_terminal());
        io::stderr().lock().write_all(render(Format::Full, &shown, color).as_bytes())?;
    }
    compiled.plan.map(|plan| Ok(codec::encode(&plan)?)).transpose()
}

/// Names that `SEQUOR_VAR_…` give.
pub(crate) fn process_variables() -> Vec<String> {
    std::env::vars_os().filter_map(|(name, _)| name.to_str()?.strip_prefix("SEQUOR_VAR_").map(str::to_owned)).collect()
}

/// After the only flow that was named, else after the project.
fn default_output(flows: &[String], plan: &Plan) -> PathBuf {
    let name = match flows {
        [_] => plan.project.entries.first().map(|flow| plan.text(plan.flow(*flow).name)),
        _ => None,
    };
    let name = name.unwrap_or_else(|| plan.text(plan.project.name));
    PathBuf::from(format!("{}.plan", name.rsplit('/').next().unwrap_or(name)))
}

/// Writes a file so that its name never stands for half of it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    if path.exists() && !path.is_file() {
        anyhow::bail!("cannot write {}: it is there already and is no file", path.display());
    }
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    std::fs::write(&part, bytes).with_context(cannot)?;
    std::fs::rename(&part, path).with_context(cannot)
}

/// `1 flow`, `2 flows`.
fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
