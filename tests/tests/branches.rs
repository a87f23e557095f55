//! Branches of a `parallel` that need the same things at the same moment, and expressions that wait for a database.
#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sequor_tests::postgres::{self, Database};
use sequor_tests::program::{self, Project, Ran};
use sequor_tests::proxy::{Dice, Fault, Proxy};
use sequor_tests::sqlite;

/// Ways to ask the database in an expression: natively, in Jinja, in Python.
const ASKS: [&str; 3] = [
    "{op: print, message: \"there are {{ query_value('pg', 'select count(*) from things', int) }}\"}",
    "{op: print, message: \"there are {% for row in query('pg', 'select count(*) as n from things') %}{{ row.n }}{% endfor %}\"}",
    "{op: print, message_expression: \"f'there are {[row for row in query(\\\"pg\\\", \\\"select count(*) as n from things\\\")].pop()[\\\"n\\\"]}'\"}",
];

/// A project with one flow `main`, and a table of two things.
fn project(database: &Database<'_>, main: &str) -> Project {
    database.psql("create table things (id integer); insert into things values (1), (2)");
    Project::of(&[
        ("project.yaml", "name: branches\n"),
        ("sources/pg.yaml", &format!("type: postgres\nconn_str: {}\n", database.url())),
        ("flows/main.yaml", main),
    ])
}

/// A program in a project that ends with 137 where it would take longer than a minute.
fn limited(project: &Project) -> Command {
    let mut command = project.command(Path::new("timeout"));
    command.args(["-s", "KILL", "60"]).arg(program::sequor());
    command
}

fn run(project: &Project) -> Ran {
    program::run(limited(project).args(["run", "main"]))
}

