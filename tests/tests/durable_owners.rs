//! One run, several executors: only one has it, the other one says who, and a stopped one that wakes up changes nothing any more.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::process::Command;
use std::time::{Duration, Instant};

use sequor_tests::durable::scene::assert_same_tables;
use sequor_tests::durable::shop::Size;
use sequor_tests::durable::{Ended, Running, Scene, Shop, Story, failpoints_are_built, flows};
use sequor_tests::{postgres, sqlite};

/// Of a lease. Programs without failpoints would take half a minute.
const LEASE: &str = "2";

fn run_with_short_lease(scene: &Scene<'_>, arguments: &[&str]) -> Running {
    let mut command = scene.command(arguments);
    command.env("SEQUOR_LEASE_SECONDS", LEASE);
    scene.start(command)
}

/// Waits until the n-th request has arrived.
fn await_request(shop: &Shop, process: &mut Running, n: u64) {
    while !shop.await_requests(n) {
        assert!(process.is_running(), "it ended before its {n}. request\n{}", process.output());
    }
}

/// Tries until the run is no longer held by another executor.
fn take_over(scene: &Scene<'_>) -> (Ended, usize) {
    let started = Instant::now();
    let mut refused = 0;
    loop {
        let ended = run_with_short_lease(scene, &["resume"]).wait();
        if ended.status != Some(76) {
            return (ended, refused);
        }
        ended.says("held by another executor").says("process");
        refused += 1;
        assert!(started.elapsed() < Duration::from_secs(60), "the lease does not run out\n{}", ended.output);
    }
}

