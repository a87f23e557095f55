//! `fixtures/sql/accepted/ENGINE.sql`: statements that the engine was seen to take, one after the other in a new database, and that the compiler must take
//! as well, as statements of one `execute`: no error and no warning. The files are for running against an engine as they are.
//!
//! `fixtures/sql/refused/ENGINE.sql`: statements one to a line, of which those behind the first comment were seen to be refused (behind `-- damage`: to do
//! something else than is meant). Each of them must be reported in its line.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod common;

use std::collections::BTreeSet;

use common::fixtures;
use sequor_compiler::diagnostic::{Diagnostic, Severity, SourceFile};
use sequor_compiler::project::File;
use sequor_compiler::render::{Format, render};
use sequor_compiler::{Options, Project, compile};

/// What is reported about the statements of a file.
fn faults(text: &str, source: &str) -> Vec<Diagnostic> {
    let mut project = Project::open(&fixtures("flows/base"), Options::default()).unwrap();
    let indented: Vec<String> = text.lines().map(|l| format!("      {l}")).collect();
    let flow =
        format!("steps:\n  - op: execute\n    source: {source}\n    transaction: false\n    statement: |\n{}\n", indented.join("\n"));
    project.flows = vec![File { name: "main".to_owned(), file: SourceFile::new("flows/main.yaml", flow) }];
    let compiled = compile(&project, &[] as &[&str]).unwrap();
    compiled.diagnostics.into_iter().filter(|d| d.severity != Severity::Hint).collect()
}

fn silent(engine: &str, source: &str) {
    let text = std::fs::read_to_string(fixtures(&format!("sql/accepted/{engine}.sql"))).unwrap();
    let faults = faults(&text, source);
    assert!(faults.is_empty(), "{}", render(Format::Full, &faults, false));
}

fn reported(engine: &str, source: &str) {
    // In front of a line of the file there are five of the flow.
    const BEFORE: usize = 5;
    let text = std::fs::read_to_string(fixtures(&format!("sql/refused/{engine}.sql"))).unwrap();
    let lines: BTreeSet<usize> =
        faults(&text, source).iter().filter_map(|d| d.span.as_ref()).map(|s| s.file.position(s.start).0 as usize - BEFORE).collect();
    let first = text.lines().position(|l| l.starts_with("--")).unwrap();
    let wrong: Vec<String> = (1..)
        .zip(text.lines())
        .filter(|(n, line)| !line.is_empty() && !line.starts_with("--") && lines.contains(n) != (*n > first))
        .map(|(n, line)| format!("{n}: {line}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_sqlite_takes_is_taken() {
    silent("sqlite", "stage");
}

#[test]
fn what_postgres_takes_is_taken() {
    silent("postgres", "warehouse");
}

#[test]
fn what_sqlite_refuses_is_reported() {
    reported("sqlite", "stage");
    reported("sqlite_forms", "stage");
}

#[test]
fn what_postgres_refuses_is_reported() {
    reported("postgres", "warehouse");
    reported("postgres_forms", "warehouse");
}
