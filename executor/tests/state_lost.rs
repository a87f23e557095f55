//! State stores that lose what they rest on: a connection, the end of a file, a session that does not let go.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed preparation fails its test")]

#[path = "../../tests/src/postgres.rs"]
mod server;

use std::path::Path;
use std::time::{Duration, Instant};

use sequor_executor::state::{AcquireError, Batch, End, Holder, Lease, Location, NewRun, Outcome, Segment, Store, WriteError};

const SECRET: [u8; 32] = [7; 32];

async fn begun(location: &Location) -> (Store, Lease) {
    let new = NewRun {
        id: "r1",
        project: "p",
        flow: "main",
        plan_digest: "d",
        plan: b"plan",
        parameters: "{}",
        started: "2026-01-01T00:00:00.000Z",
        run_key: None,
        secret: &SECRET,
        settings: "{}",
        parent: None,
    };
    let mut store = Store::open(location).await.unwrap();
    let lease = store.begin(&new, &elsewhere()).await.unwrap();
    (store, lease)
}

/// A process of a host that nobody here can look into.
fn elsewhere() -> Holder {
    serde_json::from_str(r#"{"host":"other","boot":"x","namespace":"y","pid":1,"started":1}"#).unwrap()
}

fn segment(number: u64) -> Batch {
    Batch { segments: vec![Segment { number, bytes: format!("segment {number}").into_bytes() }], ..Batch::default() }
}

async fn refusal(path: &Path) -> String {
    match Store::open(&Location::File(path.to_owned())).await {
        Ok(_) => panic!("the file was accepted"),
        Err(error) => error.to_string(),
    }
}

fn end_sessions(test: &server::Database<'_>) {
    test.psql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sequor-state' AND datname = current_database()",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_opened_again() {
    let test = server::database();
    let location = Location::parse(&test.url()).unwrap();
    let (mut store, lease) = begun(&location).await;
    store.write(&lease, &segment(0)).await.unwrap();
    end_sessions(&test);
    store.write(&lease, &segment(1)).await.unwrap();
    end_sessions(&test);
    store.renew(&lease).await.unwrap();
    let (segments, next) = store.journal("r1").await.unwrap();
    assert_eq!((segments.len(), next), (2, 2));

    // Another executor has the run by then.
    test.psql("UPDATE sequor.runs SET fence = fence + 1");
    end_sessions(&test);
    assert!(matches!(store.write(&lease, &segment(2)).await, Err(WriteError::FencedOff { .. })));
}

/// A session with an open transaction that has changed the run's row. It lasts until somebody ends it.
async fn lock(test: &server::Database<'_>) -> std::thread::JoinHandle<()> {
    let url = test.url();
    let locked = std::thread::spawn(move || {
        let _ = std::process::Command::new("timeout")
            .args(["60", "psql", &url, "-q", "-c", "BEGIN; UPDATE sequor.runs SET fence = fence; SELECT pg_sleep(60)"])
            .output();
    });
    while test.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()") != "1" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    locked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_has_a_run_locked_is_ended_once_its_lease_is_over() {
    let test = server::database();
    let location = Location::parse(&test.url()).unwrap();
    let (mut store, lease) = begun(&location).await;
    let mut other = Store::open(&location).await.unwrap();
    let locked = lock(&test).await;
    let started = Instant::now();
    assert!(matches!(other.acquire("r1", &Holder::this()).await, Err(AcquireError::Held { .. })));
    assert!(started.elapsed() < Duration::from_secs(20), "whoever is refused need not wait for the owner");
    assert!(!locked.is_finished(), "the owner's session goes on");
    test.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()");
    locked.join().unwrap();

    store.release(&lease).await.unwrap();
    let locked = lock(&test).await;
    let taken = other.acquire("r1", &Holder::this()).await.unwrap();
    assert_eq!(taken.fence(), lease.fence() + 1);
    locked.join().unwrap();
    assert!(matches!(store.write(&lease, &segment(0)).await, Err(WriteError::FencedOff { .. })));
}

/// The machine was started anew with its clock set right, so that nobody can know that the owner is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_from_the_future_lasts_no_longer_than_a_new_one() {
    let test = server::database();
    let location = Location::parse(&test.url()).unwrap();
    let (_store, lease) = begun(&location).await;
    test.psql("UPDATE sequor.runs SET lease_until = lease_until + 10 * 365 * 86400000::bigint");
    let mut other = Store::open(&location).await.unwrap();
    let Err(AcquireError::Held { seconds_left, .. }) = other.acquire("r1", &Holder::this()).await else { panic!("it is held") };
    assert!(seconds_left <= 30, "{seconds_left}");
    let left = test.psql("SELECT lease_until - extract(epoch FROM clock_timestamp()) * 1000 <= 30000 FROM sequor.runs");
    assert_eq!(left, "t", "the next one need not wait for ten years");
    test.psql("UPDATE sequor.runs SET lease_until = lease_until - 30000");
    assert_eq!(other.acquire("r1", &Holder::this()).await.unwrap().fence(), lease.fence() + 1);
}

#[tokio::test]
async fn a_file_that_has_lost_its_last_records_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let wal = folder.path().join("state.db-wal");
    let location = Location::File(path.clone());
    let (mut store, lease) = begun(&location).await;
    let mut whole = Vec::new();
    for number in 0..20 {
        store.write(&lease, &segment(number)).await.unwrap();
        whole.push((std::fs::read(&path).unwrap(), std::fs::read(&wal).unwrap()));
    }
    // As a process leaves it that is killed.
    let copies = tempfile::tempdir().unwrap();
    let copy = |name: &str, file: &[u8], log: &[u8]| {
        let path = copies.path().join(name);
        std::fs::create_dir_all(copies.path().join(format!("{name}-runs"))).unwrap();
        std::fs::copy(folder.path().join("state.db-runs/r1"), copies.path().join(format!("{name}-runs/r1"))).unwrap();
        std::fs::write(copies.path().join(format!("{name}-wal")), log).unwrap();
        std::fs::write(&path, file).unwrap();
        path
    };
    let (newest, log) = whole.last().unwrap();
    for (what, file, log) in [
        ("without its log", newest.as_slice(), [].as_slice()),
        ("with a cut log", newest, &log[..log.len() - 100]),
        ("as it was before", &whole[5].0, &whole[5].1),
        ("empty", &[], &[]),
    ] {
        let message = refusal(&copy(what, file, log)).await;
        assert!(message.contains("has lost its last records: run r1 had written 20"), "{what}: {message}");
    }
    let mut resumed = Store::open(&Location::File(copy("whole", newest, log))).await.unwrap();
    assert_eq!(resumed.journal("r1").await.unwrap().1, 20);

    // What is over is protected no longer, and a file that was moved away is not missed.
    let end = End { outcome: Outcome::Done, ended: "2026-01-01T00:00:01.000Z".to_owned(), report: "{}".to_owned() };
    store.write(&lease, &Batch { end: Some(end), ..Batch::default() }).await.unwrap();
    assert!(!folder.path().join("state.db-runs").exists());
    drop(store);
    std::fs::remove_file(&path).unwrap();
    let (mut store, lease) = begun(&location).await;
    store.write(&lease, &segment(0)).await.unwrap();
    drop(store);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(Store::open(&location).await.unwrap().runs(None, false, 10).await.unwrap(), []);
}
