//! The state store, in a SQLite file and in PostgreSQL: the same promises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed preparation fails its test")]

#[path = "../../tests/src/postgres.rs"]
mod server;

use std::path::Path;
use std::sync::Arc;

use sequor_executor::state::{
    AcquireError, Batch, BeginError, End, Holder, Lease, Location, Mark, NewRun, Outcome, PlanChange, Segment, SpoolPart, Store, WriteError,
};
use sequor_executor::value::Value;

const SECRET: [u8; 32] = [7; 32];

fn new<'a>(id: &'a str, key: Option<&'a str>) -> NewRun<'a> {
    NewRun {
        id,
        project: "p",
        flow: "main",
        plan_digest: "d",
        plan: b"plan",
        parameters: "{}",
        started: "2026-01-01T00:00:00.000Z",
        run_key: key,
        secret: &SECRET,
        settings: "{}",
        parent: None,
    }
}

fn segment(number: u64, text: &str) -> Batch {
    Batch { segments: vec![Segment { number, bytes: text.as_bytes().to_vec() }], ..Batch::default() }
}

fn end(outcome: Outcome) -> Batch {
    let end = End { outcome, ended: "2026-01-01T00:00:01.000Z".to_owned(), report: "{}".to_owned() };
    Batch { end: Some(end), ..Batch::default() }
}

async fn open(location: &Location) -> Store {
    Store::open(location).await.unwrap()
}

/// The same holder on a host that nobody here can look into.
fn elsewhere() -> Holder {
    serde_json::from_str(r#"{"host":"other","boot":"x","namespace":"y","pid":1,"started":1}"#).unwrap()
}

async fn refused(path: &Path) -> String {
    match Store::open(&Location::File(path.to_owned())).await {
        Ok(_) => panic!("the file was accepted"),
        Err(error) => error.to_string(),
    }
}

/// Everything that both stores promise.
async fn keeps_its_promises(location: &Location) {
    let mut store = open(location).await;
    let lease = store.begin(&new("r1", Some("k")), &Holder::this()).await.unwrap();
    assert_eq!(store.begin(&new("r2", Some("k")), &Holder::this()).await.unwrap_err(), BeginError::KeyTaken { run: "r1".to_owned() });
    assert_eq!(store.run_of_key("p", "k").await.unwrap().unwrap().id, "r1");
    assert_eq!(store.plan("d").await.unwrap(), b"plan");

    // A journal is its segments in order; a compaction replaces those before.
    store.write(&lease, &segment(0, "a")).await.unwrap();
    store.write(&lease, &segment(1, "b")).await.unwrap();
    assert_eq!(store.journal("r1").await.unwrap(), (vec![b"a".to_vec(), b"b".to_vec()], 2));
    let mut compact = segment(2, "c");
    compact.compact_before = Some(2);
    compact.spool = vec![SpoolPart { name: "s".to_owned(), part: 0, bytes: vec![1, 2] }];
    compact.marks = vec![Mark { path: "main/x".to_owned(), data: vec![3] }];
    compact.project_variables = vec![("v".into(), Value::Number("123456789012345678901234567890.10".into())), ("n".into(), Value::Null)];
    store.write(&lease, &compact).await.unwrap();
    assert_eq!(store.journal("r1").await.unwrap(), (vec![b"c".to_vec()], 3));
    assert_eq!(store.spool_part("r1", "s", 0).await.unwrap(), [1, 2]);
    assert!(store.spool_part("r1", "s", 1).await.unwrap_err().to_string().contains("missing"));
    assert_eq!(store.marks("r1").await.unwrap(), ["main/x"]);
    assert_eq!(store.mark("r1", "main/x").await.unwrap(), Some(vec![3]));
    let known = store.project("p").await.unwrap();
    assert!(matches!(&known["v"], Value::Number(digits) if &**digits == "123456789012345678901234567890.10"));
    assert!(matches!(known["n"], Value::Null));

    // One owner at a time; what an old owner writes is refused whole.
    let mut other = open(location).await;
    match other.acquire("r1", &elsewhere()).await {
        Err(AcquireError::Held { seconds_left, by }) => assert!((1..=30).contains(&seconds_left) && by.contains("process"), "{by}"),
        unexpected => panic!("{unexpected:?}"),
    }
    store.release(&lease).await.unwrap();
    let second = other.acquire("r1", &elsewhere()).await.unwrap();
    assert_eq!((lease.fence(), second.fence()), (1, 2));
    let mut late = segment(3, "late");
    late.project_variables = vec![("v".into(), Value::Int(0))];
    assert!(matches!(store.write(&lease, &late).await, Err(WriteError::FencedOff { .. })));
    assert!(matches!(store.renew(&lease).await, Err(WriteError::FencedOff { .. })));
    assert_eq!(store.journal("r1").await.unwrap().0, [b"c"]);
    assert!(matches!(store.project("p").await.unwrap()["v"], Value::Number(_)));

    // Another plan comes with its journal and marks, or not at all.
    let row = other.run("r1").await.unwrap().unwrap();
    let change = |digest| {
        let marks = vec![Mark { path: "main/y".to_owned(), data: vec![4] }];
        PlanChange { digest, plan: b"another", snapshot: Segment { number: 3, bytes: b"d".to_vec() }, marks }
    };
    assert!(matches!(store.change_plan(&lease, &row, change("late")).await, Err(WriteError::FencedOff { .. })));
    assert!(store.plan("late").await.is_err());
    assert_eq!((other.journal("r1").await.unwrap().0, other.marks("r1").await.unwrap()), (vec![b"c".to_vec()], vec!["main/x".to_owned()]));
    other.change_plan(&second, &row, change("e")).await.unwrap();
    assert_eq!(other.run("r1").await.unwrap().unwrap().plan_digest, "e");
    assert_eq!(other.plan("e").await.unwrap(), b"another");
    assert_eq!(other.journal("r1").await.unwrap(), (vec![b"d".to_vec()], 4));
    assert_eq!((other.marks("r1").await.unwrap(), other.mark("r1", "main/y").await.unwrap()), (vec!["main/y".to_owned()], Some(vec![4])));

    // A failed run keeps what a resume needs, one that is done does not.
    other.write(&second, &end(Outcome::Failed)).await.unwrap();
    let row = other.run("r1").await.unwrap().unwrap();
    assert_eq!((row.outcome, row.holder, row.secret), (Outcome::Failed, None, SECRET));
    assert_eq!(other.journal("r1").await.unwrap().0, [b"d"]);
    let third = other.acquire("r1", &Holder::this()).await.unwrap();
    other.write(&third, &end(Outcome::Done)).await.unwrap();
    assert!(other.journal("r1").await.unwrap().0.is_empty());
    assert!(other.spool_part("r1", "s", 0).await.is_err());
    assert_eq!(other.acquire("r1", &Holder::this()).await.unwrap_err(), AcquireError::Finished(Outcome::Done));
    assert_eq!(other.acquire("nobody", &Holder::this()).await.unwrap_err(), AcquireError::Unknown);

    // The newest first; a part of a name is enough where it is one run's alone.
    let lease = other.begin(&NewRun { started: "2026-01-02T00:00:00.000Z", ..new("r22", None) }, &Holder::this()).await.unwrap();
    let ids = |rows: Vec<sequor_executor::state::RunRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(other.runs(None, false, 10).await.unwrap()), ["r22", "r1"]);
    assert_eq!(ids(other.runs(Some("p"), true, 10).await.unwrap()), ["r22"]);
    assert_eq!(ids(other.find("22").await.unwrap()), ["r22"]);
    assert_eq!(other.find("r").await.unwrap().len(), 2);
    other.abandon(&lease, "2026-01-02T00:00:01.000Z").await.unwrap();
    assert_eq!(other.run("r22").await.unwrap().unwrap().outcome, Outcome::Abandoned);
    other.forget("r1").await.unwrap();
    other.forget("r22").await.unwrap();
    assert!(other.runs(None, false, 10).await.unwrap().is_empty());
    assert!(other.plan("d").await.is_err(), "a plan without runs goes too");
}

