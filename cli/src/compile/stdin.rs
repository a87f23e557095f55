//! `compile -`: one file of a project from standard input, as an editor has it before it is saved.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use sequor_compiler::Project;

use crate::arguments::{Compile, Global};

/// What standard input is where nothing is said.
const NAMELESS: &str = "flows/stdin.yaml";

pub(super) fn is_asked_for(arguments: &Compile) -> bool {
    arguments.flows.iter().any(|f| f == "-")
}

/// Puts standard input into the project; gives the flows to compile: the one that was read, or all where it is no flow.
pub(super) fn put(arguments: &Compile, global: &Global, project: &mut Project) -> anyhow::Result<Vec<String>> {
    if arguments.flows.len() > 1 {
        bail!("'-' stands alone: standard input is one flow");
    }
    if arguments.fix || arguments.watch {
        bail!("standard input can be compiled once and not be changed: leave --fix and --watch out, or use --diff");
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
    let text = String::from_utf8(bytes).context("standard input is not UTF-8 text")?;
    let path = match &arguments.stdin_path {
        Some(path) => in_project(path, &global.project_dir),
        None => NAMELESS.to_owned(),
    };
    project.put(&path, text)?;
    Ok(if path.starts_with("flows/") { vec![path] } else { Vec::new() })
}

/// The path as the project has it: given from the working folder, or from the project already.
fn in_project(path: &Path, project: &Path) -> String {
    let absolute = |p: &Path| std::path::absolute(p).unwrap_or_else(|_| p.to_path_buf());
    let whole = |p: &Path| p.canonicalize().unwrap_or_else(|_| absolute(p));
    let file: PathBuf = match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) if path.is_absolute() || path.exists() => whole(folder).join(name),
        _ => absolute(path),
    };
    let inside = file.strip_prefix(whole(project)).or_else(|_| file.strip_prefix(absolute(project))).ok();
    inside.filter(|p| p.components().count() > 0).unwrap_or(path).to_string_lossy().into_owned()
}
