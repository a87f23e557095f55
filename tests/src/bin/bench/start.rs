//! What it takes to start and to compile.

use std::process::Command;

use sequor_tests::program::{Project, executor, sequor};

use crate::measure::{measure, median, print};

pub(crate) fn start() {
    let project = Project::of(&[("project.yaml", "name: start\n"), ("flows/hello.yaml", "- op: print\n  message: hello\n")]);
    let _ = project.sequor(["compile", "-o", "hello.plan"]).ended(0);
    let empty = median(21, || measure(&mut Command::new("true")));
    let hello = median(21, || measure(project.command(&executor()).args(["run", "hello.plan"])));
    print("start of sequor-executor on a one-line plan", hello, "empty process", empty);
}

pub(crate) fn compile() {
    let project = Project::fixture("seed");
    let empty = median(21, || measure(&mut Command::new("true")));
    let seed = median(21, || measure(project.command(&sequor()).args(["compile", "-o", "seed.plan"])));
    print("compile of the seed project", seed, "empty process", empty);
}
