//! A database server that goes away and comes back while a flow loads rows and sends requests.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use sequor_tests::crash::matrix::Random;
use sequor_tests::postgres::Cluster;
use sequor_tests::program::{self, Project};
use sequor_tests::service::{Reply, Service};
use serde_json::json;

const PAGES: usize = 100;
const PAGE: usize = 1000;
const ORDERS: usize = 5000;

const FLOW: &str = "steps:
  - op: http_request
    init:
      variables: {page: 1}
    request: {source: api, url: /records, method: GET, parameters: {page: \"{{ var('page') }}\"}}
    response:
      tables:
        - {source: pg, table: records, columns: {id: bigint, name: text}, data_path: data, write_mode: append}
      variables:
        page_expression: var('page') + 1
      while_expression: response.json()['more']
  - op: http_request
    for_each: {source: pg, query: \"select id as number from records where id <= 5000 order by id\", as: order, key: [number]}
    request: {source: api, url: \"/orders/{{ var('order').number }}\", method: POST, body: {number: \"{{ var('order').number }}\"}}
    response:
      tables:
        - {source: pg, table: sent, columns: {number: bigint}, data_path: \"\", write_mode: append}
";

fn service() -> Service {
    Service::start(|request| {
        if let Some(number) = request.path.strip_prefix("/orders/") {
            return Reply::json(201, &json!({ "number": number.parse::<u64>().unwrap_or(0) }));
        }
        let page = request.number("page").unwrap_or(1);
        let rows: Vec<_> = ((page - 1) * PAGE + 1..=page * PAGE).map(|id| json!({ "id": id, "name": format!("name {id}") })).collect();
        Reply::json(200, &json!({ "data": rows, "more": page < PAGES }))
    })
}

/// Lets the process go on; stops and starts the server each time the service has had so many more requests.
fn disturbed(child: &mut Child, cluster: &mut Cluster, service: &Service, random: &mut Random, next: &mut usize) -> i32 {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return status.code().expect("nobody kills it");
        }
        assert!(started.elapsed() < Duration::from_secs(300), "the run does not end");
        if service.answered() >= *next {
            cluster.crash();
            cluster.restart();
            *next += 40 + usize::try_from(random.below(1200)).expect("small");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn the_database_goes_away_and_comes_back() {
    if std::env::var_os("SEQUOR_FAILPOINTS_BUILT").is_none() {
        return;
    }
    let mut cluster = Cluster::start();
    let (name, url) = {
        let database = cluster.database();
        (database.name().to_owned(), database.url())
    };
    cluster.psql(&name, "create table records (id bigint, name text); create table sent (number bigint)");
    let service = service();
    let project = Project::of(&[
        ("project.yaml", "name: durable\n"),
        ("sources/api.yaml", &format!("type: http\nbase_url: {}\n", service.url())),
        ("sources/pg.yaml", "type: postgres\nconn_str: \"{{ var('pg') }}\"\n"),
        ("flows/load.yaml", FLOW),
    ]);
    let command = |arguments: &[&str]| {
        let mut command = project.command(&program::sequor());
        let output = OpenOptions::new().create(true).append(true).open(project.path().join("output")).expect("a file");
        command.args(arguments).arg("--quiet").env("SEQUOR_VAR_pg", &url).stderr(output);
        command
    };
    let spawn = |command: &mut Command| command.spawn().expect("the program starts");
    let mut random = Random(3);
    let mut next = 15;
    let mut listed = 0;
    let mut status = disturbed(&mut spawn(&mut command(&["run", "load"])), &mut cluster, &service, &mut random, &mut next);
    let mut resumes = 0;
    while status != 0 {
        resumes += 1;
        assert!(resumes < 100, "it does not come to its end");
        let arguments: &[&str] = match status {
            1 => &["resume"],
            75 => {
                listed += 1;
                &["resume", "--in-doubt", "send"]
            }
            status => panic!("ended with {status}\n{}", String::from_utf8_lossy(&project.read("output"))),
        };
        status = disturbed(&mut spawn(&mut command(arguments)), &mut cluster, &service, &mut random, &mut next);
    }
    let rows = "select count(*) || ' ' || count(distinct id) || ' ' || max(id) from records";
    assert_eq!(cluster.psql(&name, rows), format!("{0} {0} {0}", PAGES * PAGE));
    let sent = "select count(*) || ' ' || count(distinct number) || ' ' || max(number) from sent";
    assert_eq!(cluster.psql(&name, sent), format!("{ORDERS} {ORDERS} {ORDERS}"));
    let mut counts = BTreeMap::<String, usize>::new();
    for request in service.ledger().into_iter().filter(|request| request.method == "POST") {
        *counts.entry(request.path).or_default() += 1;
    }
    assert_eq!(counts.len(), ORDERS);
    let twice = counts.values().filter(|count| **count > 1).count();
    assert!(twice <= listed, "{twice} requests were sent twice, {listed} lists were answered with send");
}
