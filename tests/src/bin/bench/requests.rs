//! A loop that posts each row and loads each reply, beside a client that only posts; with the journal and without.

use std::time::Duration;

use sequor_tests::program::{Project, executor};

use crate::api::{Api, bare_posts};
use crate::measure::{has_option, measure, median, paired, print, skip};

/// Server delay in milliseconds, requests in flight, items.
const CASES: [(u64, u64, u64); 4] = [(20, 1, 200), (100, 1, 50), (20, 16, 2_000), (0, 64, 20_000)];

/// Runs with the journal, and as many without.
const PAIRS: usize = 5;

pub(crate) fn requests() {
    for (delay, at_once, items) in CASES {
        let what = format!("{items} POSTs, {at_once} in flight, {delay} ms, replies loaded");
        let api = Api::start(Duration::from_millis(delay));
        let Some(project) = project(&api, at_once, items) else {
            skip(&what, "this compiler does not know 'concurrency' of http_request");
            continue;
        };
        let run = |options: &[&str]| {
            forget(&project);
            measure(project.command(&executor()).args(["run", "post.plan", "--flow", "post"]).args(options))
        };
        let bare = median(3, || bare_posts(&api.url, items, at_once));
        if has_option("run", "--no-journal") {
            let (on, off) = paired(PAIRS, || run(&[]), || run(&["--no-journal"]));
            print(&what, on, "bare client", bare);
            print("the same: journal on", on, "journal off", off);
        } else {
            print(&what, median(3, || run(&[])), "bare client", bare);
            skip("the same: journal on against off", "this executor has no --no-journal");
        }
    }
}

fn project(api: &Api, at_once: u64, items: u64) -> Option<Project> {
    let post = format!(
        "- op: http_request
  id: post
  for_each: {{source: file, table: items, as: item, concurrency: {at_once}}}
  request:
    source: api
    url: /items
    method: POST
    body: {{id: \"{{{{ var('item').id }}}}\", name: \"{{{{ var('item').name }}}}\"}}
  response:
    tables:
      - {{source: file, table: answers, columns: {{id: bigint, status: text}}}}
"
    );
    let project = Project::of(&[
        ("project.yaml", "name: post\n"),
        ("sources/api.yaml", &format!("type: http\nbase_url: {}\n", api.url)),
        ("sources/file.yaml", "type: sqlite\npath: items.db\n"),
        ("flows/fill.yaml", &fill("items", items)),
        ("flows/post.yaml", &post),
    ]);
    if project.sequor(["compile", "-o", "post.plan"]).status != 0 {
        return None;
    }
    let _ = project.executor(["run", "post.plan", "--flow", "fill"]).ended(0);
    Some(project)
}

/// A flow that makes a table of `rows` rows: `id` from 1, and a name.
pub(crate) fn fill(table: &str, rows: u64) -> String {
    format!(
        "- op: execute
  source: file
  statement: |
    create table {table} (id integer primary key, name text);
    insert into {table} with recursive n(id) as (select 1 union all select id + 1 from n where id < {rows})
      select id, 'item ' || id from n;
"
    )
}

/// Each run starts with a new state store.
pub(crate) fn forget(project: &Project) {
    let _ = std::fs::remove_dir_all(project.path().join(".sequor"));
}
