//! Landings and markers: rows and markers are there together or not at all, in both engines.
#![allow(clippy::unwrap_used, reason = "the cases are functions of tests")]

mod database;
#[path = "../../tests/src/postgres.rs"]
mod server;

use database::*;
use sequor_executor::database::{Cell, Database, Effect, Landing, Mode, Settings, Slot, is_fenced};
use sequor_executor::error::ErrorKind;

/// Runs each case on a new SQLite file and on a new PostgreSQL database.
macro_rules! on_both_engines {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let folder = super::new_folder();
                super::$case(super::sqlite(&folder)).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let test = super::server::database();
                super::$case(super::postgres(test.url())).await;
            })*
        }
    };
}

on_both_engines!(
    what_is_not_committed_is_not_there,
    a_resumed_landing_goes_on_from_its_last_marker,
    created_tables_and_the_last_marker_come_together,
    an_executor_that_was_replaced_changes_nothing,
    work_that_is_there_is_not_done_again,
    a_forgotten_run_leaves_nothing,
    data_is_read_back_in_order,
    markers_that_are_not_needed_go,
    tables_of_one_landing_are_at_the_same_batch,
    a_refused_row_takes_its_batch_and_the_marker_along,
    a_table_named_again_must_be_the_same,
    a_batch_larger_than_the_buffers_is_one_transaction,
    staging_tables_that_were_left_are_replaced,
    staging_tables_that_were_touched_are_not_filled_further,
    a_table_that_was_appended_to_and_is_gone_is_not_filled_further,
    a_stored_query_and_its_marker_are_one,
    statements_and_their_marker_are_one,
    statements_that_end_their_transaction_are_refused,
    nothing_is_created_by_looking,
    executors_that_start_together_share_the_marker_table,
);

const TAG: &str = "abcd2345n7";

fn of_fence(fence: u64) -> Effect {
    Effect { fence, ..effect(5) }
}

async fn open(database: &Database, resume: bool) -> Landing {
    database.landing(&effect(5), TAG, resume).await.unwrap()
}

async fn named(landing: &mut Landing, name: &str, mode: Mode) -> Slot {
    landing.table(&table(name), &columns(&[("id", "integer"), ("name", "text")]), mode).await.unwrap()
}

fn push(landing: &mut Landing, slot: Slot, ids: std::ops::Range<i64>) {
    for id in ids {
        landing.push(slot, &[Cell::Int(id), text("x")]).unwrap();
    }
}

/// Batches, rows and data of the activation's markers.
async fn markers(database: &Database) -> Vec<(u64, u64, bool, String)> {
    let found = database.markers(&effect(5), 0).await.unwrap();
    found.into_iter().map(|m| (m.batch, m.rows_out, m.finished, String::from_utf8(m.data).unwrap())).collect()
}

fn marker(batch: u64, rows: u64, finished: bool, data: &str) -> (u64, u64, bool, String) {
    (batch, rows, finished, data.into())
}

/// Names of all tables but the marker table, staging tables cut to their tag.
async fn tables(database: &Database, settings: &Settings) -> Vec<String> {
    let sql = match settings {
        Settings::Sqlite { .. } => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
        Settings::Postgres { .. } => {
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
        }
    };
    let names = lines(database, sql).await.into_iter().map(|name| name.trim_matches('"').to_owned());
    let names = names.filter(|name| name != "_sequor_commit");
    names.map(|name| if name.starts_with("_sequor_") { name[..name.len() - 13].to_owned() } else { name }).collect()
}

async fn count(database: &Database, name: &str) -> u64 {
    database.row_count(&table(name)).await.unwrap()
}

async fn what_is_not_committed_is_not_there(settings: Settings) {
    let db = connect_to(&settings).await;
    execute(&db, "CREATE TABLE log (id integer, name text)").await;
    let mut landing = open(&db, false).await;
    let log = named(&mut landing, "log", Mode::Append).await;
    let orders = named(&mut landing, "orders", Mode::Create).await;
    push(&mut landing, log, 0..2);
    landing.commit(1, b"one".to_vec()).await.unwrap();
    landing.sync().await.unwrap();
    push(&mut landing, log, 2..9);
    push(&mut landing, orders, 0..9);
    landing.flush().await.unwrap();
    drop(landing);
    // Waits for the dropped landing's transaction to be rolled back.
    execute(&db, "INSERT INTO log VALUES (100, 'after')").await;
    assert_eq!(count(&db, "log").await, 3);
    assert_eq!(markers(&db).await, [marker(1, 2, false, "one")]);
    assert_eq!(tables(&db, &settings).await, ["_sequor_abcd2345n7", "log"]);
}

