//! `--watch`: compiles again whenever a file of the project has changed. Files are looked at by time and size several times a second, which
//! works on every file system.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::arguments::{Compile, Global};
use crate::{home_dir, stdout_is_terminal};

const PAUSE: Duration = Duration::from_millis(200);
/// As deep as the compiler looks for flows.
const MAX_DEPTH: usize = 32;

/// When a file was written, and its size.
type Stamp = (Option<SystemTime>, u64);

/// Until the process is stopped: a signal ends it as it ends any other.
pub(super) fn watch(arguments: &Compile, global: &Global, out: &mut dyn Write) -> anyhow::Result<u8> {
    let mut seen = stamps(arguments, global);
    // What is wrong with the call is said at once.
    super::once(arguments, global, out)?;
    loop {
        writeln!(io::stderr().lock(), "watching {}; Ctrl-C ends", global.project_dir.display())?;
        let now = changed(&seen, arguments, global);
        let names = differences(&seen, &now, &global.project_dir);
        seen = now;
        if stdout_is_terminal() && arguments.output_format.format().is_text() {
            write!(out, "\u{1b}[2J\u{1b}[3J\u{1b}[H")?;
        }
        writeln!(io::stderr().lock(), "\nchanged: {}", names.join(", "))?;
        // The project may be unreadable for a moment, while an editor saves it.
        if let Err(error) = super::once(arguments, global, out) {
            if crate::is_broken_pipe(&error) {
                return Err(error);
            }
            writeln!(io::stderr().lock(), "error: {error:#}")?;
        }
    }
}

/// Waits for a change, and until it is over.
fn changed(seen: &BTreeMap<PathBuf, Stamp>, arguments: &Compile, global: &Global) -> BTreeMap<PathBuf, Stamp> {
    let mut last = seen.clone();
    loop {
        std::thread::sleep(PAUSE);
        let now = stamps(arguments, global);
        if now == last && now != *seen {
            return now;
        }
        last = now;
    }
}

fn differences(before: &BTreeMap<PathBuf, Stamp>, after: &BTreeMap<PathBuf, Stamp>, project: &Path) -> Vec<String> {
    let paths: std::collections::BTreeSet<&PathBuf> = before.keys().chain(after.keys()).collect();
    let differs = paths.into_iter().filter(|p| before.get(*p) != after.get(*p));
    differs.map(|p| p.strip_prefix(project).unwrap_or(p).display().to_string()).collect()
}

fn stamps(arguments: &Compile, global: &Global) -> BTreeMap<PathBuf, Stamp> {
    let mut found = BTreeMap::new();
    let project = &global.project_dir;
    list(project, 0, &mut found);
    for folder in ["flows", "sources", "envs"] {
        list(&project.join(folder), MAX_DEPTH, &mut found);
    }
    if let Ok(home) = home_dir(arguments.home.home_dir.clone()) {
        list(&home.join("envs"), 0, &mut found);
    }
    found
}

/// The YAML files of a folder; one that cannot be read has none.
fn list(folder: &Path, depth: usize, found: &mut BTreeMap<PathBuf, Stamp>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let Ok(metadata) = std::fs::metadata(&path) else { continue };
        if metadata.is_dir() {
            if depth > 0 {
                list(&path, depth - 1, found);
            }
        } else if name.ends_with(".yaml") || name.ends_with(".yml") {
            found.insert(path, (metadata.modified().ok(), metadata.len()));
        }
    }
}
