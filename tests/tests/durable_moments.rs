//! Runs that are killed at moments nobody chose: up to three times in a row at random, and by the system at every n-th write and every n-th fsync; the latter only where
//! `SEQUOR_CRASH_ALL` is set, for they take long.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::process::Command;
use std::time::{Duration, Instant};

use sequor_tests::durable::scene::Books;
use sequor_tests::durable::shop::Size;
use sequor_tests::durable::{Scene, Shop, Story, flows};
use sequor_tests::postgres;
use sequor_tests::program;
use sequor_tests::proxy::Dice;

/// The end of a run that nobody disturbed, and how long it took.
fn undisturbed(scene: &Scene<'_>) -> (Books, Duration) {
    let started = Instant::now();
    let _ = scene.run().wait().with(0);
    (scene.books(), started.elapsed())
}

/// Up to three processes in a row are killed at moments drawn by lot; then the run goes on to its end.
fn killed(scene: &Scene<'_>, dice: &mut Dice, length: Duration) -> Story {
    let mut story = Story::default();
    for _ in 0..=dice.below(3) {
        let mut process = scene.go();
        let micros = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        std::thread::sleep(Duration::from_micros(dice.below(micros)));
        process.kill();
        let ended = process.wait();
        let was_done = ended.status == Some(0);
        story.processes.push(ended);
        if was_done {
            return story;
        }
    }
    scene.go_on_until_done(&mut story);
    story
}

#[test]
fn a_run_that_is_killed_at_any_time_ends_like_one_that_was_not() {
    let shop = Shop::start(Size::default());
    let (expected, length) = undisturbed(&Scene::sqlite(&flows::day_job(), &shop));
    assert_eq!(expected.tables["members"].len(), 26);
    let mut dice = Dice::new(20_261);
    for _ in 0..15 {
        let shop = Shop::start(Size::default());
        let scene = Scene::sqlite(&flows::day_job(), &shop);
        let story = killed(&scene, &mut dice, length);
        scene.books().assert_same(&expected, "killed at random", &story);
        scene.assert_nothing_sent_twice(&story);
    }
}

#[test]
fn so_does_one_with_postgresql() {
    let shop = Shop::start(Size::default());
    let database = postgres::database();
    let (expected, length) = undisturbed(&Scene::postgres(&flows::day_job(), &shop, &database));
    let mut dice = Dice::new(20_262);
    for round in 0..12 {
        let shop = Shop::start(Size::default());
        let (database, state) = (postgres::database(), postgres::database());
        let mut scene = Scene::postgres(&flows::day_job(), &shop, &database);
        if round % 2 == 0 {
            scene = scene.with_state(state.url());
        }
        let story = killed(&scene, &mut dice, length);
        scene.books().assert_same(&expected, "killed at random", &story);
        scene.assert_nothing_sent_twice(&story);
    }
}

#[test]
fn nothing_is_in_doubt_where_everything_may_be_repeated() {
    let shop = Shop::start(Size::default());
    let (expected, length) = undisturbed(&Scene::sqlite(&flows::repeatable_job(), &shop));
    let mut dice = Dice::new(20_263);
    for _ in 0..12 {
        let shop = Shop::start(Size::default());
        let scene = Scene::sqlite(&flows::repeatable_job(), &shop);
        let story = killed(&scene, &mut dice, length);
        scene.books().assert_same(&expected, "killed at random", &story);
        scene.assert_nothing_sent_twice(&story);
        assert!(story.listed.is_empty(), "listed: {:?}", story.listed);
    }
}

/// The system kills the executor at the n-th call, before it is carried out; then the run goes on. Says whether there was an n-th call.
fn killed_at_call(flow: &str, calls: &str, n: u64, expected: &Books) -> bool {
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(flow, &shop);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e"]);
    strace.arg(format!("inject={calls}:signal=KILL:when={n}")).arg(program::executor());
    let ended = scene.start(scene.around(strace, &["run", "main.plan"])).wait();
    let was_killed = ended.status.is_none() || ended.status == Some(137);
    assert!(was_killed || ended.status == Some(0), "{}", ended.output);
    let mut story = Story { processes: vec![ended], ..Story::default() };
    if was_killed {
        scene.go_on_until_done(&mut story);
    }
    scene.books().assert_same(expected, &format!("killed at call {n} of {calls}"), &story);
    scene.assert_nothing_sent_twice(&story);
    was_killed
}

/// How often the thread that does so most often makes these calls in an undisturbed run.
fn count_of(flow: &str, calls: &str) -> u64 {
    let shop = Shop::start(Size::default());
    let scene = Scene::sqlite(flow, &shop);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "--seccomp-bpf", "-o", "calls", "-e", &format!("trace={calls}")]).arg(program::executor());
    let _ = scene.start(scene.around(strace, &["run", "main.plan"])).wait().with(0);
    let text = std::fs::read_to_string(scene.file("calls")).expect("what strace wrote");
    let mut counts = std::collections::BTreeMap::<&str, u64>::new();
    for line in text.lines().filter(|line| !line.contains("resumed>")) {
        *counts.entry(line.split(' ').next().unwrap_or_default()).or_default() += 1;
    }
    counts.into_values().max().unwrap_or(0)
}

fn at_every_call(calls: &str) {
    if std::env::var_os("SEQUOR_CRASH_ALL").is_none() {
        return;
    }
    assert!(Command::new("strace").arg("-V").output().is_ok(), "strace is installed by tests/run");
    for (name, flow) in flows::short_jobs() {
        let shop = Shop::start(Size::default());
        let (expected, _) = undisturbed(&Scene::sqlite(&flow, &shop));
        let count = count_of(&flow, calls);
        let kills = (1..=count).filter(|n| killed_at_call(&flow, calls, *n, &expected));
        assert!(kills.count() > 0, "{name}: strace kills at none of {count} calls");
    }
}

#[test]
fn a_kill_at_any_fsync_is_survived() {
    at_every_call("fsync,fdatasync");
}

#[test]
fn a_kill_at_any_write_is_survived() {
    at_every_call("write,pwrite64,writev,pwritev");
}
