//! Where variables live.

use std::sync::Arc;

use sequor_plan_format::Op;
use sequor_plan_format::op::for_each::OnError;
use sequor_plan_format::op::if_else::Arm;
use sequor_plan_format::op::{ForEach, IfElse, Rows, RunFlow, Scope};

use super::world::{Script, assigned};
use crate::error::ErrorKind;
use crate::machine::{Event, State, step};
use crate::scope::Assigned;
use crate::value::{Map, Value};

#[test]
fn a_local_set_in_a_branch_is_seen_by_later_steps() {
    let mut s = Script::default();
    let value = s.int(7);
    let set = s.set("set", "x", Scope::Local, value);
    let (condition, then) = (s.bool(true), s.block(&[set]));
    let branch = s.node("if", Op::IfElse(IfElse { arms: vec![Arm { condition, then }], otherwise: None }));
    let x = s.var("x");
    let print = s.print_value("print", x);
    let main = s.flow("main", &[], &[branch, print]);
    let mut world = s.world(main);
    world.run().unwrap();
    assert_eq!(world.trace(), "7");
}

#[test]
fn a_project_value_is_committed_before_the_next_step_and_a_local_is_not() {
    let mut s = Script::default();
    let (one, two) = (s.int(1), s.int(2));
    let a = s.set("a", "kept", Scope::Project, one);
    let b = s.set("b", "passing", Scope::Local, two);
    let c = s.print("c");
    let main = s.flow("main", &[], &[a, b, c]);
    let mut world = s.world(main);
    world.run().unwrap();
    assert_eq!(world.trace(), "commit:kept=1 c");
}

#[test]
fn locals_of_caller_and_called_flow_are_strangers() {
    let mut s = Script::default();
    let outer = s.var("outer");
    let peek = s.print_value("peek", outer);
    let inner = s.flow("inner", &[], &[peek]);
    let value = s.int(1);
    let set = s.set("set", "outer", Scope::Local, value);
    let call = s.node("call", Op::RunFlow(RunFlow { flow: inner, parameters: Vec::new(), output: None, start: None }));
    let main = s.flow("main", &[], &[set, call]);
    let error = s.world(main).run().unwrap_err();
    assert!(error.message.contains("'outer' is not set"), "{}", error.message);

    let mut s = Script::default();
    let value = s.int(1);
    let set = s.set("set", "inside", Scope::Local, value);
    let inner = s.flow("inner", &[], &[set]);
    let call = s.node("call", Op::RunFlow(RunFlow { flow: inner, parameters: Vec::new(), output: None, start: None }));
    let inside = s.var("inside");
    let peek = s.print_value("peek", inside);
    let main = s.flow("main", &[], &[call, peek]);
    let error = s.world(main).run().unwrap_err();
    assert!(error.message.contains("'inside' is not set"), "{}", error.message);
}

#[test]
fn parameters_come_from_the_caller_then_from_defaults_which_see_earlier_ones() {
    let mut s = Script::default();
    let (a, b) = (s.var("a"), s.var("b"));
    let prints = [s.print_value("pa", a), s.print_value("pb", b)];
    let default = s.var("a");
    let inner = s.flow("inner", &[("a", None), ("b", Some(default))], &prints);
    let value = s.int(5);
    let set = s.set("set", "mine", Scope::Local, value);
    let given = s.var("mine");
    let name = s.text("a");
    let call = s.node("call", Op::RunFlow(RunFlow { flow: inner, parameters: vec![(name, given)], output: None, start: None }));
    let main = s.flow("main", &[], &[set, call]);
    let mut world = s.world(main);
    world.run().unwrap();
    assert_eq!(world.trace(), "5 5");
}

#[test]
fn a_missing_parameter_fails_the_call() {
    let mut s = Script::default();
    let inner = s.flow("inner", &[("a", None)], &[]);
    let call = s.node("call", Op::RunFlow(RunFlow { flow: inner, parameters: Vec::new(), output: None, start: None }));
    let main = s.flow("main", &[], &[call]);
    let error = s.world(main).run().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Configuration);
    assert_eq!(error.message, "flow 'inner' needs the parameter 'a'");
    assert_eq!(error.node, Some(call));
}

#[test]
fn setting_the_loop_variable_changes_it_until_the_next_member() {
    let mut s = Script::default();
    let nine = s.int(9);
    let (before, set) = (s.var("row"), s.set("set", "row", Scope::Local, nine));
    let after = s.var("row");
    let body = [s.print_value("before", before), set, s.print_value("after", after)];
    let body = s.block(&body);
    let (item, items) = (s.text("row"), s.int(0));
    let each = s.node("loop", Op::ForEach(ForEach { rows: Rows::Items(items), item, index: None, body, on_error: OnError::Fail }));
    let main = s.flow("main", &[], &[each]);
    let mut world = s.world(main);
    world.members.insert("loop".into(), vec![Value::Int(1), Value::Int(2)]);
    world.run().unwrap();
    assert_eq!(world.trace(), "1 9 2 9 release:loop");
}

#[test]
fn null_is_a_value() {
    let mut s = Script::default();
    let null = s.builder.constant(sequor_plan_format::Value::Null);
    let set = s.set("set", "x", Scope::Project, null);
    let x = s.var("x");
    let print = s.print_value("print", x);
    let main = s.flow("main", &[], &[set, print]);
    let mut world = s.world(main);
    world.run().unwrap();
    assert_eq!(world.trace(), "commit:x=None None");
}

#[test]
fn a_value_too_deep_to_walk_is_refused() {
    let mut s = Script::default();
    let one = s.int(1);
    let set = s.set("set", "x", Scope::Local, one);
    let main = s.flow("main", &[], &[set]);
    let world = s.world(main);
    let mut state = State::new(main, Map::new(), Map::new());
    let _ = step(&world.plan, &mut state, Event::Start);
    let deep = (0..1_000).fold(Value::Null, |inner, _| Value::List(Arc::new(vec![inner])));
    let assigned = vec![assigned("ok", Scope::Local, 1), Assigned { name: "x".into(), scope: Scope::Local, value: deep }];
    let commands = step(&world.plan, &mut state, Event::Done { assigned });
    let failed = format!("{commands:?}");
    assert!(failed.contains("variable 'x' is nested"), "{failed}");
}
