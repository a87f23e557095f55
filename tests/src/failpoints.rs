//! The failpoints that are written in the executor's sources.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::workspace;

/// Failpoints that no flow of the crash matrix passes, and why.
pub const NOT_PASSED: &[(&str, &str)] = &[
    ("state.change_plan.before_commit", "the plan of a run changes in tests/plan_change/"),
    ("state.change_plan.after_commit", "the plan of a run changes in tests/plan_change/"),
];

/// Where a failpoint is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub name: String,
    /// In the workspace.
    pub file: String,
}

/// All of them, by name.
#[must_use]
pub fn in_sources() -> Vec<Place> {
    let root = workspace();
    let mut places = Vec::new();
    for path in rust_files(&root.join("executor/src")) {
        let text = fs::read_to_string(&path).expect("a readable file");
        let file = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
        let calls = text.split("hit(\"").skip(1).filter_map(|rest| rest.split('"').next());
        places.extend(calls.map(|name| Place { name: name.to_owned(), file: file.clone() }));
    }
    places.sort();
    places
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}
