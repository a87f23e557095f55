//! `http_request` as the machine drives it, against a server on the loopback interface.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use sequor_plan_format::expr::{Compare, ResponsePart};
use sequor_plan_format::op::http_request::{
    Columns, HttpRequest, InDoubt, Method, Pairs, PathStep, ReplyFormat, Request, Response, ResponseTable, SuccessStatus, TableData,
};
use sequor_plan_format::op::{Assign, Scope, Table, WriteMode};
use sequor_plan_format::{Column, ColumnType, Expr, ExprId, Op, Value};

use crate::support::{Project, Script};

/// Answers requests with these bodies, one after the other, then with 500. Keeps the request lines.
fn serve(bodies: &[&str]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let lines = Arc::new(Mutex::new(Vec::new()));
    let (seen, mut bodies) = (Arc::clone(&lines), bodies.iter().map(|body| (*body).to_owned()).collect::<Vec<_>>().into_iter());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            let Some(first) = head.next() else { continue };
            head.for_each(drop);
            seen.lock().unwrap().push(first);
            let (status, body) = bodies.next().map_or((500, "broken".to_owned()), |body| (200, body));
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        }
    });
    (address, lines)
}

fn next_page(s: &mut Script) -> ExprId {
    let json = s.b.expr(Expr::Response(ResponsePart::Json));
    let key = s.text("next");
    s.b.expr(Expr::Index { base: json, key })
}

/// Pages of `{"items": [{"id": …}], "next": …}` into the table `items`, as long as there is a next one.
fn paging() -> Project {
    let mut s = Script::new();
    let one = s.constant(Value::Int(1));
    let page = s.b.text("page");
    let init = vec![Assign { name: page, scope: Scope::Project, value: one }];
    let (url, number) = (s.text("https://api.example.com/v1/items"), s.var("page"));
    let parameters = Pairs::Listed(vec![(page, number)]);
    let name = s.text("items");
    let columns = Columns::Declared(vec![Column { name: s.b.text("id"), kind: ColumnType::BigInt }]);
    let data = TableData::Path(vec![PathStep::Key(s.b.text("items")), PathStep::Each]);
    let table = Table { source: s.db, database: None, namespace: None, name };
    let value = next_page(&mut s);
    let (left, right) = (next_page(&mut s), s.constant(Value::Null));
    let repeat = Some(s.b.expr(Expr::Compare { operator: Compare::IsNot, left, right }));
    let request = Request {
        source: None,
        url,
        method: Method::Get,
        parameters,
        headers: Pairs::Listed(Vec::new()),
        body: None,
        timeout_ms: None,
        retry: Some(sequor_plan_format::op::http_request::RetryPolicy { attempts: 1, ..Default::default() }),
        idempotent: false,
        key: None,
    };
    let response = Response {
        success: SuccessStatus::Default,
        format: ReplyFormat::Auto,
        tables: vec![ResponseTable { table, columns, write_mode: WriteMode::Create, data }],
        parser: None,
        variables: vec![Assign { name: page, scope: Scope::Project, value }],
        repeat,
    };
    let get = s.node(
        "get",
        Op::HttpRequest(Box::new(HttpRequest { init, for_each: None, request, response, verify: None, in_doubt: InDoubt::Stop })),
    );
    let method = s.b.text("GET");
    s.b.plan_mut().manifest.methods = vec![method];
    s.project(&[get])
}

#[test]
fn pages_are_asked_for_and_loaded_until_there_is_no_next_one() {
    let (address, seen) = serve(&[r#"{"items": [{"id": 1}, {"id": 2}], "next": 7}"#, r#"{"items": [{"id": 3}], "next": null}"#]);
    let project = paging();
    let ran = project.run(&["--map-url", &format!("https://api.example.com/v1={address}/fake")]).done();
    assert_eq!(project.rows("data.db", "SELECT id FROM items ORDER BY id"), "1\n2\n3");
    assert_eq!(*seen.lock().unwrap(), ["GET /fake/items?page=1 HTTP/1.1", "GET /fake/items?page=7 HTTP/1.1"]);
    let line = ran.out.lines().find(|line| line.starts_with("get")).unwrap();
    assert_eq!(line.split_whitespace().take(5).collect::<Vec<_>>(), ["get", "0", "3", "2", "0"]);
    assert_eq!(project.rows(".sequor/state.db", "SELECT name, value FROM project_variables"), "page|null");
    assert!(ran.err.contains(&format!("requests for https://api.example.com/v1 go to {address}/fake")), "{}", ran.err);
}

#[test]
fn a_failing_page_leaves_the_old_table_and_the_old_variable() {
    let project = paging();
    let (address, _) = serve(&[r#"{"items": [{"id": 1}], "next": null}"#]);
    let map = |address: &str| format!("https://api.example.com={address}");
    project.run(&["--map-url", &map(&address)]).done();
    let (address, _) = serve(&[r#"{"items": [{"id": 8}], "next": 2}"#]);
    project.run(&["--map-url", &map(&address)]).ended(
        1,
        &["kind: http_status", "request: GET https://api.example.com/v1/items", "status: 500", "page: 2", "reply: broken", "step 'get'"],
    );
    assert_eq!(project.rows("data.db", "SELECT id FROM items"), "1");
    assert_eq!(project.rows(".sequor/state.db", "SELECT name, value FROM project_variables"), "page|null");
    let left = "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE '%_sequor_%'";
    assert_eq!(project.rows("data.db", left), "1", "what a resume needs is in tables of its own");
}
