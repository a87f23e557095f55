//! `http_request` as a flow runs it: rows to requests, replies to tables.

use sequor_executor::error::ErrorKind;
use sequor_plan_format::Expr;
use sequor_plan_format::expr::{Binary, Compare};
use sequor_plan_format::op::WriteMode;
use sequor_plan_format::op::http_request::{ReplyFormat, SuccessStatus, TableData};
use sequor_plan_format::source::{Auth, KeyPlace};

use crate::project::Project;
use crate::server::{Server, json, status};

const ID_NAME: [(&str, &str); 2] = [("id", "bigint"), ("name", "text")];

#[tokio::test(flavor = "multi_thread")]
async fn numbered_pages_accumulate_in_one_table() {
    let server = Server::start(|seen, _| {
        let page: i64 = seen.parameter("page").unwrap().parse().unwrap();
        json(format!(r#"{{"data": [{{"id": {page}, "name": "a"}}, {{"name": "b", "id": {page}0, "more": 1}}], "last": {}}}"#, page == 3))
    })
    .await;
    let mut p = Project::get(&server.url("/v1"), "customers");
    p.execute(&["create table t (old int)", "insert into t values (1)"]).await;
    let one = p.json("1");
    p.op.init = vec![p.assign("page", one)];
    let (page, ids, nothing, yes) = (p.var("page"), p.json(r#"["x y", 2]"#), p.json("null"), p.json("true"));
    p.parameters(&[("page", page), ("id:in", ids), ("none", nothing), ("all", yes)]);
    let data = p.path(&["data"]);
    p.fills("t", &ID_NAME, WriteMode::Create, data);
    let (page, one) = (p.var("page"), p.json("1"));
    let next = p.plan.expr(Expr::Binary { operator: Binary::Add, left: page, right: one });
    p.op.response.variables = vec![p.assign("page", next)];
    let last = p.reply(&["last"]);
    p.op.response.repeat = Some(p.plan.expr(Expr::Unary { operator: sequor_plan_format::expr::Unary::Not, operand: last }));

    let variables = p.run().await.unwrap();
    assert_eq!(p.rows("t").await, ["1|a", "10|b", "2|a", "20|b", "3|a", "30|b"]);
    assert_eq!(variables["page"], "4");
    assert_eq!(server.seen()[0].target, "/v1/customers?page=1&id%3Ain=x+y&id%3Ain=2&all=true");
    assert_eq!(server.connections(), 1);
    assert!(server.seen()[0].header("user-agent").unwrap().starts_with("sequor/"));
}

/// Pages by the URL that a reply gives.
fn next_url(base: &str, start: &str) -> Project {
    let mut p = Project::get(base, "unused");
    let start = p.json(&format!("\"{start}\""));
    p.op.init = vec![p.assign("next", start)];
    p.op.request.url = p.var("next");
    let next = p.reply(&["next"]);
    p.op.response.variables = vec![p.assign("next", next)];
    let (next, nothing) = (p.var("next"), p.json("null"));
    p.op.response.repeat = Some(p.plan.expr(Expr::Compare { operator: Compare::IsNot, left: next, right: nothing }));
    let rows = p.path(&["rows"]);
    p.fills("t", &[("id", "int")], WriteMode::Create, rows);
    p
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_pages_url_comes_from_the_reply() {
    let server = Server::start(|seen, n| match seen.target.as_str() {
        "/a" => json(format!(r#"{{"rows": [{{"id": {n}}}], "next": "/b?after=x%2Fy"}}"#)),
        "/b?after=x%2Fy" => json(format!(r#"{{"rows": {{"id": {n}}}, "next": null}}"#)),
        _ => status(404),
    })
    .await;
    let p = next_url(&server.url(""), "/a");
    p.run().await.unwrap();
    assert_eq!(p.rows("t").await, ["0", "1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_page_for_ever_is_an_error() {
    let server = Server::start(|_, _| json(r#"{"rows": [{"id": 1}], "next": "/a"}"#)).await;
    let p = next_url(&server.url(""), "/a");
    p.execute(&["create table t (id int)", "insert into t values (7)"]).await;
    let error = p.run().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Limit);
    assert!(error.message.contains("asks for the same page for ever"), "{}", error.message);
    assert_eq!((error.page, server.seen().len()), (Some(2), 1));
    assert_eq!(p.rows("t").await, ["7"], "the table is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_do_not_follow_a_url_from_data() {
    let other = Server::start(|seen, _| match seen.header("authorization") {
        None => json(r#"{"rows": [{"id": 2}], "next": null}"#),
        Some(_) => status(500),
    })
    .await;
    let away = other.url("/stolen");
    let server = Server::start(move |_, _| json(format!(r#"{{"rows": [{{"id": 1}}], "next": "{away}"}}"#))).await;
    let mut p = next_url(&server.url(""), "/a");
    let token = p.json("\"hunter2hunter2\"");
    p.api.auth = Auth::Bearer { token };
    let extra = p.json("\"also secret\"");
    p.api.headers = vec![(p.plan.text("X-Store-Token"), extra)];

    let refused = p.run().await.unwrap_err();
    assert!(refused.message.contains("an address of this machine"), "a host from data is not trusted: {}", refused.message);
    assert_eq!(server.seen()[0].header("authorization"), Some("Bearer hunter2hunter2"));
    assert_eq!(server.seen()[0].header("x-store-token"), Some("also secret"));
    assert!(other.seen().is_empty());

    // Reachable where the operator maps a public name to it, it still gets no secret.
    let other_port = other.address.port();
    let server = Server::start(|_, _| json(r#"{"rows": [{"id": 1}], "next": "http://files.example.net/x"}"#)).await;
    let base = p.json(&format!("\"{}\"", server.url("")));
    p.api.base_url = Some(base);
    let mapping = format!("http://files.example.net=http://127.0.0.1:{other_port}");
    p.network.mappings.push(sequor_executor::services::network::UrlMapping::parse(&mapping).unwrap());
    p.run().await.unwrap();
    assert_eq!(p.rows("t").await, ["1", "2"]);
    assert_eq!(other.seen()[0].header("x-store-token"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_makes_a_request_and_joins_its_reply() {
    let server = Server::start(|seen, n| json(seen.body.replace(r#""name""#, &format!(r#""new_id": "n{n}", "name""#)))).await;
    let mut p = Project::get(&server.url(""), "/customers");
    p.execute(&["create table todo (id int, name text, city text)", "insert into todo values (1, 'Ada', null), (2, 'Bö\"b', 'X')"]).await;
    p.for_each_row_of("todo", &["id"]);
    let (name, city, null) = (p.column("row", "name"), p.column("row", "city"), p.json("\"__NULL__\""));
    let body = p.dict(&[("name", name), ("city", city), ("left", null)]);
    p.post(body);
    let (id, new_id, name, whole) = (p.column("row", "id"), p.reply(&["new_id"]), p.reply(&["name"]), p.reply(&[]));
    let row = p.dict(&[("source_id", id), ("new_id", new_id), ("name", name), ("raw", whole)]);
    p.fills(
        "done",
        &[("new_id", "text"), ("source_id", "text"), ("name", "text"), ("raw", "text"), ("gone", "text")],
        WriteMode::Create,
        TableData::Value(row),
    );
    p.run().await.unwrap();
    assert_eq!(server.seen()[0].body, r#"{"name":"Ada","city":null,"left":null}"#);
    assert_eq!(server.seen()[0].header("content-type"), Some("application/json"));
    assert_eq!(server.seen()[0].method, "POST");
    assert_eq!(
        p.rows("done").await,
        [
            r#"n0|1|Ada|{"new_id":"n0","name":"Ada","city":null,"left":null}|None"#,
            r#"n1|2|Bö"b|{"new_id":"n1","name":"Bö\"b","city":"X","left":null}|None"#
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_row_is_named_and_the_table_stays() {
    let server = Server::start(|seen, _| match seen.body.contains("Bob") {
        true => status(422).header("content-type", "application/json").body(r#"{"errors": [{"message": "email is taken"}]}"#),
        false => json(r#"{"id": 5}"#),
    })
    .await;
    let mut p = Project::get(&server.url(""), "/customers");
    p.execute(&[
        "create table todo (id int, name text)",
        "insert into todo values (1, 'Ada'), (2, 'Bob')",
        "create table done (id int)",
        "insert into done values (7)",
    ])
    .await;
    p.for_each_row_of("todo", &["id", "name"]);
    let body = p.var("row");
    p.post(body);
    let root = p.path(&[]);
    p.fills("done", &[("id", "int")], WriteMode::Create, root);
    let error = p.run().await.unwrap_err();
    assert_eq!(error.message, format!("POST {} answered 422 Unprocessable Entity: email is taken", server.url("/customers")));
    assert_eq!((error.kind.clone(), error.status_code), (ErrorKind::HttpStatus, Some(422)));
    assert_eq!(error.row.as_deref(), Some("id=2, name=Bob"));
    assert_eq!(error.request.as_deref(), Some(format!("POST {}", server.url("/customers")).as_str()));
    assert_eq!(p.rows("done").await, ["7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn appended_rows_of_earlier_replies_stay() {
    let server = Server::start(|_, n| if n == 2 { status(404) } else { json(format!(r#"{{"id": {n}}}"#)) }).await;
    let mut p = Project::get(&server.url(""), "/x");
    p.execute(&[
        "create table todo (id int)",
        "insert into todo values (1), (2), (3)",
        "create table log (id int)",
        "insert into log values (7)",
    ])
    .await;
    p.for_each_row_of("todo", &[]);
    let root = p.path(&[]);
    p.fills("log", &[("id", "int")], WriteMode::Append, root);
    let error = p.run().await.unwrap_err();
    assert_eq!(error.row.as_deref(), Some("3"));
    assert_eq!(p.rows("log").await, ["7", "0", "1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_read_and_written_in_the_same_file() {
    let server = Server::start(|seen, _| json(seen.body.clone())).await;
    let mut p = Project::get(&server.url(""), "/x");
    let many = "create table todo as with recursive n(id) as (select 1 union all select id + 1 from n where id < 3500) select id from n";
    // A file that another program made: readers and writers wait for each other in its journal mode.
    p.execute_alone("pragma journal_mode = delete").await;
    p.execute(&[many]).await;
    p.for_each_row_of("todo", &["id"]);
    let body = p.var("row");
    p.post(body);
    let (root, same) = (p.path(&[]), p.path(&[]));
    p.fills("log", &[("id", "int")], WriteMode::Append, root);
    p.fills("todo", &[("id", "int"), ("new", "text")], WriteMode::Create, same);
    p.run().await.unwrap();
    let log = p.rows("log").await;
    assert_eq!((log.len(), log[3499].as_str()), (3500, "3500"));
    assert_eq!((p.rows("todo").await.len(), p.rows("todo").await[0].as_str()), (3500, "1|None"));
    // A request may start a moment before the last one's connection is back.
    assert!(server.connections() < 20, "{}", server.connections());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_rows_is_created_or_emptied() {
    let server = Server::start(|_, _| json("[]")).await;
    let mut p = Project::get(&server.url(""), "/x");
    p.execute(&["create table found (a int, b text)", "insert into found values (1, 'x')"]).await;
    let (root, again) = (p.path(&[]), p.path(&[]));
    p.fills("declared", &ID_NAME, WriteMode::Create, root);
    p.fills("found", &[], WriteMode::Create, again);
    p.run().await.unwrap();
    assert!(p.rows("declared").await.is_empty());
    assert!(p.rows("found").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_found_in_the_first_reply() {
    let server = Server::start(|_, _| json(r#"{"d": [{"i": 1, "t": "x", "j": {"a": [1]}}, {"i": 2, "f": 0.5, "b": true}]}"#)).await;
    let mut p = Project::get(&server.url(""), "/x");
    let data = p.path(&["d"]);
    p.fills("t", &[], WriteMode::Create, data);
    p.run().await.unwrap();
    assert_eq!(p.rows("t").await, [r#"1|x|{"a":[1]}|None|None"#, "2|None|None|0.5|True"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_in_other_formats() {
    let server = Server::start(|seen, _| match seen.path() {
        "/csv" => status(200).header("content-type", "text/csv; charset=utf-8").body("\u{feff}id,name\n1,\"a,b\"\n,\n"),
        "/lines" => status(200).header("content-type", "application/x-ndjson").body("{\"id\": 1, \"name\": \"a\"}\n\n{\"id\": 2}\n"),
        "/none" => status(204),
        "/cut" => json("[{\"id\": 1}"),
        "/empty" => json(""),
        _ => status(200).header("content-type", "text/html").body("<html>\n <body>Please log in"),
    })
    .await;
    let of = async |path: &str, columns: &[(&str, &str)]| {
        let mut p = Project::get(&server.url(""), path);
        let root = p.path(&[]);
        p.fills("t", columns, WriteMode::Create, root);
        match p.run().await {
            Ok(_) => p.rows("t").await,
            Err(error) => vec![format!("{:?} {}", error.kind, error.message)],
        }
    };
    assert_eq!(of("/csv", &ID_NAME).await, ["1|a,b", "None|"]);
    assert_eq!(of("/csv", &[]).await, ["1|a,b", "|"]);
    assert_eq!(of("/lines", &ID_NAME).await, ["1|a", "2|None"]);
    assert_eq!(of("/lines", &[]).await, ["1|a", "2|None"]);
    assert!(of("/none", &ID_NAME).await.is_empty());
    for columns in [&ID_NAME[..], &[]] {
        let error = of("/html", columns).await.remove(0);
        let expected = "Reply the reply is not JSON: its Content-Type is text/html, and it starts with: <html> <body>Please log in";
        assert_eq!(error, expected);
        let error = of("/cut", columns).await.remove(0);
        assert!(error.starts_with("Reply the reply is not JSON, although its Content-Type is application/json: "), "{error}");
        let error = of("/empty", columns).await.remove(0);
        assert_eq!(error, "Reply the reply is empty where JSON is expected (status 200)");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_format_that_the_flow_names_counts() {
    let server = Server::start(|_, _| status(200).header("content-type", "text/plain").body("id\n4\n")).await;
    let mut p = Project::get(&server.url(""), "/x");
    p.op.response.format = ReplyFormat::Csv;
    let root = p.path(&[]);
    p.fills("t", &[("id", "int")], WriteMode::Create, root);
    p.run().await.unwrap();
    assert_eq!(p.rows("t").await, ["4"]);
}

async fn parsed(result: &str, declared: bool) -> Result<(Project, indexmap::IndexMap<String, String>), String> {
    let server = Server::start(|_, _| json("{}")).await;
    let mut p = Project::get(&server.url(""), "/x");
    p.op.response.parser = Some(p.json(result));
    if declared {
        p.fills("a", &[("id", "int")], WriteMode::Create, TableData::Parser);
        p.fills("b", &[("id", "int")], WriteMode::Create, TableData::Parser);
    }
    match p.run().await {
        Ok(variables) => Ok((p, variables)),
        Err(error) => Err(error.message.clone()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parser_fills_declared_tables() {
    let (p, variables) = parsed(r#"{"tables": {"a": [{"id": 1}, {"id": null, "x": 1}], "b": {"id": 2}}, "variables": {"v": 1, "w": {"value": 2, "scope": "local"}, "x": {"y": 3}}}"#, true)
        .await
        .unwrap();
    assert_eq!((p.rows("a").await, p.rows("b").await), (vec!["1".to_owned(), "None".to_owned()], vec!["2".to_owned()]));
    assert_eq!((&*variables["v"], &*variables["w"], &*variables["x"]), ("1", "2", "{'y': 3}"));
    assert!(parsed("null", true).await.unwrap().0.rows("a").await.is_empty());
    assert!(parsed(r#"{"tables": null}"#, true).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parser_describes_its_own_tables() {
    let (p, _) = parsed(
        r#"{"tables": [{"source": "stage", "table": "t", "data": [{"id": 1, "n": 1.5}], "model": {"columns": [{"name": "id", "type": "text"}, {"name": "n", "type": "numeric(10,2)"}]}},
                       {"table": "u", "columns": {"id": "int"}, "data": []}]}"#,
        false,
    )
    .await
    .unwrap();
    assert_eq!(p.rows("t").await.len(), 1);
    assert!(p.rows("t").await[0].starts_with("1|1.5"));
    assert!(p.rows("u").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parser_that_gives_something_else_is_told_what_is_wrong() {
    for (result, declared, expected) in [
        ("7", false, "the parser must return a map with 'tables', 'variables' or 'while', but it returned a number"),
        (r#"{"table": []}"#, false, "the parser returned the unknown key 'table'; known keys are: tables, variables, while"),
        (r#"{"while": 1}"#, false, "the parser's 'while' must be True or False, but it is a number"),
        (
            r#"{"tables": {"a": [], "c": []}}"#,
            true,
            "the parser gives rows for: a, c; but response.tables declares: a, b; both must name the same tables",
        ),
        (
            r#"{"tables": []}"#,
            true,
            "the op declares its tables, so the parser's 'tables' must be a map from table name to rows, not a list of tables",
        ),
        (r#"{"tables": {"a": [1], "b": []}}"#, true, "row 1 for table 'a' must be a map of columns and values, but it is a number '1'"),
        (
            r#"{"tables": [{"source": "stag", "table": "t", "columns": "auto", "data": []}]}"#,
            false,
            "the parser's table 't' is for source 'stag', which is no database source; those are: stage",
        ),
        (
            r#"{"tables": [{"source": "stage", "table": "t", "data": []}]}"#,
            false,
            "the parser's table 't' has no 'columns' (or 'model: {columns}'); write 'auto' to infer them",
        ),
        (
            r#"{"variables": {"v": {"value": 1, "scope": "global"}}}"#,
            false,
            "the scope 'global' of variable 'v' is not known; known are: local, project",
        ),
    ] {
        assert_eq!(parsed(result, declared).await.err().as_deref(), Some(expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parser_may_read_the_status_itself() {
    let server = Server::start(|_, _| status(404).header("content-type", "application/json").body(r#"{"id": 3}"#)).await;
    let mut p = Project::get(&server.url(""), "/x");
    p.op.response.success = SuccessStatus::Any;
    let root = p.path(&[]);
    p.fills("t", &[("id", "int")], WriteMode::Create, root);
    p.run().await.unwrap();
    assert_eq!(p.rows("t").await, ["3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn authentication_in_all_its_places() {
    let server = Server::start(|_, _| json("{}")).await;
    let seen = async |auth: &dyn Fn(&mut Project) -> Auth, header: Option<(&str, &str)>| {
        let mut p = Project::get(&server.url(""), "/x?a=1");
        p.api.auth = auth(&mut p);
        let fixed = p.json("\"from source\"");
        p.api.headers = vec![(p.plan.text("X-Kind"), fixed)];
        if let Some((name, value)) = header {
            let value = p.json(&format!("\"{value}\""));
            p.headers(&[(name, value)]);
        }
        p.run().await.unwrap();
        server.seen().pop().unwrap()
    };
    let basic = |p: &mut Project| Auth::Basic { username: p.json("\"user\""), password: p.json("\"pa:ss\"") };
    assert_eq!(seen(&basic, None).await.header("authorization"), Some("Basic dXNlcjpwYTpzcw=="));
    assert_eq!(seen(&basic, Some(("AUTHORIZATION", "mine"))).await.header("authorization"), Some("mine"));
    let kind = seen(&basic, Some(("x-kind", "from request"))).await;
    assert_eq!(kind.headers.iter().filter(|(n, _)| n == "x-kind").map(|(_, v)| v.as_str()).collect::<Vec<_>>(), ["from request"]);
    let key = |place| move |p: &mut Project| Auth::ApiKey { name: p.json("\"X-Key\""), value: p.json("\"k&v\""), place };
    assert_eq!(seen(&key(KeyPlace::Header), None).await.header("x-key"), Some("k&v"));
    assert_eq!(seen(&key(KeyPlace::Query), None).await.target, "/x?a=1&X-Key=k%26v");
    assert_eq!(seen(&key(KeyPlace::Cookie), Some(("Cookie", "a=b"))).await.header("cookie"), Some("a=b; X-Key=k&v"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_may_name_the_bodys_format() {
    let server = Server::start(|_, _| json("{}")).await;
    let mut p = Project::get(&server.url(""), "/x");
    let body = p.json(r#"{"a": [1, 2], "b": null}"#);
    p.post(body);
    p.op.request.body.as_mut().unwrap().format = sequor_plan_format::op::http_request::BodyFormat::Auto;
    let form = p.json("\"application/x-www-form-urlencoded\"");
    p.headers(&[("content-type", form)]);
    p.run().await.unwrap();
    assert_eq!(server.seen()[0].body, "a=1&a=2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_credential_is_named() {
    let mut p = Project::get("http://127.0.0.1:9", "/x");
    let token = p.json("null");
    p.api.auth = Auth::Bearer { token };
    let error = p.run().await.unwrap_err();
    assert_eq!(error.message, "'token' in auth of source 'api' must be text, but it is null");
    assert_eq!(error.kind, ErrorKind::Configuration);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_does_not_fit_names_its_place() {
    let server = Server::start(|_, _| json(r#"[{"id": 1}, {"id": "one"}]"#)).await;
    let mut p = Project::get(&server.url(""), "/x");
    let root = p.path(&[]);
    p.fills("t", &[("id", "int")], WriteMode::Create, root);
    let error = p.run().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Data);
    for part in ["table 't'", "row 2", "id", "one"] {
        assert!(error.message.contains(part), "{} lacks {part}", error.message);
    }
    assert_eq!(error.page, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_rows_no_request_is_made_and_the_declared_tables_are_empty() {
    let server = Server::start(|_, _| json(r#"{"id": 5}"#)).await;
    let mut p = Project::get(&server.url(""), "/customers");
    p.execute(&["create table todo (id int)", "create table done (id int)", "insert into done values (7)"]).await;
    p.execute(&["create table log (id int)", "insert into log values (8)"]).await;
    p.for_each_row_of("todo", &["id"]);
    for (name, mode) in [("done", WriteMode::Create), ("fresh", WriteMode::Create), ("log", WriteMode::Append)] {
        let root = p.path(&[]);
        p.fills(name, &[("id", "int")], mode, root);
    }
    // A name that only a row can tell.
    let (name, root) = (p.column("row", "id"), p.path(&[]));
    p.fills_named(name, &[("id", "int")], root);
    p.run().await.unwrap();
    assert!(server.seen().is_empty());
    let none: [&str; 0] = [];
    assert_eq!(p.rows("done").await, none);
    assert_eq!(p.rows("fresh").await, none);
    assert_eq!(p.rows("log").await, ["8"]);
}