#[tokio::test]
async fn a_file_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    keeps_its_promises(&Location::File(folder.path().join(".sequor/state.db"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_its_promises() {
    let database = server::database();
    keeps_its_promises(&Location::parse(&database.url()).unwrap()).await;
}

/// Several executors come at once: one gets the run.
async fn has_one_owner(location: &Location) {
    let mut store = open(location).await;
    let lease = store.begin(&new("r1", None), &Holder::this()).await.unwrap();
    store.release(&lease).await.unwrap();
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let location = location.clone();
            tokio::spawn(async move { open(&location).await.acquire("r1", &elsewhere()).await })
        })
        .collect();
    let mut owners = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => owners += 1,
            Err(AcquireError::Held { .. }) => {}
            Err(unexpected) => panic!("{unexpected}"),
        }
    }
    assert_eq!(owners, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_executors_one_gets_a_run() {
    let folder = tempfile::tempdir().unwrap();
    has_one_owner(&Location::File(folder.path().join("state.db"))).await;
    let database = server::database();
    has_one_owner(&Location::parse(&database.url()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_runs_may_make_and_use_one_file() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let path: Arc<Path> = folder.path().join("new/state.db").into();
        let tasks: Vec<_> = (0..8).map(|n| tokio::spawn(use_a_new_file(Arc::clone(&path), n))).collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(open(&Location::File(path.to_path_buf())).await.project("p").await.unwrap().len(), 8);
    }
}

async fn use_a_new_file(path: Arc<Path>, n: u32) {
    let mut store = open(&Location::File(path.to_path_buf())).await;
    let id = format!("r{n}");
    let lease: Lease = store.begin(&new(&id, None), &Holder::this()).await.unwrap();
    for i in 0..20 {
        let batch = Batch { project_variables: vec![(format!("v{n}").into(), Value::Int(i))], ..Batch::default() };
        store.write(&lease, &batch).await.unwrap();
    }
    store.write(&lease, &end(Outcome::Done)).await.unwrap();
}

/// A file of version 1, written by the last program that knew no journal: fixtures/state/v1.
#[tokio::test]
async fn a_file_of_version_1_is_upgraded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/state/v1/state.db"), &path).unwrap();
    for _ in 0..2 {
        let mut store = open(&Location::File(path.clone())).await;
        let runs = store.runs(None, false, 10).await.unwrap();
        let mut outcomes: Vec<_> = runs.iter().map(|run| (run.flow.as_str(), run.state())).collect();
        outcomes.sort_unstable();
        assert_eq!(outcomes, [("bad", "abandoned"), ("good", "done")]);
        let variables = store.project("golden").await.unwrap();
        assert!(matches!(variables["cursor"], Value::Int(42)) && matches!(&variables["city"], Value::Text(city) if &**city == "Köln"));
    }
}

#[tokio::test]
async fn files_that_are_not_ours_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "these are my notes, not a database, and they are long enough to be read as one").unwrap();
    assert!(refused(&text).await.contains("damaged or no state file"));
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("these are my notes"));

    let foreign = folder.path().join("app.db");
    sql(&foreign, "CREATE TABLE t (a)").await;
    assert!(refused(&foreign).await.contains("something else"));

    let ours = folder.path().join("state.db");
    drop(open(&Location::File(ours.clone())).await);
    sql(&ours, "PRAGMA user_version = 99").await;
    let message = refused(&ours).await;
    assert!(message.contains("newer version") && message.contains("99"), "{message}");

    std::fs::write(folder.path().join("file"), "").unwrap();
    let message = refused(&folder.path().join("file/state.db")).await;
    assert!(message.contains("file/state.db") && message.contains("--state"), "{message}");
    assert!(Location::parse("redis://x").unwrap_err().to_string().contains("postgres://"));
}