async fn a_resumed_landing_goes_on_from_its_last_marker(settings: Settings) {
    let first = connect_to(&settings).await;
    let mut landing = open(&first, false).await;
    let orders = named(&mut landing, "orders", Mode::Create).await;
    push(&mut landing, orders, 0..3);
    landing.commit(1, b"a".to_vec()).await.unwrap();
    push(&mut landing, orders, 3..5);
    landing.commit(2, b"b".to_vec()).await.unwrap();
    push(&mut landing, orders, 5..8);
    landing.flush().await.unwrap();
    landing.suspend().await;

    let db = connect_to(&settings).await;
    assert_eq!(markers(&db).await, [marker(1, 3, false, "a"), marker(2, 5, false, "b")]);
    let mut landing = open(&db, true).await;
    assert_eq!(landing.committed(), 2);
    let resumed = landing.resumed();
    assert_eq!((resumed.len(), &*resumed[0].table.name, resumed[0].rows, resumed[0].columns.len()), (1, "orders", 5, 2));
    // A table that is not named again is swapped in all the same.
    let items = named(&mut landing, "items", Mode::Create).await;
    push(&mut landing, items, 0..1);
    let orders = named(&mut landing, "orders", Mode::Create).await;
    let error = landing.push(orders, &[text("no"), Cell::Null]).unwrap_err();
    assert!(error.message.contains("row 6"), "{}", error.message);
    push(&mut landing, orders, 5..6);
    assert_eq!(landing.finish(3, b"c".to_vec()).await.unwrap(), [6, 1]);
    assert_eq!(tables(&db, &settings).await, ["items", "orders"]);
    assert_eq!(one(&db, "SELECT count(*), sum(id) FROM orders").await, "6 | 15");
    assert_eq!(markers(&db).await.last(), Some(&marker(3, 7, true, "c")));
}

async fn created_tables_and_the_last_marker_come_together(settings: Settings) {
    let db = connect_to(&settings).await;
    execute(&db, "CREATE TABLE orders (id integer, name text); INSERT INTO orders VALUES (7, 'old')").await;
    // The new content breaks the key of a table that is kept for its index: the swap fails, and with it the marker.
    execute(&db, "CREATE UNIQUE INDEX one_name ON orders (name)").await;
    let mut landing = open(&db, false).await;
    let items = named(&mut landing, "items", Mode::Create).await;
    let orders = named(&mut landing, "orders", Mode::Create).await;
    push(&mut landing, items, 0..2);
    push(&mut landing, orders, 0..2);
    let error = landing.finish(1, Vec::new()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Data, "{}", error.message);
    landing.discard().await;
    assert_eq!(tables(&db, &settings).await, ["orders"]);
    assert_eq!(one(&db, "SELECT * FROM orders").await, "7 | \"old\"");
    assert!(markers(&db).await.is_empty());

    let mut landing = open(&db, true).await;
    let orders = named(&mut landing, "orders", Mode::Create).await;
    push(&mut landing, orders, 3..4);
    assert_eq!(landing.finish(1, Vec::new()).await.unwrap(), [1]);
    assert_eq!(one(&db, "SELECT * FROM orders").await, "3 | \"x\"");
    assert_eq!(markers(&db).await, [marker(1, 1, true, "")]);
}