/// Whether it comes to that within so many seconds.
fn until(seconds: u64, mut reached: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        if reached() {
            return true;
        }
        if begun.elapsed() > Duration::from_secs(seconds) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// While one branch is connecting, the expression of another one waits for its answer in place.
#[test]
fn a_query_in_an_expression_does_not_wait_for_another_branch_that_connects() {
    let database = postgres::database();
    let proxy = Proxy::to_port(database.port());
    let url = database.url().replace(&format!(":{}/", database.port()), &format!(":{}/", proxy.port()));
    // Each answer on the way to a connection takes so long that the other branch asks in the middle of it.
    proxy.script(std::iter::repeat_n(Fault::Delay(Duration::from_millis(60)), 20));
    for order in [["connects", "asks"], ["asks", "connects"]] {
        let steps = |branch: &str| match branch {
            "connects" => "[{op: execute, source: pg, statement: select 1}]",
            _ => {
                "[{op: sleep, seconds: 0.15}, {op: print, message: \"there are {{ query_value('lite', 'select count(*) from things', int) }}\"}]"
            }
        };
        let branches: Vec<String> = order.iter().map(|branch| format!("    {branch}: {}\n", steps(branch))).collect();
        let project = Project::of(&[
            ("project.yaml", "name: branches\n"),
            ("sources/lite.yaml", "type: sqlite\npath: lite.db\n"),
            ("sources/pg.yaml", &format!("type: postgres\nconn_str: {url}\n")),
            ("flows/main.yaml", &format!("- op: parallel\n  branches:\n{}", branches.concat())),
        ]);
        sqlite::execute(&project.path().join("lite.db"), "create table things (id integer); insert into things values (1), (2)");
        run(&project).ended(0).says("there are 2");
    }
}

/// The branch whose transaction has the lock goes on while the expression of another one waits for it.
#[test]
fn an_expression_that_waits_for_a_lock_of_another_branch_gets_it() {
    for (locks, asks) in [
        ("lock table things in access exclusive mode; select pg_sleep(1); insert into things values (3)", ASKS[0]),
        ("lock table things in access exclusive mode; select pg_sleep(1); insert into things values (3)", ASKS[1]),
        ("lock table things in access exclusive mode; select pg_sleep(1); insert into things values (3)", ASKS[2]),
        (
            "update things set id = id + 1; select pg_sleep(1); insert into things values (3)",
            "{op: print, message: \"there are {{ query_value('pg', 'with u as (update things set id = id returning 1) select count(*) + 1 from u', int) }}\"}",
        ),
    ] {
        let locks = format!("    locks: [{{op: execute, source: pg, transaction: true, statement: {locks}}}]\n");
        let asks = format!("    asks: [{{op: sleep, seconds: 0.4}}, {asks}]\n");
        for branches in [[&locks, &asks], [&asks, &locks]] {
            let database = postgres::database();
            let project = project(&database, &format!("- op: parallel\n  branches:\n{}{}", branches[0], branches[1]));
            run(&project).ended(0).says("there are 3");
            assert_eq!(database.psql("select count(*) from things"), "3");
        }
    }
}

/// So does a branch of a branch.
#[test]
fn branches_of_a_branch_wait_for_each_other() {
    let database = postgres::database();
    let project = project(
        &database,
        &format!(
            "- op: parallel
  branches:
    outer:
      - op: parallel
        branches:
          locks:
            - {{op: execute, source: pg, statement: lock table things in access exclusive mode; select pg_sleep(1); insert into things values (3)}}
          idle: [{{op: sleep, seconds: 0}}]
    other:
      - op: parallel
        max_concurrency: 1
        branches:
          waits: [{{op: sleep, seconds: 0.5}}]
          asks: [{}]
",
            ASKS[0]
        ),
    );
    run(&project).ended(0).says("there are 3");
}

/// More snippets wait than there are Python workers; a branch that waits for nothing has one nevertheless.
#[test]
fn snippets_that_wait_for_a_database_keep_no_worker_from_others() {
    let database = postgres::database();
    let waits: String = (0..6).map(|n| format!("    w{n}: [{}]\n", ASKS[2])).collect();
    let goes = "{op: print, message_expression: \"'went ' + '-'.join(chr(110 + n) for n in range(2)).swapcase()\"}";
    let project = project(
        &database,
        &format!(
            "- op: parallel
  branches:
{waits}    goes: [{{op: sleep, seconds: 1}}, {goes}, {{op: execute, source: pg, statement: select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction' and datname = current_database()}}]
"
        ),
    );
    let held = database.transaction("lock table things in access exclusive mode");
    run(&project).ended(0).says("went N-O").says("there are 2");
    drop(held);
}

#[test]
fn the_time_of_a_step_ends_an_expression_that_waits_for_a_database() {
    for asks in ASKS {
        let database = postgres::database();
        let asks = asks.replace("op: print", "op: print, id: ask, timeout: 500ms");
        let flow = format!(
            "- op: try
  steps: [{asks}]
  catch:
    - {{on: timeout, as: error, steps: [{{op: print, message: \"caught {{{{ var('error').message }}}}\"}}]}}
- {asks}
"
        );
        let project = project(&database, &flow.replacen("id: ask", "id: first", 1));
        let _held = database.transaction("lock table things in access exclusive mode");
        let begun = Instant::now();
        let ran = run(&project).ended(1);
        ran.says("caught step 'first' has not ended in 500ms, its timeout").says("step 'ask' has not ended in 500ms, its timeout");
        assert!(begun.elapsed() < Duration::from_secs(20), "the lock was waited for");
    }
}

#[test]
fn the_time_of_a_step_ends_expressions_in_its_branches() {
    let database = postgres::database();
    let project = project(
        &database,
        &format!(
            "- op: try
  steps:
    - op: parallel
      id: both
      timeout: 500ms
      branches:
        asks: [{}]
        goes: [{{op: print, message: went}}]
  catch:
    - {{on: timeout, steps: [{{op: print, message: caught}}]}}
",
            ASKS[0]
        ),
    );
    let _held = database.transaction("lock table things in access exclusive mode");
    run(&project).ended(0).says("went").says("step 'both' has not ended in 500ms").says("caught");
}

/// Each of them fills the journal, which is compacted while the others take steps: wherever the process is killed, no step is lost, and none is taken twice.
#[test]
fn branches_that_fill_the_journal_go_on_where_they_were() {
    const ITEMS: usize = 60;
    let steps = |n: usize| {
        format!(
            "    b{n}:
      - op: for_each
        items_expression: list(range({ITEMS}))
        as: item
        steps:
          - {{op: set_variable, set: {{text{n}_expression: \"str(var('item')) * 3000\"}}}}
          - {{op: set_variable, set: {{all{n}_expression: \"var('text{n}') + str(var('item'))\"}}}}
          - {{op: execute, source: lite{n}, statement: \"insert into done values ({{{{ var('item') }}}}, {{{{ var('all{n}') | length }}}})\"}}
"
        )
    };
    let branches: String = (0..4).map(steps).collect();
    let mut dice = Dice::new(20_264);
    let mut length = Duration::from_secs(2);
    for round in 0..12 {
        let mut files = vec![
            ("project.yaml".to_owned(), "name: branches\n".to_owned()),
            ("flows/main.yaml".to_owned(), format!("- op: parallel\n  branches:\n{branches}")),
        ];
        files.extend((0..4).map(|n| (format!("sources/lite{n}.yaml"), format!("type: sqlite\npath: lite{n}.db\n"))));
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let project = Project::of(&files);
        let database = |n: usize| project.path().join(format!("lite{n}.db"));
        (0..4).for_each(|n| sqlite::execute(&database(n), "create table done (item integer, length integer)"));
        let begun = Instant::now();
        let mut status = None;
        for attempt in 0..50 {
            let mut command = project.command(&program::sequor());
            let process = command.args(["run", "main", "--run-key", "the one"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
            let mut process = process.expect("the program starts");
            // The first round tells how long it takes.
            if round > 0 && attempt < 6 {
                std::thread::sleep(Duration::from_micros(dice.below(u64::try_from(length.as_micros()).unwrap_or(u64::MAX))));
                let _ = process.kill();
            }
            assert!(until(60, || process.try_wait().is_ok_and(|ended| ended.is_some())), "it ends");
            status = process.wait().expect("it has ended").code();
            if status == Some(0) {
                break;
            }
        }
        assert_eq!(status, Some(0));
        if round == 0 {
            length = begun.elapsed();
        }
        for n in 0..4 {
            let found = sqlite::value(&database(n), "select count(*) || ' ' || count(distinct item) || ' ' || sum(length) from done");
            let lengths: usize = (0..ITEMS).map(|item| item.to_string().len() * 3001).sum();
            assert_eq!(found, format!("{ITEMS} {ITEMS} {lengths}"), "round {round}");
        }
    }
}

/// A signal's patience is over: the run stops, whatever the flow catches, and goes on there when it is resumed.
#[test]
fn a_signal_ends_an_expression_that_waits_for_a_database() {
    for branches in [false, true] {
        let database = postgres::database();
        let step = format!("op: try\n  steps: [{}]\n  catch: [{{op: print, message: caught}}]\n", ASKS[0]);
        let flow = match branches {
            false => format!("- {step}- {{op: print, message: went on}}\n"),
            true => format!(
                "- op: parallel
  branches:
    asks:
      - op: try
        steps: [{}]
        catch: [{{op: print, message: caught}}]
    other: [{{op: print, message: another one}}]
- {{op: print, message: went on}}
",
                ASKS[0]
            ),
        };
        let project = project(&database, &flow);
        let held = database.transaction("lock table things in access exclusive mode");
        let mut command = project.command(&program::sequor());
        let mut run = command.args(["run", "main"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
        assert!(until(30, || database.psql(waiting) == "1"), "the expression waits");
        let sent = Command::new("kill").args(["-s", "TERM", &run.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()));
        if !until(25, || run.try_wait().is_ok_and(|ended| ended.is_some())) {
            run.kill().expect("the program can be ended");
        }
        let output = run.wait_with_output().expect("the program ends");
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(143), "{said}");
        assert!(!said.contains("caught") && said.contains("was stopped by SIGTERM"), "{said}");
        drop(held);
        let resumed = program::run(limited(&project).args(["resume"])).ended(0);
        resumed.says("there are 2").says("went on").hides("another one");
    }
}
