//! Loops over real rows, errors that are caught, signals.

use std::process::Stdio;
use std::time::{Duration, Instant};

use sequor_plan_format::op::for_each::OnError;
use sequor_plan_format::op::try_catch::Catch;
use sequor_plan_format::op::{Fail, ForEach, Rows, Table, TryCatch, WhileLoop, WriteMode};
use sequor_plan_format::{Expr, Op, Value};

use crate::support::{Ran, Script};

#[test]
fn a_loop_may_replace_the_table_it_goes_over() {
    let mut s = Script::new();
    let seed = s.execute("seed", &["CREATE TABLE todo AS SELECT 1 AS id UNION SELECT 2 UNION SELECT 3", "CREATE TABLE seen (id)"]);
    let key = s.text("id");
    let row = s.var("row");
    let id = s.b.expr(Expr::Index { base: row, key });
    let text = s.text("INSERT INTO seen VALUES (");
    let end = s.text(")");
    let sql = s.b.expr(Expr::Concat(vec![text, id, end]));
    let insert = s.execute_expr("insert", sql);
    let empty = s.transform("empty", "SELECT id FROM todo WHERE false", s.db, "todo", WriteMode::Create);
    let body = s.block(&[insert, empty]);
    let name = s.text("todo");
    let table = Table { source: s.db, database: None, namespace: None, name };
    let item = s.b.text("row");
    let each = s.node("each", Op::ForEach(ForEach { rows: Rows::Table(table), item, index: None, body, on_error: OnError::Fail }));
    let project = s.project(&[seed, each]);
    project.run(&[]).done();
    assert_eq!(project.rows("data.db", "SELECT id FROM seen ORDER BY id"), "1\n2\n3");
    assert_eq!(project.rows("data.db", "SELECT count(*) FROM todo"), "0");
}

#[test]
fn a_caught_error_lets_the_flow_go_on() {
    let mut s = Script::new();
    let bad = s.execute("bad", &["SELECT * FROM missing"]);
    let error = s.var("e");
    let key = s.text("kind");
    let kind = s.b.expr(Expr::Index { base: error, key });
    let show = s.print("show", kind);
    let (body, handler, name) = (s.block(&[bad]), s.block(&[show]), s.b.text("e"));
    let kinds = vec![s.b.text("network"), s.b.text("sql")];
    let catches = vec![Catch { kinds, error: Some(name), body: handler }];
    let attempt = s.node("try", Op::TryCatch(TryCatch { body, catches, finally: None }));
    let ran = s.project(&[attempt]).run(&[]).done();
    assert!(ran.out.starts_with("sql\n"), "{}", ran.out);
    assert!(ran.err.contains("try (try) goes on after an error") && ran.err.contains("missing"), "{}", ran.err);
}

#[test]
fn fail_ends_the_flow_with_its_message_and_kind() {
    let mut s = Script::new();
    let (message, kind) = (s.text("no customers today"), s.text("empty_day"));
    let fail = s.node("stop", Op::Fail(Fail { message, kind: Some(kind) }));
    s.project(&[fail]).run(&[]).ended(1, &["error: no customers today", "kind: empty_day", "(exit status 1: the flow failed)"]);
}

#[test]
fn the_first_signal_ends_the_run_between_two_steps() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let mut s = Script::new();
        let message = s.text("turn");
        let print = s.print("print", message);
        let body = s.block(&[print]);
        let condition = s.constant(Value::Bool(true));
        let turns = s.node("turns", Op::WhileLoop(WhileLoop { condition, body, max_iterations: u64::MAX }));
        let project = s.project(&[turns]);
        let child = project.command(&[]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let started = Instant::now();
        while !project.path(".sequor/state.db").exists() || started.elapsed() < Duration::from_millis(300) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let killed = std::process::Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let name = format!("SIG{signal}");
        Ran::of(child.wait_with_output().unwrap()).ended(status, &[&name, "stopped by a signal"]);
        assert_eq!(project.rows(".sequor/state.db", "SELECT outcome FROM runs"), "stopped");
    }
}
