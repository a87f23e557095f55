//! What the person on call reads while a run goes on, when it ends, and before it is given up.
//!
//! Needs programs with failpoints, which `tests/run` builds.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::time::Duration;

use sequor_tests::durable::shop::Size;
use sequor_tests::durable::{Ended, Scene, Shop, failpoints_are_built};
use sequor_tests::program::Project;
use sequor_tests::service::{Reply, Service};
use serde_json::{Value, json};

const POSTS: &str = "
- op: http_request
  id: send
  for_each: {items: [{id: 1}, {id: 2}, {id: 3}], as: row, key: [id]}
  request: {source: api, url: \"/@KIND@/{{ var('row').id }}\", method: @METHOD@@KEY@}
  response:
    tables:
      - {source: store, table: sent, data_path: \"\", columns: {id: bigint, number: bigint}}
- op: print
  message: over
";

fn flow(method: &str, key: &str) -> String {
    let kind = if key.is_empty() { "members" } else { "keyed" };
    POSTS.replace("@METHOD@", method).replace("@KEY@", key).replace("@KIND@", if method == "PUT" { "labels" } else { kind })
}

fn said(scene: &Scene<'_>, arguments: &[&str]) -> Ended {
    scene.start(scene.command(arguments)).wait()
}

fn killed(scene: &Scene<'_>, failpoint: &str) {
    let mut command = scene.command(&["run", "main.plan"]);
    command.env("SEQUOR_FAILPOINT", failpoint);
    let ended = scene.start(command).wait();
    assert_eq!(ended.status, None, "{failpoint}: {}", ended.output);
    std::thread::sleep(Duration::from_millis(200));
}

#[test]
fn a_post_that_ends_with_an_error_of_the_server_says_that_a_decision_comes_next() {
    for (more, next) in [
        ("", "a decision comes next: find out, then sequor"),
        ("  on_in_doubt: skip\n", "a resume leaves it out (on_in_doubt: skip)"),
        ("  on_in_doubt: send\n", "a resume sends it again (on_in_doubt: send)"),
    ] {
        let api = Service::start(|_| Reply::json(500, &json!({ "error": "oops" })));
        let project = Project::of(&[
            ("project.yaml", "name: x\n"),
            ("sources/api.yaml", &format!("type: http\nbase_url: {}\n", api.url())),
            ("flows/f.yaml", &format!("- op: http_request\n  request: {{source: api, url: /orders, method: POST}}\n{more}")),
        ]);
        let ran = project.sequor(["run", "f"]).ended(1);
        ran.says("may have been carried out, nobody knows").says("not sent again by itself").says(next);
        if more.is_empty() {
            ran.says("--in-doubt send (or skip, or done)");
            project.sequor(["status"]).ended(0).says("may have been carried out").says("POST").says("stops at once");
        }
    }
    // A server that refuses has done nothing.
    let api = Service::start(|_| Reply::json(422, &json!({ "error": "no" })));
    let project = Project::of(&[
        ("project.yaml", "name: x\n"),
        ("sources/api.yaml", &format!("type: http\nbase_url: {}\n", api.url())),
        ("flows/f.yaml", "- op: http_request\n  request: {source: api, url: /orders, method: POST}\n"),
    ]);
    project.sequor(["run", "f"]).ended(1).hides("carried out");
}

#[test]
fn requests_that_a_resume_sends_again_are_named() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    for (method, key, failpoint, words) in [
        ("POST", ", idempotency_key: auto", "http.after_reply_before_record@2", "by its idempotency key the server does it once"),
        ("PUT", "", "landing.sqlite.before_commit@2", "which does no harm"),
        ("POST", "", "http.after_reply_before_record@2", "as was decided"),
    ] {
        let shop = Shop::start(Size::default());
        let scene = Scene::sqlite(&flow(method, key), &shop);
        killed(&scene, failpoint);
        let before = shop.requests();
        let ended = said(&scene, &["resume", "--in-doubt", "send"]).with(0);
        let again: Vec<String> = shop.requests().split_off(before.len()).into_iter().filter(|request| before.contains(request)).collect();
        assert!(!again.is_empty(), "{method}{key}: nothing was sent again: {before:?}");
        // Of what may be repeated nobody knows how many were sent: the first one is named.
        let named = if method == "PUT" { 1 } else { again.len() };
        for request in again.into_iter().take(named) {
            let (method, path) = request.split_once(' ').expect("method and path");
            let line = ended.output.lines().find(|line| line.contains(&format!("{method} {}{path} (row id=", shop.url())));
            assert!(line.is_some_and(|line| line.contains(words)), "{request} is not named:\n{}", ended.output);
        }
    }
}

#[test]
fn a_second_signal_says_how_to_go_on() {
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(&flow("PUT", ""), &shop);
    shop.hold_from(2);
    let mut first = scene.run();
    while !shop.await_requests(2) {
        assert!(first.is_running(), "{}", first.output());
    }
    first.signal("INT");
    while !first.output().contains("a second one stops at once") {
        std::thread::sleep(Duration::from_millis(10));
    }
    first.signal("INT");
    let ended = first.wait().with(130);
    let last = ended.output.lines().last().unwrap_or_default();
    assert!(last.starts_with("SIGINT: stopped at once; to go on where it stopped: sequor-executor resume 2"), "{}", ended.output);
    shop.release();
    let line = last.split_once("sequor-executor ").expect("a command").1.to_owned();
    let words: Vec<&str> = line.split(' ').take(2).collect();
    let _ = said(&scene, &words).with(0);
}

#[test]
fn what_is_given_up_with_a_run_is_said_first() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(&flow("POST", ""), &shop);
    killed(&scene, "http.after_reply_before_record@2");
    let status: Value = serde_json::from_str(&said(&scene, &["status", "--json"]).with(0).output).expect("JSON");
    let run = status["run"].as_str().expect("a name").to_owned();
    let doubt = status["in_doubt"][0]["request"].as_str().expect("a doubt").to_owned();
    let ended = said(&scene, &["gc", "--run", &run]).with(0);
    let left = 3 - status["requests"][0]["items_done"].as_u64().expect("a number");
    ended
        .says("is given up")
        .says(&format!("{left} of 3 items are not done"))
        .says("the staging table of 'sent'")
        .says("1 step is not begun");
    ended.says(&format!("{doubt} may have happened, and nobody will know")).says("removed 1 run: ");
    let place = |text: &str| ended.output.find(text).expect("it is said");
    assert!(place("is given up") < place("removed 1 run"), "{}", ended.output);
}

