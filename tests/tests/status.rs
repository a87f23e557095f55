//! What `status`, `runs` and `resume --dry-run` say of a run is what a resume then does; as JSON it is the same, and its fields have stable names.
//!
//! Needs programs with failpoints, which `tests/run` builds.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::process::Command;

use sequor_tests::crash::books;
use sequor_tests::crash::case::Behaviour;
use sequor_tests::durable::shop::Size;
use sequor_tests::durable::{Ended, Scene, Shop, failpoints_are_built};
use sequor_tests::program::{Project, executor, run, sequor};
use serde_json::Value;

const POSTS: &str = "
- op: transform
  id: best
  source: store
  target_table: best
  query: select 1 as id union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8
- op: http_request
  id: sign_up
  for_each: {source: store, table: best, as: row, key: [id], concurrency: 4}
  request: {source: api, url: \"/members/{{ var('row').id }}\", method: POST}
  response:
    tables:
      - {source: store, table: members, data_path: \"\", columns: {id: bigint, number: bigint}, write_mode: append}
- op: execute
  id: note
  source: store
  statement: insert into history (n) values (1)
  transaction: true
";

const LOOP: &str = "
- op: for_each
  id: each
  items: [5, 6, 7]
  as: number
  steps:
    - op: execute
      id: note
      source: store
      statement: insert into history (n) values (1); insert into history (n) values (2)
      transaction: false
";

/// Runs until it is killed at the n-th pass of a failpoint.
fn killed(scene: &Scene<'_>, failpoint: &str) {
    let mut command = scene.command(&["run", "main.plan"]);
    command.env("SEQUOR_FAILPOINT", failpoint);
    let ended = scene.start(command).wait();
    assert_eq!(ended.status, None, "{}", ended.output);
}

/// What was on its way when a process died has arrived.
fn settle(shop: &Shop) {
    let mut arrived = None;
    while arrived != Some(shop.arrived()) {
        arrived = Some(shop.arrived());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

fn said(scene: &Scene<'_>, arguments: &[&str]) -> Ended {
    scene.start(scene.command(arguments)).wait().with(0)
}

fn status(scene: &Scene<'_>) -> Value {
    let line = said(scene, &["status", "--json"]).output;
    assert_eq!(line.lines().count(), 1, "{line}");
    serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"))
}

fn count(value: &Value, field: &str) -> u64 {
    value[field].as_u64().unwrap_or_else(|| panic!("{field} is no number in {value}"))
}

/// The names of an object's fields, sorted.
fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn requests_under_way_are_counted_and_a_resume_does_what_was_said() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    let mut seen = (0, 0);
    for failpoint in ["http.before_absorb@3", "http.after_reply_before_record@2", "http.after_record@4", "http.after_intent_before_send@6"]
    {
        let shop = Shop::start(Size::default());
        let scene = Scene::sqlite(POSTS, &shop);
        killed(&scene, failpoint);
        settle(&shop);
        let sent = |shop: &Shop| shop.unsafe_requests().values().sum::<usize>() as u64;
        let (before, arrived) = (sent(&shop), shop.unsafe_requests());

        let status = status(&scene);
        assert_eq!(status["resume"], "goes_on", "{failpoint}: {status}");
        assert_eq!(status["state"], "interrupted");
        assert_eq!(status["position"][0]["step"], "main/sign_up");
        assert_eq!(status["position"][0]["file"], "flows/main.yaml");
        assert_eq!(status["ahead"][0]["step"], "main/note");
        assert_eq!(status["ahead"][0]["statements"], 1);
        assert_eq!(status["ahead"][0]["transaction"], true);
        let requests = &status["requests"][0];
        assert_eq!((&requests["step"], &requests["method"]), (&Value::from("main/sign_up"), &Value::from("POST")));
        // Before the first rows are there, the table is not begun.
        let filling = requests["writes"][0]["filling"].as_bool().expect("true or false");
        assert!(filling || requests["replies_loaded"] == 0, "{requests}");
        let written = serde_json::json!([{ "source": "store", "table": "members", "mode": "append", "filling": filling }]);
        assert_eq!(requests["writes"], written);
        let [done, total, open, kept, again, doubtful] =
            ["items_done", "items_total", "items_not_sent", "replies_kept", "sent_again", "in_doubt"].map(|field| count(requests, field));
        assert_eq!(total, 8);
        assert_eq!(done + open + kept + again + doubtful, total, "{failpoint}: every item is somewhere: {requests}");
        let doubts = status["in_doubt"].as_array().expect("a list");
        assert_eq!(doubts.len() as u64, doubtful);
        for doubt in doubts {
            assert_eq!(doubt["step"], "main/sign_up");
            assert_eq!(doubt["kind"], "request");
            assert_eq!(doubt["then"], "stop");
            assert_eq!(doubt["key"], Value::Null);
            let item = doubt["item"].as_str().expect("an item");
            let request = doubt["request"].as_str().expect("a request");
            assert!(item.starts_with("id=") && request.ends_with(&format!("/members/{}", &item[3..])), "{doubt}");
            assert!(doubt["sent_at"].as_str().expect("a time").ends_with('Z'), "{doubt}");
        }
        seen = (seen.0 + kept, seen.1 + doubtful);

        // The same for people.
        let text = said(&scene, &["status"]);
        text.says(&format!("{done} of {total} items are done"));
        match open {
            0 => {}
            1 => _ = text.says("1 item has not been sent"),
            _ => _ = text.says(&format!("{open} items have not been sent")),
        }
        text.says("main/note").says("rows go into table 'members' (appended)");
        if kept > 0 {
            text.says(if kept == 1 { "1 reply was received before" } else { "replies were received before" });
        }
        for doubt in doubts {
            text.says(doubt["request"].as_str().expect("a request"));
        }
        assert_eq!(said(&scene, &["resume", "--dry-run"]).output, text.output, "{failpoint}");
        assert_eq!(sent(&shop), before, "looking sends nothing");

        let ended = scene.start(scene.command(&["resume", "--in-doubt", "send"])).wait().with(0);
        assert_eq!(sent(&shop) - before, open + again + doubtful, "{failpoint}: {requests}\n{}", ended.output);
        for (request, times) in shop.unsafe_requests() {
            let listed = doubts.iter().any(|doubt| doubt["request"].as_str().is_some_and(|title| title.ends_with(&request[5..])));
            assert!(times == 1 || (listed && arrived.contains_key(&request)), "{failpoint}: {request} was sent {times} times");
        }
    }
    assert!(seen.0 > 0 && seen.1 > 0, "no kill left a reply, or none a doubt: {seen:?}");
}

#[test]
fn loops_and_statements_in_doubt_are_there() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(LOOP, &shop);
    // The second statement of the second round was done, and that is not noted.
    killed(&scene, "execute.sqlite.after_statement@4");
    let status = status(&scene);
    assert_eq!(status["loops"], serde_json::json!([{ "step": "main/each", "at_item": 2, "items_total": 3 }]));
    assert_eq!((&status["position"][0]["step"], &status["position"][0]["round"]), (&Value::from("main/each"), &Value::from(2)));
    assert_eq!(status["position"][1]["round"], Value::Null);
    assert_eq!(status["doing"]["step"], "main/each/note");
    assert_eq!(status["doing"]["transaction"], false);
    let doubts = status["in_doubt"].as_array().expect("a list");
    let [doubt] = doubts.as_slice() else { panic!("{status}") };
    assert_eq!((&doubt["kind"], &doubt["statement"], &doubt["then"]), (&Value::from("statement"), &Value::from(2), &Value::from("stop")));
    assert_eq!(doubt["request"], Value::Null);
    said(&scene, &["status"])
        .says("at member 2 of 3; 1 is left")
        .says("of which 1 was done before")
        .says("its statement 2 may have run, nobody knows");
    let _ = scene.resume().wait().with(75);
}

/// A key that the API has forgotten by now protects nothing: the request is in doubt, and the key is what to ask the API's people about.
#[test]
fn a_request_in_doubt_is_listed_with_its_key() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    let shop = books::Shop::start(&Behaviour::default());
    let project = Project::of(&[
        ("project.yaml", "name: keys\n"),
        ("sources/shop.yaml", &format!("type: http\nbase_url: {}\nidempotency: {{validity: 1s}}\n", shop.url())),
        (
            "flows/main.yaml",
            "- op: http_request\n  id: pay\n  request: {source: shop, url: /orders/1, method: POST, idempotency_key: auto}\n  on_in_doubt: skip\n",
        ),
    ]);
    let _ = project.sequor(["compile", "-o", "main.plan"]).ended(0);
    let _ = run(project.command(&executor()).args(["run", "main.plan"]).env("SEQUOR_FAILPOINT", "http.after_reply_before_record@1"));
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let said = project.sequor(["status", "--json"]).ended(0);
    let status: Value = serde_json::from_str(&said.stdout).expect("JSON");
    let sent = shop.entries().pop().expect("a request").key.expect("a key");
    assert_eq!(status["in_doubt"][0]["key"], Value::from(sent.as_str()), "{status}");
    assert_eq!(status["in_doubt"][0]["then"], "skip");
    assert_eq!(status["in_doubt"][0]["item"], Value::Null);
    project.sequor(["status"]).ended(0).says(&format!("key {sent}"));
}

#[test]
fn both_programs_say_the_same_with_the_fields_of_the_documentation() {
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(POSTS, &shop);
    shop.hold_from(3);
    let mut first = scene.run();
    while !shop.await_requests(3) {
        assert!(first.is_running(), "{}", first.output());
    }
    first.kill();
    let _ = first.wait();
    shop.release();

    let text = std::fs::read_to_string(sequor_tests::program::workspace().join("docs/durability.md")).expect("the documentation");
    let documented = |value: &Value| {
        for field in fields(value) {
            assert!(text.contains(&format!("`{field}`")), "docs/durability.md does not say what '{field}' is");
        }
    };
    for (arguments, every) in [(["status", "--json"], false), (["runs", "--json"], true)] {
        let other = scene.start(scene.around(Command::new(sequor()), &arguments)).wait().with(0);
        let said = said(&scene, &arguments);
        assert_eq!(said.output, other.output);
        let value: Value = serde_json::from_str(&said.output).expect("JSON");
        let facts = [
            "decided",
            "ended",
            "finished",
            "flow",
            "holder",
            "last_error",
            "parent",
            "plan",
            "project",
            "run",
            "run_key",
            "started",
            "state",
        ];
        assert!(facts.iter().all(|fact| fields(&value).contains(fact)), "{value}");
        assert_eq!(every, fields(&value) == facts, "{value}");
        documented(&value);
        for list in ["position", "requests", "in_doubt", "ahead"] {
            if !every {
                documented(&value[list][0]);
            }
        }
    }
    let _ = scene.start(scene.command(&["resume", "--in-doubt", "send"])).wait().with(0);
    let status = status(&scene);
    assert_eq!((&status["resume"], &status["finished"], &status["state"]), (&"nothing".into(), &true.into(), &"done".into()));
    assert_eq!(status["version"], 1);
    said(&scene, &["status"]).says("nothing is left to do");
    let unfinished = said(&scene, &["runs", "--unfinished", "--json"]);
    assert_eq!(unfinished.output, "");
}

#[test]
fn a_failed_run_says_why() {
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite("- op: http_request\n  id: ask\n  request: {source: api, url: /nothing, method: GET}\n", &shop);
    let _ = scene.run().wait().with(1);
    let status = status(&scene);
    assert_eq!((&status["state"], &status["holder"]), (&Value::from("failed"), &Value::Null));
    let error = status["last_error"].as_str().expect("an error");
    assert!(error.contains("404"), "{error}");
    said(&scene, &["status"]).says(error);
}

/// Another run may have been done since.
#[test]
fn without_a_name_status_means_the_run_that_resume_means() {
    let project = Project::of(&[
        ("project.yaml", "name: meant\n"),
        ("sources/lite.yaml", "type: sqlite\npath: lite.db\n"),
        ("flows/fails.yaml", "- {op: execute, source: lite, statement: insert into missing values (1)}\n"),
        ("flows/good.yaml", "- {op: print, message: good}\n"),
    ]);
    sequor_tests::sqlite::execute(&project.path().join("lite.db"), "create table present (n integer)");
    let meant = |arguments: &[&str]| {
        let said = project.sequor(arguments).ended(0);
        let status: Value = serde_json::from_str(&said.stdout).expect("JSON");
        (status["run"].as_str().expect("a name").to_owned(), status["flow"].as_str().expect("a flow").to_owned())
    };
    project.sequor(["status"]).ended(2).says("no state file");
    let _ = project.sequor(["run", "good"]).ended(0);
    let _ = project.sequor(["run", "fails"]).ended(1);
    let _ = project.sequor(["run", "good"]).ended(0);
    let status = meant(&["status", "--json"]);
    assert_eq!(status.1, "fails");
    assert_eq!(status, meant(&["resume", "--dry-run", "--json"]));
    // Of several that are unfinished, the newest.
    let _ = project.sequor(["run", "fails"]).ended(1);
    let newer = meant(&["status", "--json"]);
    assert_ne!(newer, status);
    assert_eq!(newer, meant(&["resume", "--dry-run", "--json"]));
    sequor_tests::sqlite::execute(&project.path().join("lite.db"), "create table missing (n integer)");
    let _ = project.sequor(["resume"]).ended(0);
    assert_eq!(meant(&["status", "--json"]), status);
    let _ = project.sequor(["resume"]).ended(0);
    // None is unfinished: the newest is the one that was begun last.
    let last = meant(&["status", "--json"]);
    assert_eq!(last, newer);
    project.sequor(["resume"]).ended(2).says("no unfinished run").says(&last.0);
}
