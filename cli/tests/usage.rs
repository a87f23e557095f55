//! The commands that need no project: help, version, codes, schemas, and how wrong usage is answered.
#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Output};

fn sequor(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sequor")).args(arguments).output().expect("the program runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

#[test]
fn help_names_every_command() {
    let help = stdout(&sequor(&["--help"]));
    for command in ["demo", "init", "env", "compile", "run", "show", "graph", "diff", "explain", "schema", "version"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is not in\n{help}");
    }
}

#[test]
fn version_names_program_and_plan_format() {
    let text = stdout(&sequor(&["version"]));
    assert!(text.contains(concat!("sequor ", env!("CARGO_PKG_VERSION"))) && text.contains("plan format 4"), "{text}");
}

#[test]
fn explain_prints_a_page_and_the_list() {
    assert!(stdout(&sequor(&["explain", "s103"])).contains("S103"));
    assert!(stdout(&sequor(&["explain"])).lines().count() > 40);
    let unknown = sequor(&["explain", "S1O3"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("did you mean S103"), "{unknown:?}");
}

#[test]
fn schemas_are_json() {
    for kind in ["flow", "source", "environment", "project"] {
        let schema: serde_json::Value = serde_json::from_str(&stdout(&sequor(&["schema", kind]))).expect("JSON");
        assert!(schema["$schema"].as_str().is_some_and(|s| s.contains("draft-07")), "{kind}");
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    let cases: [&[&str]; 5] = [&[], &["nonsense"], &["run"], &["-p", "/nonexistent", "compile"], &["show", "/nonexistent.plan"]];
    for arguments in cases {
        let output = sequor(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?} says nothing");
    }
}
