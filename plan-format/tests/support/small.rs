//! Plans of one flow, `main`, for tests that care about which steps there are and not what they do.

use sequor_plan_format::op::print::Level;
use sequor_plan_format::op::{Fail, Print};
use sequor_plan_format::{Flow, Node, NodeId, Op, Plan, PlanBuilder, Replay, Span};

/// A step for each `op id message`; op is `print` or `fail`.
pub(crate) fn plan(steps: &[&str]) -> Plan {
    let mut b = PlanBuilder::new();
    let name = b.text("small");
    let file = b.text("flows/main.yaml");
    let nodes: Vec<NodeId> = (1u32..).zip(steps).map(|(line, step)| node(&mut b, line, step)).collect();
    let body = b.block(nodes);
    let span = b.span(Span { file, line: 1, column: 1, end_line: 1, end_column: 2 });
    let main = b.text("main");
    let main = b.flow(Flow { name: main, description: None, parameters: vec![], body, span });
    b.plan_mut().project.name = name;
    b.plan_mut().project.entries = vec![main];
    b.finish()
}

fn node(b: &mut PlanBuilder, line: u32, step: &str) -> NodeId {
    let [op, id, message] = step.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{step} is not `op id message`") };
    let file = b.text("flows/main.yaml");
    let span = b.span(Span { file, line, column: 1, end_line: line, end_column: 2 });
    let message = b.text_constant(message);
    let op = match op {
        "print" => Op::Print(Print { message, level: Level::Info }),
        "fail" => Op::Fail(Fail { message, kind: None }),
        other => panic!("{other} is neither print nor fail"),
    };
    let id = b.text(id);
    b.node(Node { id, title: None, span, when: None, retry: None, timeout_ms: None, replay: Replay::Pure, op })
}
