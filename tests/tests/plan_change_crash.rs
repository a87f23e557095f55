//! Runs that are killed anywhere and go on with a plan that does the same, but in which everything has another number.
//!
//! Needs programs with failpoints, which `tests/run` builds.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use sequor_tests::crash::case::{self, Case};
use sequor_tests::crash::databases::Databases;
use sequor_tests::crash::judge::judge;
use sequor_tests::crash::matrix::{self, Prepared};
use sequor_tests::crash::trial::{self, Story};
use sequor_tests::crash::world::{self, Ended, Shot, World, await_end};

/// Cases that read and write in different ways.
const FLOWS: [&str; 12] = [
    "pages_number_append_lite",
    "pages_cursor_parser_pg",
    "post_append_lite",
    "concurrent_post_lite",
    "key_auto_lite",
    "several_databases_post",
    "transform_lite",
    "execute_single_lite",
    "flows_in_loop",
    "try_refused",
    "while_effects",
    "state_in_postgres",
];

/// The same case behind another source and another flow, with one more step that does not run.
fn renumbered(case: &Case, folder: &Path) -> PathBuf {
    let mut other = case.clone();
    let main = other.flows.get_mut("main").expect("a main flow");
    let indent = if main.contains("\nsteps:") || main.starts_with("steps:") { "  " } else { "" };
    main.push_str(&format!("\n{indent}- {{op: run_flow, id: aside, flow: aaa, when_expression: 1 > 2}}\n"));
    let aside = "steps:\n  - {op: http_request, id: never, request: {source: aaa, url: /never}}\n  - {op: print, id: no, message: never}\n";
    other.flows.insert("aaa".to_owned(), aside.to_owned());
    std::fs::create_dir_all(folder.join("sources")).expect("a folder");
    std::fs::write(folder.join("sources/aaa.yaml"), "type: http\nbase_url: http://127.0.0.1:9\n").expect("a written file");
    world::compile(&other, folder).unwrap_or_else(|faults| panic!("{} does not compile:\n{faults}", case.name))
}

/// Kills a run once, and brings it to its end with the other plan. Says whether that was the plan it went on with: before it is recorded there is no run.
fn try_one(one: &Prepared, new: &Path, databases: &Databases, shot: &Shot) -> bool {
    let world = World::new(&one.case, &one.plan, databases);
    if world.run(Some(shot), None) != Ended::Killed {
        return false;
    }
    let mut story = Story { crashes: 1, ..Story::default() };
    story.steps.push(format!("run, killed at {shot}; resumed with the other plan"));
    let go_on = |arguments: &[&str]| await_end(&mut world.spawn(&mut world.command(arguments)));
    let mut ended = go_on(&["resume", "--plan", &new.to_string_lossy()]);
    let moved = world.output().contains("goes on with another plan");
    if world.output().contains("cannot go on with this plan") {
        // Nothing is left to do: the new step would not run.
        assert!(world.output().contains("it would have been left out"), "{} killed at {shot}: {}", one.case.name, world.output());
        let _ = go_on(&["resume", "--dry-run"]);
        assert!(world.output().contains("everything was done"), "{} killed at {shot}: {}", one.case.name, world.output());
        ended = go_on(&["resume"]);
    }
    let (left, story) = trial::finish(&world, ended, story, &[]).unwrap_or_else(|e| panic!("{} killed at {shot}: {e}", one.case.name));
    let faults = judge(&one.case, &one.undisturbed, &left, &story);
    assert!(faults.is_empty(), "{} killed at {shot}: {faults:?}\n{:?}", one.case.name, story.steps);
    moved
}

#[test]
fn a_run_killed_anywhere_goes_on_with_the_same_steps_under_other_numbers() {
    if std::env::var_os("SEQUOR_FAILPOINTS_BUILT").is_none() {
        return;
    }
    let cases: Vec<Case> = case::all().into_iter().filter(|case| FLOWS.contains(&case.name.as_str())).collect();
    assert_eq!(cases.len(), FLOWS.len(), "a case of this test is not in fixtures/crash");
    let databases = Databases::default();
    let mut moved = 0;
    for one in matrix::prepare(&cases, 2).0 {
        let folder = world::temporary_folder();
        let new = renumbered(&one.case, folder.path());
        for (failpoint, passes) in &one.passed {
            let shot = Shot { failpoint: failpoint.clone(), pass: passes.div_ceil(2) };
            moved += usize::from(try_one(&one, &new, &databases, &shot));
        }
    }
    assert!(moved > 10 * FLOWS.len(), "only {moved} runs went on with another plan");
}