async fn an_executor_that_was_replaced_changes_nothing(settings: Settings) {
    let old = connect_to(&settings).await;
    let mut landing = old.landing(&of_fence(1), TAG, false).await.unwrap();
    let orders = named(&mut landing, "orders", Mode::Append).await;
    push(&mut landing, orders, 0..2);
    landing.commit(1, b"old".to_vec()).await.unwrap();
    landing.sync().await.unwrap();

    let new = connect_to(&settings).await;
    let found = new.markers(&of_fence(2), 0).await.unwrap();
    assert_eq!(found.len(), 1);
    push(&mut landing, orders, 2..4);
    landing.commit(2, Vec::new()).await.unwrap();
    let error = landing.sync().await.unwrap_err();
    assert!(is_fenced(&error), "{}", error.message);
    assert!(is_fenced(&landing.flush().await.unwrap_err()));
    landing.suspend().await;
    assert_eq!(count(&new, "orders").await, 2);

    // The old one can claim nothing either, with this process's memory of its claim or without.
    assert!(is_fenced(&error_of(old.store_query("SELECT 1 AS a", &table("a"), Mode::Create, Some(&of_fence(1)))).await));
    let again = connect_to(&settings).await;
    assert!(is_fenced(&error_of(again.markers(&of_fence(1), 0)).await));
    assert!(is_fenced(&error_of(again.landing(&of_fence(1), TAG, true)).await));
    assert!(is_fenced(&error_of(again.execute(&["CREATE TABLE b (a int)".into()], true, Some(&of_fence(1)))).await));
    assert_eq!(tables(&new, &settings).await, ["orders"]);
}

async fn work_that_is_there_is_not_done_again(settings: Settings) {
    let db = connect_to(&settings).await;
    let mut one_landing = open(&db, false).await;
    let mut other = open(&db, false).await;
    let mut slots = Vec::new();
    for landing in [&mut one_landing, &mut other] {
        slots.push(named(landing, "orders", Mode::Append).await);
    }
    push(&mut one_landing, slots[0], 0..1);
    one_landing.finish(1, Vec::new()).await.unwrap();
    push(&mut other, slots[1], 0..1);
    other.commit(1, Vec::new()).await.unwrap();
    // In PostgreSQL the second one fails to create the table that it found missing, before it comes to the marker.
    let error = other.sync().await.unwrap_err();
    assert!(is_fenced(&error) || error.kind == ErrorKind::Sql, "{}", error.message);
    other.discard().await;
    assert!(is_fenced(&error_of(db.landing(&effect(5), TAG, false)).await));
    assert!(is_fenced(&error_of(db.landing(&effect(5), TAG, true)).await), "it is finished");
    assert_eq!(count(&db, "orders").await, 1);
    let marked = effect(6);
    db.store_query("SELECT 1 AS id, 'y' AS name", &table("orders"), Mode::Append, Some(&marked)).await.unwrap();
    let error = error_of(db.store_query("SELECT 1 AS id, 'y' AS name", &table("orders"), Mode::Append, Some(&marked))).await;
    assert!(is_fenced(&error), "{}", error.message);
    assert_eq!(count(&db, "orders").await, 2);
}

async fn a_forgotten_run_leaves_nothing(settings: Settings) {
    let db = connect_to(&settings).await;
    let mut landing = open(&db, false).await;
    let orders = named(&mut landing, "orders", Mode::Create).await;
    push(&mut landing, orders, 0..3);
    landing.commit(1, Vec::new()).await.unwrap();
    landing.suspend().await;
    let other = Effect { run: "run-2".into(), ..effect(1) };
    let mut landing = db.landing(&other, "other234n1", false).await.unwrap();
    named(&mut landing, "orders", Mode::Create).await;
    landing.commit(1, Vec::new()).await.unwrap();
    landing.suspend().await;
    db.forget("run-1", "abcd2345").await.unwrap();
    assert_eq!(tables(&db, &settings).await, ["_sequor_other234n1"]);
    assert_eq!(one(&db, "SELECT DISTINCT run FROM _sequor_commit").await, "\"run-2\"");
    // The run may begin anew.
    let mut landing = open(&db, true).await;
    assert_eq!(landing.committed(), 0);
    named(&mut landing, "orders", Mode::Create).await;
    assert_eq!(landing.finish(1, Vec::new()).await.unwrap(), [0]);
}

