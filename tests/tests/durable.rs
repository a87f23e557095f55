//! Runs survive what happens to processes, databases and disks, and not only at the places where a failpoint is.
//!
//! Needs programs with failpoints, which `tests/run` builds: their leases can be short.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sequor_tests::crash::case::{self, Case, StateKind};
use sequor_tests::crash::databases::Databases;
use sequor_tests::crash::judge::{Kind, judge};
use sequor_tests::crash::matrix::{self, Prepared, Random};
use sequor_tests::crash::trial::{self, Story};
use sequor_tests::crash::world::{Ended, Shot, World, await_end};
use sequor_tests::program;

/// Cases that read and write in different ways.
const FLOWS: [&str; 10] = [
    "pages_number_append_lite",
    "pages_cursor_parser_pg",
    "post_append_lite",
    "post_append_pg",
    "several_databases_post",
    "transform_lite",
    "move_lite_to_pg",
    "execute_transaction_pg",
    "flows_in_loop",
    "try_refused",
];

fn enabled() -> bool {
    std::env::var_os("SEQUOR_FAILPOINTS_BUILT").is_some()
}

fn prepared(names: &[&str]) -> Vec<Prepared> {
    let cases: Vec<Case> = case::all().into_iter().filter(|case| names.contains(&case.name.as_str())).collect();
    assert_eq!(cases.len(), names.len(), "a case of this test is not in fixtures/crash");
    matrix::prepare(&cases, 2).0
}

/// Brings a run to its end and fails unless it is as if nothing had happened.
#[track_caller]
fn ends_well(one: &Prepared, world: &World<'_>, ended: Ended, what: &str) {
    let (left, story) = trial::finish(world, ended, Story::default(), &[]).unwrap_or_else(|e| panic!("{} {what}: {e}", one.case.name));
    let faults = judge(&one.case, &one.undisturbed, &left, &story);
    assert!(faults.is_empty(), "{} {what}: {faults:?}\n{:?}", one.case.name, story.steps);
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "SIG{name} can be sent");
}

fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let started = Instant::now();
    while !reached() {
        assert!(started.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn killed_at_any_time() {
    if !enabled() {
        return;
    }
    let databases = Databases::default();
    let mut random = Random(7);
    for one in prepared(&FLOWS) {
        let started = Instant::now();
        let world = World::new(&one.case, &one.plan, &databases);
        assert_eq!(world.run(None, None), Ended::Status(0));
        let whole = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        for _ in 0..5 {
            let world = World::new(&one.case, &one.plan, &databases);
            let after = Duration::from_micros(random.below(whole));
            let mut child = world.spawn(&mut world.command(&["run", &one.plan.to_string_lossy()]));
            std::thread::sleep(after);
            let _ = child.kill();
            let ended = await_end(&mut child);
            world.shop.settle();
            ends_well(&one, &world, ended, &format!("killed after {after:?}"));
        }
    }
}

#[test]
fn killed_at_any_write() {
    if !enabled() {
        return;
    }
    assert!(program::run(Command::new("strace").arg("-V")).status == 0, "strace is installed by tests/run");
    let databases = Databases::default();
    for one in prepared(&FLOWS) {
        for calls in ["pwrite64,write,writev,sendto,ftruncate,unlink", "fsync,fdatasync"] {
            // strace counts for each thread: the numbers soon reach beyond the end.
            for number in [1, 2, 3, 5, 8, 13, 21, 34] {
                let world = World::new(&one.case, &one.plan, &databases);
                let executor = world.command(&["run", &one.plan.to_string_lossy()]);
                let mut child = world.spawn(&mut traced(&executor, calls, number));
                let ended = await_end(&mut child);
                world.shop.settle();
                if ended == Ended::Status(0) {
                    break;
                }
                assert_eq!(ended, Ended::Killed, "{}", world.output());
                ends_well(&one, &world, ended, &format!("killed at call {number} of {calls}"));
            }
        }
    }
}

/// The same command under strace, which kills it at the n-th of these system calls of a thread.
fn traced(executor: &Command, calls: &str, number: u32) -> Command {
    let mut strace = Command::new("strace");
    strace.args([
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        &format!("trace={calls}"),
        "-e",
        &format!("inject={calls}:signal=SIGKILL:when={number}"),
    ]);
    strace.arg(executor.get_program()).args(executor.get_args());
    if let Some(folder) = executor.get_current_dir() {
        strace.current_dir(folder);
    }
    for (name, value) in executor.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    strace
}

#[test]
fn two_executors_at_once() {
    if !enabled() {
        return;
    }
    let databases = Databases::default();
    let one = prepared(&["post_many"]).pop().expect("a case");
    let world = World::new(&one.case, &one.plan, &databases);
    let mut first = world.spawn(&mut world.command(&["run", &one.plan.to_string_lossy()]));
    until("the first request", || !world.shop.entries().is_empty());
    signal(&first, "STOP");
    let second = program::run(&mut world.command(&["resume"]));
    assert_eq!(second.status, 76, "{}", second.output());
    second.says("held by another executor").says(&first.id().to_string());
    signal(&first, "CONT");
    let ended = await_end(&mut first);
    assert_eq!(ended, Ended::Status(0), "{}", world.output());
    ends_well(&one, &world, ended, "beside another executor");
}

#[test]
fn stopped_for_longer_than_its_lease() {
    if !enabled() {
        return;
    }
    let databases = Databases::default();
    for name in ["post_many", "state_in_postgres"] {
        let one = prepared(&[name]).pop().expect("a case");
        let world = World::new(&one.case, &one.plan, &databases);
        let mut command = world.command(&["run", &one.plan.to_string_lossy()]);
        let mut first = world.spawn(command.env("SEQUOR_LEASE_SECONDS", "2"));
        until("the third request", || world.shop.entries().len() >= 3);
        signal(&first, "STOP");
        // Nobody can write to a file that a stopped process has locked.
        until("the state file is not locked", || {
            let free = one.case.state != StateKind::Sqlite || !sequor_tests::sqlite::is_locked(&world.folder().join("state.db"));
            if !free {
                signal(&first, "CONT");
                std::thread::sleep(Duration::from_millis(1));
                signal(&first, "STOP");
            }
            free
        });
        let mut story = Story::default();
        let mut ended = Ended::Status(76);
        until("the lease runs out", || {
            ended = await_end(&mut world.spawn(&mut world.command(&["resume"])));
            ended != Ended::Status(76)
        });
        // A request that was on its way when the process was stopped may be listed, and may leave once it goes on.
        story.steps.push("taken over".to_owned());
        let (left, story) = trial::finish(&world, ended, story, &[]).unwrap_or_else(|e| panic!("{name}: {e}"));
        signal(&first, "CONT");
        let late = await_end(&mut first);
        assert!(matches!(late, Ended::Status(1 | 75 | 76)), "{name}: the one that was stopped ended with {late:?}\n{}", world.output());
        let mut after = trial::left(&world, left.status);
        after.state = left.state;
        let doubled: Vec<_> = judge(&one.case, &one.undisturbed, &after, &story);
        let allowed = story.listed;
        assert!(doubled.len() <= allowed, "{name}: {doubled:?}\n{:?}", story.steps);
    }
}

#[test]
fn resumed_from_another_folder() {
    if !enabled() {
        return;
    }
    let databases = Databases::default();
    let one = prepared(&["state_in_postgres"]).pop().expect("a case");
    let world = World::new(&one.case, &one.plan, &databases);
    let shot = Shot { failpoint: "http.after_reply_before_record".to_owned(), pass: 3 };
    assert_eq!(world.run(Some(&shot), None), Ended::Killed);
    let elsewhere = sequor_tests::crash::world::temporary_folder();
    let mut command = world.command(&["resume", "--in-doubt", "send"]);
    let ran = program::run(command.current_dir(elsewhere.path()));
    assert_eq!(ran.status, 0, "{}", ran.output());
    let story = Story { crashes: 1, sent_again: vec![("POST".to_owned(), "/orders/3".to_owned())], ..Story::default() };
    let mut left = trial::left(&world, 0);
    left.state.report =
        std::fs::read_to_string(elsewhere.path().join("report.json")).ok().and_then(|text| serde_json::from_str(&text).ok());
    let faults = judge(&one.case, &one.undisturbed, &left, &story);
    assert!(faults.is_empty(), "{faults:?}");
}

/// Copies the state, checkpointed into one file.
fn state_bytes(folder: &Path) -> Vec<u8> {
    sequor_tests::sqlite::execute(&folder.join("state.db"), "pragma wal_checkpoint(truncate)");
    std::fs::read(folder.join("state.db")).expect("a state file")
}

#[test]
fn damaged_state_is_refused_or_does_no_harm() {
    if !enabled() {
        return;
    }
    let databases = Databases::default();
    let one = prepared(&["post_append_lite"]).pop().expect("a case");
    let mut random = Random(11);
    let mut refused = 0;
    for number in 0..40 {
        let world = World::new(&one.case, &one.plan, &databases);
        let shot = Shot { failpoint: "http.before_absorb".to_owned(), pass: 4 };
        assert_eq!(world.run(Some(&shot), None), Ended::Killed);
        let mut bytes = state_bytes(world.folder());
        let at = usize::try_from(random.below(bytes.len() as u64)).expect("an offset");
        let what = if number % 4 == 0 {
            bytes.truncate(at);
            format!("cut to {at} bytes")
        } else {
            bytes[at] ^= 1 << random.below(8);
            format!("bit flipped in byte {at}")
        };
        for name in ["state.db-wal", "state.db-shm"] {
            let _ = std::fs::remove_file(world.folder().join(name));
        }
        std::fs::write(world.folder().join("state.db"), bytes).expect("a written file");
        let before = world.shop.entries().len();
        let mut ended = world.resume(None, None, None);
        let mut story = Story::default();
        if ended == Ended::Status(75) {
            // The last reply was not durable yet.
            ended = world.resume(Some("send"), None, None);
            story.sent_again.push(("POST".to_owned(), "/orders/4".to_owned()));
        }
        if ended == Ended::Status(0) {
            let left = trial::left(&world, 0);
            let faults = judge(&one.case, &one.undisturbed, &left, &story);
            assert!(faults.is_empty(), "{what}: {faults:?}");
            continue;
        }
        refused += 1;
        assert!(matches!(ended, Ended::Status(1 | 2)), "{what}: {ended:?}\n{}", world.output());
        assert!(["state file", "damaged"].iter().any(|word| world.output().contains(word)), "{what}: {}", world.output());
        assert!(!world.output().contains("panicked"), "{what}: {}", world.output());
        let again: Vec<_> = world.shop.entries().split_off(before).into_iter().map(|entry| entry.path).collect();
        let known: Vec<_> = world.shop.entries().iter().take(before).map(|entry| entry.path.clone()).collect();
        assert!(again.iter().all(|path| !known.contains(path)), "{what}: {again:?} sent again\n{}", world.output());
    }
    assert!(refused > 0, "no damage was noticed");
}

#[test]
fn the_disk_of_the_state_is_full() {
    if !enabled() {
        return;
    }
    let databases = Databases::default();
    for name in ["post_many", "pages_long_lite"] {
        let one = prepared(&[name]).pop().expect("a case");
        let mut seen = 0;
        for kibibytes in [160, 200, 240, 280, 320, 400] {
            let world = World::new(&one.case, &one.plan, &databases);
            let disk = Disk::mount(&world.folder().join("disk"), kibibytes);
            let Some(disk) = disk else { return };
            let state = world.folder().join("disk/state.db");
            let on_disk = |arguments: &[&str]| {
                let mut command = world.command(arguments);
                let state = state.clone();
                let arguments: Vec<_> =
                    command.get_args().map(|a| if a == "state.db" { state.clone().into() } else { a.to_owned() }).collect();
                let mut other = Command::new(command.get_program());
                other.args(arguments).current_dir(world.folder());
                for (name, value) in command.get_envs() {
                    if let Some(value) = value {
                        other.env(name, value);
                    }
                }
                command = other;
                await_end(&mut world.spawn(&mut command))
            };
            let ended = on_disk(&["run", &one.plan.to_string_lossy()]);
            let first = world.output();
            if ended == Ended::Status(0) {
                continue;
            }
            seen += 1;
            assert!(first.contains("state") && first.contains("full"), "{name}, {kibibytes} KiB: {ended:?}\n{first}");
            assert!(!first.contains("panicked"), "{first}");
            disk.enlarge();
            let mut answered = 0;
            let ended = match on_disk(&["resume"]) {
                // It was full before the run was in it.
                Ended::Status(2) => on_disk(&["run", &one.plan.to_string_lossy()]),
                // A reply that could not be kept.
                Ended::Status(75) => {
                    answered += 1;
                    on_disk(&["resume", "--in-doubt", "send"])
                }
                ended => ended,
            };
            assert_eq!(ended, Ended::Status(0), "{name}, {kibibytes} KiB:\n{}", world.output());
            let mut left = trial::left(&world, 0);
            // They are on the other disk.
            left.state.variables = one.undisturbed.state.variables.clone();
            let mut faults = judge(&one.case, &one.undisturbed, &left, &Story::default());
            let all = faults.len();
            faults.retain(|fault| fault.kind != Kind::Doubled || !fault.message.contains("arrived 2 times"));
            assert!(all - faults.len() <= answered, "{name}, {kibibytes} KiB: sent twice without being listed\n{first}");
            assert!(faults.is_empty(), "{name}, {kibibytes} KiB: {faults:?}\n{first}\n{}", world.output());
        }
        assert!(seen > 0, "{name}: the disk was never full");
    }
}

/// A small disk in memory.
struct Disk(std::path::PathBuf);

impl Disk {
    /// Nothing where this process may not mount.
    fn mount(folder: &Path, kibibytes: u32) -> Option<Self> {
        std::fs::create_dir(folder).expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={kibibytes}k"), "tmpfs"]).arg(folder).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then(|| Self(folder.to_path_buf()))
    }

    fn enlarge(&self) {
        let done = Command::new("mount").args(["-o", "remount,size=64m"]).arg(&self.0).status();
        assert!(done.is_ok_and(|status| status.success()), "the disk grows");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
