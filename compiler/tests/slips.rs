//! Mistakes of users and what becomes of them: `fixtures/slips/*.jsonl`, written from the language's description alone by people who then looked where they
//! were reported. Each mistake would make a run fail or do damage, and can be seen in the text.
//!
//! A file's first line has the files that all of its projects share; each other line is a project. `found` says whether an error or a warning stands in the
//! line of the mistake; `blind` marks projects that were written before anything was compiled, so that a rate can be told from them. With
//! `SEQUOR_SLIPS=write` the test writes `found` as it is now.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test fails by panicking, and tells a rate")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sequor_compiler::diagnostic::{Diagnostic, Severity};
use sequor_compiler::{CompileError, Options, Project, compile};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct Shared {
    shared: BTreeMap<String, String>,
}

#[derive(Deserialize, Serialize)]
struct Case {
    name: String,
    blind: bool,
    files: BTreeMap<String, String>,
    slips: Vec<Slip>,
    /// The environment that is checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    env: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct Slip {
    /// `file:line:column`
    at: String,
    what: String,
    /// Where the mistake is reported, if that is another line than `at` and as good (`project`: it has no place in a file): looked at by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told: Option<String>,
    found: bool,
}

impl Case {
    /// The lines with errors and warnings, as `file:line`; `project` for a fault that has no place in a file.
    fn reported(&self, shared: &BTreeMap<String, String>) -> Vec<String> {
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/flows/base");
        let mut project = Project::open(&base, Options { env: self.env.clone(), ..Options::default() }).unwrap();
        (project.flows, project.sources, project.environments) = Default::default();
        for (path, text) in shared.iter().chain(&self.files) {
            project.put(path, text.clone()).unwrap();
        }
        let found = match compile(&project, &[] as &[&str]) {
            Ok(compiled) => compiled.diagnostics,
            Err(CompileError::NoFlows) => Vec::new(),
            Err(error) => panic!("{}: {error}", self.name),
        };
        let place = |d: &Diagnostic| match &d.span {
            Some(span) => format!("{}:{}", span.file.path, span.file.position(span.start).0),
            None => "project".to_owned(),
        };
        found.iter().filter(|d| d.severity != Severity::Hint).map(place).collect()
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/slips");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "jsonl")).collect();
    files.sort();
    files
}

#[test]
fn what_is_found_is_known() {
    let write = std::env::var_os("SEQUOR_SLIPS").is_some_and(|v| v == "write");
    let mut changed = Vec::new();
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        let (first, rest) = text.split_once('\n').unwrap();
        let Shared { shared } = serde_json::from_str(first).unwrap();
        let (mut written, mut found, mut blind, mut blind_found) = (format!("{first}\n"), 0, 0, 0);
        let mut count = 0;
        for line in rest.lines() {
            let mut case: Case = serde_json::from_str(line).unwrap();
            let reported = case.reported(&shared);
            for slip in &mut case.slips {
                let line = slip.at.rsplit_once(':').map(|(place, _)| place);
                let is_found = reported.iter().any(|r| Some(r.as_str()) == line || Some(r) == slip.told.as_ref());
                if is_found != slip.found {
                    changed.push(format!("{} {}: found is {is_found} now ({})", case.name, slip.at, slip.what));
                    slip.found = is_found;
                }
                count += 1;
                found += usize::from(is_found);
                blind += usize::from(case.blind);
                blind_found += usize::from(case.blind && is_found);
            }
            written.push_str(&serde_json::to_string(&case).unwrap());
            written.push('\n');
        }
        let name = file.file_stem().unwrap().display().to_string();
        eprintln!("{name}: {found} of {count} mistakes found, {blind_found} of {blind} among those that were written blind");
        if write {
            fs::write(&file, written).unwrap();
        }
    }
    assert!(write || changed.is_empty(), "SEQUOR_SLIPS=write takes these over:\n{}", changed.join("\n"));
}
