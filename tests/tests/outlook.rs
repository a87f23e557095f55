//! `resume --dry-run` says what a resume then does: which requests the API gets, which tables change, with an answer to what is in doubt and with another plan.
//!
//! Needs programs with failpoints, which `tests/run` builds.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::process::Command;

use sequor_tests::durable::shop::Size;
use sequor_tests::durable::{Ended, Scene, Shop, failpoints_are_built};
use sequor_tests::postgres;
use sequor_tests::program::sequor;
use sequor_tests::sqlite;
use serde_json::Value;

const PAGES: &str = "
- op: http_request
  id: load
  init: {variables: {page: 1}}
  request: {source: api, url: /customers, method: GET, parameters: {page: \"{{ var('page') }}\"}}
  response:
    tables:
      - {source: store, table: loaded, data_path: data, columns: {id: bigint, name: text}}
    variables: {page_expression: \"response.json()['page'] + 1\"}
    while_expression: response.json()['more']
";

const POSTS: &str = "
- op: http_request
  id: sign_up
  for_each: {items: [{id: 1}, {id: 2}, {id: 3}, {id: 4}, {id: 5}, {id: 6}, {id: 7}, {id: 8}], as: row, key: [id], concurrency: 4}
  request: {source: api, url: \"/members/{{ var('row').id }}\", method: POST}
  response:
    tables:
      - {source: store, table: members, data_path: \"\", columns: {id: bigint, number: bigint}, write_mode: append}
";

const AROUND: &str = "
- op: try
  id: guarded
  steps:
    - op: execute
      id: first
      source: store
      statement: insert into history (n) values (1)
      transaction: true
    - op: run_flow
      id: call
      flow: other
  catch:
    - steps:
        - op: print
          id: sorry
          message: sorry
  finally:
    - op: execute
      id: last
      source: store
      statement: insert into history (n) values (9)
      transaction: true
- op: while
  id: rounds
  condition: \"{{ query_value('select count(*) from history', int) < 5 }}\"
  steps:
    - op: execute
      id: more
      source: store
      statement: insert into history (n) values (5)
      transaction: true
";

const OTHER: &str = "
- op: execute
  id: inner
  source: store
  statement: insert into history (n) values (2)
  transaction: true
";

/// Runs until it is killed at the n-th pass of a failpoint.
fn killed(scene: &Scene<'_>, failpoint: &str) {
    let ended = run_to(scene, failpoint);
    assert_eq!(ended.status, None, "{failpoint}: {}", ended.output);
}

fn run_to(scene: &Scene<'_>, failpoint: &str) -> Ended {
    let mut command = scene.command(&["run", "main.plan"]);
    command.env("SEQUOR_FAILPOINT", failpoint);
    scene.start(command).wait()
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
    scene.start(scene.command(arguments)).wait()
}

fn dry(scene: &Scene<'_>, more: &[&str]) -> Value {
    let arguments: Vec<&str> = ["resume", "--dry-run", "--json"].iter().chain(more).copied().collect();
    let line = said(scene, &arguments).with(0).output;
    serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"))
}

fn number(value: &Value, field: &str) -> usize {
    value[field].as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or_else(|| panic!("{field} is no number in {value}"))
}

/// `METHOD path?query` of what is said to come next.
fn next(requests: &Value, shop: &Shop) -> Option<String> {
    let request = requests["next"]["request"].as_str()?;
    Some(request.replace(&shop.url(), ""))
}

/// Kills a run of `PAGES` there, compares what is said with what the resume asks for, and gives how many pages were known to have landed.
fn page_is_named(scene: &Scene<'_>, shop: &Shop, failpoint: &str) -> usize {
    let ended = run_to(scene, failpoint);
    if failpoint.starts_with("landing") && ended.status == Some(0) {
        // Pages share a transaction where the disk is slow: there were fewer of them.
        return 0;
    }
    assert_eq!(ended.status, None, "{failpoint}: {}", ended.output);
    settle(shop);
    let before = shop.requests().len();
    let outlook = dry(scene, &[]);
    if outlook["requests"][0].is_null() {
        // Nothing of it is on disk: the step is begun again.
        assert!(matches!(failpoint, "http.exchanged@1" | "http.exchanged@4" | "http.before_absorb@3"), "{failpoint}: {outlook}");
        let begun = if outlook["doing"].is_null() { &outlook["ahead"][0] } else { &outlook["doing"] };
        assert!(outlook["resume"] == "starts" || (begun["step"] == "main/load" && begun["sends"] == "GET"), "{failpoint}: {outlook}");
        let _ = scene.resume().wait().with(0);
        assert_eq!(shop.requests().len() - before, 6, "{failpoint}");
        return 0;
    }
    let requests = &outlook["requests"][0];
    let loaded = number(requests, "replies_loaded");
    assert_eq!(shop.requests().len(), before, "looking sends nothing");
    assert_eq!(dry(scene, &[])["requests"], outlook["requests"], "{failpoint}: looking changes nothing");
    let text = said(scene, &["status"]).with(0);
    assert_eq!(outlook["unknown"], Value::Null, "{failpoint}");

    let ended = scene.resume().wait().with(0);
    let sent = shop.requests().split_off(before);
    assert_eq!(loaded + sent.len(), 6, "{failpoint}: {requests}\n{sent:?}\n{}", ended.output);
    if requests["closes"] == true {
        assert_eq!((number(requests, "sends"), &requests["next"]), (0, &Value::Null), "{failpoint}");
        text.says("all replies are loaded");
    } else {
        assert_eq!(next(requests, shop), sent.first().cloned(), "{failpoint}: {requests}");
        assert_eq!(number(requests, "page"), loaded + 1);
        assert_eq!((number(requests, "sends"), &requests["pages_unknown"]), (1, &Value::from(true)));
        text.says(&format!("/customers?page={}", loaded + 1)).says("an unknown number of further pages");
    }
    let table = &requests["writes"][0];
    assert_eq!((&table["table"], &table["mode"]), (&Value::from("loaded"), &Value::from("create")));
    if table["filling"] == true {
        text.says("which is swapped in at the end of the step");
    }
    loaded
}

#[test]
fn the_page_that_is_asked_for_next_is_named_and_those_that_landed_are_counted() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    let mut landed_only = 0;
    for failpoint in [
        "http.exchanged@1",
        "http.exchanged@4",
        "http.before_absorb@3",
        "http.absorbed@3",
        "landing.sqlite.before_commit@2",
        "landing.sqlite.after_commit@1",
        "landing.sqlite.after_commit@2",
        "landing.sqlite.after_commit@4",
        "http.before_close@1",
        "swap.sqlite.before_swap@1",
        "http.after_close@1",
    ] {
        let shop = Shop::start(Size::default());
        let scene = Scene::sqlite(PAGES, &shop);
        let loaded = page_is_named(&scene, &shop, failpoint);
        landed_only += if failpoint.starts_with("landing.sqlite.after") { loaded } else { 0 };
        let rows = "select count(*) || ' ' || count(distinct id) from loaded";
        assert_eq!(sqlite::value(&scene.file("store.db"), rows), "60 60", "{failpoint}");
    }
    assert!(landed_only > 0, "no kill left rows that only the database knows of");
}

#[test]
fn what_landed_in_postgresql_is_counted_too() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    let mut landed_only = 0;
    for failpoint in ["landing.pg.after_commit@1", "landing.pg.after_commit@2", "landing.pg.before_commit@2", "swap.pg.before_swap@1"] {
        let (shop, database) = (Shop::start(Size::default()), postgres::database());
        let scene = Scene::postgres(PAGES, &shop, &database);
        let loaded = page_is_named(&scene, &shop, failpoint);
        landed_only += if failpoint.starts_with("landing.pg.after") { loaded } else { 0 };
        assert_eq!(database.psql("select count(*) || ' ' || count(distinct id) from loaded").trim(), "60 60", "{failpoint}");
    }
    assert!(landed_only > 0, "no kill left rows that only the database knows of");
}

#[test]
fn an_answer_is_tried_before_it_is_given() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    for (answer, again) in [("send", true), ("skip", false), ("done", false)] {
        let shop = Shop::start(Size::default());
        let scene = Scene::sqlite(POSTS, &shop);
        killed(&scene, "http.after_reply_before_record@2");
        settle(&shop);
        let before = shop.requests();
        let open = dry(&scene, &[]);
        assert_eq!((&open["stops"], &open["answer"]), (&Value::from(true), &Value::Null), "{open}");
        let outlook = dry(&scene, &["--in-doubt", answer]);
        assert_eq!(outlook["stops"], false, "{outlook}");
        let doubts = outlook["in_doubt"].as_array().expect("a list");
        assert!(!doubts.is_empty(), "{outlook}");
        for doubt in doubts {
            assert_eq!((&doubt["then"], &doubt["said_by"]), (&Value::from(answer), &Value::from("operator")));
        }
        let text = said(&scene, &["resume", "--dry-run", "--in-doubt", answer]).with(0);
        text.says(&format!("what a resume does with --in-doubt {answer}")).says(&format!("(--in-doubt: {answer})"));
        assert_eq!(shop.requests(), before, "trying sends nothing");

        let requests = &outlook["requests"][0];
        let ended = said(&scene, &["resume", "--in-doubt", answer]).with(0);
        let sent = shop.requests().split_off(before.len());
        assert_eq!(sent.len(), number(requests, "sends"), "{answer}: {requests}\n{sent:?}\n{}", ended.output);
        for doubt in doubts {
            let title = doubt["request"].as_str().expect("a request").replace(&shop.url(), "");
            assert_eq!(sent.contains(&title), again, "{answer}: {title} in {sent:?}");
            let item = doubt["item"].as_str().expect("an item").replace("id=", "");
            let rows = sqlite::value(&scene.file("store.db"), &format!("select count(*) from members where number = {item}"));
            assert_eq!(rows, if again { "1" } else { "0" }, "{answer}: row {item}");
        }
        let word = match answer {
            "send" => "sent again",
            "skip" => "left out",
            _ => "taken as done",
        };
        said(&scene, &["status"]).with(0).says("was in doubt: main/sign_up#id=").says(word);
        said(&scene, &["runs"]).with(0).says(&format!("{} {word}", doubts.len()));
    }
}

#[test]
fn each_request_in_doubt_may_have_an_answer_of_its_own() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(POSTS, &shop);
    shop.hold_from(1);
    let mut first = scene.run();
    while !shop.await_requests(1) {
        assert!(first.is_running(), "{}", first.output());
    }
    // Those behind it are on their way too.
    std::thread::sleep(std::time::Duration::from_millis(500));
    first.kill();
    let _ = first.wait();
    shop.release();
    settle(&shop);
    let ids: Vec<String> = dry(&scene, &[])["in_doubt"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|doubt| doubt["id"].as_str().expect("an id").to_owned())
        .collect();
    assert!(ids.len() >= 4, "{ids:?}");
    said(&scene, &["resume", "--in-doubt", "main/sign_up#id=99=send"]).with(2).says("is not in doubt").says(&ids[0]);
    let before = shop.requests().len();
    let (one, two) = (format!("{}=send", ids[0]), format!("{}=skip", ids[1]));
    let outlook = dry(&scene, &["--in-doubt", &one, "--in-doubt", &two]);
    assert_eq!(outlook["stops"], true);
    let stopped = said(&scene, &["resume", "--in-doubt", &one, "--in-doubt", &two]).with(75);
    stopped.says(&ids[2].replace("main/sign_up#", "row "));
    assert_eq!(shop.requests().len(), before, "nothing is sent while something is in doubt");

    // What was decided stays so.
    let left = dry(&scene, &[]);
    let still: Vec<&str> = left["in_doubt"].as_array().expect("a list").iter().filter_map(|doubt| doubt["id"].as_str()).collect();
    assert_eq!(still, ids[2..].iter().map(String::as_str).collect::<Vec<_>>());
    let _ = said(&scene, &["resume", "--in-doubt", "done"]).with(0);
    let sent = shop.requests().split_off(before);
    let path = |id: &str| format!("POST /members/{}", id.replace("main/sign_up#id=", ""));
    assert!(sent.contains(&path(&ids[0])) && ids[1..].iter().all(|id| !sent.contains(&path(id))), "{sent:?}");
}

#[test]
fn another_plan_is_tried_before_it_is_taken() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(POSTS, &shop);
    killed(&scene, "http.after_reply_before_record@3");
    settle(&shop);
    let note = "
- op: execute
  id: note
  source: store
  statement: insert into history (n) values (77)
  transaction: true
";
    std::fs::write(scene.file("flows/main.yaml"), format!("{POSTS}{}", &note[1..])).expect("a written flow");
    let with = |more: &[&str]| {
        let arguments: Vec<&str> = ["resume", "--plan", "main"].iter().chain(more).copied().collect();
        scene.start(scene.around(Command::new(sequor()), &arguments)).wait()
    };
    let before = shop.requests().len();
    let line = with(&["--in-doubt", "skip", "--dry-run", "--json"]).with(0).output;
    let outlook: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
    assert_eq!(outlook["plan_change"]["accepted"], true, "{outlook}");
    assert_eq!(outlook["plan_change"]["differences"][0]["step"], "main/note");
    assert_eq!(outlook["ahead"][0]["step"], "main/note");
    assert_eq!(outlook["in_doubt"][0]["then"], "skip");
    let _ = with(&["--in-doubt", "skip"]).with(0);
    assert_eq!(shop.requests().len() - before, number(&outlook["requests"][0], "sends"));
    assert_eq!(sqlite::value(&scene.file("store.db"), "select count(*) from history where n = 77"), "1");
}

