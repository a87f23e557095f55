//! PostgreSQL connections that are lost at the worst moment: what was committed is known to be, and what was not is not.
#![allow(clippy::unwrap_used, reason = "the cases are functions of tests")]

mod database;
#[path = "../../tests/src/postgres.rs"]
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use database::*;
use sequor_executor::database::{Cell, Commits, Database, Effect, Landing, Mode, Owner, Settings, Slot, is_fenced};
use sequor_executor::error::ErrorKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What happens to the next COMMIT that comes by.
const PASS: u32 = 0;
const CUT_BEFORE: u32 = 1;
/// The server gets it, and the client no answer.
const CUT_AFTER: u32 = 2;

/// Stands between the program and the server.
struct Wire {
    port: u16,
    plan: Arc<Plan>,
}

#[derive(Default)]
struct Plan {
    commit: AtomicU32,
    /// Connections that are closed at once after the cut.
    refuse: AtomicU32,
}

impl Wire {
    async fn to(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let plan = Arc::new(Plan::default());
        let own = Arc::clone(&plan);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let refused = own.commit.load(Ordering::SeqCst) == PASS
                    && own.refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
                if !refused {
                    let server = TcpStream::connect(("127.0.0.1", server_port)).await.unwrap();
                    tokio::spawn(relay(client, server, Arc::clone(&own)));
                }
            }
        });
        Self { port, plan }
    }

    fn cut(&self, commit: u32, refuse: u32) {
        self.plan.refuse.store(refuse, Ordering::SeqCst);
        self.plan.commit.store(commit, Ordering::SeqCst);
    }

    fn is_cut(&self) -> bool {
        self.plan.commit.load(Ordering::SeqCst) == PASS
    }

    fn settings(&self, test: &server::Database<'_>) -> Settings {
        postgres(test.url().replace(&format!(":{}/", test.port()), &format!(":{}/", self.port)))
    }
}

async fn relay(client: TcpStream, server: TcpStream, plan: Arc<Plan>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
        let chunk = &buffer[..length];
        if chunk.windows(7).any(|part| part == b"COMMIT\0") {
            let commit = plan.commit.swap(PASS, Ordering::SeqCst);
            if commit != PASS {
                back.abort();
                // The other halves of both connections go with the task.
                let _ = back.await;
                if commit == CUT_AFTER {
                    to_server.write_all(chunk).await.unwrap();
                }
                return;
            }
        }
        if to_server.write_all(chunk).await.is_err() {
            return;
        }
    }
}

async fn open(database: &Database, resume: bool) -> (Landing, Slot) {
    let mut landing = database.landing(&effect(5), "abcd2345n7", resume).await.unwrap();
    let slot = landing.table(&table("orders"), &columns(&[("id", "integer")]), Mode::Create).await.unwrap();
    (landing, slot)
}

fn push(landing: &mut Landing, slot: Slot, ids: std::ops::Range<i64>) {
    for id in ids {
        landing.push(slot, &[Cell::Int(id)]).unwrap();
    }
}

