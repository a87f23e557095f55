//! A run is forked from one of its steps: what came before is taken over, what comes after is done once more and under new keys.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::process::Command;

use sequor_tests::durable::shop::Size;
use sequor_tests::durable::{Ended, Scene, Shop, failpoints_are_built};
use sequor_tests::{postgres, sqlite};

/// The last step fails while `broken` is "yes".
const FLOW: &str = "
- op: set_variable
  id: choose
  set: {city: {value: Rome, scope: local}}
- op: http_request
  id: sign_up
  request: {source: api, url: /members/1, method: POST}
  response:
    variables: {number_expression: \"response.json()['number'] + 40\"}
- op: transform
  id: build
  source: store
  target_table: best
  query: select 41 as id, 'Rome' as city union all select 42, 'Oslo'
- op: block
  id: together
  steps:
    - op: http_request
      id: keyed
      request: {source: api, url: \"/keyed/{{ var('city') }}/{{ var('number') }}\", method: POST, idempotency_key: auto}
- op: for_each
  id: each
  source: store
  table: best
  as: row
  steps:
    - op: http_request
      id: send
      request: {source: api, url: \"/keyed/each/{{ var('row').id }}\", method: POST, idempotency_key: auto}
      response:
        tables:
          - {source: store, table: orders, data_expression: \"[{'id': var('row')['id'], 'total': 1}]\", columns: {id: bigint, total: \"numeric(12,2)\"}, write_mode: append}
- op: execute
  id: note
  source: store
  statement: \"insert into history (n) values ({{ var('number') }})\"
  transaction: true
- op: fail
  id: end
  when_expression: var('broken') == 'yes'
  message: it is broken
";

const BEFORE: [&str; 4] = ["choose", "sign_up", "build", "keyed"];

fn run(scene: &Scene<'_>, broken: &str) -> Ended {
    let status = if broken == "yes" { 1 } else { 0 };
    scene.start(scene.command(&["run", "main.plan", "--var", &format!("broken={broken}")])).wait().with(status)
}

/// Of the run that began last.
fn newest(scene: &Scene<'_>) -> String {
    let listed = scene.start(scene.command(&["runs", "--json"])).wait().with(0).output;
    let first: serde_json::Value = serde_json::from_str(listed.lines().next().expect("a run")).expect("JSON");
    first["run"].as_str().expect("a name").to_owned()
}

fn fork(scene: &Scene<'_>, arguments: &[&str]) -> Ended {
    scene.start(scene.command(&[&["fork"], arguments].concat())).wait()
}

fn number(scene: &Scene<'_>, sql: &str) -> String {
    sqlite::value(&scene.file("store.db"), sql)
}

/// Paths and keys of the requests with a key, sorted: each key once.
fn keys(shop: &Shop) -> BTreeSet<(String, String)> {
    shop.keyed_requests().into_iter().collect()
}

#[test]
fn a_finished_run_does_what_follows_once_more() {
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(FLOW, &shop);
    let _ = run(&scene, "no");
    let old = newest(&scene);
    let before = keys(&shop);
    assert_eq!(before.len(), 3);

    let ended = fork(&scene, &[&old, "--from", "main/each"]).with(0);
    ended.says("starts at main/each, with the results of run").says(&old);
    let report = scene.report();
    let ops: Vec<_> = report["ops"].as_array().expect("ops").iter().map(|op| op["id"].as_str().expect("an id")).collect();
    assert!(BEFORE.iter().all(|step| !ops.contains(step)), "a step before was run again: {ops:?}");
    assert!(["each", "send", "note"].iter().all(|step| ops.contains(step)), "{ops:?}");

    assert_eq!(shop.unsafe_requests().into_iter().collect::<Vec<_>>(), [("POST /members/1".to_owned(), 1)]);
    let again: Vec<_> = keys(&shop).difference(&before).cloned().collect();
    let paths: Vec<_> = again.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/keyed/each/41", "/keyed/each/42"]);
    assert!(again.iter().all(|(_, key)| before.iter().all(|(_, old)| old != key)), "an old key is used again: {again:?}");
    // The variable that the old run had from a reply.
    assert_eq!(number(&scene, "select group_concat(n) from history"), "41,41");
    assert_eq!(number(&scene, "select count(*) from orders where id > 0"), "4");

    let fork_name = newest(&scene);
    assert_ne!(fork_name, old);
    scene.start(scene.command(&["runs", "--json"])).wait().with(0).says(&format!("\"parent\":\"{old}\""));
    // A fork has what it started with, so it can be forked from there itself.
    let _ = fork(&scene, &[&fork_name, "--from", "each"]).with(0);
    assert_eq!(number(&scene, "select group_concat(n) from history"), "41,41,41");
}

#[test]
fn a_step_around_others_can_be_forked_from() {
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(FLOW, &shop);
    let _ = run(&scene, "no");
    let old = newest(&scene);
    // A part of the name will do, and local variables are there.
    let _ = fork(&scene, &[&old[..old.len() - 1], "--from", "together"]).with(0);
    let sent = shop.keyed_requests().into_iter().filter(|(path, _)| path == "/keyed/Rome/41").count();
    assert_eq!(sent, 2);
}

#[test]
fn a_failed_run_goes_on_as_another_one() {
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(FLOW, &shop);
    let _ = run(&scene, "yes");
    let old = newest(&scene);
    let before = keys(&shop);
    let _ = fork(&scene, &[&old, "--from", "note", "--var", "broken=no"]).with(0);
    assert_eq!(keys(&shop), before, "nothing before the step is sent");
    assert_eq!(number(&scene, "select group_concat(n) from history"), "41,41");
    // The old run is as it was, and goes on at the step that failed.
    scene.start(scene.command(&["status", &old])).wait().with(0).says("failed").says("main/end");
    scene.start(scene.command(&["resume", &old])).wait().with(1).says("it is broken");
    assert_eq!(number(&scene, "select group_concat(n) from history"), "41,41");
}

/// A step and the step that it begins with are two places, also by a newer plan.
#[test]
fn a_run_that_went_on_with_another_plan_can_be_forked_by_that() {
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(FLOW, &shop);
    let _ = run(&scene, "yes");
    let old = newest(&scene);
    std::fs::write(scene.file("flows/main.yaml"), FLOW.replace("it is broken", "it is still broken")).expect("a written file");
    let mut compile = Command::new(sequor_tests::program::sequor());
    compile.args(["compile", "main", "-o", "new.plan"]).current_dir(scene.file("."));
    let _ = sequor_tests::program::run(&mut compile).ended(0);
    scene.start(scene.command(&["resume", &old, "--plan", "new.plan"])).wait().with(1).says("it is still broken");
    let unknown = fork(&scene, &[&old, "--from", "nonsense"]).with(2);
    unknown.says("\n  main/together\n").says("\n  main/together/keyed\n").says("\n  main/each\n");
    let sent = keys(&shop).len();
    let _ = fork(&scene, &[&old, "--from", "together", "--var", "broken=no"]).with(0);
    assert_eq!(keys(&shop).len(), sent + 3);
}

#[test]
fn what_cannot_be_forked_from_is_named_and_nothing_is_touched() {
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(FLOW, &shop);
    let _ = run(&scene, "no");
    let old = newest(&scene);
    let report = std::fs::read(scene.file("report.json")).expect("a report");

    let unknown = fork(&scene, &[&old, "--from", "nonsense"]).with(2);
    unknown.says("has no step 'nonsense'").says("it can be forked from:");
    for step in ["choose", "sign_up", "build", "together", "together/keyed", "each", "note"] {
        unknown.says(&format!("\n  main/{step}\n"));
    }
    assert!(!unknown.output.contains("main/each/send"), "{}", unknown.output);
    let inside = fork(&scene, &[&old, "--from", "send"]).with(2);
    inside.says("cannot be forked from 'main/each/send', which is inside of the loop 'main/each'").says("it can be forked from:");
    let skipped = fork(&scene, &[&old, "--from", "end"]).with(2);
    skipped.says("has not come to 'main/end'");
    fork(&scene, &["nonsense", "--from", "each"]).with(2).says("there is no run 'nonsense'");

    assert_eq!(newest(&scene), old, "no run was begun");
    assert_eq!(std::fs::read(scene.file("report.json")).expect("a report"), report, "the report of another run stays");
    assert_eq!(shop.keyed_requests().len(), 3);
}

#[test]
fn a_fork_can_be_killed_anywhere_and_goes_on() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(FLOW, &shop);
    let _ = run(&scene, "yes");
    let old = newest(&scene);
    let arguments = ["fork", old.as_str(), "--from", "keyed", "--var", "broken=no"];
    let with = |name: &str, value: &str| -> Command {
        let mut command = scene.command(&arguments);
        command.env(name, value);
        command
    };
    let trace = scene.file("trace");
    let _ = scene.start(with("SEQUOR_FAILPOINT_TRACE", &trace.to_string_lossy())).wait().with(0);
    let trace = std::fs::read_to_string(trace).expect("a trace");
    let mut passes = std::collections::BTreeMap::<&str, u64>::new();
    let mut killed = 0;
    for name in trace.lines() {
        let pass = passes.entry(name).or_default();
        *pass += 1;
        // Those that follow are like the second one.
        if *pass > 2 {
            continue;
        }
        let what = format!("{name}@{pass}");
        let (last, rows, sent) = (newest(&scene), number(&scene, "select count(*) from history"), keys(&shop).len());
        let ended = scene.start(with("SEQUOR_FAILPOINT", &what)).wait();
        match ended.status {
            // Writes are grouped by time: there may be fewer of them.
            Some(_) => drop(ended.with(0)),
            None if newest(&scene) == last => {
                assert_eq!(keys(&shop).len(), sent, "{what}: nothing is sent before the fork is recorded");
                continue;
            }
            None => {
                killed += 1;
                // What the fork was told is kept with it.
                let _ = scene.start(scene.command(&["resume", &newest(&scene)])).wait().with(0);
            }
        }
        assert_eq!(number(&scene, &format!("select count(*) - {rows} from history")), "1", "{what}: the note was made once");
        assert_eq!(keys(&shop).len() - sent, 3, "{what}: each request once, under one new key");
        assert_eq!(shop.unsafe_requests()["POST /members/1"], 1, "{what}: a step before was run again");
    }
    assert!(killed > 10, "the fork was killed only {killed} times");
}

#[test]
fn a_fork_with_its_state_in_postgresql_that_is_killed_at_once_starts_at_its_step() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    let (shop, state) = (Shop::start(Size::default()), postgres::database());
    let scene = Scene::sqlite(FLOW, &shop).with_state(state.url());
    let _ = run(&scene, "no");
    let (old, sent) = (newest(&scene), keys(&shop).len());
    let mut command = scene.command(&["fork", &old, "--from", "each"]);
    command.env("SEQUOR_FAILPOINT", "state.begin.after_commit");
    assert_eq!(scene.start(command).wait().status, None);
    assert_ne!(newest(&scene), old, "it has begun");
    let _ = scene.resume().wait().with(0);
    assert_eq!(shop.unsafe_requests()["POST /members/1"], 1);
    assert_eq!(keys(&shop).len(), sent + 2);
}
