//! The PostgreSQL side of `database`, against a real server.

#[path = "../database/mod.rs"]
mod database;
mod loads;
#[path = "../../../tests/src/postgres.rs"]
mod server;

use database::*;
use sequor_executor::database::{Cell, Database, Mode, Settings, TableName};
use sequor_executor::error::ErrorKind;

async fn connect(test: &server::Database<'_>) -> Database {
    connect_to(&postgres(test.url())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_is_decoded_without_loss() {
    let test = server::database();
    let db = connect(&test).await;
    test.psql(
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN positive AS int CHECK (VALUE > 0); \
         CREATE TYPE pair AS (a int, b text);",
    );
    for (sql, expected) in [
        ("true", "true"),
        ("1::int2", "1"),
        ("2147483647::int4", "2147483647"),
        ("(-9223372036854775808)::int8", "-9223372036854775808"),
        ("count(*)", "1"),
        ("0.1::float4", "0.1f"),
        ("1e300::float8", "1e300f"),
        ("'NaN'::float8", "NaNf"),
        ("'-Infinity'::float8", "-inff"),
        ("10.20::numeric", "10.20n"),
        ("12345678901234567890123.000000000000000000001::numeric", "12345678901234567890123.000000000000000000001n"),
        ("'NaN'::numeric", "NaNf"),
        ("E'a\\tb\\n\\\\N é'", "\"a\\tb\\n\\\\N é\""),
        ("''", "\"\""),
        ("NULL::text", "null"),
        ("'ab'::char(4)", "\"ab  \""),
        ("'n'::name", "\"n\""),
        ("'\\x00ff'::bytea", "x[0, 255]"),
        ("date '2024-02-29'", "\"2024-02-29\""),
        ("date '0044-03-15 BC'", "\"0044-03-15 BC\""),
        ("time '12:30:00.5'", "\"12:30:00.5\""),
        ("timestamp '2024-01-02 03:04:05.123456'", "\"2024-01-02T03:04:05.123456\""),
        ("timestamptz '2024-01-02 03:04:05+02'", "\"2024-01-02T01:04:05+00:00\""),
        ("timestamptz 'infinity'", "\"infinity\""),
        ("interval '1 day 2 hours'", "\"1 day 02:00:00\""),
        ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\""),
        ("'{\"b\":1, \"a\":[2]}'::json", r#"{"b":1,"a":[2]}"#),
        ("'{\"a\":12345678901234567890}'::jsonb", r#"{"a":12345678901234567890}"#),
        ("ARRAY[1,NULL,3]", "[1,null,3]"),
        ("ARRAY['a,b','c\"d']", r#"["a,b","c\"d"]"#),
        ("ARRAY[['ok'::mood]]", r#"[["ok"]]"#),
        ("'ok'::mood", "\"ok\""),
        ("5::positive", "5"),
        ("ROW(1,'x')::pair", "\"(1,x)\""),
        ("'$1,000.50'::money", "\"$1,000.50\""),
        ("'10.0.0.1/8'::inet", "\"10.0.0.1/8\""),
        ("4294967295::oid", "4294967295"),
        ("int4range(1,5)", "\"[1,5)\""),
        ("point(1,2)", "\"(1,2)\""),
        ("'a b'::tsvector", "\"'a' 'b'\""),
        ("B'101'", "\"101\""),
    ] {
        assert_eq!(one(&db, &format!("SELECT {sql} FROM (VALUES (1)) v")).await, expected, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_result_has_its_columns() {
    let test = server::database();
    let db = connect(&test).await;
    let mut stream = db.query("SELECT 1::int AS a, now() AS b, ARRAY[1] AS c, 1.5 AS d WHERE false").await.unwrap();
    assert_eq!(names(&stream), ["a bigint", "b timestamptz", "c json", "d numeric"]);
    assert!(stream.next_batch().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_run_in_order_and_name_the_one_that_fails() {
    let test = server::database();
    let db = connect(&test).await;
    let run = |statements: &[&str], transaction| {
        let statements: Vec<String> = statements.iter().map(|s| (*s).to_owned()).collect();
        let db = db.clone();
        async move { db.execute(&statements, transaction, None).await.map(|stored| stored.rows) }
    };
    assert_eq!(
        run(&["CREATE TABLE t (id int)", "INSERT INTO t VALUES (1), (2)", "SELECT * FROM t", "UPDATE t SET id = 3 WHERE id = 1"], true)
            .await
            .unwrap(),
        3
    );
    let error = error_of(run(&["INSERT INTO t VALUES (9)", "\n  INSERT INTO nowhere VALUES (1)\n"], true)).await;
    assert_eq!(error.kind, ErrorKind::Sql);
    for part in ["statement 2 of 2", "INSERT INTO nowhere", "42P01", "line 2, column 15"] {
        assert!(error.message.contains(part), "{part} in {}", error.message);
    }
    assert_eq!(test.psql("SELECT count(*) FROM t WHERE id = 9"), "0");
    assert!(run(&["INSERT INTO t VALUES (9)", "nonsense"], false).await.is_err());
    assert_eq!(test.psql("SELECT count(*) FROM t WHERE id = 9"), "1");
    run(&["VACUUM t"], false).await.unwrap();
    run(&["BEGIN", "DELETE FROM t", "ROLLBACK"], false).await.unwrap();
    assert_eq!(test.psql("SELECT count(*) FROM t"), "3");
    let error = error_of(run(&["BEGIN", "DELETE FROM t"], false)).await;
    assert!(error.message.contains("leave a transaction open"), "{}", error.message);
    // The server rolls back when it sees that the connection is gone.
    for _ in 0..100 {
        if test.psql("SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass") == "0" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(test.psql("SELECT count(*) FROM t"), "3");
    run(&["SET search_path TO nowhere", "CREATE TEMP TABLE gone (a int)"], false).await.unwrap();
    assert_eq!(one(&db, "SELECT current_schema()::text, to_regclass('gone')::text").await, "\"public\" | null");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_say_what_the_server_said() {
    let test = server::database();
    let db = connect(&test).await;
    let error = error_of(db.query("SELECT *\nFROM missing_table")).await;
    assert_eq!(error.kind, ErrorKind::Sql);
    for part in ["relation \"missing_table\" does not exist", "42P01", "line 2, column 6"] {
        assert!(error.message.contains(part), "{part} in {}", error.message);
    }
    let mut stream = db.query("SELECT 1 / (5000 - i) AS x FROM generate_series(1, 9000) i").await.unwrap();
    let error = error_of(stream.read_all()).await;
    assert!(error.message.contains("division by zero"), "{}", error.message);
    let error = error_of(db.read_table(&table("nope"))).await;
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.message.contains("no table nope"), "{}", error.message);
    let other = TableName { database: Some("elsewhere".into()), ..table("t") };
    assert!(error_of(db.read_table(&other)).await.message.contains("elsewhere"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_schema_holds_its_tables() {
    let test = server::database();
    test.psql("CREATE SCHEMA \"My Schema\"; CREATE TABLE public.t (a int); INSERT INTO public.t VALUES (1)");
    let settings = |schema: &str| Settings::Postgres { conn_str: test.url(), username: None, password: None, schema: Some(schema.into()) };
    let db = Database::connect(&settings("My Schema")).await.unwrap();
    load(&db, "t", &[("a", "integer")], Mode::Create, &[vec![Cell::Int(2)]]).await.unwrap();
    assert_eq!(one(&db, "SELECT a FROM t").await, "2");
    assert_eq!(test.psql("SELECT a FROM public.t"), "1");
    execute(&db, "RESET ALL").await;
    db.store_query("SELECT a + 1 AS a FROM t", &table("u"), Mode::Create, None).await.unwrap();
    assert_eq!(test.psql("SELECT a FROM \"My Schema\".u"), "3");
    let public = TableName { namespace: Some("public".into()), ..table("t") };
    assert_eq!(db.row_count(&public).await.unwrap(), 1);

    let error = error_of(Database::connect(&settings("nowhere"))).await;
    assert_eq!(error.kind, ErrorKind::Database);
    assert!(error.message.contains("no schema 'nowhere'"), "{}", error.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_never_read_as_sql() {
    let test = server::database();
    let db = connect(&test).await;
    let name = "odd \"name\"; drop table x; --";
    load(&db, name, &[("select", "text"), ("a\"b", "text"), ("Größe", "text")], Mode::Create, &[vec![text("1"), text("2"), text("3")]])
        .await
        .unwrap();
    load(&db, name, &[("Größe", "text")], Mode::Append, &[vec![text("4")]]).await.unwrap();
    assert_eq!(db.row_count(&table(name)).await.unwrap(), 2);
    assert_eq!(test.psql("SELECT \"Größe\" FROM \"odd \"\"name\"\"; drop table x; --\" ORDER BY 1"), "3\n4");
    let error = error_of(load(&db, &"x".repeat(64), &[("a", "text")], Mode::Create, &[])).await;
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.message.contains("63"), "{}", error.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn connection_faults_are_one_clear_message() {
    let test = server::database();
    let port = test.port();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (url, parts) in [
        (
            format!("postgresql://postgres:s3cret@127.0.0.1:{port}/{}", test.name()),
            vec!["127.0.0.1", "postgres", "password authentication failed", "check the user's password"],
        ),
        (
            format!("postgresql+psycopg2://postgres:p%40ss%2Fword@127.0.0.1:{port}/missing_db"),
            vec!["missing_db", "does not exist", "check the database's name"],
        ),
        (
            format!("postgresql://postgres:s3cret@127.0.0.1:{free}/shop"),
            vec!["127.0.0.1", "shop", "as user postgres", "check that the server runs"],
        ),
        ("postgresql://postgres:s3cret@no-such-host.invalid/shop".into(), vec!["no-such-host.invalid", "check the host"]),
        (format!("postgresql://postgres:s3cret@127.0.0.1:{port}/x?sslmode=require"), vec!["sslmode"]),
    ] {
        let error = error_of(Database::connect(&postgres(url))).await;
        assert_eq!(error.kind, ErrorKind::Database);
        for part in parts {
            assert!(error.message.contains(part), "{part} in {}", error.message);
        }
        assert!(!error.message.contains("s3cret") && !error.message.contains("p@ss") && !error.message.contains('\n'), "{}", error.message);
    }
    let separate = Settings::Postgres {
        conn_str: format!("postgresql://127.0.0.1:{port}/{}", test.name()),
        username: Some("postgres".into()),
        password: Some(server::PASSWORD.into()),
        schema: None,
    };
    assert_eq!(one(&Database::connect(&separate).await.unwrap(), "SELECT current_setting('application_name')").await, "\"sequor\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_server_is_a_database_error() {
    let mut cluster = server::Cluster::start();
    let url = cluster.database().url();
    let db = Database::connect(&postgres(url)).await.unwrap();
    let mut loader = db.load(&table("t"), &columns(&[("id", "integer")]), Mode::Create, "r").await.unwrap();
    let mut stream = db.query("SELECT i, repeat('x', 1000) FROM generate_series(1, 1000000) i").await.unwrap();
    cluster.crash();
    loader.push(&[Cell::Int(1)]).unwrap();
    assert_eq!(error_of(loader.finish()).await.kind, ErrorKind::Database);
    assert_eq!(error_of(stream.read_all()).await.kind, ErrorKind::Database);
    let error = error_of(db.query("SELECT 1")).await;
    assert_eq!(error.kind, ErrorKind::Database);
}