fn kill_all(test: &server::Database<'_>) {
    test.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sequor' AND datname = current_database()");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_landing_survives_a_lost_answer_to_commit() {
    let test = server::database();
    let wire = Wire::to(test.port()).await;
    let db = connect_to(&wire.settings(&test)).await;
    let (mut landing, orders) = open(&db, false).await;
    push(&mut landing, orders, 0..3);
    landing.commit(1, b"a".to_vec()).await.unwrap();
    landing.sync().await.unwrap();
    push(&mut landing, orders, 3..5);
    // The way back is barred at first.
    wire.cut(CUT_AFTER, 2);
    landing.commit(2, b"b".to_vec()).await.unwrap();
    assert_eq!(landing.sync().await.unwrap(), 2);
    assert!(wire.is_cut());
    push(&mut landing, orders, 5..6);
    wire.cut(CUT_AFTER, 0);
    assert_eq!(landing.finish(3, Vec::new()).await.unwrap(), [6]);
    assert!(wire.is_cut());
    assert_eq!(test.psql("SELECT count(*), sum(id) FROM orders"), "6|15");
    assert_eq!(db.markers(&effect(5), 0).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_arrived_is_an_error_and_can_be_resumed() {
    let test = server::database();
    let wire = Wire::to(test.port()).await;
    let db = connect_to(&wire.settings(&test)).await;
    let (mut landing, orders) = open(&db, false).await;
    push(&mut landing, orders, 0..3);
    landing.commit(1, Vec::new()).await.unwrap();
    landing.sync().await.unwrap();
    push(&mut landing, orders, 3..5);
    wire.cut(CUT_BEFORE, 0);
    landing.commit(2, Vec::new()).await.unwrap();
    let error = landing.sync().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Database);
    assert!(error.message.contains("was lost") && !is_fenced(&error), "{}", error.message);
    assert_eq!(landing.committed(), 1);
    landing.suspend().await;

    let (mut landing, orders) = open(&db, true).await;
    assert_eq!(landing.committed(), 1);
    push(&mut landing, orders, 3..5);
    assert_eq!(landing.finish(2, Vec::new()).await.unwrap(), [5]);
    assert_eq!(test.psql("SELECT count(*), sum(id) FROM orders"), "5|10");
}

/// A process that was stopped in the middle of a transaction would keep its locks until it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn the_sessions_of_an_earlier_owner_are_ended() {
    let test = server::database();
    let settings = postgres(test.url());
    let owner = |fence| Owner { run: "run-1".into(), fence };
    let first = Database::connect_as(&settings, Some(&owner(1)), &Commits::default()).await.unwrap();
    let (mut landing, orders) = open(&first, false).await;
    push(&mut landing, orders, 0..3);
    landing.commit(1, Vec::new()).await.unwrap();
    landing.sync().await.unwrap();
    push(&mut landing, orders, 3..5);
    landing.flush().await.unwrap();
    while test.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sequor run-1/1' AND state = 'idle in transaction'")
        != "1"
    {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    // It does not end what is its own, or of another run.
    let other = Database::connect_as(&settings, Some(&Owner { run: "run-10".into(), fence: 1 }), &Commits::default()).await.unwrap();
    let second = Database::connect_as(&settings, Some(&owner(2)), &Commits::default()).await.unwrap();
    let effect = Effect { fence: 2, ..effect(5) };
    let mut resumed = second.landing(&effect, "abcd2345n7", true).await.unwrap();
    assert_eq!(resumed.committed(), 1);
    let orders = resumed.table(&table("orders"), &columns(&[("id", "integer")]), Mode::Create).await.unwrap();
    push(&mut resumed, orders, 3..6);
    assert_eq!(resumed.finish(2, Vec::new()).await.unwrap(), [6]);
    assert_eq!(one(&other, "SELECT current_setting('application_name')").await, "\"sequor run-10/1\"");

    landing.commit(2, Vec::new()).await.unwrap();
    assert!(landing.sync().await.is_err());
    assert_eq!(test.psql("SELECT count(*), sum(id) FROM orders"), "6|15");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_still_runs_is_waited_for() {
    let test = server::database();
    test.psql(
        "CREATE TABLE orders (id integer); \
         CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END'; \
         CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()",
    );
    let wire = Wire::to(test.port()).await;
    let db = connect_to(&wire.settings(&test)).await;
    let mut landing = db.landing(&effect(5), "abcd2345n7", false).await.unwrap();
    let orders = landing.table(&table("orders"), &columns(&[("id", "integer")]), Mode::Append).await.unwrap();
    push(&mut landing, orders, 0..1);
    wire.cut(CUT_AFTER, 0);
    landing.finish(1, Vec::new()).await.unwrap();
    assert!(wire.is_cut());
    assert_eq!(test.psql("SELECT id FROM orders"), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_queries_and_statements_survive_a_lost_answer_to_commit() {
    let test = server::database();
    let wire = Wire::to(test.port()).await;
    let db = connect_to(&wire.settings(&test)).await;
    test.psql("CREATE TABLE t (id integer)");
    let insert = ["INSERT INTO t VALUES (1), (2)".to_owned()];
    // The claim of the run, so that the next COMMIT is the effect's.
    db.landing(&effect(1), "abcd2345n1", false).await.unwrap().suspend().await;

    wire.cut(CUT_AFTER, 1);
    assert_eq!(db.execute(&insert, true, Some(&effect(6))).await.unwrap().rows, 2);
    wire.cut(CUT_AFTER, 0);
    assert_eq!(db.store_query("SELECT id FROM t", &table("u"), Mode::Create, Some(&effect(7))).await.unwrap().rows, 2);
    assert!(wire.is_cut());

    wire.cut(CUT_BEFORE, 0);
    assert_eq!(error_of(db.execute(&insert, true, Some(&effect(8)))).await.kind, ErrorKind::Database);
    wire.cut(CUT_BEFORE, 0);
    assert_eq!(error_of(db.store_query("SELECT 1 AS id", &table("u"), Mode::Append, Some(&effect(9)))).await.kind, ErrorKind::Database);
    assert_eq!(test.psql("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM u)"), "2|2");
    assert_eq!(test.psql("SELECT activation FROM _sequor_commit WHERE activation > 0 ORDER BY 1"), "6\n7");

    // Nobody can tell without a marker.
    wire.cut(CUT_AFTER, 0);
    let error = error_of(db.execute(&insert, true, None)).await;
    assert!(error.message.contains("is not known"), "{}", error.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_connection_loses_the_open_batch_only() {
    let test = server::database();
    let db = connect_to(&postgres(test.url())).await;
    let (mut landing, orders) = open(&db, false).await;
    push(&mut landing, orders, 0..3);
    landing.commit(1, Vec::new()).await.unwrap();
    landing.sync().await.unwrap();
    // Between two batches nothing is lost.
    kill_all(&test);
    push(&mut landing, orders, 3..4);
    landing.commit(2, Vec::new()).await.unwrap();
    landing.sync().await.unwrap();
    push(&mut landing, orders, 4..9);
    landing.flush().await.unwrap();
    // Sees the rows being written: they hold a lock on the staging table.
    let open_rows =
        "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname LIKE '%n7%' AND l.mode = 'RowExclusiveLock'";
    while test.psql(open_rows) == "0" {
        tokio::task::yield_now().await;
    }
    kill_all(&test);
    landing.commit(3, Vec::new()).await.unwrap();
    let error = landing.sync().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Database, "{}", error.message);
    landing.suspend().await;

    let (mut landing, orders) = open(&db, true).await;
    assert_eq!((landing.committed(), landing.resumed()[0].rows), (2, 4));
    push(&mut landing, orders, 4..5);
    assert_eq!(landing.finish(3, Vec::new()).await.unwrap(), [5]);
    assert_eq!(test.psql("SELECT count(*), sum(id) FROM orders"), "5|10");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_to_markers_it_is_at_least_once() {
    let test = server::database();
    test.psql("CREATE TABLE t (id integer); CREATE ROLE appender LOGIN PASSWORD 'secret'; GRANT SELECT, INSERT ON t TO appender; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    let settings =
        || Settings::Postgres { conn_str: test.url(), username: Some("appender".into()), password: Some("secret".into()), schema: None };
    for made in [false, true] {
        if made {
            // There is a table, of another user.
            connect_to(&postgres(test.url())).await.landing(&effect(5), "abcd2345n7", false).await.unwrap().suspend().await;
        }
        let db = connect_to(&settings()).await;
        let mut landing = db.landing(&effect(5), "abcd2345n7", false).await.unwrap();
        assert!(!landing.has_marker());
        let t = landing.table(&table("t"), &columns(&[("id", "integer")]), Mode::Append).await.unwrap();
        push(&mut landing, t, 0..2);
        landing.commit(1, Vec::new()).await.unwrap();
        push(&mut landing, t, 2..3);
        assert_eq!(landing.finish(2, Vec::new()).await.unwrap(), [3]);
        let stored = db.execute(&["INSERT INTO t VALUES (9)".into()], true, Some(&effect(6))).await.unwrap();
        assert_eq!((stored.rows, stored.marked), (1, false));
        assert!(db.markers(&effect(5), 0).await.unwrap().is_empty());
        db.forget("run-1", "abcd2345").await.unwrap();
    }
    assert_eq!(test.psql("SELECT count(*) FROM t"), "8");
    test.psql("REVOKE ALL ON t FROM appender; DROP ROLE appender");
}