async fn data_is_read_back_in_order(settings: Settings) {
    let db = connect_to(&settings).await;
    let mut landing = open(&db, false).await;
    let orders = named(&mut landing, "orders", Mode::Append).await;
    let mut expected = Vec::new();
    for batch in 1..=300 {
        let rows = i64::try_from(batch % 3).unwrap();
        push(&mut landing, orders, 0..rows);
        let data = format!("{batch} '\\\0é").into_bytes();
        landing.commit(batch, data.clone()).await.unwrap();
        expected.push((batch, data));
    }
    assert_eq!(landing.sync().await.unwrap(), 300);
    assert_eq!(landing.committed(), 300);
    let found = db.markers(&effect(5), 0).await.unwrap();
    assert_eq!(found.last().unwrap().rows_out, 300);
    assert_eq!(found.into_iter().map(|m| (m.batch, m.data)).collect::<Vec<_>>(), expected);
    assert_eq!(db.markers(&effect(5), 299).await.unwrap().len(), 2);
    assert!(db.markers(&effect(6), 0).await.unwrap().is_empty());
    landing.suspend().await;
    assert_eq!(count(&db, "orders").await, 300);
}

async fn markers_that_are_not_needed_go(settings: Settings) {
    let db = connect_to(&settings).await;
    let mut landing = open(&db, false).await;
    for batch in 1..=4 {
        landing.commit(batch, Vec::new()).await.unwrap();
        landing.sync().await.unwrap();
    }
    landing.journalled(3);
    landing.commit(5, Vec::new()).await.unwrap();
    landing.sync().await.unwrap();
    assert_eq!(markers(&db).await.iter().map(|m| m.0).collect::<Vec<_>>(), [3, 4, 5]);
    landing.journalled(99);
    landing.finish(6, Vec::new()).await.unwrap();
    assert_eq!(markers(&db).await.iter().map(|m| m.0).collect::<Vec<_>>(), [6]);
}

async fn tables_of_one_landing_are_at_the_same_batch(settings: Settings) {
    let db = connect_to(&settings).await;
    let mut landing = open(&db, false).await;
    let a = named(&mut landing, "a", Mode::Append).await;
    let b = named(&mut landing, "b", Mode::Append).await;
    for batch in 1..=20 {
        push(&mut landing, b, 0..2);
        push(&mut landing, a, 0..1);
        landing.flush().await.unwrap();
        push(&mut landing, b, 2..3);
        if batch < 20 {
            landing.commit(batch, Vec::new()).await.unwrap();
        }
    }
    landing.suspend().await;
    assert_eq!((count(&db, "a").await, count(&db, "b").await), (19, 57));
    assert_eq!(markers(&db).await.last(), Some(&marker(19, 76, false, "")));
    assert_eq!(open(&db, true).await.committed(), 19);
}

async fn a_refused_row_takes_its_batch_and_the_marker_along(settings: Settings) {
    let db = connect_to(&settings).await;
    execute(&db, "CREATE TABLE keyed (id integer PRIMARY KEY, name text)").await;
    execute(&db, "CREATE TABLE plain (id integer, name text)").await;
    let mut landing = open(&db, false).await;
    let plain = named(&mut landing, "plain", Mode::Append).await;
    let keyed = named(&mut landing, "keyed", Mode::Append).await;
    push(&mut landing, plain, 0..4);
    push(&mut landing, keyed, 0..4);
    landing.commit(1, Vec::new()).await.unwrap();
    landing.sync().await.unwrap();
    push(&mut landing, plain, 4..8);
    push(&mut landing, keyed, 3..8);
    landing.commit(2, Vec::new()).await.unwrap();
    let error = landing.sync().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.message.contains("cannot load into table") && error.message.contains("keyed"), "{}", error.message);
    landing.discard().await;
    assert_eq!((count(&db, "plain").await, count(&db, "keyed").await), (4, 4));
    assert_eq!(markers(&db).await.len(), 1);
}

async fn a_table_named_again_must_be_the_same(settings: Settings) {
    let db = connect_to(&settings).await;
    let mut landing = open(&db, false).await;
    let orders = named(&mut landing, "orders", Mode::Create).await;
    assert_eq!(named(&mut landing, "orders", Mode::Create).await, orders);
    let error = error_of(landing.table(&table("orders"), &columns(&[("id", "bigint")]), Mode::Create)).await;
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.message.contains("id integer, name text") && error.message.contains("id bigint"), "{}", error.message);
    let error = error_of(landing.table(&table("orders"), &columns(&[("id", "integer"), ("name", "text")]), Mode::Append)).await;
    assert!(error.message.contains("both created and appended to"), "{}", error.message);
    let error = error_of(landing.table(&table("none"), &[], Mode::Append)).await;
    assert!(error.message.contains("at least one column"), "{}", error.message);
    let error = error_of(landing.commit(0, Vec::new())).await;
    assert!(error.message.contains("batch 0"), "{}", error.message);
    landing.discard().await;
}

