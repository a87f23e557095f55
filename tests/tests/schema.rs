//! `sequor schema`: a validator that nobody here wrote takes every sound file of the fixtures, and tells what is wrong with others.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use sequor_tests::program::{Project, Ran, workspace};
use sequor_tests::readers;

/// The YAML files below a folder.
fn yaml(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            yaml(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path);
        }
    }
}

/// Projects whose files all compile.
fn projects() -> Vec<PathBuf> {
    let fixtures = workspace().join("fixtures");
    let mut found: Vec<PathBuf> = [
        "projects/calls",
        "projects/datasette",
        "projects/reference",
        "projects/seed",
        "projects/services",
        "flows/base",
        "flows/ok/sent_twice",
    ]
    .map(|p| fixtures.join(p))
    .into();
    found.retain(|p| p.is_dir());
    found.push(workspace().join("cli/src/init/project"));
    found
}

fn files(kind: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    if kind == "flow" {
        let alone = std::fs::read_dir(workspace().join("fixtures/flows/ok")).expect("a folder");
        found.extend(alone.map(|e| e.expect("an entry").path()).filter(|p| p.extension().is_some_and(|e| e == "yaml")));
    }
    for project in projects() {
        match kind {
            "project" => found.push(project.join("project.yaml")),
            kind => {
                let folder = project.join(match kind {
                    "flow" => "flows",
                    "source" => "sources",
                    _ => "envs",
                });
                if folder.is_dir() {
                    yaml(&folder, &mut found);
                }
            }
        }
    }
    found
}

/// Has files read with a schema, as the program prints it.
fn validate(project: &Project, kind: &str, files: &[PathBuf]) -> Option<Ran> {
    let schema = project.sequor(["schema", kind]).ended(0);
    project.write("schema.json", &schema.stdout);
    let schema = project.path().join("schema.json").display().to_string();
    let files: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    let arguments: Vec<&str> = ["schema", &schema].into_iter().chain(files.iter().map(String::as_str)).collect();
    readers::read(&arguments)
}

#[test]
fn sound_files_are_valid() {
    for (kind, least) in [("flow", 15), ("source", 8), ("environment", 1), ("project", 5)] {
        let files = files(kind);
        assert!(files.len() >= least, "only {} files for {kind}", files.len());
        let Some(read) = validate(&Project::empty(), kind, &files) else { return };
        let read = read.ended(0);
        assert_eq!(read.stdout.lines().filter(|l| l.ends_with(" is valid")).count(), files.len());
    }
}

#[test]
fn an_editor_marks_what_is_wrong() {
    let cases = [
        ("flow", "- {op: print, mesage: a}\n", "'mesage' was unexpected"),
        ("flow", "steps:\n  - op: pritn\n", "'pritn' is not one of"),
        ("flow", "- {op: http_request, request: {url: /a, method: PAST}, response: {}}\n", "is not valid under any of the given schemas"),
        ("source", "type: sqlite\n", "is not valid under any of the given schemas"),
        ("source", "type: mysql\n", "'mysql' is not one of"),
        ("environment", "variabels: {}\n", "'variabels' was unexpected"),
        ("project", "name: shop\nlint: {P603: loud}\n", "'loud' is not one of"),
        ("project", "version: 1\n", "'name' is a required property"),
    ];
    for (kind, text, says) in cases {
        let project = Project::of(&[("file.yaml", text)]);
        let Some(read) = validate(&project, kind, &[project.path().join("file.yaml")]) else { return };
        read.ended(1).says(says);
    }
    let sound = [
        ("flow", "- {op: print, message_expression: \"'a'\"}\n"),
        ("flow", "- {op: http_request, request: {url: 'https://api.example.com', method: post}}\n"),
        ("project", "name: shop\nlint: {P603: off, V: hint, slash-comment: error, all: warning, paths: {'flows/**': {V4: off}}}\n"),
    ];
    for (kind, text) in sound {
        let project = Project::of(&[("file.yaml", text)]);
        let Some(read) = validate(&project, kind, &[project.path().join("file.yaml")]) else { return };
        let _ = read.ended(0);
    }
}
