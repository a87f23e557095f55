//! `sequor demo` and `sequor init`: the first things a newcomer runs.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sequor_tests::durable::failpoints_are_built;
use sequor_tests::program::{Project, sequor};
use sequor_tests::sqlite;

#[test]
fn the_demo_shows_the_main_job() {
    let folder = Project::empty();
    let ran = folder.sequor(["demo", "shop", "--port", "0"]).ended(0);
    ran.says("best_customers").says("campaign_members").says("cm_0001");
    let file = folder.path().join("shop/warehouse.db");
    assert_eq!(sqlite::value(&file, "select count(*) || ' ' || max(id) from customers"), "230 230");
    assert_eq!(sqlite::value(&file, "select count(distinct member_id) from campaign_members"), "20");
    assert_eq!(
        sqlite::value(&file, "select count(*) from addresses a join customers c on c.id = a.customer_id"),
        sqlite::value(&file, "select count(*) from addresses")
    );

    // A second time, with the user's change kept.
    let flow = folder.path().join("shop/flows/sync_customers.yaml");
    let text = std::fs::read_to_string(&flow).expect("the demo's flow").replace("LIMIT 20", "LIMIT 5");
    std::fs::write(&flow, text).expect("a written file");
    let _ = folder.sequor(["demo", "shop", "--port", "0"]).ended(0);
    assert_eq!(sqlite::value(&file, "select count(*) from campaign_members"), "5");
}

/// A slow demo that has signed up a few, and the command that it says goes on with it.
fn half_done(folder: &Project) -> (Child, String) {
    let mut command = folder.command(&sequor());
    command.args(["demo", "shop", "--slow", "--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut demo = command.spawn().expect("a demo");
    let mut said = BufReader::new(demo.stdout.take().expect("its output")).lines();
    let pasted = said.by_ref().map_while(Result::ok).find(|line| line.trim().starts_with("sequor demo ")).expect("a command to paste");
    let ledger = folder.path().join("shop/demo-api.jsonl");
    let started = Instant::now();
    while std::fs::read_to_string(&ledger).unwrap_or_default().lines().count() < 7 {
        assert!(started.elapsed() < Duration::from_secs(120), "the demo does not get to its POSTs");
        std::thread::sleep(Duration::from_millis(20));
    }
    // What the process prints from here on must not stop it.
    std::thread::spawn(move || said.count());
    (demo, pasted.trim().to_owned())
}

/// As somebody does who pastes it.
fn paste(folder: &Project, line: &str) -> sequor_tests::program::Ran {
    let words: Vec<&str> = line.split(' ').collect();
    assert_eq!(words[..3], ["sequor", "demo", "shop"], "{line}");
    folder.sequor(&words[1..])
}

/// Every row of the tables, as SQLite writes it.
fn tables(file: &Path) -> Vec<String> {
    ["customers", "addresses", "orders", "best_customers", "campaign_members"]
        .map(|table| {
            let columns =
                sqlite::value(file, &format!("select group_concat('quote(\"' || name || '\")', ',') from pragma_table_info('{table}')"));
            let columns = columns.replace(',', " || '|' || ");
            sqlite::value(file, &format!("select group_concat(line, ';') from (select {columns} as line from {table} order by 1)"))
        })
        .to_vec()
}

#[test]
fn a_demo_that_is_killed_goes_on_and_ends_like_one_that_was_not() {
    let undisturbed = Project::empty();
    let _ = undisturbed.sequor(["demo", "shop", "--port", "0"]).ended(0);
    let expected = tables(&undisturbed.path().join("shop/warehouse.db"));

    for stop in ["KILL", "INT"] {
        let folder = Project::empty();
        let (mut demo, pasted) = half_done(&folder);
        let sent = Command::new("kill").args(["-s", stop, &demo.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIG{stop} can be sent");
        let ended = demo.wait().expect("its end");
        let mut told = String::new();
        demo.stderr.take().expect("its messages").read_to_string(&mut told).expect("text");
        match stop {
            "INT" => {
                assert_eq!(ended.code(), Some(130), "{told}");
                assert!(told.contains(&pasted), "{told}");
            }
            _ => assert_eq!(ended.code(), None, "{told}"),
        }
        let before = std::fs::read_to_string(folder.path().join("shop/demo-api.jsonl")).expect("a ledger").lines().count();
        assert!((7..22).contains(&before), "SIG{stop} came in the middle: {before}");

        let resumed = paste(&folder, &pasted).ended(0);
        resumed.says("goes on").says("campaign_members");
        // The shop numbers what it accepts: a POST that was carried out twice would have a number of its own.
        assert_eq!(tables(&folder.path().join("shop/warehouse.db")), expected, "{}", resumed.output());
        let _ = paste(&folder, &pasted).ended(2);
    }
}

/// The last sign-up was carried out and the reply was lost: the flow asks, and does not sign up again.
#[test]
fn a_demo_that_is_killed_behind_a_post_does_not_send_it_twice() {
    if !failpoints_are_built() {
        return;
    }
    let undisturbed = Project::empty();
    let _ = undisturbed.sequor(["demo", "shop", "--port", "0"]).ended(0);
    let folder = Project::empty();
    // Nine pages come before the sign-ups.
    let mut command = folder.command(&sequor());
    command.args(["demo", "shop", "--port", "0"]).env("SEQUOR_FAILPOINT", "http.after_reply_before_record@15").stdout(Stdio::null());
    assert_eq!(command.status().expect("a demo").code(), None);
    let status = folder.sequor(["-p", "shop", "status", "--json"]).ended(0);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert_eq!((&status["in_doubt"][0]["then"], &status["stops"]), (&"verify".into(), &false.into()), "{status}");
    folder.sequor(["demo", "shop", "--resume", "--port", "0"]).ended(0).says("campaign_members (20 rows)");
    assert_eq!(tables(&folder.path().join("shop/warehouse.db")), tables(&undisturbed.path().join("shop/warehouse.db")));
}

#[test]
fn a_new_project_compiles_and_runs() {
    let folder = Project::empty();
    folder.sequor(["init", "shop"]).ended(0).says("flows/hello.yaml");
    folder.sequor(["-p", "shop", "run", "hello", "--param", "greeting=hej"]).ended(0).says("hej: lorem × 2");
    folder.sequor(["init", "shop"]).ended(2).says("already");
    folder.sequor(["env", "init", "test"]).ended(0).says("test.yaml");
    folder.sequor(["env", "init", "test"]).ended(2).says("already");
    folder.sequor(["-p", "shop", "run", "hello", "--env", "test"]).ended(0).says("hello: ipsum × 1");
}
