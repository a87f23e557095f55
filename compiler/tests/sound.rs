//! Flows that do what they are meant to do, in the manners of different authors: `fixtures/sound/*`. They were written from the language's description alone,
//! most of them tried twice each, with full and with empty replies, and then compiled. Nothing is reported of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use sequor_compiler::diagnostic::Severity;
use sequor_compiler::{Options, Project, compile};

#[test]
fn nothing_is_reported_of_flows_that_work() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/sound");
    let (mut lines, mut reports) = (0, Vec::new());
    for project in fs::read_dir(folder).unwrap() {
        let path = project.unwrap().path();
        let project = Project::open(&path, Options::default()).unwrap();
        lines += project.flows.iter().map(|flow| flow.file.text.lines().count()).sum::<usize>();
        let compiled = compile(&project, &[] as &[&str]).unwrap();
        for fault in compiled.diagnostics.iter().filter(|f| f.severity != Severity::Hint) {
            let line = fault.span.as_ref().map(|s| format!("{}:{}", s.file.path, s.file.position(s.start).0)).unwrap_or_default();
            reports.push(format!("{} {line} {} {}", path.file_name().unwrap().display(), fault.code, fault.message));
        }
    }
    assert!(lines > 11_000, "{lines} lines");
    assert!(reports.is_empty(), "{}", reports.join("\n"));
}
