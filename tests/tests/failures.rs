//! What a user meets when something is wrong: one clear message, the right exit status, and nothing lost.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use sequor_tests::postgres;
use sequor_tests::program::Project;
use sequor_tests::service::{Reply, Service};
use sequor_tests::sqlite;
use serde_json::json;

const FLOW: &str = "steps:
  - op: http_request
    id: send_orders
    for_each: {source: lite, table: orders, as: order, key: [number]}
    request:
      source: api
      url: /orders
      method: POST
      body: {number: \"{{ var('order').number }}\"}
    response:
      tables:
        - {source: lite, table: sent, columns: {number: bigint}, data_expression: \"[{'number': var('order')['number']}]\"}
";

fn shop(api: &str) -> Project {
    let project = Project::of(&[
        ("project.yaml", "name: shop\n"),
        ("sources/lite.yaml", "type: sqlite\npath: shop.db\n"),
        ("sources/api.yaml", &format!("type: http\nbase_url: {api}\n")),
        ("flows/send.yaml", FLOW),
    ]);
    sqlite::execute(
        &project.path().join("shop.db"),
        "create table orders (number integer); insert into orders values (101), (102), (103); create table sent (number integer); insert into sent values (7)",
    );
    project
}

#[test]
fn a_failing_request_names_everything_and_leaves_the_old_table() {
    let api = Service::start(|request| match request.json()["number"].as_i64() {
        Some(102) => Reply::json(422, &json!({ "error": "number 102 is closed" })),
        _ => Reply::json(201, &json!({ "ok": true })),
    });
    let project = shop(&api.url());
    let ran = project.sequor(["run", "send"]).ended(1);
    for part in ["flows/send.yaml:2:", "send_orders", "http_request", "POST", "/orders", "422", "number 102 is closed", "102"] {
        ran.says(part);
    }
    assert_eq!(sqlite::value(&project.path().join("shop.db"), "select group_concat(number) from sent"), "7");
    let staged = "select count(*) from sqlite_master where name like '_sequor%' and name <> '_sequor_commit'";
    assert_eq!(sqlite::value(&project.path().join("shop.db"), staged), "1", "what a resume goes on with");
    let run = ran.stderr.lines().find_map(|line| line.split_once(" resume ")).map(|(_, run)| run.trim().to_owned()).expect("how to go on");
    project.sequor(["gc", "--run", &run]).ended(0).says(&run);
    assert_eq!(sqlite::value(&project.path().join("shop.db"), staged), "0");
    assert_eq!(api.count("POST"), 2, "rows after the failing one must not be sent");
}

#[test]
fn a_refused_connection_is_one_clear_message() {
    let project = shop("http://127.0.0.1:9");
    let ran = project.sequor(["run", "send"]).ended(1);
    ran.says("127.0.0.1:9").says("connection refused").says("tried 5 times");
    assert_eq!(ran.stderr.matches("error: POST").count(), 1, "{}", ran.stderr);
}

#[test]
fn an_unreachable_database_is_one_clear_message() {
    let project = Project::of(&[
        ("project.yaml", "name: x\n"),
        ("sources/pg.yaml", "type: postgres\nconn_str: postgresql+psycopg2://me:hidden-secret@127.0.0.1:9/db\n"),
        ("flows/f.yaml", "- op: execute\n  source: pg\n  statement: select 1\n"),
    ]);
    project.sequor(["run", "f"]).ended(1).says("127.0.0.1").says("9").says("pg").hides("hidden-secret").hides("panicked");
}

#[test]
fn a_wrong_password_is_one_clear_message() {
    let database = postgres::database();
    let missing = database.url().replace(database.name(), "no_such_database");
    let project = Project::of(&[
        ("project.yaml", "name: x\n"),
        ("sources/pg.yaml", &format!("type: postgres\nconn_str: {missing}\n")),
        ("flows/f.yaml", "- op: execute\n  source: pg\n  statement: select 1\n"),
    ]);
    project.sequor(["run", "f"]).ended(1).says("no_such_database").hides("panicked");
}

#[test]
fn a_missing_environment_lists_those_there_are() {
    let project = Project::of(&[
        ("project.yaml", "name: x\n"),
        ("envs/staging.yaml", "variables: {a: 1}\n"),
        ("flows/f.yaml", "- op: print\n  message: hello\n"),
    ]);
    project.sequor(["run", "f", "--env", "stagging"]).ended(2).says("stagging").says("staging").hides("panicked");
    project.sequor(["run", "f", "--env", "staging"]).ended(0).says("hello");
}

#[test]
fn faults_never_reach_a_run() {
    let project = Project::of(&[
        ("project.yaml", "name: x\n"),
        ("flows/a.yaml", "- op: print\n  mesage: hello\n"),
        ("flows/b.yaml", "- op: execute\n  source: nowhere\n  statement: select 1\n"),
        ("flows/c.yaml", "- op: print\n  message_expression: 'var(\"x\"'\n"),
    ]);
    let ran = project.sequor(["compile", "--output-format", "concise", "-o", "x.plan"]).ended(1);
    for part in ["flows/a.yaml:2:3", "S103", "message", "flows/b.yaml:2:11", "R201", "flows/c.yaml:2:", "P601"] {
        ran.says(part);
    }
    assert!(!project.path().join("x.plan").exists());
    project.sequor(["run", "a"]).ended(2).says("S103").hides("starts");
    let json = project.sequor(["compile", "--check", "--output-format", "json"]).ended(1);
    let report: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(report["summary"]["errors"].as_u64(), report["diagnostics"].as_array().map(|d| d.len() as u64));
}

#[test]
fn a_failed_transform_leaves_its_table() {
    let project = Project::of(&[
        ("project.yaml", "name: x\n"),
        ("sources/lite.yaml", "type: sqlite\npath: x.db\n"),
        ("flows/f.yaml", "- op: transform\n  source: lite\n  target_table: totals\n  query: select no_such_column from totals\n"),
    ]);
    let file = project.path().join("x.db");
    sqlite::execute(&file, "create table totals (n integer); insert into totals values (1), (2)");
    project.sequor(["run", "f"]).ended(1).says("no_such_column").says("flows/f.yaml:1:");
    assert_eq!(sqlite::value(&file, "select count(*) from totals"), "2");
}

#[test]
fn a_bad_value_names_row_column_and_type() {
    let api = Service::start(|_| Reply::json(200, &json!([{ "id": 1 }, { "id": 2 }, { "id": "three" }])));
    let project = Project::of(&[
        ("project.yaml", "name: x\n"),
        ("sources/lite.yaml", "type: sqlite\npath: x.db\n"),
        ("sources/api.yaml", &format!("type: http\nbase_url: {}\n", api.url())),
        (
            "flows/f.yaml",
            "- op: http_request\n  request: {source: api, url: /, method: GET}\n  response:\n    tables:\n      - {source: lite, table: t, columns: {id: bigint}, data_expression: response.json()}\n",
        ),
    ]);
    project.sequor(["run", "f"]).ended(1).says("three").says("id").says("bigint").says("row 3");
}
