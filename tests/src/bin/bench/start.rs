//! What it takes to start.

use std::process::Command;

use sequor_tests::program::{Project, executor};

use crate::measure::{measure, median, print};

pub(crate) fn start() {
    let project = Project::of(&[("project.yaml", "name: start\n"), ("flows/hello.yaml", "- op: print\n  message: hello\n")]);
    let _ = project.sequor(["compile", "-o", "hello.plan"]).ended(0);
    let empty = median(21, || measure(&mut Command::new("true")));
    let hello = median(21, || measure(project.command(&executor()).args(["run", "hello.plan"])));
    print("start of sequor-executor on a one-line plan", hello, "empty process", empty);
}
