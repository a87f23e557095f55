//! The examples of docs/reference run: those of databases by themselves, that of an API with the demo's.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use sequor_tests::program::{Project, sequor};
use sequor_tests::sqlite;

/// Flows for APIs and databases that are not here.
const ELSEWHERE: [&str; 3] = ["copy.yaml", "http_request.yaml", "paging.yaml"];

#[test]
fn every_example_that_needs_no_server_runs() {
    let project = Project::fixture("reference");
    let flows = std::fs::read_dir(project.path().join("flows")).expect("the flows");
    let mut names: Vec<String> = flows.map(|entry| entry.expect("a flow").file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !ELSEWHERE.contains(&name.as_str()));
    names.sort();
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        let flow = name.trim_end_matches(".yaml");
        let parameter = if flow == "return" { &["--param", "customer_id=7"][..] } else { &[] };
        let _ = project.sequor([&["run", flow], parameter].concat()).ended(0);
    }
}

#[test]
fn the_example_of_http_request_runs_with_the_demos_api() {
    let project = Project::fixture("reference");
    let mut api = project.command(&sequor());
    let mut api = api.args(["demo", "--serve", "--port", "0", "demo"]).stdout(Stdio::piped()).spawn().expect("the demo's API");
    let mut line = String::new();
    BufReader::new(api.stdout.as_mut().expect("its output")).read_line(&mut line).expect("where it is");
    let url = line.split([' ', ',']).find(|word| word.starts_with("http://")).unwrap_or_else(|| panic!("no address in: {line}"));
    let mut run = project.command(&sequor());
    run.env("SHOP_TOKEN", "demo-token").args(["run", "http_request", "--var", &format!("shop_url={url}")]);
    let ran = sequor_tests::program::run(&mut run);
    api.kill().expect("an API that is stopped");
    let _ = api.wait();
    let _ = ran.ended(0);
    let file = project.path().join("warehouse.db");
    assert_eq!(sqlite::value(&file, "select count(*) || ' ' || count(distinct member_id) from campaign_members"), "20 20");
}