async fn a_batch_larger_than_the_buffers_is_one_transaction(settings: Settings) {
    let db = connect_to(&settings).await;
    let mut landing = open(&db, false).await;
    let orders = named(&mut landing, "orders", Mode::Append).await;
    push(&mut landing, orders, 0..1);
    landing.commit(1, Vec::new()).await.unwrap();
    let long = "x".repeat(1000);
    for id in 0..20_000 {
        landing.push(orders, &[Cell::Int(id), text(&long)]).unwrap();
        if landing.is_full() {
            landing.flush().await.unwrap();
        }
    }
    assert_eq!(landing.pending().rows, 20_000);
    assert!(landing.pending().bytes > 20_000_000);
    assert_eq!(count(&db, "orders").await, 1);
    landing.commit(2, Vec::new()).await.unwrap();
    assert_eq!(landing.pending().rows, 0);
    landing.sync().await.unwrap();
    assert_eq!(one(&db, "SELECT count(*), sum(id) FROM orders").await, "20001 | 199990000");
}

async fn staging_tables_that_were_left_are_replaced(settings: Settings) {
    let db = connect_to(&settings).await;
    let mut landing = open(&db, false).await;
    let left = landing.table(&table("orders"), &columns(&[("other", "boolean")]), Mode::Create).await.unwrap();
    landing.push(left, &[Cell::Bool(true)]).unwrap();
    landing.commit(1, Vec::new()).await.unwrap();
    landing.suspend().await;
    assert_eq!(tables(&db, &settings).await, ["_sequor_abcd2345n7"]);
    // Another activation of the same node.
    let mut landing = db.landing(&effect(6), TAG, false).await.unwrap();
    let orders = named(&mut landing, "orders", Mode::Create).await;
    push(&mut landing, orders, 0..1);
    assert_eq!(landing.finish(1, Vec::new()).await.unwrap(), [1]);
    assert_eq!(one(&db, "SELECT * FROM orders").await, "0 | \"x\"");
    assert_eq!(tables(&db, &settings).await, ["orders"]);
}

async fn staging_tables_that_were_touched_are_not_filled_further(settings: Settings) {
    let db = connect_to(&settings).await;
    let mut landing = open(&db, false).await;
    let orders = named(&mut landing, "orders", Mode::Create).await;
    push(&mut landing, orders, 0..3);
    landing.commit(1, Vec::new()).await.unwrap();
    landing.suspend().await;
    let sql = "SELECT name FROM sqlite_schema WHERE name LIKE '%n7%'";
    let staging = match &settings {
        Settings::Sqlite { .. } => one(&db, sql).await,
        Settings::Postgres { .. } => one(&db, "SELECT relname::text FROM pg_class WHERE relname LIKE '%n7%'").await,
    };
    for (change, part) in [
        (format!("DELETE FROM {staging} WHERE id = 1"), "has 2 rows, and 3 were committed"),
        (format!("ALTER TABLE {staging} RENAME COLUMN name TO other"), "the columns of its staging table were changed"),
        (format!("DROP TABLE {staging}"), "is gone"),
    ] {
        execute(&db, &change).await;
        let error = error_of(db.landing(&effect(5), TAG, true)).await;
        assert_eq!(error.kind, ErrorKind::Data);
        assert!(error.message.contains(part) && error.message.contains("orders"), "{}", error.message);
    }
}

async fn a_table_that_was_appended_to_and_is_gone_is_not_filled_further(settings: Settings) {
    let db = connect_to(&settings).await;
    let mut landing = open(&db, false).await;
    let orders = named(&mut landing, "orders", Mode::Append).await;
    push(&mut landing, orders, 0..3);
    landing.commit(1, Vec::new()).await.unwrap();
    landing.suspend().await;
    execute(&db, "DROP TABLE orders").await;
    let error = error_of(db.landing(&effect(5), TAG, true)).await;
    assert!(error.message.contains("orders") && error.message.contains("it is gone"), "{}", error.message);
}

