//! Rules of the code itself: which crate may use which, and how large a file may grow.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};

use sequor_tests::program::workspace;

/// Crate → workspace crates that it may depend on (docs/architecture.md).
const EDGES: [(&str, &[&str]); 5] = [
    ("plan-format", &[]),
    ("compiler", &["sequor-plan-format"]),
    ("executor", &["sequor-plan-format"]),
    ("cli", &["sequor-plan-format", "sequor-compiler", "sequor-executor"]),
    ("tests", &["sequor-plan-format", "sequor-compiler", "sequor-executor"]),
];

/// Everything the plan format may depend on: it is the contract, and stays free of effects.
const PLAN_FORMAT: [&str; 5] = ["serde", "bincode", "petgraph", "thiserror", "blake3"];

#[test]
fn crates_depend_only_on_what_the_architecture_allows() {
    for (folder, allowed) in EDGES {
        for name in dependencies(folder).iter().filter(|d| d.starts_with("sequor")) {
            assert!(allowed.contains(&name.as_str()), "{folder} must not depend on {name}");
        }
    }
    for name in dependencies("plan-format") {
        assert!(PLAN_FORMAT.contains(&name.as_str()), "plan-format must not depend on {name}");
    }
    for name in ["minijinja", "rustpython-vm", "sqlx", "reqwest", "tokio"] {
        let compiler_parses_only = name == "minijinja";
        assert!(compiler_parses_only || !dependencies("compiler").iter().any(|d| d == name), "the compiler must not depend on {name}");
    }
    for name in ["granit-parser", "sqlparser", "rustpython-compiler", "annotate-snippets"] {
        assert!(!dependencies("executor").iter().any(|d| d == name), "the executor must not depend on {name}");
    }
}

#[test]
fn source_files_stay_readable() {
    let long: Vec<_> = rust_files(&workspace())
        .into_iter()
        .map(|path| (fs::read_to_string(&path).expect("a readable file").lines().count(), path))
        .filter(|(lines, _)| *lines > 800)
        .collect();
    assert!(long.is_empty(), "files over 800 lines, to be split by concept: {long:?}");
}

#[test]
fn modules_say_what_they_are_for() {
    for path in rust_files(&workspace()) {
        let text = fs::read_to_string(&path).expect("a readable file");
        let generated_or_build = path.file_name().is_some_and(|n| n == "build.rs");
        assert!(generated_or_build || text.starts_with("//!"), "{} has no module documentation", path.display());
    }
}

/// The names under `[dependencies]` of a crate's manifest.
fn dependencies(folder: &str) -> Vec<String> {
    let manifest = fs::read_to_string(workspace().join(folder).join("Cargo.toml")).expect("a manifest");
    manifest
        .lines()
        .skip_while(|l| *l != "[dependencies]")
        .skip(1)
        .take_while(|l| !l.starts_with('['))
        .filter_map(|l| l.split(['.', ' ', '=']).next())
        .filter(|n| !n.is_empty() && !n.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

fn rust_files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<_> = EDGES.iter().map(|(folder, _)| root.join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && path.file_name().is_none_or(|n| n != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
