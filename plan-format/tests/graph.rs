//! Graph views: which steps control reaches, and which flows call which.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use sequor_plan_format::graph::{Edge, FlowGraph, Place, callees_first, calls, nodes_of, recursion};
use sequor_plan_format::op::if_else::Arm;
use sequor_plan_format::op::print::Level;
use sequor_plan_format::op::try_catch::Catch;
use sequor_plan_format::op::{Fail, IfElse, Print, TryCatch, WhileLoop};
use sequor_plan_format::{BlockId, Flow, FlowId, Node, NodeId, Op, Plan, PlanBuilder, Replay, Span};
use support::sample;

/// Builds one flow.
struct Steps {
    b: PlanBuilder,
}

impl Steps {
    fn new() -> Self {
        Self { b: PlanBuilder::new() }
    }

    fn node(&mut self, id: &str, op: Op) -> NodeId {
        let file = self.b.text("flows/f.yaml");
        let span = self.b.span(Span { file, line: 1, column: 1, end_line: 1, end_column: 2 });
        let id = self.b.text(id);
        self.b.node(Node { id, title: None, span, when: None, retry: None, timeout_ms: None, replay: Replay::Pure, op })
    }

    fn print(&mut self, id: &str) -> NodeId {
        let message = self.b.text_constant("x");
        self.node(id, Op::Print(Print { message, level: Level::Info }))
    }

    fn fail(&mut self, id: &str) -> NodeId {
        let message = self.b.text_constant("x");
        self.node(id, Op::Fail(Fail { message, kind: None }))
    }

    fn block(&mut self, nodes: Vec<NodeId>) -> BlockId {
        self.b.block(nodes)
    }

    fn finish(mut self, nodes: Vec<NodeId>) -> Plan {
        let body = self.block(nodes);
        let name = self.b.text("f");
        let span = self.b.plan().nodes[0].span;
        let flow = self.b.flow(Flow { name, description: None, parameters: vec![], body, span });
        self.b.plan_mut().project.entries = vec![flow];
        self.b.finish()
    }
}

fn reached(plan: &Plan) -> Vec<&str> {
    FlowGraph::new(plan, FlowId(0)).reachable().into_iter().map(|id| plan.text(plan.node(id).id)).collect()
}

#[test]
fn every_step_of_the_sample_is_reached() {
    let plan = sample::plan();
    let main = plan.flow_named("main").unwrap();
    let graph = FlowGraph::new(&plan, main);
    assert_eq!(graph.reachable().into_iter().collect::<Vec<_>>(), {
        let mut nodes = nodes_of(&plan, plan.flow(main).body);
        nodes.sort_unstable();
        nodes
    });
    assert!(!petgraph::algo::is_cyclic_directed(&graph.graph));
}

#[test]
fn nodes_are_listed_as_written() {
    let plan = sample::plan();
    let names: Vec<&str> = nodes_of(&plan, plan.flow(FlowId(1)).body).into_iter().map(|id| plan.text(plan.node(id).id)).collect();
    assert_eq!(&names[5..9], ["branches", "say", "shout", "page_loop"]);
}

#[test]
fn nothing_is_reached_behind_a_failure() {
    let mut steps = Steps::new();
    let nodes = vec![steps.print("before"), steps.fail("fail"), steps.print("behind")];
    assert_eq!(reached(&steps.finish(nodes)), ["before", "fail"]);
}

#[test]
fn a_failure_in_one_branch_leaves_the_other_one_open() {
    for both_fail in [false, true] {
        let mut steps = Steps::new();
        let (fail, other) = (steps.fail("fail"), if both_fail { steps.fail("other") } else { steps.print("other") });
        let (then, otherwise) = (steps.block(vec![fail]), steps.block(vec![other]));
        let condition = steps.b.var("x");
        let choice = steps.node("choice", Op::IfElse(IfElse { arms: vec![Arm { condition, then }], otherwise: Some(otherwise) }));
        let behind = steps.print("behind");
        let plan = steps.finish(vec![choice, behind]);
        assert_eq!(reached(&plan).contains(&"behind"), !both_fail);
    }
}

#[test]
fn a_loop_may_have_nothing_to_do() {
    let mut steps = Steps::new();
    let fail = steps.fail("fail");
    let body = steps.block(vec![fail]);
    let condition = steps.b.var("x");
    let looped = steps.node("loop", Op::WhileLoop(WhileLoop { condition, body, max_iterations: 1 }));
    let behind = steps.print("behind");
    let plan = steps.finish(vec![looped, behind]);
    assert_eq!(reached(&plan), ["fail", "loop", "behind"]);
    let graph = FlowGraph::new(&plan, FlowId(0)).graph;
    let after = graph.node_indices().find(|&at| graph[at] == Place::After(looped)).unwrap();
    let into: Vec<Edge> = graph.edges_directed(after, petgraph::Direction::Incoming).map(|edge| *edge.weight()).collect();
    assert_eq!(into, [Edge::Done]);
}

#[test]
fn a_skipped_failure_lets_control_pass() {
    let mut steps = Steps::new();
    let nodes = vec![steps.fail("fail"), steps.print("behind")];
    let when = steps.b.var("x");
    steps.b.plan_mut().nodes[0].when = Some(when);
    assert_eq!(reached(&steps.finish(nodes)), ["fail", "behind"]);
}

#[test]
fn a_caught_failure_goes_on_and_finally_always_runs() {
    for caught in [true, false] {
        let mut steps = Steps::new();
        let (fail, cleanup, handled) = (steps.fail("fail"), steps.print("cleanup"), steps.print("handled"));
        let (body, finally) = (steps.block(vec![fail]), steps.block(vec![cleanup]));
        let handler = steps.block(if caught { vec![handled] } else { vec![] });
        let catches = if caught { vec![Catch { kinds: vec![], error: None, body: handler }] } else { vec![] };
        let guarded = steps.node("try", Op::TryCatch(TryCatch { body, catches, finally: Some(finally) }));
        let behind = steps.print("behind");
        let reached_names = {
            let plan = steps.finish(vec![guarded, behind]);
            reached(&plan).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert!(reached_names.contains(&"cleanup".to_owned()));
        assert_eq!(reached_names.contains(&"behind".to_owned()), caught);
    }
}

#[test]
fn calls_have_an_order() {
    let plan = sample::plan();
    let (main, notify) = (plan.flow_named("main").unwrap(), plan.flow_named("notify/customer").unwrap());
    assert_eq!(callees_first(&plan), Some(vec![notify, main]));
    assert_eq!(calls(&plan).edge_count(), 1);
    assert_eq!(recursion(&plan), None);
}
