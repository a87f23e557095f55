//! Runs that go on with another plan than they were started with: `resume --plan`, and `diff RUN PLAN`.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use sequor_tests::postgres;
use sequor_tests::program::{self, Project, Ran};
use sequor_tests::service::{Reply, Service};
use sequor_tests::sqlite;
use serde_json::json;

/// Sends three orders, then adds them up with a column that is not there.
const MAIN: &str = "steps:
  - op: execute
    id: clear
    source: lite
    statement: delete from sent
  - op: for_each
    id: each
    source: lite
    table: orders
    as: order
    steps:
      - op: http_request
        id: send
        request:
          source: api
          url: \"/orders/{{ var('order').number }}\"
          method: POST
          body: {number: \"{{ var('order').number }}\"}
          idempotency_key: auto
        response:
          tables:
            - {source: lite, table: sent, write_mode: append, columns: {number: bigint}, data_path: ''}
  - op: run_flow
    id: sum
    flow: sum
";

/// The first step of it.
const CLEAR: &str = "  - op: execute
    id: clear
    source: lite
    statement: delete from sent
";

const SUM: &str = "steps:
  - op: if
    id: rarely
    conditions:
      - condition_expression: 1 > 2
        then:
          - {op: print, id: no, message: never}
  - op: transform
    id: totals
    source: lite
    target_table: totals
    query: select sum(amount) as total from sent
";

struct World {
    project: Project,
    api: Service,
}

impl World {
    fn new(main: &str, sum: &str) -> Self {
        let api = Service::start(|request| Reply::json(201, &json!([{ "number": request.json()["number"].as_i64().unwrap_or(5) }])));
        let project = Project::of(&[
            ("project.yaml", "name: shop\nvariables: {unit: 1}\n"),
            ("sources/lite.yaml", "type: sqlite\npath: shop.db\n"),
            ("sources/api.yaml", &format!("type: http\nbase_url: {}\nidempotency: {{header: Idempotency-Key}}\n", api.url())),
            ("flows/main.yaml", main),
            ("flows/sum.yaml", sum),
        ]);
        let world = Self { project, api };
        let setup = "create table orders (number integer); insert into orders values (101), (102), (103);
            create table sent (number integer); insert into sent values (7)";
        sqlite::execute(&world.file("shop.db"), setup);
        world
    }

    fn file(&self, name: &str) -> PathBuf {
        self.project.path().join(name)
    }

    fn sequor(&self, arguments: &[&str]) -> Ran {
        self.project.sequor(arguments)
    }

    /// Killed at the n-th pass of a failpoint.
    #[track_caller]
    fn killed(&self, failpoint: &str, arguments: &[&str]) {
        let mut command = self.project.command(&program::sequor());
        let ran = program::run(command.args(arguments).env("SEQUOR_FAILPOINT", failpoint));
        assert_eq!(ran.status, -1, "not killed: {}", ran.output());
        self.api.settle();
    }

    fn main(&self, text: &str) {
        self.project.write("flows/main.yaml", text);
    }

    fn sum(&self, text: &str) {
        self.project.write("flows/sum.yaml", text);
    }

    /// The orders that were sent, with the idempotency keys of each.
    fn sent(&self) -> BTreeMap<String, Vec<String>> {
        let mut sent: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for request in self.api.ledger().iter().filter(|request| request.method == "POST") {
            let key = request.header("idempotency-key").unwrap_or_default().to_owned();
            sent.entry(request.path.clone()).or_default().push(key);
        }
        sent
    }

    #[track_caller]
    fn assert_each_sent_once(&self) {
        let counts: Vec<(String, usize)> = self.sent().into_iter().map(|(path, keys)| (path, keys.len())).collect();
        let expected = [101, 102, 103].map(|number| (format!("/orders/{number}"), 1));
        assert_eq!(counts, expected);
    }

    fn value(&self, sql: &str) -> String {
        sqlite::value(&self.file("shop.db"), sql)
    }

    /// The name of the last run.
    fn run(&self) -> String {
        let line = self.sequor(&["runs", "--json"]).ended(0).stdout;
        let run: serde_json::Value = serde_json::from_str(line.lines().next().expect("a run")).expect("JSON");
        run["run"].as_str().expect("a name").to_owned()
    }
}

fn enabled() -> bool {
    std::env::var_os("SEQUOR_FAILPOINTS_BUILT").is_some()
}

fn mended(sum: &str) -> String {
    sum.replace("sum(amount)", "sum(number)")
}

#[test]
fn a_step_that_failed_is_mended_and_the_run_goes_on() {
    let world = World::new(MAIN, SUM);
    world.sequor(&["run", "main"]).ended(1).says("amount");
    world.assert_each_sent_once();
    world.sum(&mended(SUM));
    // By itself the run keeps the plan that it has.
    world.sequor(&["resume"]).ended(1).says("amount");
    let dry = world.sequor(&["resume", "--dry-run", "--plan", "main"]).ended(0);
    dry.says("sum/totals")
        .says("stopped at")
        .says("payload")
        .says("allowed")
        .says("does sum/totals")
        .says("the database is asked first")
        .hides("refused");
    world.sequor(&["resume"]).ended(1).says("amount");
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("goes on with another plan").says("sum/totals");
    world.assert_each_sent_once();
    assert_eq!(world.value("select total from totals"), "306");
    assert_eq!(world.value("select count(*) from sent"), "3");
    assert_eq!(world.value("select count(*) from _sequor_commit"), "0");
    world.sequor(&["resume", "--plan", "main", &world.run()]).ended(0).says("done already");
}

#[test]
fn a_run_killed_in_a_loop_goes_on_at_its_item_with_other_steps_around_it() {
    if !enabled() {
        return;
    }
    for failpoint in ["http.after_intent_before_send@2", "http.exchanged@2", "http.absorbed@2", "landing.sqlite.after_commit@2"] {
        let world = World::new(MAIN, SUM);
        world.killed(failpoint, &["run", "main"]);
        let run = world.run();
        // Everything has other numbers: a source, a constant and steps come first, in files that sort before the others too.
        world.project.write("sources/aside.yaml", "type: sqlite\npath: aside.db\n");
        world.project.write("flows/aside.yaml", "steps:\n  - {op: print, id: hello, message: aside}\n");
        world.project.write("project.yaml", "name: shop\nvariables: {a: 1, unit: 2}\n");
        let before = "          - {op: print, id: a, message: a}\n          - {op: run_flow, id: b, flow: aside}\n          - {op: print, id: no, message: never}";
        world.sum(&mended(&SUM.replace("          - {op: print, id: no, message: never}", before)));
        let after = "  - {op: execute, id: more, source: aside, statement: create table done (n integer)}\n  - {op: print, id: end, message: the new end}\n";
        world.main(&format!("{MAIN}{after}"));
        let _ = world.sequor(&["compile", "main", "-o", "new.plan"]).ended(0);
        let ran = world.project.executor(["resume", "--plan", "new.plan"]).ended(0);
        ran.says("the new end").says("main/more").hides("refused").hides("never");
        assert_eq!(world.run(), run, "{failpoint}");
        for (path, keys) in world.sent() {
            assert!(keys.iter().all(|key| *key == keys[0]), "{failpoint}: {path} was sent with other keys: {keys:?}");
            // What was sent and has no reply is sent again, with its key.
            let again = ["http.after_intent_before_send@2", "http.exchanged@2"].contains(&failpoint) && path == "/orders/102";
            assert!(keys.len() == 1 || again, "{failpoint}: {path} was sent {} times", keys.len());
        }
        assert_eq!(world.value("select group_concat(number) from sent"), "101,102,103", "{failpoint}");
        assert_eq!(world.value("select total from totals"), "306", "{failpoint}");
        assert_eq!(sqlite::value(&world.file("aside.db"), "select count(*) from done"), "0");
        assert_eq!(world.value("select count(*) from _sequor_commit"), "0", "{failpoint}");
    }
}

#[test]
fn a_change_of_what_is_done_or_running_is_refused_and_changes_nothing() {
    let world = World::new(MAIN, SUM);
    world.sequor(&["run", "main"]).ended(1).says("amount");
    let refused = |what: &str, main: &str, reasons: &[&str]| {
        world.main(main);
        world.sum(&mended(SUM));
        let ran = world.sequor(&["resume", "--plan", "main"]).ended(2);
        for reason in reasons {
            assert!(ran.output().contains(reason), "{what}: nothing says {reason:?}\n{}", ran.output());
        }
        assert!(ran.output().contains("nothing was changed"), "{what}");
        // So does a look at it.
        world.sequor(&["resume", "--dry-run", "--plan", "main"]).ended(2).says("refused");
    };
    refused(
        "a done step",
        &MAIN.replace("delete from sent", "delete from orders"),
        &["main/clear", "done", "it must stay as it was", "allowed"],
    );
    refused(
        "a done step in a loop that is over",
        &MAIN.replace("method: POST", "method: PUT"),
        &["main/each/send", "request", "it is done"],
    );
    refused("a removed step", &MAIN.replace(CLEAR, ""), &["main/clear", "removed", "it must stay in the plan"]);
    refused(
        "a step in front",
        &MAIN.replace("steps:\n  - op: execute", "steps:\n  - {op: print, id: first, message: x}\n  - op: execute"),
        &["main/first", "it would never run"],
    );
    refused(
        "the call that runs",
        &MAIN.replace("flow: sum\n", "flow: sum\n    when_expression: 1 < 2\n"),
        &["main/sum", "condition", "the run is in it"],
    );
    let source = "type: sqlite\npath: other.db\n";
    world.project.write("sources/lite.yaml", source);
    refused("a source of a done step", MAIN, &["main/clear", "source", "it must stay as it was"]);
    world.project.write("sources/lite.yaml", "type: sqlite\npath: shop.db\n");
    assert!(!world.file("other.db").exists());
    // The run is what it was.
    world.sequor(&["resume"]).ended(1).says("amount");
    world.main(MAIN);
    let _ = world.sequor(&["resume", "--plan", "main"]).ended(0);
    world.assert_each_sent_once();
    assert_eq!(world.value("select total from totals"), "306");
}

#[test]
fn a_step_of_a_running_loop_keeps_its_work() {
    if !enabled() {
        return;
    }
    let world = World::new(MAIN, SUM);
    world.killed("http.after_close@3", &["run", "main"]);
    world.sum(&mended(SUM));
    world.main(&MAIN.replace("{number: \"{{ var('order').number }}\"}", "{number: \"{{ var('order').number }}\", note: new}"));
    let ran = world.sequor(&["resume", "--plan", "main"]).ended(2);
    ran.says("main/each/send").says("running").says("items 1 to 2 of its loop have been done with the old step");
    let more = "          - {op: print, id: more, message: more}\n  - op: run_flow";
    world.main(&MAIN.replace("  - op: run_flow", &more.replace("          -", "      -")));
    let ran = world.sequor(&["resume", "--plan", "main"]).ended(2);
    ran.says("main/each/more").says("items 1 to 2 of its loop have been done without it");
    // What does not change what it does may change.
    world.main(&MAIN.replace("          method: POST", "          timeout: 7s\n          method: POST"));
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("settings");
    world.assert_each_sent_once();
    assert_eq!(world.value("select total from totals"), "306");
}

#[test]
fn the_change_of_plan_is_made_whole_or_not_at_all() {
    if !enabled() {
        return;
    }
    let world = World::new(MAIN, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.sum(&mended(SUM));
    world.sequor(&["resume", "--plan", "main", "--report", "no/such/folder"]).ended(2).says("the report cannot be written");
    world.killed("state.change_plan.before_commit", &["resume", "--plan", "main"]);
    world.sequor(&["resume"]).ended(1).says("amount");
    world.killed("state.change_plan.after_commit", &["resume", "--plan", "main"]);
    // The new plan is the run's own now.
    world.sequor(&["status"]).ended(0).says("does sum/totals");
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("has this plan already");
    world.assert_each_sent_once();
    assert_eq!(world.value("select total from totals"), "306");

    let world = World::new(MAIN, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.sum(&mended(SUM));
    world.killed("state.change_plan.after_commit", &["resume", "--plan", "main"]);
    world.killed("run.before", &["resume"]);
    let _ = world.sequor(&["resume"]).ended(0);
    assert_eq!(world.value("select total from totals"), "306");
}

#[test]
fn a_step_that_was_committed_before_the_crash_is_done() {
    if !enabled() {
        return;
    }
    let sum = mended(SUM);
    let world = World::new(MAIN, &sum);
    world.killed("store.sqlite.after_commit", &["run", "main"]);
    assert_eq!(world.value("select total from totals"), "306");
    world.sum(&sum.replace("sum(number)", "sum(number) * 2"));
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("sum/totals").says("counts as done");
    let _ = world.sequor(&["resume"]).ended(0);
    assert_eq!(world.value("select total from totals"), "306");
}

#[test]
fn steps_may_be_put_before_the_one_that_failed() {
    let world = World::new(MAIN, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.sum(&SUM.replace(
        "  - op: transform",
        "  - {op: execute, id: add, source: lite, statement: alter table sent add column amount integer default 2}\n  - op: transform",
    ));
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("sum/add");
    assert_eq!(world.value("select total from totals"), "6");
    // A run can be forked from where it began anew.
    let _ = world.sequor(&["fork", &world.run(), "--from", "sum/totals"]).ended(0);
    world.assert_each_sent_once();
}

#[test]
fn a_reply_that_could_not_be_read_is_read_by_the_new_plan() {
    let main = "steps:
  - op: http_request
    id: order
    request: {source: api, url: /orders/101, method: POST, body: {number: 101}}
    response:
      variables:
        found: \"{{ response.json()['missing']['of'] }}\"
  - {op: print, id: tell, message: \"order {{ var('found') }}\"}
";
    let world = World::new(main, SUM);
    world.sequor(&["run", "main"]).ended(1).says("missing");
    world.main(&main.replace("['missing']['of']", "[0]['number']"));
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("order 101").says("reply");
    assert_eq!(world.sent()["/orders/101"].len(), 1);
}

#[test]
fn diff_of_a_run_says_what_differs_and_whether_it_can_go_on() {
    let world = World::new(MAIN, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    let run = world.run();
    world.sequor(&["diff", &run, "main"]).ended(0).says("7 steps are the same").says("can go on with this plan");
    world.sum(&mended(SUM));
    let ran = world.sequor(&["diff", &run, "main"]).ended(1);
    ran.says("- query").says("sum(number)").says("stopped at").says(&format!("run {run} can go on with this plan"));
    world.main(&MAIN.replace("delete from sent", "delete from orders"));
    let _ = world.sequor(&["compile", "main", "-o", "new.plan"]).ended(0);
    let ran = world.sequor(&["diff", &run[run.len() - 8..], "new.plan"]).ended(1);
    ran.says("delete from orders").says("it is done: it must stay as it was").says("cannot go on with this plan");
    world.main(MAIN);
    let _ = world.sequor(&["resume", "--plan", "main"]).ended(0);
    world.sequor(&["diff", &run, "new.plan"]).ended(1).says("is over").hides("refused");
    world.sequor(&["diff", "nowhere", "new.plan"]).ended(2).says("no run 'nowhere'");
}

#[test]
fn a_run_of_which_nothing_has_happened_may_have_any_plan_of_its_project() {
    if !enabled() {
        return;
    }
    let world = World::new(MAIN, SUM);
    world.killed("state.begin.after_commit", &["run", "main"]);
    world.main("steps:\n  - {op: print, id: only, message: something else}\n");
    world.sequor(&["resume", "--plan", "sum"]).ended(2).says("no flow 'main'");
    world.project.write("project.yaml", "name: another\n");
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("another project");
    world.project.write("project.yaml", "name: shop\n");
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("something else");
    assert!(world.sent().is_empty());
}

#[test]
fn a_plan_is_for_a_run_of_its_flow_and_a_refusal_leaves_the_run_as_it_stood() {
    if !enabled() {
        return;
    }
    let world = World::new("steps:\n  - {op: fail, message: first}\n", SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    // Another flow's run is newer.
    world.project.write("flows/other.yaml", "steps:\n  - {op: fail, message: second}\n");
    let _ = world.sequor(&["run", "other"]).ended(1);
    world.main("steps:\n  - {op: fail, id: fail, message: third}\n  - {op: print, id: more, message: more}\n");
    let _ = world.sequor(&["resume", "--plan", "main"]).ended(1).says("third").hides("second");
    world.project.write("project.yaml", "name: another\n");
    world.sequor(&["resume", "--plan", "other"]).ended(2).says("another project");
    let after = world.sequor(&["runs"]).ended(0);
    after.says("failed").hides("interrupted");
}

/// A flow that fails at its first step that does something.
fn failing(step: &str) -> String {
    format!("steps:\n  - {{op: print, id: start, message: it starts}}\n{step}  - {{op: print, id: end, message: the end}}\n")
}

const LOAD: &str = "  - op: http_request
    id: load
    request: {source: api, url: /orders, method: GET}
    response:
      tables:
        - {source: lite, table: loaded, columns: {number: bigint}, data_expression: \"[{'number': 'x5'}]\"}
";

#[test]
fn a_table_whose_columns_did_not_fit_is_filled_anew() {
    for write_mode in ["create", "append"] {
        let load = LOAD.replace("columns", &format!("write_mode: {write_mode}, columns"));
        let world = World::new(&failing(&load), SUM);
        sqlite::execute(&world.file("shop.db"), "create table loaded (number bigint); insert into loaded values (4)");
        let _ = world.sequor(&["run", "main"]).ended(1);
        world.main(&failing(&load.replace("'x5'", "5").replace("url: /orders", "url: /others")));
        world.sequor(&["resume", "--plan", "main"]).ended(0).says("main/load").says("the end").hides("it starts");
        let expected = if write_mode == "create" { "5" } else { "4,5" };
        assert_eq!(world.value("select group_concat(number) from (select number from loaded order by 1)"), expected);
        assert_eq!(world.value("select count(*) from sqlite_master where name like '_sequor%' and name <> '_sequor_commit'"), "0");
    }
}

#[test]
fn a_request_that_changes_something_and_may_have_been_sent_stays() {
    let load = LOAD.replace("method: GET", "method: PUT, body: {number: 5}");
    let world = World::new(&failing(&load), SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.main(&failing(&load.replace("number: 5", "number: 6")));
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("main/load").says("the run is in it");
}

#[test]
fn a_step_that_failed_may_go() {
    let world = World::new(MAIN, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.sum(&SUM[..SUM.find("  - op: transform").expect("the last step")]);
    world.main(&format!("{MAIN}  - {{op: print, id: end, message: the end}}\n"));
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("sum/totals").says("removed").says("the end").hides("never");
    world.assert_each_sent_once();
    assert_eq!(world.value("select count(*) from _sequor_commit"), "0");
}

#[test]
fn a_database_that_has_something_of_the_run_must_stay_in_the_plan() {
    let world = World::new(&failing(LOAD), SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.main(&failing(""));
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("source 'lite'").says("it holds something of this run");
}

#[test]
fn what_finally_did_on_the_way_out_stays_done() {
    let main = "steps:
  - op: try
    id: guarded
    steps:
      - {op: execute, id: bad, source: lite, statement: insert into nowhere values (1)}
    finally:
      - {op: execute, id: note, source: lite, statement: insert into sent values (8)}
  - {op: print, id: end, message: the end}
";
    let world = World::new(main, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.main(&main.replace("nowhere", "sent").replace("values (8)", "values (9)"));
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("main/guarded/finally/note").says("it is done");
    world.main(&main.replace("nowhere", "sent"));
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("the end");
    assert_eq!(world.value("select group_concat(number) from (select number from sent order by rowid)"), "7,8,1,8");
}

#[test]
fn a_loop_that_failed_at_its_first_item_may_do_something_else() {
    let main = "steps:
  - op: for_each
    id: each
    source: lite
    table: orders
    as: order
    steps:
      - {op: execute, id: keep, source: lite, statement: \"insert into nowhere values ({{ var('order').number }})\"}
";
    let world = World::new(main, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.main(&main.replace("nowhere", "sent"));
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("main/each/keep").says("stopped at");
    assert_eq!(world.value("select group_concat(number) from sent"), "7,101,102,103");
}

#[test]
fn a_database_that_constants_name_must_stay_where_the_run_has_written() {
    let world = World::new(MAIN, SUM);
    world.project.write("project.yaml", "name: shop\nvariables: {unit: 1, file: shop.db, unused: 1}\n");
    world.project.write("sources/lite.yaml", "type: sqlite\npath: \"{{ var('file') }}\"\n");
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.sum(&mended(SUM));
    world.project.write("project.yaml", "name: shop\nvariables: {unit: 1, file: other.db, unused: 2}\n");
    let ran = world.sequor(&["resume", "--plan", "main"]).ended(2);
    ran.says("project variable 'file'").says("source 'lite' is in use by this run").says("project variable 'unused'");
    world.project.write("project.yaml", "name: shop\nvariables: {unit: 1, file: shop.db, unused: 2}\n");
    let _ = world.sequor(&["resume", "--plan", "main"]).ended(0);
    world.assert_each_sent_once();
}

#[test]
fn a_plan_changes_in_a_state_store_in_postgresql_too() {
    if !enabled() {
        return;
    }
    let database = postgres::database();
    let world = World::new(MAIN, SUM);
    let state = ["--state", &database.url()].map(str::to_owned);
    let with = |arguments: &[&str]| arguments.iter().map(|a| (*a).to_owned()).chain(state.clone()).collect::<Vec<_>>();
    let _ = world.project.sequor(with(&["run", "main"])).ended(1);
    world.sum(&mended(SUM));
    for (place, status) in [("before_commit", 1), ("after_commit", 0)] {
        let arguments = with(&["resume", "--plan", "main"]);
        world.killed(&format!("state.change_plan.{place}"), &arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let ran = world.project.sequor(with(&["resume"]));
        assert_eq!(ran.status, status, "{}", ran.output());
    }
    world.assert_each_sent_once();
    assert_eq!(world.value("select total from totals"), "306");
}

#[test]
fn a_block_that_is_done_takes_no_more_steps() {
    let main = "steps:
  - op: block
    id: group
    steps:
      - {op: execute, id: one, source: lite, statement: insert into sent values (1)}
  - op: if
    id: either
    conditions:
      - condition_expression: 1 > 2
        then:
          - {op: print, id: no, message: never}
  - {op: execute, id: bad, source: lite, statement: insert into nowhere values (2)}
";
    let world = World::new(main, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    let mended = main.replace("nowhere", "sent");
    world.main(&mended.replace("values (1)}\n", "values (1)}\n      - {op: print, id: two, message: two}\n"));
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("main/group/two").says("it would have been left out");
    // What was not chosen would not have run either.
    world.main(&mended.replace("message: never}\n", "message: never}\n          - {op: print, id: neither, message: never}\n"));
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("main/either/then[0]/neither").hides(" never\n");
    assert_eq!(world.value("select group_concat(number) from sent"), "7,1,2");
}

#[test]
fn a_run_killed_while_an_error_is_on_its_way_up_keeps_what_failed() {
    if !enabled() {
        return;
    }
    let main = "steps:
  - op: try
    id: guarded
    steps:
      - {op: execute, id: bad, source: lite, statement: insert into nowhere values (1)}
    finally:
      - {op: execute, id: note, source: lite, statement: insert into sent values (8)}
  - {op: print, id: end, message: the end}
";
    let world = World::new(main, SUM);
    world.killed("execute.sqlite.before_commit", &["run", "main"]);
    let mended = main.replace("nowhere", "sent");
    world.main(&mended);
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("main/guarded/steps/bad").says("the run is in it");
    // Another end does not touch it. The error goes on its way.
    world.main(&main.replace("the end", "another end"));
    world.sequor(&["resume", "--plan", "main"]).ended(1).says("goes on with another plan").says("nowhere");
    world.main(&mended);
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("stopped at").says("the end");
    assert_eq!(world.value("select group_concat(number) from (select number from sent order by rowid)"), "7,8,1,8");
}

#[test]
fn a_forked_run_keeps_what_was_done_before_it() {
    let sum = format!(
        "{SUM}  - {{op: execute, id: check, source: lite, statement: insert into nowhere values (1)}}\n  - {{op: print, id: tail, message: old}}\n"
    );
    let world = World::new(MAIN, &mended(&sum));
    let _ = world.sequor(&["run", "main"]).ended(1);
    let _ = world.sequor(&["fork", &world.run(), "--from", "sum/check"]).ended(1);
    world.sum(&mended(&sum).replace("nowhere", "sent").replace("message: old", "message: the new tail"));
    world.main(&MAIN.replace("method: POST", "method: PUT"));
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("main/each/send").says("it is done");
    world.main(MAIN);
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("sum/check").says("the new tail");
    world.assert_each_sent_once();
}