#[test]
fn a_plan_that_cannot_be_taken_is_an_answer_too() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(POSTS, &shop);
    killed(&scene, "http.after_record@3");
    std::fs::write(scene.file("flows/main.yaml"), POSTS.replace("method: POST", "method: PUT")).expect("a written flow");
    let arguments = ["resume", "--plan", "main", "--dry-run", "--json"];
    let refused = scene.start(scene.around(Command::new(sequor()), &arguments)).wait().with(2).output;
    let refused: Value = serde_json::from_str(&refused).unwrap_or_else(|e| panic!("{e}: {refused}"));
    assert_eq!(refused["plan_change"]["accepted"], false, "{refused}");
}

#[test]
fn steps_around_and_within_are_named_in_their_order() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    for (failpoint, committed) in [("execute.sqlite.before_commit@1", false), ("execute.sqlite.after_commit@1", true)] {
        let shop = Shop::start(Size::default());
        let scene = Scene::sqlite("- op: print\n  message: nothing\n", &shop);
        std::fs::write(scene.file("flows/main.yaml"), AROUND).expect("a written flow");
        std::fs::write(scene.file("flows/other.yaml"), OTHER).expect("a written flow");
        let compiled = Command::new(sequor()).args(["compile", "main", "-o", "main.plan"]).current_dir(scene.file("")).output();
        assert!(compiled.is_ok_and(|ran| ran.status.success()), "it compiles");
        killed(&scene, failpoint);
        let outlook = dry(&scene, &[]);
        assert_eq!(outlook["doing"]["step"], "main/guarded/steps/first", "{outlook}");
        assert_eq!(outlook["doing"]["committed"], committed, "{outlook}");
        let ahead: Vec<(&str, Option<&str>)> = outlook["ahead"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|step| (step["step"].as_str().expect("a step"), step["when"].as_str()))
            .collect();
        assert_eq!(
            ahead,
            [
                ("main/guarded/steps/call", None),
                ("main/guarded/catch[0]/sorry", Some("error")),
                ("main/guarded/finally/last", Some("finally")),
                ("main/rounds", None)
            ]
        );
        assert_eq!(outlook["ahead"][0]["inside"][0]["steps"][0]["step"], "other/inner");
        assert_eq!(outlook["ahead"][3]["inside"][0]["when"], "while_true");
        let text = said(&scene, &["status"]).with(0);
        text.says("other/inner: runs 1 SQL statement").says("at the end in any case, main/guarded/finally/last");
        text.says(if committed { "was committed before: it is not done again" } else { "was not committed" });
        let _ = scene.resume().wait().with(0);
        assert_eq!(sqlite::value(&scene.file("store.db"), "select group_concat(n, ' ') from history"), "1 2 9 5 5");
    }
}