#[test]
fn a_long_step_says_what_it_has_done_so_far() {
    let slow = |request: &sequor_tests::service::Request| {
        std::thread::sleep(Duration::from_millis(700));
        let page = request.number("page").unwrap_or(1);
        Reply::json(200, &json!({ "data": [{ "id": page }, { "id": 1000 + page }], "page": page, "more": page < 18 }))
    };
    let pages = "
- op: http_request
  id: load
  init: {variables: {page: 1}}
  request: {source: api, url: /pages, method: GET, parameters: {page: \"{{ var('page') }}\"}}
  response:
    tables:
      - {source: store, table: loaded, data_path: data, columns: {id: bigint}}
    variables: {page_expression: \"response.json()['page'] + 1\"}
    while_expression: response.json()['more']
";
    let api = Service::start(slow);
    let project = Project::of(&[
        ("project.yaml", "name: x\n"),
        ("sources/store.yaml", "type: sqlite\npath: x.db\n"),
        ("sources/api.yaml", &format!("type: http\nbase_url: {}\n", api.url())),
        ("flows/f.yaml", pages),
    ]);
    let json = project.sequor(["run", "f", "--log-format", "json"]).ended(0);
    let lines: Vec<Value> = json.stderr.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect();
    let so_far: Vec<&str> = lines.iter().filter_map(|line| line["message"].as_str()).filter(|line| line.contains("so far")).collect();
    let [line] = so_far.as_slice() else { panic!("one line in some 12 seconds: {so_far:?}") };
    assert!(line.contains("load (http_request)") && line.contains("pages") && line.contains("rows") && line.contains("requests"), "{line}");
}

#[test]
fn a_fork_starts_and_a_list_that_is_cut_says_so() {
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite("- op: print\n  id: hello\n  message: hello\n", &shop);
    let _ = scene.run().wait().with(0);
    let run: Value = serde_json::from_str(&said(&scene, &["runs", "--json"]).with(0).output).expect("JSON");
    let forked = said(&scene, &["fork", run["run"].as_str().expect("a name"), "--from", "hello"]).with(0);
    forked.says("starts (run ");
    assert!(!forked.output.contains("goes on (run"), "{}", forked.output);
    said(&scene, &["runs", "--limit", "1"]).with(0).says("only the newest 1 run is listed, there are more: --limit N");
    let all = said(&scene, &["runs", "--limit", "2"]).with(0);
    assert!(!all.output.contains("there are more"), "{}", all.output);
}
