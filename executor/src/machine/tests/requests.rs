//! The loop of an `http_request`.

use sequor_plan_format::op::http_request::{
    ForEachRow, HttpRequest, InDoubt, Method, Pairs, ReplyFormat, Request, Response, SuccessStatus,
};
use sequor_plan_format::op::{Rows, Scope};
use sequor_plan_format::{NodeId, Op};

use super::world::{Script, World, assigned};
use crate::error::ErrorKind;
use crate::value::Value;

fn request(s: &mut Script, looped: bool) -> NodeId {
    let url = s.builder.text_constant("https://api.example.com");
    let for_each = looped.then(|| ForEachRow { rows: Rows::Items(s.int(0)), item: s.text("row"), key: Vec::new(), concurrency: 1 });
    let request = Request {
        source: None,
        url,
        method: Method::Get,
        parameters: Pairs::Listed(Vec::new()),
        headers: Pairs::Listed(Vec::new()),
        body: None,
        timeout_ms: None,
        retry: None,
        idempotent: false,
        key: None,
    };
    let response = Response {
        success: SuccessStatus::Default,
        format: ReplyFormat::Auto,
        tables: Vec::new(),
        parser: None,
        variables: Vec::new(),
        repeat: None,
    };
    s.node(
        "get",
        Op::HttpRequest(Box::new(HttpRequest { init: Vec::new(), for_each, request, response, verify: None, in_doubt: InDoubt::Stop })),
    )
}

fn world(items: usize) -> World {
    let mut s = Script::default();
    let get = request(&mut s, true);
    let cursor = s.var("cursor");
    let after = s.print_value("after", cursor);
    let main = s.flow("main", &[], &[get, after]);
    let mut world = s.world(main);
    world.members.insert("get".into(), (0..items).map(|_| Value::Null).collect());
    world
}

#[test]
fn each_item_has_its_pages_and_the_last_variable_stays() {
    let mut world = world(2);
    let page = |value, again| (vec![assigned("cursor", Scope::Project, value)], again);
    world.pages = [page(1, true), page(2, false), page(3, false)].into();
    world.run().unwrap();
    assert_eq!(world.trace(), "get:0/1 get:0/2 get:1/1 close:get commit:cursor=3 3");
}

#[test]
fn no_items_means_no_request_but_the_tables_are_finished() {
    let mut s = Script::default();
    let get = request(&mut s, true);
    let main = s.flow("main", &[], &[get]);
    let mut world = s.world(main);
    world.run().unwrap();
    assert_eq!(world.trace(), "close:get");
}

#[test]
fn a_failing_page_drops_what_was_loaded_and_commits_no_variable() {
    let mut world = world(1);
    world.pages = [(vec![assigned("cursor", Scope::Project, 1)], true)].into();
    world.fail("get:0/2", ErrorKind::Network);
    assert_eq!(world.run().unwrap_err().kind, ErrorKind::Network);
    assert_eq!(world.trace(), "get:0/1 get:0/2 release:get");
}

#[test]
fn a_failing_close_commits_no_variable() {
    let mut world = world(1);
    world.pages = [(vec![assigned("cursor", Scope::Project, 1)], false)].into();
    world.fail("close:get", ErrorKind::Database);
    assert_eq!(world.run().unwrap_err().kind, ErrorKind::Database);
    assert_eq!(world.trace(), "get:0/1 close:get");
}
