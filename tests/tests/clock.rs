//! The clock of a machine is set back or ahead between a crash and the resume.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::path::PathBuf;
use std::process::Command;

use sequor_tests::crash::books::Shop;
use sequor_tests::crash::case::{self, Behaviour};
use sequor_tests::crash::databases::Databases;
use sequor_tests::crash::judge::judge;
use sequor_tests::crash::matrix;
use sequor_tests::crash::trial::{self, Story};
use sequor_tests::crash::world::{Ended, World, await_end};
use sequor_tests::program::{Project, executor, run};

fn enabled() -> bool {
    std::env::var_os("SEQUOR_FAILPOINTS_BUILT").is_some()
}

/// `tests/run` installs it.
fn library() -> PathBuf {
    let mut found = std::fs::read_dir("/usr/lib").expect("/usr/lib").filter_map(Result::ok);
    let library = found.find_map(|entry| Some(entry.path().join("faketime/libfaketimeMT.so.1")).filter(|path| path.exists()));
    library.expect("the package faketime is installed by tests/run")
}

/// The program sees another time of day; how long something takes stays as it is.
fn shifted<'c>(command: &'c mut Command, by: &str) -> &'c mut Command {
    command.env("LD_PRELOAD", library()).env("FAKETIME", by).env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
}

#[test]
fn a_run_goes_on_whatever_the_clock_says() {
    if !enabled() {
        return;
    }
    let databases = Databases::default();
    let names = ["key_auto_lite", "post_append_lite", "pages_cursor_parser_lite", "state_in_postgres"];
    let cases: Vec<_> = case::all().into_iter().filter(|case| names.contains(&case.name.as_str())).collect();
    assert_eq!(cases.len(), names.len());
    for one in matrix::prepare(&cases, 2).0 {
        for (before, after) in [("+3650d", "+0"), ("+0", "+3650d")] {
            let what = format!("{}: {before}, then {after}", one.case.name);
            let world = World::new(&one.case, &one.plan, &databases);
            let mut first = world.command(&["run", &one.plan.to_string_lossy()]);
            shifted(first.env("SEQUOR_FAILPOINT", "http.before_absorb@3"), before);
            assert_eq!(await_end(&mut world.spawn(&mut first)), Ended::Killed, "{what}\n{}", world.output());
            world.shop.settle();
            let mut second = world.command(&["resume"]);
            let ended = await_end(&mut world.spawn(shifted(&mut second, after)));
            let story = Story { crashes: 1, ..Story::default() };
            let (left, story) = trial::finish(&world, ended, story, &[]).unwrap_or_else(|e| panic!("{what}: {e}"));
            let faults = judge(&one.case, &one.undisturbed, &left, &story);
            assert!(faults.is_empty(), "{what}: {faults:?}\n{:?}", story.steps);
        }
    }
}

#[test]
fn a_key_is_trusted_only_while_its_age_is_known() {
    if !enabled() {
        return;
    }
    // When the request was sent, when the run is resumed, and what comes of it.
    for (sent, resumed, status) in [("+0", "+1h", 0), ("+0", "+2d", 75), ("+10d", "+0", 75), ("+2m", "+0", 0)] {
        let shop = Shop::start(&Behaviour::default());
        let project = Project::of(&[
            ("project.yaml", "name: keys\n"),
            ("sources/shop.yaml", &format!("type: http\nbase_url: {}\nidempotency: {{validity: 24h}}\n", shop.url())),
            (
                "flows/main.yaml",
                "- op: http_request\n  request: {source: shop, url: /orders/1, method: POST, idempotency_key: auto, body: {city: Rome}}\n",
            ),
        ]);
        let _ = project.sequor(["compile", "-o", "main.plan"]).ended(0);
        let mut first = project.command(&executor());
        first.args(["run", "main.plan"]).env("SEQUOR_FAILPOINT", "http.after_reply_before_record@1");
        let _ = run(shifted(&mut first, sent));
        assert_eq!(shop.entries().len(), 1);
        let second = run(shifted(project.command(&executor()).arg("resume"), resumed)).ended(status);
        let keys: Vec<_> = shop.entries().into_iter().map(|entry| entry.key.expect("a key")).collect();
        if status == 0 {
            assert!(keys.len() == 2 && keys[0] == keys[1], "{sent}, {resumed}: {keys:?}");
        } else {
            assert_eq!(keys.len(), 1, "{sent}, {resumed}");
            second.says("in doubt").says("POST");
            let _ = run(shifted(project.command(&executor()).args(["resume", "--in-doubt", "done"]), resumed)).ended(0);
            assert_eq!(shop.entries().len(), 1);
        }
    }
}
