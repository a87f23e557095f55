//! Steps that are tried again, and steps whose time is limited.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::time::{Duration, Instant};

use sequor_tests::postgres;
use sequor_tests::program::Project;
use sequor_tests::service::{Reply, Service};
use sequor_tests::sqlite;
use serde_json::json;

/// A project with one flow `main`, a SQLite file and a service.
fn project(main: &str, api: &str) -> Project {
    let project = Project::of(&[
        ("project.yaml", "name: attempts\n"),
        ("sources/lite.yaml", "type: sqlite\npath: lite.db\n"),
        ("sources/api.yaml", &format!("type: http\nbase_url: {api}\nretry: {{attempts: 1}}\n")),
        ("flows/main.yaml", main),
    ]);
    sqlite::execute(&project.path().join("lite.db"), "create table tries (what text)");
    project
}

fn count(project: &Project) -> String {
    sqlite::value(&project.path().join("lite.db"), "select count(*) from tries")
}

#[test]
fn a_block_begins_anew_until_it_is_good() {
    let project = project(
        "- op: block
  id: fill
  retry: {attempts: 5, delay: 10ms}
  steps:
    - {op: execute, source: lite, statement: insert into tries values ('x')}
    - {op: assert, source: lite, query: select count(*) from tries, expect: 3, message: not enough yet}
- {op: print, message: went on}
",
        "http://127.0.0.1:9",
    );
    let ran = project.sequor(["run", "main"]).ended(0);
    ran.says("attempt 2 of 5 begins in 0.0 s")
        .says("attempt 3 of 5")
        .says("not enough yet")
        .says("the query gives '1' instead of '3'")
        .says("went on");
    assert_eq!(count(&project), "3");
}

#[test]
fn the_last_attempt_fails_the_run_and_a_resume_goes_on_with_it() {
    let project = project(
        "- op: execute
  source: lite
  retry: {attempts: 2, delay: 10ms, on: sql}
  statement: insert into missing values (1)
",
        "http://127.0.0.1:9",
    );
    let ran = project.sequor(["run", "main"]).ended(1);
    ran.says("attempt 2 of 2").says("missing");
    sqlite::execute(&project.path().join("lite.db"), "create table missing (x integer)");
    let _ = project.sequor(["resume"]).ended(0);
    assert_eq!(sqlite::value(&project.path().join("lite.db"), "select count(*) from missing"), "1");
}

#[test]
fn a_kind_that_is_not_named_is_not_tried_again() {
    let project = project(
        "- op: execute
  source: lite
  retry: {attempts: 4, delay: 10ms, on: [network, database]}
  statement: insert into missing values (1)
",
        "http://127.0.0.1:9",
    );
    let ran = project.sequor(["run", "main"]).ended(1);
    assert!(!ran.stderr.contains("attempt"), "{}", ran.stderr);
}

#[test]
fn a_time_that_is_over_ends_a_step_and_is_caught_around_it() {
    let project = project(
        "- op: try
  steps:
    - op: block
      id: slow
      timeout: 300ms
      steps:
        - op: try
          steps:
            - {op: sleep, seconds: 60}
          catch:
            - {op: execute, source: lite, statement: insert into tries values ('inside')}
          finally:
            - {op: execute, source: lite, statement: insert into tries values ('finally')}
        - {op: execute, source: lite, statement: insert into tries values ('behind')}
  catch:
    - on: timeout
      as: error
      steps:
        - op: execute
          source: lite
          statement: \"insert into tries values ('{{ var('error').op }}')\"
",
        "http://127.0.0.1:9",
    );
    let begun = Instant::now();
    let _ = project.sequor(["run", "main"]).ended(0);
    assert!(begun.elapsed() < Duration::from_secs(30), "the sleep was waited for");
    let found = sqlite::value(&project.path().join("lite.db"), "select group_concat(what) from tries");
    assert_eq!(found, "finally,sleep_1");
}

#[test]
fn a_time_that_is_over_names_step_and_limit() {
    let project = project("- {op: sleep, id: nap, seconds: 60, timeout: 200ms}\n", "http://127.0.0.1:9");
    project.sequor(["run", "main"]).ended(1).says("step 'nap' has not ended in 200ms, its timeout").says("flows/main.yaml:1:");
}

