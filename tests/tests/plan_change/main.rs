//! Runs that go on with another plan than they were started with: `resume --plan`, and `diff RUN PLAN`.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod accepted;
mod refused;

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
