//! A process that is killed at any step of its effects and started again comes to the same end as one that is never disturbed.
//!
//! Needs the feature `failpoints`. The test runs itself as the process that is killed: `child` does the work, and is told what to do by the environment.
#![cfg(feature = "failpoints")]
#![allow(clippy::unwrap_used, reason = "the cases are functions of tests")]

mod database;
#[path = "../../tests/src/postgres.rs"]
mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use database::*;
use sequor_executor::database::{Cell, Database, Effect, Mode, Settings, is_fenced};

/// Where the work is done: a path of a SQLite file or a PostgreSQL URL.
const PLACE: &str = "SEQUOR_TEST_PLACE";
/// The executor's number.
const FENCE: &str = "SEQUOR_TEST_FENCE";
/// The file that stands for the journal: it is there when the work is known to be done.
const JOURNAL: &str = "SEQUOR_TEST_JOURNAL";

const TAG: &str = "abcd2345";
const BATCHES: u64 = 4;

#[test]
fn sqlite_ends_the_same_wherever_it_is_killed() {
    let folder = new_folder();
    let next = std::cell::Cell::new(0);
    try_all(folder.path(), "sqlite", || {
        next.set(next.get() + 1);
        folder.path().join(format!("{}.db", next.get())).display().to_string()
    });
}

#[test]
fn postgres_ends_the_same_wherever_it_is_killed() {
    let folder = new_folder();
    let databases = std::cell::RefCell::new(Vec::new());
    try_all(folder.path(), "pg", || {
        let database = server::database();
        let url = database.url();
        databases.borrow_mut().push(database);
        url
    });
}

/// Lists the places that an undisturbed process passes, and kills one process at the first and at the last pass of each.
fn try_all(folder: &Path, engine: &str, new_place: impl Fn() -> String) {
    let trace = folder.join("trace");
    let journal = folder.join("undisturbed");
    let place = new_place();
    assert!(start(&place, 1, &journal, &[("SEQUOR_FAILPOINT_TRACE", &trace.display().to_string())]).success());
    let expected = content(&place);
    let passed = std::fs::read_to_string(&trace).unwrap();
    let mut names: Vec<&str> = passed.lines().collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() > 15 && names.iter().all(|name| name.contains(engine)), "{names:?}");
    for name in names {
        let passes = passed.lines().filter(|line| *line == name).count();
        let mut tries = vec![1, passes.div_ceil(2), passes];
        tries.dedup();
        for pass in tries {
            let place = new_place();
            let journal = folder.join(format!("{name}@{pass}"));
            let killed = start(&place, 1, &journal, &[("SEQUOR_FAILPOINT", &format!("{name}@{pass}"))]);
            // The number of passes depends on what the writer finds queued: the last pass may not come again.
            assert!(!killed.success() || pass > 1, "{name}@{pass} was not passed");
            let resumed = start(&place, 2, &journal, &[]);
            assert!(resumed.success(), "the resume after {name}@{pass} failed");
            assert_eq!(content(&place), expected, "after {name}@{pass}");
        }
    }
}

fn start(place: &str, fence: u64, journal: &Path, more: &[(&str, &str)]) -> ExitStatus {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "child", "--nocapture"]).env(PLACE, place).env(FENCE, fence.to_string()).env(JOURNAL, journal);
    let output = child.envs(more.iter().copied()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || output.status.code().is_none(), "not killed, but failed: {said}");
    output.status
}

fn settings(place: &str) -> Settings {
    if place.starts_with("postgres") { postgres(place.into()) } else { Settings::Sqlite { path: PathBuf::from(place) } }
}

/// Everything that a user would see, and what should not be left.
fn content(place: &str) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = connect_to(&settings(place)).await;
        let names = if place.starts_with("postgres") {
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
        } else {
            "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
        };
        let mut content = lines(&db, names).await;
        for sql in [
            "SELECT * FROM log ORDER BY id",
            "SELECT id, length(name) FROM orders ORDER BY id",
            "SELECT * FROM lines ORDER BY id",
            "SELECT * FROM stored ORDER BY id",
            "SELECT * FROM changed ORDER BY id",
            "SELECT count(*) FROM _sequor_commit",
        ] {
            content.push(lines(&db, sql).await.join("; "));
        }
        content
    })
}

#[test]
fn child() {
    let (Ok(place), Ok(fence), Some(journal)) = (std::env::var(PLACE), std::env::var(FENCE), std::env::var_os(JOURNAL)) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = connect_to(&settings(&place)).await;
        let effect = |activation| Effect { fence: fence.parse().unwrap(), ..effect(activation) };
        if !Path::new(&journal).exists() {
            land(&db, &effect(1)).await;
            for (activation, mode) in [(2, Mode::Create), (3, Mode::Append)] {
                if db.markers(&effect(activation), 0).await.unwrap().is_empty() {
                    db.store_query("SELECT id FROM orders", &table("stored"), mode, Some(&effect(activation))).await.unwrap();
                }
            }
            let statements =
                ["CREATE TABLE changed (id integer)", "INSERT INTO changed SELECT id FROM log", "UPDATE log SET name = 'seen'"];
            if db.markers(&effect(4), 0).await.unwrap().is_empty() {
                db.execute(&statements.map(str::to_owned), true, Some(&effect(4))).await.unwrap();
            }
            give_up(&db, &effect(5)).await;
            std::fs::write(&journal, "done").unwrap();
        }
        db.forget("run-1", TAG).await.unwrap();
        db.close().await;
    });
}

/// Three tables in four batches: one appended to, two created.
async fn land(db: &Database, effect: &Effect) {
    let found = db.markers(effect, 0).await.unwrap();
    if found.last().is_some_and(|marker| marker.finished) {
        return;
    }
    let mut landing = db.landing(effect, &format!("{TAG}n1"), true).await.unwrap();
    assert_eq!(landing.committed(), found.last().map_or(0, |marker| marker.batch));
    let definition = columns(&[("id", "integer"), ("name", "text")]);
    let long = "x".repeat(30_000);
    for batch in landing.committed() + 1..=BATCHES {
        for (name, mode) in [("orders", Mode::Create), ("log", Mode::Append), ("lines", Mode::Create)] {
            let slot = landing.table(&table(name), &definition, mode).await.unwrap();
            for id in 0..3 {
                // Long rows are written another way than short ones.
                let value = if name == "orders" { &*long } else { "new" };
                landing.push(slot, &[Cell::Int(i64::try_from(batch * 10 + id).unwrap()), text(value)]).unwrap();
            }
            if batch % 2 == 0 {
                landing.flush().await.unwrap();
            }
        }
        landing.commit(batch, vec![u8::try_from(batch).unwrap()]).await.unwrap();
        if batch < 3 {
            landing.sync().await.unwrap();
        } else {
            landing.journalled(batch - 1);
        }
    }
    assert_eq!(landing.finish(BATCHES + 1, Vec::new()).await.unwrap(), [12, 12, 12]);
}

/// A landing that fails leaves nothing.
async fn give_up(db: &Database, effect: &Effect) {
    // Whoever was killed after dropping the staging table finds that it cannot go on, which is as good.
    let mut landing = match db.landing(effect, &format!("{TAG}n2"), true).await {
        Ok(landing) => landing,
        Err(error) => return assert!(!is_fenced(&error), "{}", error.message),
    };
    landing.table(&table("never"), &columns(&[("id", "integer")]), Mode::Create).await.unwrap();
    if landing.committed() == 0 {
        landing.commit(1, Vec::new()).await.unwrap();
        landing.sync().await.unwrap();
    }
    landing.discard().await;
}
