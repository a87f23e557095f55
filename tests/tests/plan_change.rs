//! Runs that go on with another plan than they were started with: `resume --plan`, and `diff RUN PLAN`.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::PathBuf;

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
        let api = Service::start(|request| Reply::json(201, &json!([{ "number": request.json()["number"] }])));
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
    dry.says("sum/totals").says("stopped at").says("payload").says("allowed").says("then").hides("refused");
    world.sequor(&["resume"]).ended(1).says("amount");
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("goes on with another plan").says("sum/totals");
    world.assert_each_sent_once();
    assert_eq!(world.value("select total from totals"), "306");
    assert_eq!(world.value("select count(*) from sent"), "3");
    assert_eq!(world.value("select count(*) from _sequor_commit"), "0");
    world.sequor(&["resume", "--plan", "main", &world.run()]).ended(0).says("done already");
}
