//! Blocks, branches, loops, errors and calls.

use sequor_plan_format::op::for_each::OnError;
use sequor_plan_format::op::if_else::Arm;
use sequor_plan_format::op::try_catch::Catch;
use sequor_plan_format::op::{ForEach, Group, IfElse, Rows, RunFlow, Scope, TryCatch, WhileLoop};
use sequor_plan_format::{NodeId, Op};

use super::world::Script;
use crate::error::ErrorKind;
use crate::value::Value;

#[test]
fn steps_run_in_order_and_blocks_inside_them() {
    let mut s = Script::default();
    let (a, b, c) = (s.print("a"), s.print("b"), s.print("c"));
    let body = s.block(&[b]);
    let group = s.node("group", Op::Block(Group { body }));
    let main = s.flow("main", &[], &[a, group, c]);
    let mut world = s.world(main);
    world.run().unwrap();
    assert_eq!(world.trace(), "a b c");
}

#[test]
fn a_step_is_skipped_unless_its_when_is_true() {
    let mut s = Script::default();
    let (no, yes) = (s.bool(false), s.bool(true));
    let message = s.builder.text_constant("ran");
    let print = |message| Op::Print(sequor_plan_format::op::Print { message, level: sequor_plan_format::op::print::Level::Info });
    let a = s.guarded("a", Some(no), print(message));
    let message = s.builder.text_constant("ran");
    let b = s.guarded("b", Some(yes), print(message));
    let main = s.flow("main", &[], &[a, b]);
    let mut world = s.world(main);
    world.run().unwrap();
    assert_eq!(world.trace(), "skipped:a ran");
}

#[test]
fn a_step_whose_when_fails_begins_and_ends_as_any_other() {
    for text in ["perhaps", ""] {
        let mut s = Script::default();
        let when = if text.is_empty() { s.var("unset") } else { s.builder.text_constant(text) };
        let message = s.builder.text_constant("ran");
        let print = Op::Print(sequor_plan_format::op::Print { message, level: sequor_plan_format::op::print::Level::Info });
        let inner = s.guarded("inner", Some(when), print);
        let body = s.block(&[inner]);
        let group = s.node("group", Op::Block(Group { body }));
        let main = s.flow("main", &[], &[group]);
        let mut world = s.world(main);
        let error = world.run().unwrap_err();
        assert_eq!((error.kind.clone(), error.node), (ErrorKind::Expression, Some(inner)));
        assert_eq!(world.trace(), "");
    }
}

#[test]
fn if_takes_the_first_true_arm_else_otherwise_else_nothing() {
    for (conditions, otherwise, expected) in
        [(vec![false, true, true], true, "1 end"), (vec![false, false], true, "else end"), (vec![false], false, "end")]
    {
        let mut s = Script::default();
        let arms = conditions
            .iter()
            .enumerate()
            .map(|(i, condition)| {
                let print = s.print(&i.to_string());
                Arm { condition: s.bool(*condition), then: s.block(&[print]) }
            })
            .collect();
        let other = s.print("else");
        let other = s.block(&[other]);
        let choice = s.node("if", Op::IfElse(IfElse { arms, otherwise: otherwise.then_some(other) }));
        let end = s.print("end");
        let main = s.flow("main", &[], &[choice, end]);
        let mut world = s.world(main);
        world.run().unwrap();
        assert_eq!(world.trace(), expected);
    }
}

#[test]
fn text_printed_from_a_boolean_means_that_boolean_and_other_text_is_an_error() {
    for (text, expected) in [("False", "end"), ("false ", "end"), ("", "end"), ("True", "then end"), ("abc", "")] {
        let mut s = Script::default();
        let print = s.print("then");
        let then = s.block(&[print]);
        let condition = s.builder.text_constant(text);
        let choice = s.node("if", Op::IfElse(IfElse { arms: vec![Arm { condition, then }], otherwise: None }));
        let end = s.print("end");
        let main = s.flow("main", &[], &[choice, end]);
        let mut world = s.world(main);
        match world.run() {
            Ok(()) => assert_eq!(world.trace(), expected, "{text:?}"),
            Err(error) => assert!(text == "abc" && error.message.contains("neither true nor false"), "{text:?}: {}", error.message),
        }
    }
}

#[test]
fn while_ends_with_its_condition() {
    let mut s = Script::default();
    let yes = s.bool(true);
    let start = s.set("start", "go", Scope::Local, yes);
    let print = s.print("turn");
    let no = s.bool(false);
    let stop = s.set("stop", "go", Scope::Local, no);
    let body = s.block(&[print, stop]);
    let condition = s.var("go");
    let turns = s.node("loop", Op::WhileLoop(WhileLoop { condition, body, max_iterations: 10 }));
    let main = s.flow("main", &[], &[start, turns]);
    let mut world = s.world(main);
    world.run().unwrap();
    assert_eq!(world.trace(), "turn");
}

#[test]
fn while_over_its_limit_is_an_error_that_says_so() {
    let mut s = Script::default();
    let print = s.print("turn");
    let body = s.block(&[print]);
    let condition = s.bool(true);
    let turns = s.node("loop", Op::WhileLoop(WhileLoop { condition, body, max_iterations: 3 }));
    let main = s.flow("main", &[], &[turns]);
    let mut world = s.world(main);
    let error = world.run().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Limit);
    assert!(error.message.contains("after 3 iterations") && error.message.contains("max_iterations"), "{}", error.message);
    assert_eq!(error.node, Some(turns));
    assert_eq!(world.trace(), "turn turn turn");
}