async fn a_stored_query_and_its_marker_are_one(settings: Settings) {
    let db = connect_to(&settings).await;
    let query = "SELECT 1 AS id UNION ALL SELECT 2";
    let stored = db.store_query(query, &table("t"), Mode::Create, Some(&effect(5))).await.unwrap();
    assert_eq!((stored.rows, stored.marked), (2, true));
    assert_eq!(markers(&db).await, [marker(0, 2, true, "")]);
    let stored = db.store_query(query, &table("t"), Mode::Append, None).await.unwrap();
    assert_eq!((stored.rows, stored.marked), (2, false));
    assert!(db.store_query("SELECT wrong", &table("t"), Mode::Append, Some(&effect(6))).await.is_err());
    assert!(db.markers(&effect(6), 0).await.unwrap().is_empty());
    assert_eq!(count(&db, "t").await, 4);
}

async fn statements_and_their_marker_are_one(settings: Settings) {
    let db = connect_to(&settings).await;
    let run = |statements: &[&str], activation| {
        let statements: Vec<String> = statements.iter().map(|s| (*s).to_owned()).collect();
        let db = db.clone();
        async move { db.execute(&statements, true, Some(&effect(activation))).await }
    };
    let stored = run(&["CREATE TABLE t (id int)", "INSERT INTO t VALUES (1), (2), (3)"], 5).await.unwrap();
    assert_eq!((stored.rows, stored.marked), (3, true));
    assert_eq!(markers(&db).await, [marker(0, 3, true, "")]);
    assert!(run(&["DELETE FROM t", "nonsense"], 6).await.is_err());
    assert!(is_fenced(&error_of(run(&["DELETE FROM t"], 5)).await));
    assert!(db.markers(&effect(6), 0).await.unwrap().is_empty());
    assert_eq!(count(&db, "t").await, 3);
    let stored = db.execute(&["DELETE FROM t".into()], false, Some(&effect(7))).await.unwrap();
    assert_eq!((stored.rows, stored.marked), (3, false), "a marker goes with a transaction only");
}

async fn statements_that_end_their_transaction_are_refused(settings: Settings) {
    let db = connect_to(&settings).await;
    for statements in [vec!["CREATE TABLE t (id int)", "COMMIT"], vec!["ROLLBACK", "BEGIN"]] {
        let statements: Vec<String> = statements.into_iter().map(str::to_owned).collect();
        let error = error_of(db.execute(&statements, true, Some(&effect(5)))).await;
        assert_eq!(error.kind, ErrorKind::Sql);
        assert!(error.message.contains("end their transaction themselves"), "{}", error.message);
    }
    assert!(markers(&db).await.is_empty());
}

async fn nothing_is_created_by_looking(settings: Settings) {
    let db = connect_to(&settings).await;
    assert!(db.markers(&effect(5), 0).await.unwrap().is_empty());
    db.forget("run-1", "abcd2345").await.unwrap();
    assert!(error_of(db.query("SELECT * FROM _sequor_commit")).await.message.contains("_sequor_commit"));
}

async fn executors_that_start_together_share_the_marker_table(settings: Settings) {
    let mut started = tokio::task::JoinSet::new();
    for number in 0..8 {
        let settings = settings.clone();
        started.spawn(async move {
            let db = connect_to(&settings).await;
            let own = Effect { run: format!("run-{number}"), ..effect(1) };
            let mut landing = db.landing(&own, &format!("tag{number}2345n1"), false).await.unwrap();
            let slot = named(&mut landing, &format!("t{number}"), Mode::Create).await;
            push(&mut landing, slot, 0..5);
            landing.finish(1, Vec::new()).await.unwrap();
        });
    }
    while let Some(outcome) = started.join_next().await {
        outcome.unwrap();
    }
    let db = connect_to(&settings).await;
    assert_eq!(one(&db, "SELECT count(*) FROM _sequor_commit WHERE batch = 1").await, "8");
    assert_eq!(tables(&db, &settings).await.len(), 8);
}
