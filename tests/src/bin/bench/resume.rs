//! Loops that are killed near their end: what the journal holds by then, and how long it takes until they go on.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sequor_tests::program::{Project, executor};

use crate::api::Api;
use crate::measure::{has_option, skip};
use crate::requests::fill;

/// Members of the loop that sends one request near its end, and items of the loop that sends one for each.
const MEMBERS: u64 = 1_000_000;
const ITEMS: u64 = 100_000;
/// So many before the end it is killed.
const LEFT: u64 = 10;

pub(crate) fn resume() {
    if !has_option("resume", "--in-doubt") {
        return skip("resume of a loop that was killed near its end", "this executor has no resume");
    }
    let api = Api::start(Duration::ZERO);
    killed(&api, &format!("for_each over {MEMBERS} rows"), MEMBERS, 1, &steps());
    killed(&api, &format!("{ITEMS} POSTs with a key, 64 in flight, replies loaded"), ITEMS, ITEMS - LEFT, POSTS);
}

/// Nothing but a condition for each row; at one of them a request, for the API to see how far it is.
fn steps() -> String {
    format!(
        "- op: for_each
  id: rows
  source: file
  table: items
  as: item
  index_as: i
  steps:
    - op: http_request
      when_expression: var('i') == {}
      request: {{source: api, url: /here, method: GET}}
",
        MEMBERS - LEFT
    )
}

const POSTS: &str = "- op: http_request
  id: post
  for_each: {source: file, table: items, as: item, concurrency: 64}
  request:
    source: api
    url: /items
    method: POST
    idempotency_key: auto
    body: {id: \"{{ var('item').id }}\", name: \"{{ var('item').name }}\"}
  response:
    tables:
      - {source: file, table: answers, columns: {id: bigint, status: text}}
";

/// Runs a flow over `items` rows until the API has seen so many `requests`, kills it, and lets it go on.
fn killed(api: &Api, what: &str, items: u64, requests: u64, flow: &str) {
    let project = Project::of(&[
        ("project.yaml", "name: resume\n"),
        ("sources/api.yaml", &format!("type: http\nbase_url: {}\n", api.url)),
        ("sources/file.yaml", "type: sqlite\npath: items.db\n"),
        ("flows/fill.yaml", &fill("items", items)),
        ("flows/main.yaml", flow),
    ]);
    let compiled = project.sequor(["compile", "-o", "resume.plan"]);
    if compiled.status != 0 {
        return skip(what, &format!("this compiler refuses the flow: {}", compiled.stderr.lines().next().unwrap_or_default()));
    }
    let _ = project.executor(["run", "resume.plan", "--flow", "fill"]).ended(0);
    let before = state_size(&project);

    api.hold_from(requests);
    let started = Instant::now();
    let mut child = start(project.command(&executor()).args(["run", "resume.plan", "--flow", "main"]));
    api.wait_for(requests);
    let ran = started.elapsed();
    child.kill().expect("a running executor");
    child.wait().expect("its end");
    let bytes = state_size(&project).saturating_sub(before);

    api.hold_from(u64::MAX);
    let started = Instant::now();
    let mut child = start(project.command(&executor()).arg("resume"));
    api.wait_for(1);
    let resumed = started.elapsed();
    let status = child.wait().expect("its end");
    assert!(status.success(), "{what}: the resumed run ended with {status}");
    report(what, items, bytes, ran, resumed);
}

fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"))
}

/// The state store with what SQLite keeps beside it.
fn state_size(project: &Project) -> u64 {
    let folder = project.path().join(".sequor");
    ["state.db", "state.db-wal"].iter().filter_map(|name| std::fs::metadata(folder.join(name)).ok()).map(|file| file.len()).sum()
}

#[allow(clippy::cast_precision_loss, reason = "printed with one digit")]
fn report(what: &str, items: u64, bytes: u64, ran: Duration, resumed: Duration) {
    let per_million = resumed.as_secs_f64() * 1e3 * 1e6 / items as f64;
    println!(
        "{what:<52} killed after {:.1} s: state of {:.1} bytes per item; goes on after {:.1} ms ({per_million:.0} ms for a million)   the run so far: {:.1} ms   ratio {:.3}",
        ran.as_secs_f64(),
        bytes as f64 / items as f64,
        resumed.as_secs_f64() * 1e3,
        ran.as_secs_f64() * 1e3,
        resumed.as_secs_f64() / ran.as_secs_f64(),
    );
}