fn loop_over(s: &mut Script, body: &[NodeId], on_error: OnError) -> NodeId {
    let (item, index) = (s.text("row"), s.text("i"));
    let body = s.block(body);
    let items = s.int(0);
    s.node("loop", Op::ForEach(ForEach { rows: Rows::Items(items), item, index: Some(index), body, on_error }))
}

#[test]
fn for_each_binds_member_and_index_and_releases_its_rows() {
    let mut s = Script::default();
    let (row, index) = (s.var("row"), s.var("i"));
    let prints = [s.print_value("p", row), s.print_value("q", index)];
    let each = loop_over(&mut s, &prints, OnError::Fail);
    let row = s.var("row");
    let after = s.print_value("after", row);
    let main = s.flow("main", &[], &[each, after]);
    let mut world = s.world(main);
    world.members.insert("loop".into(), vec![Value::text("x"), Value::text("y")]);
    let error = world.run().unwrap_err();
    assert_eq!(world.trace(), "x 0 y 1 release:loop");
    assert!(error.message.contains("'row' is not set"), "the loop variable ends with its loop: {}", error.message);
    assert_eq!(error.node, Some(after));
}

#[test]
fn for_each_fails_with_its_item_or_goes_on() {
    for (on_error, expected) in [(OnError::Fail, "release:loop"), (OnError::Skip, "tolerated:loop:data body body release:loop")] {
        let mut s = Script::default();
        let body = s.print("body");
        let each = loop_over(&mut s, &[body], on_error);
        let main = s.flow("main", &[], &[each]);
        let mut world = s.world(main);
        world.members.insert("loop".into(), vec![Value::Int(1), Value::Int(2), Value::Int(3)]);
        world.fail("body", ErrorKind::Data);
        let outcome = world.run();
        assert_eq!(world.trace(), expected);
        match on_error {
            OnError::Fail => assert_eq!(outcome.unwrap_err().row.as_deref(), Some("1")),
            OnError::Skip => outcome.unwrap(),
        }
    }
}

/// `try: [body]` with a catch for `data` that binds `e`, and a `finally`.
fn trying(s: &mut Script) -> NodeId {
    let (body, caught, last) = (s.print("body"), s.print("caught"), s.print("finally"));
    let (data, error) = (s.text("data"), s.text("e"));
    let catch = Catch { kinds: vec![data], error: Some(error), body: s.block(&[caught]) };
    let (body, finally) = (s.block(&[body]), Some(s.block(&[last])));
    s.node("try", Op::TryCatch(TryCatch { body, catches: vec![catch], finally }))
}

#[test]
fn try_runs_the_matching_catch_and_always_finally() {
    for (failing, expected, kind) in [
        (&[][..], "body finally end", None),
        (&[("body", ErrorKind::Data)][..], "tolerated:try:data caught finally end", None),
        (&[("body", ErrorKind::Network)][..], "finally", Some(ErrorKind::Network)),
        (&[("body", ErrorKind::Data), ("caught", ErrorKind::Sql)][..], "tolerated:try:data finally", Some(ErrorKind::Sql)),
        (&[("finally", ErrorKind::Reply)][..], "body", Some(ErrorKind::Reply)),
        (&[("body", ErrorKind::Network), ("finally", ErrorKind::Reply)][..], "", Some(ErrorKind::Reply)),
    ] {
        let mut s = Script::default();
        let attempt = trying(&mut s);
        let end = s.print("end");
        let main = s.flow("main", &[], &[attempt, end]);
        let mut world = s.world(main);
        failing.iter().for_each(|(node, kind)| world.fail(node, kind.clone()));
        let outcome = world.run();
        assert_eq!(world.trace(), expected);
        assert_eq!(outcome.err().map(|error| error.kind.clone()), kind);
    }
}

#[test]
fn a_caught_error_is_a_map_that_ends_with_its_catch() {
    let mut s = Script::default();
    let body = s.print("body");
    let e = s.var("e");
    let show = s.print_value("show", e);
    let error = s.text("e");
    let (body, handler) = (s.block(&[body]), s.block(&[show]));
    let catches = vec![Catch { kinds: Vec::new(), error: Some(error), body: handler }];
    let attempt = s.node("try", Op::TryCatch(TryCatch { body, catches, finally: None }));
    let e = s.var("e");
    let after = s.print_value("after", e);
    let main = s.flow("main", &[], &[attempt, after]);
    let mut world = s.world(main);
    world.fail("body", ErrorKind::Failed("quota".into()));
    let error = world.run().unwrap_err();
    let shown = &world.seen[1];
    assert_eq!(shown, "{'kind': 'quota', 'message': 'body failed', 'op': 'body', 'status_code': None, 'body': None}");
    assert_eq!(error.node, Some(after));
}

#[test]
fn an_error_names_every_flow_and_step_on_its_way() {
    let mut s = Script::default();
    let deep = s.print("deep");
    let group = s.block(&[deep]);
    let group = s.node("group", Op::Block(Group { body: group }));
    let inner = s.flow("inner", &[], &[group]);
    let call = s.node("call", Op::RunFlow(RunFlow { flow: inner, parameters: Vec::new(), output: None, start: None }));
    let main = s.flow("main", &[], &[call]);
    let mut world = s.world(main);
    world.fail("deep", ErrorKind::Sql);
    let error = world.run().unwrap_err();
    let stack: Vec<_> = error.stack.iter().map(|entry| (entry.flow, entry.node)).collect();
    assert_eq!(stack, [(main, Some(call)), (inner, Some(deep))]);
    assert_eq!(error.node, Some(deep));
}