/// Nobody can write to a SQLite file that a stopped process has locked, so it is stopped between two of its transactions.
fn stop(scene: &Scene<'_>, process: &Running) {
    loop {
        process.signal("STOP");
        let files = ["state.db", "store.db"].map(|name| scene.file(name));
        if !files.iter().any(|file| file.exists() && sqlite::is_locked(file)) {
            return;
        }
        process.signal("CONT");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn stopped_and_continued(scene: &Scene<'_>, shop: &Shop, expected: &Scene<'_>, at: u64) {
    shop.hold_from(at);
    let mut first = run_with_short_lease(scene, &["run", "main.plan"]);
    await_request(shop, &mut first, at);
    stop(scene, &first);
    shop.release();
    let (second, refused) = take_over(scene);
    assert!(refused > 0, "the first executor still had its lease\n{}", second.output);
    let mut story = Story { processes: vec![second], ..Story::default() };
    if story.processes[0].status != Some(0) {
        scene.go_on_until_done(&mut story);
    }
    let books = scene.books();
    first.signal("CONT");
    let first = first.wait();
    assert_eq!(
        first.status,
        Some(76),
        "at request {at}: the first one must see that the run is no longer its own\n{}\n{}",
        first.output,
        story.told()
    );
    let tables = scene.tables();
    assert_same_tables(&tables, &books.tables, "the first one changed something after it was woken up", &story);
    assert_same_tables(&tables, &expected.tables(), "another end", &story);
    story.processes.push(first);
    scene.assert_nothing_sent_twice(&story);
}

#[test]
fn a_stopped_executor_that_wakes_up_changes_nothing() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    let shop = Shop::start(Size::default());
    let flow = flows::day_job();
    let expected = Scene::sqlite(&flow, &shop);
    let _ = expected.run().wait().with(0);
    // In the pages, in the cursor, among the POSTs, among the PUTs.
    for at in [3, 9, 20, 50] {
        let shop = Shop::start(Size::default());
        stopped_and_continued(&Scene::sqlite(&flow, &shop), &shop, &expected, at);
    }
}

#[test]
fn nor_does_one_with_its_state_in_postgresql() {
    if !failpoints_are_built() {
        eprintln!("the programs have no failpoints: tests/run builds them");
        return;
    }
    let (shop, flow) = (Shop::start(Size::default()), flows::day_job());
    let database = postgres::database();
    let expected = Scene::postgres(&flow, &shop, &database);
    let _ = expected.run().wait().with(0);
    for at in [4, 25] {
        let shop = Shop::start(Size::default());
        let (database, state) = (postgres::database(), postgres::database());
        let scene = Scene::postgres(&flow, &shop, &database).with_state(state.url());
        stopped_and_continued(&scene, &shop, &expected, at);
    }
}

#[test]
fn the_second_of_two_executors_is_told_who_has_the_run() {
    let state = postgres::database();
    for place in ["state.db".to_owned(), state.url()] {
        let shop = Shop::start(Size::default());
        let scene = Scene::sqlite(&flows::day_job(), &shop).with_state(place);
        shop.hold_from(12);
        let mut first = scene.run();
        await_request(&shop, &mut first, 12);
        let second = scene.resume().wait().with(76);
        second.says("held by another executor").says("process");
        shop.release();
        let _ = first.wait().with(0);
        scene.assert_nothing_sent_twice(&Story::default());
        let _ = scene.resume().wait().with(2);
    }
}

#[test]
fn executors_with_the_same_key_do_the_work_once() {
    let state = postgres::database();
    for place in ["state.db".to_owned(), state.url()] {
        let shop = Shop::start(Size::default());
        let scene = Scene::sqlite(&flows::day_job(), &shop).with_state(place);
        let start = || scene.start(scene.command(&["run", "main.plan", "--run-key", "2026-11-26"]));
        let together: Vec<Running> = (0..4).map(|_| start()).collect();
        let ended: Vec<Ended> = together.into_iter().map(Running::wait).collect();
        // Held, just started by another one, or done when it came.
        let fine = ended.iter().all(|one| matches!(one.status, Some(0 | 76)));
        assert!(fine && ended.iter().any(|one| one.status == Some(0)), "{ended:#?}");
        start().wait().with(0).says("done already");
        scene.assert_nothing_sent_twice(&Story::default());
        assert_eq!(scene.tables()["members"].len(), 26);
    }
}

#[test]
fn a_run_goes_on_in_another_folder_without_its_plan() {
    let shop = Shop::start(Size::default());
    let (database, state) = (postgres::database(), postgres::database());
    let scene = Scene::postgres(&flows::day_job(), &shop, &database).with_state(state.url());
    let mut first = scene.run();
    await_request(&shop, &mut first, 20);
    first.kill();
    let first = first.wait();

    let elsewhere = tempfile::TempDir::new().expect("a temporary folder");
    let mut story = Story { processes: vec![first], ..Story::default() };
    for _ in 0..5 {
        let mut command = scene.command(&["resume", "--in-doubt", "send"]);
        command.current_dir(elsewhere.path()).env("SEQUOR_HOME", elsewhere.path());
        let ended = scene.start(command).wait();
        let status = ended.status;
        story.processes.push(ended);
        if status == Some(0) {
            break;
        }
    }
    assert_eq!(story.processes.last().and_then(|last| last.status), Some(0), "{}", story.told());
    let report = std::fs::read_to_string(elsewhere.path().join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    story.listed.extend(report["in_doubt"].as_array().into_iter().flatten().filter_map(|doubt| doubt["title"].as_str()).map(str::to_owned));
    scene.assert_nothing_sent_twice(&story);

    let (shop, database) = (Shop::start(Size::default()), postgres::database());
    let expected = Scene::postgres(&flows::day_job(), &shop, &database);
    let _ = expected.run().wait().with(0);
    assert_same_tables(&scene.tables(), &expected.tables(), "another folder", &story);
}

/// A process of another host: another name, and processes that this host cannot see. Needs the right to make namespaces.
#[test]
fn another_host_waits_for_the_lease() {
    let allowed = Command::new("unshare").args(["--uts", "--pid", "--fork", "--mount-proc", "true"]).output();
    if !failpoints_are_built() || !allowed.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: namespaces may not be made here, or the programs have no failpoints");
        return;
    }
    let shop = Shop::start(Size::default());
    let (database, state) = (postgres::database(), postgres::database());
    let scene = Scene::postgres(&flows::repeatable_job(), &shop, &database).with_state(state.url());
    shop.hold_from(10);
    let mut unshare = Command::new("unshare");
    unshare.args(["--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", "hostname elsewhere; exec \"$0\" \"$@\""]);
    unshare.arg(sequor_tests::program::executor()).env("SEQUOR_LEASE_SECONDS", LEASE);
    let mut first = scene.start(scene.around(unshare, &["run", "main.plan"]));
    await_request(&shop, &mut first, 10);
    first.kill();
    let first = first.wait();
    shop.release();
    let (second, refused) = take_over(&scene);
    assert!(refused > 0, "nobody here can know that the first one is dead\n{}", second.output);
    let mut story = Story { processes: vec![first, second], ..Story::default() };
    if story.processes[1].status != Some(0) {
        scene.go_on_until_done(&mut story);
    }
    scene.assert_nothing_sent_twice(&story);
}