const BRANCHES: &str = "
- op: parallel
  id: both
  branches:
    posts:
      - op: http_request
        id: sign_up
        for_each: {items: [{id: 1}, {id: 2}, {id: 3}, {id: 4}], as: row, key: [id]}
        request: {source: api, url: \"/members/{{ var('row').id }}\", method: POST}
        response:
          tables:
            - {source: store, table: members, data_path: \"\", columns: {id: bigint, number: bigint}, write_mode: append}
    notes:
      - op: execute
        id: note
        source: store
        statement: insert into history (n) values (1)
    nothing: []
- op: execute
  id: last
  source: store
  statement: insert into history (n) values (9)
";

#[test]
fn each_branch_is_said_for_itself() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(BRANCHES, &shop);
    killed(&scene, "http.before_absorb@3");
    settle(&shop);
    let before = shop.requests().len();
    let outlook = dry(&scene, &["--in-doubt", "send"]);
    let text = said(&scene, &["status"]).with(0);
    let branches = outlook["branches"].as_array().expect("branches");
    let stands: Vec<(&str, &str)> =
        branches.iter().map(|branch| (branch["branch"].as_str().expect("a name"), branch["stands"].as_str().expect("how"))).collect();
    // The end of the second one may not have been on disk yet: then the database knows that its statement was committed.
    let noted = stands[1] == ("notes", "done") || branches[1]["doing"]["committed"] == true;
    assert!(noted && stands[0] == ("posts", "goes_on") && stands[2] == ("nothing", "done"), "{stands:?} {}", branches[1]);
    let requests = &branches[0]["requests"][0];
    assert_eq!(requests["step"], "main/both/branches[0]/sign_up");
    assert_eq!(outlook["ahead"][0]["step"], "main/last");
    text.says("in branch 'posts':").says("main/both/branches[0]/sign_up (POST)");
    let listed = outlook["in_doubt"].as_array().expect("doubts").len();

    let _ = said(&scene, &["resume", "--in-doubt", "send"]).with(0);
    let sent = shop.requests().len() - before;
    assert_eq!(sent, number(requests, "sends"), "{requests}");
    assert_eq!(shop.requests().len() - listed.min(sent), 4, "each is sent once, but for what was listed");
}
