//! Rules of the code itself: which crate may use which, and how large a file may grow.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};

use sequor_tests::failpoints;
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

/// Enumerations of the plan format, and what a crash case has for each of their variants. A new variant comes with its crash cases.
type Variants = &'static [(&'static str, &'static [&'static str])];

const CRASH_CASES: [(&str, &str, Variants); 6] = [
    (
        "plan-format/src/op.rs",
        "Op",
        &[
            ("HttpRequest", &["op: http_request"]),
            ("Transform", &["op: transform"]),
            ("Execute", &["op: execute", "transaction: false"]),
            ("SetVariable", &["op: set_variable"]),
            ("Print", &["op: print"]),
            ("Fail", &["op: fail"]),
            ("IfElse", &["op: if", "else:", "when:"]),
            ("WhileLoop", &["op: while"]),
            ("ForEach", &["op: for_each", "on_error: skip"]),
            ("TryCatch", &["op: try", "catch:", "finally:"]),
            ("Block", &["op: block"]),
            ("RunFlow", &["op: run_flow", "output:"]),
            ("Sleep", &["op: sleep"]),
            ("Assert", &["op: assert", "expect:"]),
            ("Leave", &["op: break", "op: continue", "op: return"]),
            ("Parallel", &["op: parallel", "branches:", "max_concurrency:"]),
            ("Copy", &["op: copy"]),
        ],
    ),
    (
        "plan-format/src/op.rs",
        "Rows",
        &[
            ("Table", &["for_each: {source: lite, table:", "for_each: {source: pg, table:"]),
            ("Query", &["for_each: {source: lite, query:", "for_each: {source: pg, query:"]),
            ("Items", &["for_each: {items:"]),
        ],
    ),
    ("plan-format/src/op.rs", "WriteMode", &[("Create", &["write_mode: create"]), ("Append", &["write_mode: append"])]),
    (
        "plan-format/src/source.rs",
        "SourceKind",
        &[("Http", &["source: api"]), ("Sqlite", &["kind: sqlite"]), ("Postgres", &["kind: postgres"])],
    ),
    (
        "plan-format/src/op/http_request.rs",
        "Method",
        &[
            ("Get", &["method: GET"]),
            ("Head", &[]),
            ("Options", &[]),
            ("Put", &["method: PUT"]),
            ("Delete", &["method: DELETE"]),
            ("Post", &["method: POST", "idempotent: true"]),
            ("Patch", &["method: PATCH"]),
        ],
    ),
    (
        "plan-format/src/op/http_request.rs",
        "TableData",
        &[("Parser", &["parser_expression:"]), ("Path", &["data_path:"]), ("Value", &["data: ["])],
    ),
];

#[test]
fn crash_cases_have_every_op_loop_and_write_mode() {
    let entries = fs::read_dir(workspace().join("fixtures/crash")).expect("fixtures/crash");
    let cases: String = entries.map(|entry| fs::read_to_string(entry.expect("an entry").path()).expect("a case")).collect();
    for (file, name, variants) in CRASH_CASES {
        for variant in variants_of(file, name) {
            let known = variants.iter().find(|(known, _)| *known == variant);
            let (_, texts) =
                known.unwrap_or_else(|| panic!("{name}::{variant} is new: add cases to fixtures/crash, and here what they have"));
            for text in *texts {
                assert!(cases.contains(text), "no case of fixtures/crash has '{text}' ({name}::{variant})");
            }
        }
    }
}

#[test]
fn failpoints_have_names_of_their_own() {
    let places = failpoints::in_sources();
    for pair in places.windows(2) {
        assert!(pair[0].name != pair[1].name, "the failpoint {} is in {} and in {}", pair[0].name, pair[0].file, pair[1].file);
    }
    for (name, reason) in failpoints::NOT_PASSED {
        assert!(places.iter().any(|place| place.name == *name), "there is no failpoint {name} any more");
        assert!(!reason.is_empty(), "why does no flow pass {name}?");
    }
}

/// The names of an enumeration's variants, as they are written.
fn variants_of(file: &str, name: &str) -> Vec<String> {
    let text = fs::read_to_string(workspace().join(file)).expect("a source file");
    let start = format!("pub enum {name} {{");
    let body = text.split(&start).nth(1).unwrap_or_else(|| panic!("{file} has no {start}"));
    let body = body.split("\n}").next().unwrap_or_default();
    let variant =
        |line: &str| line.strip_prefix("    ").filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase())).map(str::to_owned);
    let variants: Vec<String> =
        body.lines().filter_map(variant).map(|line| line.chars().take_while(char::is_ascii_alphanumeric).collect()).collect();
    assert!(!variants.is_empty(), "{name} in {file} has no variants");
    variants
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
