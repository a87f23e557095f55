//! Steps that are tried again, and steps whose time is over.

use sequor_plan_format::op::for_each::OnError;
use sequor_plan_format::op::try_catch::Catch;
use sequor_plan_format::op::{ForEach, Group, Rows, TryCatch};
use sequor_plan_format::{NodeId, Op};

use super::world::{Script, World};
use crate::error::ErrorKind;
use crate::value::Value;

/// `a` and `b` in a block that is started up to three times on errors of the network.
fn tried() -> World {
    let mut s = Script::default();
    let (a, b, after) = (s.print("a"), s.print("b"), s.print("after"));
    let body = s.block(&[a, b]);
    let group = s.tried("group", None, 3, &["network"], Op::Block(Group { body }));
    let main = s.flow("main", &[], &[group, after]);
    s.world(main)
}

#[test]
fn a_step_begins_anew_after_an_error_until_its_attempts_are_used_up() {
    let mut world = tried();
    world.fail("b", ErrorKind::Network);
    world.fail("b", ErrorKind::Network);
    world.run().unwrap();
    assert_eq!(world.trace(), "a tolerated:group:network a tolerated:group:network a b after");

    let mut world = tried();
    (0..3).for_each(|_| world.fail("b", ErrorKind::Network));
    assert_eq!(world.run().unwrap_err().kind, ErrorKind::Network);
    assert_eq!(world.trace(), "a tolerated:group:network a tolerated:group:network a");
}

#[test]
fn only_the_kinds_that_it_names_are_tried_again() {
    let mut world = tried();
    world.fail("b", ErrorKind::Data);
    assert_eq!(world.run().unwrap_err().kind, ErrorKind::Data);
    assert_eq!(world.trace(), "a");
}

#[test]
fn a_loop_that_begins_anew_has_its_members_anew() {
    let mut s = Script::default();
    let message = s.var("x");
    let print = s.print_value("say", message);
    let each = each(&mut s, &[print], OnError::Fail);
    let each = s.tried("each", None, 2, &[], each);
    let main = s.flow("main", &[], &[each]);
    let mut world = s.world(main);
    world.members.insert("each".to_owned(), vec![Value::Int(1), Value::Int(2)]);
    world.fail("say", ErrorKind::Network);
    world.run().unwrap();
    assert_eq!(world.trace(), "release:each tolerated:each:network 1 2 release:each");
}

#[test]
fn nothing_within_a_step_catches_that_its_time_is_over() {
    for (late, expected) in [
        ("inner", "tolerated:try:timeout caught always end"),
        // The time of the step around: its `finally` runs, and no `catch` within it, no loop, no attempt more.
        ("outer", "always tolerated:around:timeout outside end"),
    ] {
        let mut s = Script::default();
        let slow = s.print("slow");
        let body = s.block(&[slow]);
        let inner = s.tried("inner", None, if late == "outer" { 5 } else { 1 }, &[], Op::Block(Group { body }));
        let (caught, always) = (s.print("caught"), s.print("always"));
        let catch = Catch { kinds: Vec::new(), error: None, body: s.block(&[caught]) };
        let (body, finally) = (s.block(&[inner]), Some(s.block(&[always])));
        let attempt = s.node("try", Op::TryCatch(TryCatch { body, catches: vec![catch], finally }));
        let each = each(&mut s, &[attempt], OnError::Skip);
        let each = s.node("each", each);
        let body = s.block(&[each]);
        let outer = s.node("outer", Op::Block(Group { body }));
        let outside = s.print("outside");
        let catch = Catch { kinds: Vec::new(), error: None, body: s.block(&[outside]) };
        let body = s.block(&[outer]);
        let around = s.node("around", Op::TryCatch(TryCatch { body, catches: vec![catch], finally: None }));
        let end = s.print("end");
        let main = s.flow("main", &[], &[around, end]);
        let mut world = s.world(main);
        world.members.insert("each".to_owned(), vec![Value::Int(1)]);
        world.late.insert("slow".to_owned(), late.to_owned());
        world.run().unwrap();
        assert_eq!(world.trace().replace("release:each ", ""), expected, "{late}");
    }
}

fn each(s: &mut Script, nodes: &[NodeId], on_error: OnError) -> Op {
    let items = s.int(0);
    let (item, body) = (s.text("x"), s.block(nodes));
    Op::ForEach(ForEach { rows: Rows::Items(items), item, index: None, body, on_error })
}
