//! The SQLite side of `database`, against real files.

mod database;

use std::time::Instant;

use database::*;
use sequor_executor::database::{Cell, Database, Mode, Settings, TableName};
use sequor_executor::error::ErrorKind;

async fn connect() -> (tempfile::TempDir, Database) {
    let folder = new_folder();
    let database = connect_to(&sqlite(&folder)).await;
    (folder, database)
}

/// Tables and their definitions, staging tables included.
async fn schema(db: &Database) -> Vec<String> {
    lines(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").await
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_decoded_by_storage_class_and_declared_type() {
    let (_folder, db) = connect().await;
    execute(
        &db,
        "CREATE TABLE t (b BOOLEAN, n NUMERIC(10,2), d DECIMAL_TEXT, i INT, r REAL, x BLOB, w DATETIME, any_type);
         INSERT INTO t VALUES (1, '10.20', '12345678901234567890.10', 9223372036854775807, 3, x'00ff', '2024-01-02 03:04:05', 'a');
         INSERT INTO t VALUES (2, 7, 'none', -1, 1e300, '', NULL, 1.5)",
    )
    .await;
    assert_eq!(
        lines(&db, "SELECT * FROM t").await,
        [
            "true | 10.20n | \"12345678901234567890.10\" | 9223372036854775807 | 3.0f | x[0, 255] | \"2024-01-02 03:04:05\" | \"a\"",
            "2 | 7.00n | \"none\" | -1 | 1e300f | \"\" | null | 1.5f",
        ]
    );
    assert_eq!(
        one(&db, "SELECT count(*), sum(i = -1), max(b), '' , NULL, 1 = 1, CAST(x'ff' AS TEXT) FROM t").await,
        "2 | 1 | 2 | \"\" | null | 1 | x[255]"
    );
    let stream = db.query("SELECT b, n AS money, count(*) AS c, 1.5 AS f, 'x' AS t FROM t GROUP BY b").await.unwrap();
    assert_eq!(names(&stream), ["b boolean", "money numeric(10,2)", "c bigint", "f double", "t text"]);
    let mut stream = db.query("SELECT b, i FROM t WHERE 0").await.unwrap();
    assert_eq!(names(&stream), ["b boolean", "i bigint"]);
    assert!(stream.next_batch().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_survives_a_load() {
    let (_folder, db) = connect().await;
    let definition = [
        ("t", "text"),
        ("v", "varchar(3)"),
        ("i", "integer"),
        ("b", "bigint"),
        ("n", "numeric"),
        ("p", "numeric(10,2)"),
        ("q", "numeric(38,10)"),
        ("d", "double"),
        ("o", "boolean"),
        ("da", "date"),
        ("ti", "time"),
        ("ts", "timestamp"),
        ("tz", "timestamptz"),
        ("j", "json"),
        ("u", "uuid"),
        ("x", "binary"),
    ];
    let nasty = "tab\t newline\n NUL \0 backslash \\N quote ' \" ü 😀";
    let full = vec![
        text(nasty),
        text("äöü"),
        Cell::Int(3_000_000_000),
        Cell::Int(i64::MIN),
        number("12345678901234567890.123456789"),
        number("10.20"),
        number("1234567890123456789012345678.0123456789"),
        Cell::Float(-1.7976931348623157e308),
        Cell::Bool(false),
        text("2024-02-29"),
        text("12:30:00"),
        text("2024-01-02T03:04:05.5+02:00"),
        text("2024-01-02 03:04:05"),
        Cell::Json("[1e3]".into()),
        text("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"),
        Cell::Bytes(vec![0, 255].into()),
    ];
    let plain = vec![
        Cell::Int(12),
        Cell::Bool(true),
        text("7"),
        number("9223372036854775807"),
        number("19.90"),
        Cell::Int(7),
        Cell::Float(0.5),
        Cell::Float(f64::INFINITY),
        Cell::Int(1),
        Cell::Null,
        Cell::Null,
        Cell::Null,
        Cell::Null,
        Cell::Int(1000),
        Cell::Null,
        Cell::Bytes(Vec::new().into()),
    ];
    let plain = plain.into_iter().enumerate().map(|(i, cell)| if i == 1 { text("") } else { cell }).collect();
    assert_eq!(load(&db, "types", &definition, Mode::Create, &[full, plain]).await.unwrap(), 2);
    let expected = [
        format!(
            "{nasty:?} | \"äöü\" | 3000000000 | -9223372036854775808 | 12345678901234567890.123456789n | 10.20n | \
             1234567890123456789012345678.0123456789n | -1.7976931348623157e308f | false | \"2024-02-29\" | \"12:30:00\" | \
             \"2024-01-02T01:04:05.5\" | \"2024-01-02T03:04:05+00:00\" | \"[1e3]\" | \"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\" | x[0, 255]"
        ),
        "\"12\" | \"\" | 7 | 9223372036854775807 | 19.9f | 7.00n | 0.5000000000n | inff | true | null | null | null | null | \"1000\" | null | x[]".into(),
    ];
    assert_eq!(lines(&db, "SELECT * FROM types").await, expected);
    // Numbers of ordinary length calculate and compare as numbers in SQL.
    assert_eq!(one(&db, "SELECT count(*) FROM types WHERE n > 9 AND n < 100").await, "1");

    let mut stream = db.read_table(&table("types")).await.unwrap();
    let mut landing = db.landing(&effect(1), "copy", false).await.unwrap();
    let slot = landing.table(&table("again"), &columns(&definition), Mode::Create).await.unwrap();
    landing.push_all(slot, &mut stream).await.unwrap();
    assert_eq!(landing.finish(1, Vec::new()).await.unwrap(), [2]);
    assert_eq!(lines(&db, "SELECT * FROM again").await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_aborted_and_dropped_loads_leave_nothing() {
    let (_folder, db) = connect().await;
    execute(&db, "CREATE TABLE t (id TEXT); INSERT INTO t VALUES ('old')").await;
    let definition = [("id", "integer")];
    let error = error_of(load(&db, "t", &definition, Mode::Create, &[vec![Cell::Int(1)], vec![text("abc")]])).await;
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.message.contains("row 2") && error.message.contains("\"abc\""), "{}", error.message);
    assert_eq!(schema(&db).await, ["\"t\""]);

    let mut loader = db.load(&table("t"), &columns(&definition), Mode::Create, "r").await.unwrap();
    loader.push(&[Cell::Int(1)]).unwrap();
    loader.flush().await.unwrap();
    assert_eq!(one(&db, "SELECT * FROM t").await, "\"old\"");
    // A second load with the same tag, as after a crash, takes the place of the first one's leftovers.
    std::mem::forget(loader);
    load(&db, "other", &definition, Mode::Create, &[]).await.unwrap();
    assert_eq!(load(&db, "t", &definition, Mode::Create, &[vec![Cell::Int(2)]]).await.unwrap(), 1);
    assert_eq!(one(&db, "SELECT * FROM t").await, "2");

    let mut loader = db.load(&table("t"), &columns(&definition), Mode::Create, "r2").await.unwrap();
    loader.push(&[Cell::Int(9)]).unwrap();
    loader.abort().await;
    assert_eq!(one(&db, "SELECT * FROM t").await, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tables_are_loaded_side_by_side_while_one_is_read() {
    let (_folder, db) = connect().await;
    execute(&db, "CREATE TABLE big AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 30000) SELECT i AS id, hex(randomblob(20)) AS h FROM c").await;
    let mut stream = db.read_table(&table("big")).await.unwrap();
    let definition = columns(&[("id", "integer"), ("h", "text")]);
    let mut one_loader = db.load(&table("one"), &definition, Mode::Create, "r").await.unwrap();
    let mut two_loader = db.load(&table("two"), &definition, Mode::Append, "r").await.unwrap();
    while let Some(batch) = stream.next_batch().await.unwrap() {
        for row in &batch {
            let cells: Vec<Cell<'_>> = row.values.iter().zip(stream.columns()).map(|(v, c)| Cell::from_column(v, c.kind)).collect();
            one_loader.push(&cells).unwrap();
            two_loader.push(&cells).unwrap();
        }
        one_loader.flush().await.unwrap();
        two_loader.flush().await.unwrap();
        execute(&db, "CREATE TABLE IF NOT EXISTS log (n INT); INSERT INTO log VALUES (1)").await;
    }
    assert_eq!(one_loader.finish().await.unwrap(), 30_000);
    assert_eq!(two_loader.finish().await.unwrap(), 30_000);
    assert_eq!(one(&db, "SELECT (SELECT count(*) FROM (SELECT * FROM big EXCEPT SELECT * FROM one)), (SELECT count(*) FROM (SELECT * FROM big EXCEPT SELECT * FROM two))").await, "0 | 0");
    assert_eq!(db.row_count(&table("log")).await.unwrap(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_on_a_table_is_kept() {
    let (_folder, db) = connect().await;
    execute(
        &db,
        "CREATE TABLE t (id INTEGER, name TEXT); CREATE UNIQUE INDEX t_id ON t (id); CREATE VIEW v AS SELECT id FROM t; INSERT INTO t VALUES (1, 'old');
         CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE child (p INTEGER REFERENCES parent (id) ON DELETE CASCADE);
         INSERT INTO parent VALUES (1, 'a'), (2, 'b'); INSERT INTO child VALUES (1)",
    )
    .await;
    let definition = [("id", "integer"), ("name", "text")];
    load(&db, "t", &definition, Mode::Create, &[vec![Cell::Int(2), text("new")]]).await.unwrap();
    assert_eq!(one(&db, "SELECT * FROM v").await, "2");
    assert_eq!(one(&db, "SELECT count(*) FROM sqlite_schema WHERE name = 't_id'").await, "1");
    let error =
        error_of(load(&db, "t", &definition, Mode::Create, &[vec![Cell::Int(3), Cell::Null], vec![Cell::Int(3), Cell::Null]])).await;
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.message.contains("UNIQUE"), "{}", error.message);
    assert_eq!(one(&db, "SELECT * FROM t").await, "2 | \"new\"");
    // Other columns: a new table, and the view goes on by name.
    load(&db, "t", &[("id", "text")], Mode::Create, &[vec![text("x")]]).await.unwrap();
    assert_eq!(one(&db, "SELECT * FROM v").await, "\"x\"");

    // Replacing a table deletes no rows of others, and does not leave them dangling.
    load(&db, "parent", &definition, Mode::Create, &[vec![Cell::Int(1), text("A")], vec![Cell::Int(3), text("c")]]).await.unwrap();
    assert_eq!(one(&db, "SELECT count(*) FROM child").await, "1");
    let error = error_of(load(&db, "parent", &definition, Mode::Create, &[vec![Cell::Int(3), text("c")]])).await;
    assert!(error.message.contains("child"), "{}", error.message);
    assert_eq!(db.row_count(&table("parent")).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_keys_are_enforced_for_what_is_appended() {
    let (_folder, db) = connect().await;
    execute(
        &db,
        "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p INTEGER REFERENCES parent (id) ON DELETE CASCADE); \
         INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)",
    )
    .await;
    let (child, parent) = (columns(&[("p", "integer")]), columns(&[("id", "integer")]));
    let mut landing = db.landing(&effect(1), "r", false).await.unwrap();
    let slot = landing.table(&table("child"), &child, Mode::Append).await.unwrap();
    landing.push(slot, &[Cell::Int(7)]).unwrap();
    let error = error_of(landing.finish(1, Vec::new())).await;
    assert!(error.message.contains("FOREIGN KEY"), "{}", error.message);
    landing.discard().await;

    // Tables that nothing refers to can be created beside it.
    let mut landing = db.landing(&effect(2), "r", false).await.unwrap();
    let slot = landing.table(&table("child"), &child, Mode::Append).await.unwrap();
    let other = landing.table(&table("other"), &parent, Mode::Create).await.unwrap();
    landing.push(slot, &[Cell::Int(1)]).unwrap();
    landing.push(other, &[Cell::Int(1)]).unwrap();
    assert_eq!(landing.finish(1, Vec::new()).await.unwrap(), [1, 1]);

    // A parent that is replaced, in any order: the rows appended to the child must have theirs in the new content.
    for (activation, names, parent_id, fits) in
        [(3, ["parent", "child"], 2, false), (4, ["parent", "child"], 1, true), (5, ["child", "parent"], 1, true)]
    {
        let mut landing = db.landing(&effect(activation), "r", false).await.unwrap();
        for name in names {
            let (columns, mode) = if name == "child" { (&child, Mode::Append) } else { (&parent, Mode::Create) };
            let slot = landing.table(&table(name), columns, mode).await.unwrap();
            landing.push(slot, &[Cell::Int(if name == "child" { 1 } else { parent_id })]).unwrap();
        }
        match landing.finish(1, Vec::new()).await {
            Ok(_) => assert!(fits),
            Err(error) => assert!(!fits && error.message.contains("refer"), "{}", error.message),
        }
        landing.discard().await;
    }
    // Where the child's rows are in the transaction already when the parent is named, nothing happens.
    let mut landing = db.landing(&effect(6), "r", false).await.unwrap();
    let slot = landing.table(&table("child"), &child, Mode::Append).await.unwrap();
    for _ in 0..100_000 {
        landing.push(slot, &[Cell::Int(1)]).unwrap();
        if landing.is_full() {
            landing.flush().await.unwrap();
        }
    }
    landing.table(&table("parent"), &parent, Mode::Create).await.unwrap();
    let error = error_of(landing.finish(1, Vec::new())).await;
    assert!(error.message.contains("name it first"), "{}", error.message);
    landing.discard().await;
    assert_eq!(one(&db, "SELECT (SELECT count(*) FROM parent), (SELECT count(*) FROM child)").await, "1 | 4");

    // Without a loss, also where it is named only after a batch of another table.
    let mut landing = db.landing(&effect(7), "r", false).await.unwrap();
    let slot = landing.table(&table("other"), &parent, Mode::Append).await.unwrap();
    landing.push(slot, &[Cell::Int(2)]).unwrap();
    landing.commit(1, Vec::new()).await.unwrap();
    let slot = landing.table(&table("parent"), &parent, Mode::Create).await.unwrap();
    landing.push(slot, &[Cell::Int(1)]).unwrap();
    landing.push(slot, &[Cell::Int(2)]).unwrap();
    landing.flush().await.unwrap();
    landing.sync().await.unwrap();
    assert_eq!(landing.finish(2, Vec::new()).await.unwrap(), [1, 2]);
    assert_eq!(one(&db, "SELECT (SELECT count(*) FROM parent), (SELECT count(*) FROM child)").await, "2 | 4");
}

#[tokio::test(flavor = "multi_thread")]
async fn others_write_before_and_after_a_batch_but_not_within() {
    let (_folder, db) = connect().await;
    execute(&db, "CREATE TABLE t (id INTEGER)").await;
    let mut landing = db.landing(&effect(1), "r", false).await.unwrap();
    let slot = landing.table(&table("t"), &columns(&[("id", "integer")]), Mode::Append).await.unwrap();
    for batch in 1..=5 {
        execute(&db, "INSERT INTO t VALUES (-1)").await;
        landing.push(slot, &[Cell::Int(batch)]).unwrap();
        landing.flush().await.unwrap();
        landing.push(slot, &[Cell::Int(batch * 100)]).unwrap();
        let waiting = tokio::spawn({
            let db = db.clone();
            async move { execute(&db, "INSERT INTO t VALUES (-2)").await }
        });
        landing.commit(batch.unsigned_abs(), Vec::new()).await.unwrap();
        waiting.await.unwrap();
    }
    landing.finish(6, Vec::new()).await.unwrap();
    assert_eq!(one(&db, "SELECT count(*) FROM t").await, "20");
    assert_eq!(one(&db, "SELECT count(*) FROM t a JOIN t b ON b.rowid = a.rowid + 1 AND b.id = a.id * 100").await, "5");
}

#[tokio::test(flavor = "multi_thread")]
async fn append_fills_by_name_with_the_tables_own_types() {
    let (_folder, db) = connect().await;
    execute(&db, "CREATE TABLE t (Key INTEGER PRIMARY KEY, amount NUMERIC(6,2), flag BOOLEAN, anything)").await;
    let definition = [("key", "text"), ("flag", "text"), ("anything", "text")];
    load(
        &db,
        "t",
        &definition,
        Mode::Append,
        &[vec![text("5"), text("true"), Cell::Float(1.5)], vec![Cell::Null, Cell::Null, text("007")]],
    )
    .await
    .unwrap();
    assert_eq!(lines(&db, "SELECT * FROM t").await, ["5 | null | true | 1.5f", "6 | null | null | \"007\""]);
    let error = error_of(load(&db, "t", &[("nope", "text")], Mode::Append, &[])).await;
    assert!(error.message.contains("'nope'") && error.message.contains("Key, amount, flag"), "{}", error.message);
    let error = error_of(load(&db, "t", &[("key", "text")], Mode::Append, &[vec![Cell::Int(8)], vec![Cell::Int(5)]])).await;
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.message.contains("UNIQUE") && error.message.contains("rows 1 to 2"), "{}", error.message);
    assert_eq!(db.row_count(&table("t")).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_may_read_the_table_that_it_replaces() {
    let (_folder, db) = connect().await;
    execute(&db, "CREATE TABLE t (id INTEGER, ok BOOLEAN); INSERT INTO t VALUES (1, 1), (2, 0), (3, NULL)").await;
    execute(&db, "CREATE VIEW v AS SELECT * FROM t").await;
    assert_eq!(db.store_query("SELECT id, ok FROM t WHERE id > 1; -- the rest", &table("t"), Mode::Create, None).await.unwrap().rows, 2);
    assert_eq!(lines(&db, "SELECT * FROM v").await, ["2 | false", "3 | null"]);
    assert_eq!(
        db.store_query("WITH x AS (SELECT 9 AS id) SELECT 0 AS ok, id FROM x", &table("t"), Mode::Append, None).await.unwrap().rows,
        1
    );
    assert_eq!(one(&db, "SELECT * FROM t WHERE id = 9").await, "9 | false");
    assert_eq!(db.store_query("SELECT * FROM t", &table("fresh"), Mode::Append, None).await.unwrap().rows, 3);
    for (sql, part) in [
        ("SELECT 1 AS a, 2 AS a", "duplicate column name: a"),
        ("SELECT wrong FROM t", "no such column: wrong"),
        ("DELETE FROM t", "no columns"),
    ] {
        let error = error_of(db.store_query(sql, &table("t"), Mode::Create, None)).await;
        assert_eq!(error.kind, ErrorKind::Sql, "{sql}");
        assert!(error.message.contains(part), "{part} in {}", error.message);
    }
    assert_eq!(db.row_count(&table("t")).await.unwrap(), 3);
    assert_eq!(schema(&db).await, ["\"fresh\"", "\"t\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_run_in_order_and_name_the_one_that_fails() {
    let (_folder, db) = connect().await;
    let run = |statements: &[&str], transaction| {
        let statements: Vec<String> = statements.iter().map(|s| (*s).to_owned()).collect();
        let db = db.clone();
        async move { db.execute(&statements, transaction, None).await.map(|stored| stored.rows) }
    };
    assert_eq!(
        run(&["CREATE TABLE t (id int)", "INSERT INTO t VALUES (1), (2)", "CREATE TABLE u (id int)", "SELECT * FROM t"], true)
            .await
            .unwrap(),
        2
    );
    let error = error_of(run(&["INSERT INTO t VALUES (9)", "\n  INSERT INTO nowhere VALUES (1)"], true)).await;
    assert_eq!(error.kind, ErrorKind::Sql);
    for part in ["statement 2 of 2", "INSERT INTO nowhere", "no such table: nowhere"] {
        assert!(error.message.contains(part), "{part} in {}", error.message);
    }
    assert_eq!(one(&db, "SELECT count(*) FROM t").await, "2");
    assert!(run(&["INSERT INTO t VALUES (9)", "nonsense"], false).await.is_err());
    assert_eq!(one(&db, "SELECT count(*) FROM t").await, "3");
    run(&["VACUUM"], false).await.unwrap();
    run(&["BEGIN", "DELETE FROM t", "ROLLBACK"], false).await.unwrap();
    let error = error_of(run(&["BEGIN", "DELETE FROM t"], false)).await;
    assert!(error.message.contains("leave a transaction open"), "{}", error.message);
    assert_eq!(one(&db, "SELECT count(*) FROM t").await, "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_path_is_one_clear_message() {
    let folder = tempfile::tempdir().unwrap();
    let not_a_database = folder.path().join("text.db");
    std::fs::write(&not_a_database, "this is no database, but a text that is long enough to be one").unwrap();
    for (path, part) in [
        (folder.path().join("missing/test.db"), "missing does not exist"),
        (folder.path().to_path_buf(), "it is a folder"),
        (not_a_database, "not a database"),
        (":memory:".into(), "give the path of a file"),
    ] {
        let error = error_of(Database::connect(&Settings::Sqlite { path })).await;
        assert!(error.message.contains(part) && error.message.contains("cannot open the SQLite database"), "{part} in {}", error.message);
    }
    let (_folder, db) = connect().await;
    let error = error_of(db.read_table(&table("nope"))).await;
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.message.contains("no table nope"), "{}", error.message);
    let other = TableName { database: Some("elsewhere".into()), ..table("t") };
    assert_eq!(error_of(db.read_table(&other)).await.kind, ErrorKind::Data);
    let error = error_of(db.query("SELECT 1 +")).await;
    assert_eq!(error.kind, ErrorKind::Sql);
    assert!(error.message.contains("incomplete input"), "{}", error.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_that_writes_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let db = Database::connect(&sqlite(&folder)).await.unwrap();
    let other = Database::connect(&sqlite(&folder)).await.unwrap();
    execute(&db, "CREATE TABLE t (id INT)").await;
    let write = |db: Database| async move {
        for _ in 0..20 {
            db.execute(&["INSERT INTO t VALUES (1)".into(), "UPDATE t SET id = id + 1".into()], true, None).await.unwrap();
        }
    };
    tokio::join!(write(db.clone()), write(other));
    assert_eq!(db.row_count(&table("t")).await.unwrap(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_names_and_namespaces_work() {
    let (_folder, db) = connect().await;
    let name = "odd \"name\"; drop table x; --";
    load(&db, name, &[("select", "text"), ("Größe", "text")], Mode::Create, &[vec![text("1"), text("2")]]).await.unwrap();
    let main = TableName { namespace: Some("main".into()), ..table(name) };
    assert_eq!(db.row_count(&main).await.unwrap(), 1);
    let mut loader = db.load(&main, &columns(&[("a", "text")]), Mode::Create, "r").await.unwrap();
    loader.push(&[text("x")]).unwrap();
    assert_eq!(loader.finish().await.unwrap(), 1);
    assert_eq!(one(&db, "SELECT * FROM \"odd \"\"name\"\"; drop table x; --\"").await, "\"x\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_rows() {
    let (_folder, db) = connect().await;
    let definition = [
        ("id", "integer"),
        ("name", "text"),
        ("email", "text"),
        ("city", "text"),
        ("amount", "numeric(10,2)"),
        ("active", "boolean"),
        ("at", "timestamptz"),
    ];
    let start = Instant::now();
    let mut loader = db.load(&table("t"), &columns(&definition), Mode::Create, "r").await.unwrap();
    for i in 0..100_000 {
        let amount = format!("{i}.50");
        let cells = [
            Cell::Int(i),
            text("Some Name"),
            text("someone@example.com"),
            text("Köln"),
            number(&amount),
            Cell::Bool(true),
            text("2024-01-02T03:04:05Z"),
        ];
        loader.push(&cells).unwrap();
        if loader.is_full() {
            loader.flush().await.unwrap();
        }
    }
    assert_eq!(loader.finish().await.unwrap(), 100_000);
    println!("SQLite: 100,000 rows loaded in {:?}", start.elapsed());
    let start = Instant::now();
    let mut stream = db.read_table(&table("t")).await.unwrap();
    let mut count = 0;
    while let Some(batch) = stream.next_batch().await.unwrap() {
        count += batch.len();
    }
    println!("SQLite: 100,000 rows read in {:?}", start.elapsed());
    assert_eq!(count, 100_000);
}