#[test]
fn each_attempt_has_the_whole_time() {
    let api = Service::start(|_| {
        std::thread::sleep(Duration::from_secs(3));
        Reply::json(200, &json!([]))
    });
    let project = project(
        "- op: block
  id: ask
  timeout: 300ms
  retry: {attempts: 2, delay: 10ms}
  steps:
    - {op: http_request, id: get, request: {source: api, url: /slow}}
",
        &api.url(),
    );
    let begun = Instant::now();
    project.sequor(["run", "main"]).ended(1).says("attempt 2 of 2").says("step 'ask' has not ended in 300ms");
    assert!(begun.elapsed() < Duration::from_secs(20), "the replies were waited for");
    api.settle();
    assert_eq!(api.ledger().iter().filter(|request| request.path == "/slow").count(), 2);
}

#[test]
fn a_post_whose_time_is_over_is_in_doubt_and_listed() {
    let api = Service::start(|_| {
        std::thread::sleep(Duration::from_secs(2));
        Reply::json(200, &json!([]))
    });
    let project = project(
        "- op: try
  steps:
    - op: block
      timeout: 300ms
      steps:
        - {op: http_request, id: order, request: {source: api, url: /orders, method: POST, body: {item: 1}}}
  catch:
    - {op: print, message: caught}
",
        &api.url(),
    );
    project.sequor(["run", "main"]).ended(0).says("caught").says("in doubt").says("POST");
    api.settle();
    assert_eq!(api.count("POST"), 1);
}

#[test]
fn the_time_of_a_step_ends_its_branches() {
    let project = project(
        "- op: try
  steps:
    - op: parallel
      timeout: 300ms
      branches:
        long:
          - {op: sleep, seconds: 60}
        short:
          - {op: execute, source: lite, statement: insert into tries values ('short')}
        caught:
          - op: try
            steps: [{op: sleep, seconds: 60}]
            catch: [{op: execute, source: lite, statement: insert into tries values ('caught')}]
  catch:
    - {op: execute, source: lite, statement: insert into tries values ('late')}
",
        "http://127.0.0.1:9",
    );
    let begun = Instant::now();
    let _ = project.sequor(["run", "main"]).ended(0);
    assert!(begun.elapsed() < Duration::from_secs(30), "a branch was waited for");
    assert_eq!(sqlite::value(&project.path().join("lite.db"), "select group_concat(what) from tries"), "short,late");
}

#[test]
fn a_statement_whose_time_is_over_leaves_nothing_behind() {
    let database = postgres::database();
    let project = Project::of(&[
        ("project.yaml", "name: attempts\n"),
        ("sources/pg.yaml", &format!("type: postgres\nconn_str: {}\n", database.url())),
        (
            "flows/main.yaml",
            "- op: execute
  source: pg
  statement: create table notes (note text)
- op: try
  steps:
    - op: execute
      source: pg
      timeout: 500ms
      statement: |
        insert into notes values ('late');
        select pg_sleep(5);
  catch:
    - {op: execute, source: pg, statement: insert into notes values ('caught')}
",
        ),
    ]);
    let begun = Instant::now();
    let _ = project.sequor(["run", "main"]).ended(0);
    assert!(begun.elapsed() < Duration::from_secs(4), "the statement was waited for");
    assert_eq!(database.psql("select string_agg(note, ',') from notes"), "caught");
}

#[test]
fn a_call_can_start_with_a_later_step() {
    let project = Project::of(&[
        ("project.yaml", "name: attempts\n"),
        ("flows/main.yaml", "- {op: run_flow, flow: parts, start_step: second, parameters: {name: B}}\n"),
        (
            "flows/parts.yaml",
            "parameters: [name]
steps:
  - {op: print, id: first, message: one}
  - {op: print, id: second, message: \"two {{ var('name') }}\"}
  - {op: print, id: third, message: three}
",
        ),
    ]);
    let ran = project.sequor(["run", "main"]).ended(0);
    ran.says("two B").says("three");
    assert!(!ran.stdout.contains("one") && !ran.stderr.contains("one\n"), "{}{}", ran.stdout, ran.stderr);
}
