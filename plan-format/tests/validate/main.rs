//! Each rule of a plan, broken once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod payloads;
mod project;
#[path = "../support/mod.rs"]
mod support;
mod tree;

use sequor_plan_format::codec::PlanError;
use sequor_plan_format::expr::{Binary, Clause, Comprehension, Function, Unary};
use sequor_plan_format::op::http_request::{Columns, Method, StatusRange, SuccessStatus, TableData};
use sequor_plan_format::op::{Group, HttpRequest, RunFlow};
use sequor_plan_format::plan::SourceLine;
use sequor_plan_format::refs::Ref;
use sequor_plan_format::validate::{Invalid, MAX_DEPTH, MAX_NODES, Owner, validate};
use sequor_plan_format::{
    Block, BlockId, ColumnType, Expr, ExprId, FlowId, Node, NodeId, Op, Plan, Replay, SourceId, SourceKind, Span, SpanId, TextId, Value,
    ValueId,
};
use support::sample;

type Change = fn(&mut Plan);

/// What validation says about the sample plan after a change.
fn broken(change: impl FnOnce(&mut Plan)) -> Invalid {
    let mut plan = sample::plan();
    change(&mut plan);
    match validate(&plan) {
        Err(PlanError::Invalid(invalid)) => invalid,
        other => panic!("expected a broken rule, got {other:?}"),
    }
}

fn message(change: impl FnOnce(&mut Plan)) -> String {
    broken(change).to_string()
}

fn node_named(plan: &Plan, id: &str) -> NodeId {
    let at = plan.nodes.iter().position(|node| plan.text(node.id) == id).unwrap();
    NodeId(u32::try_from(at).unwrap())
}

fn node_mut<'a>(plan: &'a mut Plan, id: &str) -> &'a mut Node {
    let id = node_named(plan, id);
    &mut plan.nodes[id.index()]
}

fn request_mut<'a>(plan: &'a mut Plan, id: &str) -> &'a mut HttpRequest {
    match &mut node_mut(plan, id).op {
        Op::HttpRequest(op) => op,
        other => panic!("{} is no request", other.name()),
    }
}

fn add_text(plan: &mut Plan, text: &str) -> TextId {
    plan.texts.push(text.to_owned());
    TextId(u32::try_from(plan.texts.len() - 1).unwrap())
}

fn add_expr(plan: &mut Plan, expr: Expr) -> ExprId {
    plan.exprs.push(expr);
    ExprId(u32::try_from(plan.exprs.len() - 1).unwrap())
}

fn add_value(plan: &mut Plan, value: Value) -> ValueId {
    plan.values.push(value);
    ValueId(u32::try_from(plan.values.len() - 1).unwrap())
}

#[test]
fn the_sample_is_sound() {
    assert_eq!(validate(&sample::plan()), Ok(()));
}
