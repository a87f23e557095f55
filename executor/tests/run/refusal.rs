//! What is refused before anything is touched.

use crate::support::{Project, Script};

fn project() -> Project {
    let mut s = Script::new();
    let seed = s.execute("seed", &["CREATE TABLE t (id)"]);
    s.project(&[seed])
}

fn untouched(project: &Project) {
    assert!(!project.path("data.db").exists() && !project.path(".sequor").exists());
}

#[test]
fn a_plan_that_cannot_be_trusted() {
    let project = project();
    let good = std::fs::read(project.path("main.plan")).unwrap();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for bytes in [&b""[..], b"name: x\n", &good[..good.len() - 1], &flipped] {
        std::fs::write(project.path("main.plan"), bytes).unwrap();
        project.run(&[]).ended(2, &["error: refused plan main.plan: "]);
    }
    std::fs::remove_file(project.path("main.plan")).unwrap();
    project.run(&[]).ended(2, &["main.plan", "cannot be read"]);
    untouched(&project);
}

#[test]
fn wrong_words_on_the_command_line() {
    let project = project();
    for (arguments, says) in [
        (&["--flow", "mian"][..], &["no flow 'mian'", "did you mean 'main'?"][..]),
        (&["--param", "a=b"], &["flow 'main' has no parameter 'a'", "there is none"]),
        (&["--param", "a"], &["must be NAME=VALUE"]),
        (&["--map-url", "https://a.example"], &["must be FROM=TO"]),
        (&["--env", "x", "--env-file", "y"], &["cannot be used with"]),
        (&["--env", "none"], &["environment 'none'", "not found"]),
        (&["--report", "no/such/folder/r.json"], &["the report cannot be written to no/such/folder/r.json"]),
        (&["--nonsense"], &["--nonsense"]),
    ] {
        project.run(arguments).ended(2, says);
    }
    untouched(&project);
}

#[test]
fn a_state_file_that_cannot_be_used() {
    let project = project();
    std::fs::write(project.path("notes.txt"), "some text that is no database file at all, just some notes").unwrap();
    project.run(&["--state", "notes.txt"]).ended(2, &["state file notes.txt", "no state file"]);
    project.run(&["--state", "main.plan/state.db"]).ended(2, &["state file main.plan/state.db", "--state"]);
    assert!(!project.path("data.db").exists());
}
