//! Tables that are loaded.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn every_type_survives_a_load() {
    let test = server::database();
    let db = connect(&test).await;
    let definition = [
        ("t", "text"),
        ("v", "varchar(3)"),
        ("s", "smallint"),
        ("i", "integer"),
        ("b", "bigint"),
        ("n", "numeric"),
        ("p", "numeric(10,2)"),
        ("r", "real"),
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
    let nasty = "tab\t newline\n return\r backslash \\ \\N \\. quote ' \" ü 😀";
    let full = vec![
        text(nasty),
        text("äöü"),
        Cell::Int(-32768),
        number("2147483647"),
        Cell::Int(i64::MIN),
        number("-12345678901234567890123.4567890"),
        number("10.20"),
        Cell::Float(0.1),
        Cell::Float(-1.7976931348623157e308),
        Cell::Bool(true),
        text("0044-03-15 BC"),
        text("23:59:59.999999"),
        text("2024-01-02T03:04:05.5+02:00"),
        text("2024-01-02T03:04:05Z"),
        Cell::Json(r#"{"z":"\"\\\n","a":1.10}"#.into()),
        text("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"),
        Cell::Bytes(vec![0, 92, 10, 255].into()),
    ];
    let nulls = vec![Cell::Null; definition.len()];
    let rows = vec![full, nulls];
    assert_eq!(load(&db, "types", &definition, Mode::Create, &rows).await.unwrap(), 2);
    let expected = format!(
        "{nasty:?} | \"äöü\" | -32768 | 2147483647 | -9223372036854775808 | -12345678901234567890123.4567890n | 10.20n | 0.1f | \
         -1.7976931348623157e308f | true | \"0044-03-15 BC\" | \"23:59:59.999999\" | \"2024-01-02T01:04:05.5\" | \"2024-01-02T03:04:05+00:00\" | \
         {} | \"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\" | x[0, 92, 10, 255]",
        r#"{"z":"\"\\\n","a":1.10}"#
    );
    assert_eq!(lines(&db, "SELECT * FROM types WHERE t IS NOT NULL").await, [expected]);
    assert_eq!(one(&db, "SELECT count(*) FROM types WHERE num_nulls(t,v,s,i,b,n,p,r,d,o,da,ti,ts,tz,j,u,x) = 17").await, "1");

    // Few rows and many go different ways.
    let many: Vec<_> = rows.iter().cycle().take(2_000).cloned().collect();
    assert_eq!(load(&db, "many", &definition, Mode::Create, &many).await.unwrap(), 2_000);
    assert_eq!(test.psql("SELECT count(*), count(DISTINCT many::text) FROM many"), "2000|2");
    assert_eq!(test.psql("SELECT count(*) FROM (SELECT types::text FROM types EXCEPT SELECT many::text FROM many) d"), "0");

    // And once more, from the stream into another table.
    let mut stream = db.read_table(&table("types")).await.unwrap();
    let mut landing = db.landing(&effect(1), "copy", false).await.unwrap();
    let slot = landing.table(&table("again"), &columns(&definition), Mode::Create).await.unwrap();
    landing.push_all(slot, &mut stream).await.unwrap();
    assert_eq!(landing.finish(1, Vec::new()).await.unwrap(), [2]);
    assert_eq!(test.psql("SELECT count(*) FROM (SELECT types::text FROM types EXCEPT SELECT again::text FROM again) d"), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn special_numbers_and_times_survive() {
    let test = server::database();
    let db = connect(&test).await;
    let definition = [("n", "numeric"), ("d", "double"), ("t", "timestamptz"), ("da", "date")];
    let row = |n, t| vec![Cell::Float(n), Cell::Float(n), text(t), text(t)];
    let rows = [row(f64::NAN, "infinity"), row(f64::INFINITY, "-infinity"), row(1e-7, "294276-12-31")];
    load(&db, "t", &definition, Mode::Create, &rows).await.unwrap();
    assert_eq!(
        test.psql("SELECT * FROM t"),
        "NaN|NaN|infinity|infinity\nInfinity|Infinity|-infinity|-infinity\n0.0000001|1e-07|294276-12-31 00:00:00+00|294276-12-31"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_load_replaces_the_table_only_at_the_end() {
    let test = server::database();
    let db = connect(&test).await;
    test.psql("CREATE TABLE t (id text); INSERT INTO t VALUES ('old')");
    let mut loader = db.load(&table("t"), &columns(&[("id", "integer")]), Mode::Create, "r").await.unwrap();
    for i in 0..1000 {
        loader.push(&[Cell::Int(i)]).unwrap();
    }
    loader.flush().await.unwrap();
    assert_eq!(test.psql("SELECT * FROM t"), "old");
    assert_eq!(loader.finish().await.unwrap(), 1000);
    assert_eq!(test.psql("SELECT count(*), max(id), pg_typeof(max(id)) FROM t"), "1000|999|integer");
    assert_eq!(test.psql("SELECT count(*) FROM pg_class WHERE relname LIKE '\\_sequor%'"), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_aborted_and_dropped_loads_leave_nothing() {
    let test = server::database();
    let db = connect(&test).await;
    test.psql("CREATE TABLE t (id text); INSERT INTO t VALUES ('old')");
    let definition = [("id", "integer"), ("name", "text")];
    let error = error_of(load(&db, "t", &definition, Mode::Create, &[vec![Cell::Int(1), text("a")], vec![text("abc"), text("b")]])).await;
    assert_eq!(error.kind, ErrorKind::Data);
    for part in ["row 2", "'id'", "\"abc\"", "integer"] {
        assert!(error.message.contains(part), "{part} in {}", error.message);
    }
    let error = error_of(load(&db, "t", &definition, Mode::Create, &[vec![Cell::Int(1), text("a\0b")]])).await;
    assert!(error.message.contains("NUL"), "{}", error.message);

    for dropped in [false, true] {
        let mut loader = db.load(&table("t"), &columns(&definition), Mode::Create, "r").await.unwrap();
        loader.push(&[Cell::Int(1), text("a")]).unwrap();
        loader.flush().await.unwrap();
        if dropped {
            drop(loader);
            // The clean-up goes on in the background.
            for _ in 0..100 {
                if test.psql("SELECT count(*) FROM pg_class WHERE relname LIKE '\\_sequor%'") == "0" {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        } else {
            loader.abort().await;
        }
        assert_eq!(test.psql("SELECT * FROM t"), "old");
        assert_eq!(test.psql("SELECT count(*) FROM pg_class WHERE relname LIKE '\\_sequor%'"), "0", "dropped: {dropped}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_on_a_table_is_kept() {
    let test = server::database();
    let db = connect(&test).await;
    test.psql(
        "CREATE ROLE reader; CREATE TABLE t (id integer, name text); CREATE INDEX t_name ON t (name); CREATE VIEW v AS SELECT id FROM t; \
         GRANT SELECT ON t TO reader; INSERT INTO t VALUES (1, 'old'); CREATE TABLE plain (id integer); GRANT SELECT ON plain TO reader",
    );
    load(&db, "t", &[("id", "integer"), ("name", "text")], Mode::Create, &[vec![Cell::Int(2), text("new")]]).await.unwrap();
    assert_eq!(test.psql("SELECT * FROM v"), "2");
    assert_eq!(test.psql("SELECT indexname FROM pg_indexes WHERE tablename = 't'"), "t_name");
    load(&db, "plain", &[("other", "text")], Mode::Create, &[]).await.unwrap();
    assert_eq!(test.psql("SELECT has_table_privilege('reader', 't', 'SELECT'), has_table_privilege('reader', 'plain', 'SELECT')"), "t|t");

    let error = error_of(load(&db, "t", &[("id", "text")], Mode::Create, &[vec![text("x")]])).await;
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.message.contains("view v") && error.message.contains("table public.t"), "{}", error.message);
    assert_eq!(test.psql("SELECT * FROM t"), "2|new");

    test.psql("CREATE TABLE parent (id integer PRIMARY KEY); CREATE TABLE child (p integer REFERENCES parent); INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)");
    let error = error_of(load(&db, "parent", &[("id", "integer")], Mode::Create, &[vec![Cell::Int(2)]])).await;
    assert!(error.message.contains("foreign key") && error.message.contains("child"), "{}", error.message);
    assert_eq!(test.psql("SELECT * FROM parent"), "1");
    test.psql("DROP ROLE IF EXISTS nobody; REVOKE ALL ON t, plain FROM reader; DROP ROLE reader");
}

#[tokio::test(flavor = "multi_thread")]
async fn append_fills_by_name_with_the_tables_own_types() {
    let test = server::database();
    let db = connect(&test).await;
    test.psql(
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); \
         CREATE TABLE t (key serial PRIMARY KEY, amount numeric(6,2), mood mood, tags int[], note text DEFAULT 'none', at timestamp)",
    );
    let definition = [("at", "text"), ("amount", "text"), ("mood", "text"), ("tags", "text")];
    let row = vec![text("2024-01-02T03:04:05Z"), text("12.50"), text("ok"), text("{1,2}")];
    load(&db, "t", &definition, Mode::Append, std::slice::from_ref(&row)).await.unwrap();
    load(&db, "t", &definition, Mode::Append, &[row]).await.unwrap();
    assert_eq!(test.psql("SELECT * FROM t WHERE key = 2"), "2|12.50|ok|{1,2}|none|2024-01-02 03:04:05");

    let error = error_of(load(&db, "t", &[("amount", "text")], Mode::Append, &[vec![text("1.234")]])).await;
    assert!(error.message.contains("numeric(6,2)"), "{}", error.message);
    let error = error_of(load(&db, "t", &[("mood", "text")], Mode::Append, &[vec![text("ok")], vec![text("angry")]])).await;
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.message.contains("row 2") && error.message.contains("angry"), "{}", error.message);
    let error = error_of(load(&db, "t", &[("nope", "text")], Mode::Append, &[])).await;
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.message.contains("'nope'") && error.message.contains("amount, mood, tags"), "{}", error.message);
    let error = error_of(load(&db, "t", &[("key", "integer")], Mode::Append, &[vec![Cell::Int(1)]])).await;
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.message.contains("23505"), "{}", error.message);

    load(&db, "fresh", &[("id", "bigint")], Mode::Append, &[vec![Cell::Int(1)]]).await.unwrap();
    assert_eq!(test.psql("SELECT * FROM fresh"), "1");
    // What goes for COPY goes for few rows too: rules are passed by, and identities take the given values.
    test.psql("CREATE TABLE ruled (id bigint GENERATED ALWAYS AS IDENTITY); CREATE TABLE gone (id bigint); CREATE RULE r AS ON INSERT TO gone DO INSTEAD NOTHING");
    for name in ["ruled", "gone"] {
        load(&db, name, &[("id", "bigint")], Mode::Append, &[vec![Cell::Int(7)]]).await.unwrap();
        assert_eq!(test.psql(&format!("SELECT * FROM {name}")), "7");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn append_commits_at_each_flush() {
    let test = server::database();
    let db = connect(&test).await;
    let mut loader = db.load(&table("t"), &columns(&[("id", "integer")]), Mode::Append, "r").await.unwrap();
    loader.push(&[Cell::Int(1)]).unwrap();
    loader.flush().await.unwrap();
    assert_eq!(test.psql("SELECT count(*) FROM t"), "1");
    loader.push(&[Cell::Int(2)]).unwrap();
    drop(loader);
    assert_eq!(test.psql("SELECT count(*) FROM t"), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_may_read_the_table_that_it_replaces() {
    let test = server::database();
    let db = connect(&test).await;
    test.psql("CREATE TABLE t AS SELECT i AS id, 'n' || i AS name FROM generate_series(1, 10) i");
    assert_eq!(db.store_query("SELECT id FROM t WHERE id > 7; -- the rest", &table("t"), Mode::Create, None).await.unwrap().rows, 3);
    assert_eq!(test.psql("SELECT * FROM t ORDER BY id"), "8\n9\n10");
    assert_eq!(db.store_query("WITH x AS (SELECT 100 AS id) SELECT * FROM x;", &table("t"), Mode::Append, None).await.unwrap().rows, 1);
    assert_eq!(db.store_query("SELECT id, 'x' AS label FROM t", &table("new"), Mode::Append, None).await.unwrap().rows, 4);
    assert_eq!(test.psql("SELECT count(*), max(id) FROM new"), "4|100");

    for (sql, part) in [
        ("SELECT 1 AS a, 2 AS a", "\"a\" specified more than once"),
        ("SELECT id,\n  wrong\nFROM t", "at line 2, column 3: wrong"),
        ("SELECT 1/0 AS x", "division by zero"),
    ] {
        let error = error_of(db.store_query(sql, &table("t"), Mode::Create, None)).await;
        assert_eq!(error.kind, ErrorKind::Sql, "{sql}");
        assert!(error.message.contains(part), "{part} in {}", error.message);
    }
    assert_eq!(test.psql("SELECT count(*) FROM t"), "4");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_read_while_others_are_loaded() {
    let test = server::database();
    let db = connect(&test).await;
    test.psql("CREATE TABLE big AS SELECT i AS id, repeat('x', 100) AS filler FROM generate_series(1, 20000) i");
    let mut stream = db.read_table(&table("big")).await.unwrap();
    assert_eq!(names(&stream), ["id bigint", "filler text"]);
    let mut landing = db.landing(&effect(1), "r", false).await.unwrap();
    let slot = landing.table(&table("copy"), &columns(&[("id", "integer"), ("filler", "text")]), Mode::Create).await.unwrap();
    landing.push_all(slot, &mut stream).await.unwrap();
    assert_eq!(landing.finish(1, Vec::new()).await.unwrap(), [20_000]);
    assert_eq!(db.row_count(&table("copy")).await.unwrap(), 20_000);
    assert_eq!(test.psql("SELECT count(*) FROM (SELECT * FROM big EXCEPT SELECT * FROM copy) d"), "0");

    // A reader that stops early does not get in the way of the next query.
    for _ in 0..50 {
        let mut stream = db.query("SELECT i FROM generate_series(1, 1000000) i").await.unwrap();
        assert_eq!(stream.next_batch().await.unwrap().unwrap().len(), 1000);
    }
    assert_eq!(one(&db, "SELECT 1").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_rows() {
    let test = server::database();
    let db = connect(&test).await;
    let definition = [
        ("id", "integer"),
        ("name", "text"),
        ("email", "text"),
        ("city", "text"),
        ("amount", "numeric(10,2)"),
        ("active", "boolean"),
        ("at", "timestamptz"),
    ];
    let start = std::time::Instant::now();
    let mut loader = db.load(&table("t"), &columns(&definition), Mode::Create, "r").await.unwrap();
    for i in 0..100_000 {
        let amount = format!("{i}.50");
        loader
            .push(&[
                Cell::Int(i),
                text("Some Name"),
                text("someone@example.com"),
                text("Köln"),
                number(&amount),
                Cell::Bool(i % 2 == 0),
                text("2024-01-02T03:04:05Z"),
            ])
            .unwrap();
        if loader.is_full() {
            loader.flush().await.unwrap();
        }
    }
    assert_eq!(loader.finish().await.unwrap(), 100_000);
    println!("PostgreSQL: 100,000 rows loaded in {:?}", start.elapsed());
    let start = std::time::Instant::now();
    let mut stream = db.read_table(&table("t")).await.unwrap();
    let mut count = 0;
    while let Some(batch) = stream.next_batch().await.unwrap() {
        assert!(batch.len() <= 1000);
        count += batch.len();
    }
    println!("PostgreSQL: 100,000 rows read in {:?}", start.elapsed());
    assert_eq!(count, 100_000);
}