async fn sql(path: &Path, sql: &'static str) {
    use sqlx::Connection as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = sqlx::sqlite::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// What a store with a run in it gives, or what it says is wrong.
async fn contents(path: &Path) -> Result<String, String> {
    let text = |error: sequor_executor::state::StateError| error.to_string();
    let mut store = Store::open(&Location::File(path.to_owned())).await.map_err(text)?;
    let mut said = Vec::new();
    for run in store.runs(None, false, 10).await.map_err(text)? {
        let journal = store.journal(&run.id).await.map_err(text)?;
        let spooled = store.spool_part(&run.id, "s", 0).await.map_err(text)?;
        said.push(format!("{} {} {:?} {journal:?} {spooled:?}", run.id, run.flow, run.settings));
    }
    said.push(format!("{:?}", store.project("p").await.map_err(text)?));
    Ok(said.join("\n"))
}

#[tokio::test]
async fn damage_is_found_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let mut store = open(&Location::File(path.clone())).await;
    let lease = store.begin(&new("r1", None), &Holder::this()).await.unwrap();
    let mut batch = segment(0, &"journal ".repeat(200));
    batch.spool = vec![SpoolPart { name: "s".to_owned(), part: 0, bytes: b"spool ".repeat(200) }];
    batch.project_variables = vec![("v".into(), Value::text("value ".repeat(50)))];
    store.write(&lease, &batch).await.unwrap();
    drop(store);
    sql(&path, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE").await;
    let whole = std::fs::read(&path).unwrap();
    let good = contents(&path).await.unwrap();
    let mut found = 0;
    for offset in (0..whole.len()).step_by(61) {
        let damaged = folder.path().join(format!("damaged{offset}.db"));
        let mut bytes = whole.clone();
        bytes[offset] ^= 1 << (offset % 8);
        std::fs::write(&damaged, &bytes).unwrap();
        match contents(&damaged).await {
            Ok(same) => assert_eq!(same, good, "bit {} of byte {offset}", offset % 8),
            Err(message) => {
                assert!(message.starts_with("state file "), "{message}");
                found += 1;
            }
        }
    }
    assert!(found > 10, "only {found} of the damages were found");
    for length in [0, 100, 4096, whole.len() / 2, whole.len() - 1] {
        // Connections close in their own time: a file of its own for each.
        let damaged = folder.path().join(format!("cut{length}.db"));
        std::fs::write(&damaged, &whole[..length]).unwrap();
        match contents(&damaged).await {
            // A file of no bytes is a new one.
            Ok(text) => assert!(length == 0 && text == "{}", "{length}: {text}"),
            Err(message) => assert!(message.starts_with("state file "), "{message}"),
        }
    }
}
