//! `compile`: checks a project, prints what is wrong, and writes the plan.

mod fix;
mod stdin;
mod watch;

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sequor_compiler::diagnostic::{Diagnostic, Severity};
use sequor_compiler::fix::Fixed;
use sequor_compiler::render::{Format, Report, render, summary};
use sequor_compiler::{Compiled, Options, Project};
use sequor_plan_format::{Plan, codec};

use crate::arguments::{Compile, Global};
use crate::{colored, home_dir, stdout_is_terminal};

pub(crate) fn compile(arguments: &Compile, global: &Global, out: &mut dyn Write) -> anyhow::Result<u8> {
    if arguments.stdin_path.is_some() && !stdin::is_asked_for(arguments) {
        anyhow::bail!("--stdin-path says what standard input is: name '-' to read it");
    }
    if arguments.watch { watch::watch(arguments, global, out) } else { once(arguments, global, out) }
}

/// One compile, as the arguments have it; gives the exit status.
fn once(arguments: &Compile, global: &Global, out: &mut dyn Write) -> anyhow::Result<u8> {
    let mut project = Project::open(&global.project_dir, options(arguments))?;
    let stdin = stdin::is_asked_for(arguments);
    let flows = if stdin { stdin::put(arguments, global, &mut project)? } else { arguments.flows.clone() };
    let shown = |d: &Diagnostic| arguments.pedantic || d.severity < Severity::Hint;
    let mut compiled = if arguments.fix || arguments.diff {
        let fixed = sequor_compiler::fix::fix(&mut project, &flows, shown)?;
        if arguments.diff {
            return diff(&fixed, arguments, global, out);
        }
        fix::write(&fixed, &global.project_dir)?;
        fixed.compiled
    } else {
        sequor_compiler::compile(&project, &flows)?
    };
    compiled.diagnostics.retain(shown);
    print(&compiled, arguments, global, out)?;
    if failed(&compiled, arguments) {
        return Ok(1);
    }
    let Some(plan) = compiled.plan else { return Ok(1) };
    if arguments.check || (stdin && arguments.output.is_none()) {
        return Ok(0);
    }
    let path = arguments.output.clone().unwrap_or_else(|| default_output(&flows, &plan));
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

fn options(arguments: &Compile) -> Options {
    Options {
        home_dir: home_dir(arguments.home.home_dir.clone()).ok(),
        env: arguments.env.clone(),
        variables: process_variables(),
        lenient: arguments.lenient,
    }
}

/// There are errors, or warnings where they are denied.
fn failed(compiled: &Compiled, arguments: &Compile) -> bool {
    let denied = |d: &Diagnostic| d.severity == Severity::Warning && arguments.deny_warnings;
    compiled.diagnostics.iter().any(|d| d.severity == Severity::Error || denied(d))
}

/// `--diff`: only the differences on standard output; status 1 where there are any, or where the mended project would not compile.
fn diff(fixed: &Fixed, arguments: &Compile, global: &Global, out: &mut dyn Write) -> anyhow::Result<u8> {
    out.write_all(fix::diff(fixed, &project_folder(&global.project_dir)).as_bytes())?;
    let (fixes, files) = (count_of(fixed.fixes, "fix", "fixes"), count(fixed.files.len(), "file"));
    let rest = summary(&fixed.compiled.diagnostics);
    writeln!(io::stderr().lock(), "would make {fixes} in {files}, and leave {}", rest.trim_end())?;
    Ok(u8::from(!fixed.files.is_empty() || failed(&fixed.compiled, arguments)))
}

/// Prints what was found to standard output. Of forms that are no text for people, the summary goes to standard error.
fn print(compiled: &Compiled, arguments: &Compile, global: &Global, out: &mut dyn Write) -> anyhow::Result<()> {
    let format = arguments.output_format.format();
    let report = Report {
        diagnostics: &compiled.diagnostics,
        files: &compiled.files,
        folder: &project_folder(&global.project_dir),
        deny_warnings: arguments.deny_warnings,
        color: colored(global, stdout_is_terminal()),
    };
    out.write_all(report.render(format).as_bytes())?;
    out.flush()?;
    if !format.is_text() {
        io::stderr().lock().write_all(summary(&compiled.diagnostics).as_bytes())?;
    }
    Ok(())
}

/// The project as seen from the working folder, which in CI is the root of the repository: empty where it is that folder, or outside of it.
fn project_folder(dir: &Path) -> String {
    let relative = || Some(dir.canonicalize().ok()?.strip_prefix(std::env::current_dir().ok()?.canonicalize().ok()?).ok()?.to_path_buf());
    relative().map(|path| path.display().to_string()).unwrap_or_default()
}

/// Reads and compiles a project.
pub(crate) fn compile_flows(global: &Global, options: Options, flows: &[String]) -> anyhow::Result<Compiled> {
    let project = Project::open(&global.project_dir, options)?;
    Ok(sequor_compiler::compile(&project, flows)?)
}

/// Compiles flows for a command with an output of its own: faults go to standard error. `None` where there are errors.
pub(crate) fn compile_aside(global: &Global, options: Options, flows: &[String]) -> anyhow::Result<Option<Plan>> {
    let compiled = compile_flows(global, options, flows)?;
    let mut shown = compiled.diagnostics;
    shown.retain(|d| d.severity < Severity::Hint);
    if !shown.is_empty() {
        let color = colored(global, io::stderr().is_terminal());
        io::stderr().lock().write_all(render(Format::Full, &shown, color).as_bytes())?;
    }
    Ok(compiled.plan)
}

/// Compiles one flow for a run.
pub(crate) fn compile_for_run(global: &Global, options: Options, flow: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let plan = compile_aside(global, options, &[flow.to_owned()])?;
    plan.map(|plan| Ok(codec::encode(&plan)?)).transpose()
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
    count_of(n, what, &format!("{what}s"))
}

fn count_of(n: usize, one: &str, more: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { more })
}
