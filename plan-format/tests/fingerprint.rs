//! Fingerprints: what changes them, and what does not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;

use sequor_plan_format::fingerprint::{Fingerprint, Fingerprints};
use sequor_plan_format::op::http_request::{InDoubt, RetryPolicy};
use sequor_plan_format::op::print::Level;
use sequor_plan_format::op::{Scope, WriteMode};
use sequor_plan_format::source::Sqlite;
use sequor_plan_format::validate::validate;
use sequor_plan_format::{Expr, Flow, Node, NodeId, Op, Plan, Replay, Source, SourceId, SourceKind, Span, Value};
use support::sample;

/// Fingerprints by the name of the step. Names of steps are unique in the sample.
fn by_name(plan: &Plan) -> BTreeMap<String, Fingerprint> {
    validate(plan).unwrap();
    let fingerprints = Fingerprints::new(plan);
    (0u32..).zip(&plan.nodes).map(|(i, node)| (plan.text(node.id).to_owned(), fingerprints.node(NodeId(i)))).collect()
}

/// The steps whose fingerprints a change touches.
fn touched(change: impl FnOnce(&mut Plan)) -> Vec<String> {
    let mut changed = sample::plan();
    change(&mut changed);
    let changed = by_name(&changed);
    by_name(&sample::plan()).into_iter().filter(|(name, old)| changed[name] != *old).map(|(name, _)| name).collect()
}

fn node<'a>(plan: &'a mut Plan, name: &str) -> &'a mut Node {
    let at = plan.nodes.iter().position(|node| plan.texts[node.id.index()] == name).unwrap();
    &mut plan.nodes[at]
}

fn set_text(plan: &mut Plan, from: &str, to: &str) {
    *plan.texts.iter_mut().find(|text| *text == from).unwrap() = to.to_owned();
}

#[test]
fn different_steps_have_different_fingerprints() {
    let all = by_name(&sample::plan());
    let mut distinct: Vec<_> = all.values().collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), all.len());
}

#[test]
fn numbering_does_not_matter() {
    let moved = sample::plan_after(|b| {
        let text = b.text("in front");
        let span = b.span(Span { file: text, line: 1, column: 1, end_line: 1, end_column: 1 });
        let list = b.list(vec![]);
        let path = b.expr(Expr::Const(list));
        b.source(Source { name: text, span, variables: vec![], kind: SourceKind::Sqlite(Sqlite { path }) });
        let message = b.text_constant("in front");
        let op = Op::Fail(sequor_plan_format::op::Fail { message, kind: None });
        let step = b.node(Node { id: text, title: None, span, when: None, retry: None, timeout_ms: None, replay: Replay::Pure, op });
        let body = b.block(vec![step]);
        b.flow(Flow { name: text, description: None, parameters: vec![], body, span });
    });
    let mut moved = by_name(&moved);
    assert!(moved.remove("in front").is_some());
    assert_eq!(moved, by_name(&sample::plan()));
}

#[test]
fn sharing_of_texts_does_not_matter() {
    let stored_twice = touched(|plan| {
        plan.texts.push("GET".to_owned());
        for expr in 0..plan.exprs.len() {
            if let Expr::Var(name) = plan.exprs[expr] {
                let copy = plan.text(name).to_owned();
                plan.texts.push(copy);
                plan.exprs[expr] = Expr::Var(sequor_plan_format::TextId(u32::try_from(plan.texts.len() - 1).unwrap()));
            }
        }
    });
    assert_eq!(stored_twice, Vec::<String>::new());
}

#[test]
fn what_does_not_change_a_steps_effect_does_not_matter() {
    let untouched = touched(|plan| {
        for span in &mut plan.spans {
            span.line += 7;
            span.end_line += 7;
        }
        set_text(plan, "Customers in, messages out.\nRuns nightly.", "Another description");
        node(plan, "fetch").title = None;
        match &mut node(plan, "fetch").op {
            Op::HttpRequest(op) => {
                op.request.retry = None;
                op.request.timeout_ms = Some(1);
            }
            other => panic!("{}", other.name()),
        }
        match &mut node(plan, "create").op {
            Op::HttpRequest(op) => {
                op.for_each.as_mut().unwrap().concurrency = 1;
                op.in_doubt = InDoubt::Send;
                op.verify.as_mut().unwrap().request.source = Some(SourceId(5));
            }
            other => panic!("{}", other.name()),
        }
        match &mut node(plan, "say").op {
            Op::Print(op) => op.level = Level::Debug,
            other => panic!("{}", other.name()),
        }
        match &mut plan.sources[0].kind {
            SourceKind::Http(http) => {
                http.retry = RetryPolicy::default();
                http.timeout_ms = None;
            }
            other => panic!("{}", other.name()),
        }
        for expr in &mut plan.exprs {
            if let Expr::Jinja { code, .. } | Expr::Python { code, .. } = expr {
                code.indent += 2;
            }
        }
        plan.lines.clear();
    });
    assert_eq!(untouched, Vec::<String>::new());
}

#[test]
fn a_step_is_touched_by_its_own_payload_only() {
    let one = touched(|plan| match &mut node(plan, "transform").op {
        Op::Transform(op) => op.write_mode = WriteMode::Append,
        other => panic!("{}", other.name()),
    });
    assert_eq!(one, ["transform"]);
    let one = touched(|plan| match &mut node(plan, "set_variables").op {
        Op::SetVariable(op) => op.assigns[0].scope = Scope::Local,
        other => panic!("{}", other.name()),
    });
    assert_eq!(one, ["set_variables"]);
    let condition = touched(|plan| {
        let when = node(plan, "fetch").when.unwrap();
        plan.exprs[when.index()] = Expr::List(vec![]);
    });
    assert_eq!(condition, ["fetch"]);
    // `-0.0` and `0.0` print differently, so they are not the same.
    let float = touched(|plan| {
        for value in &mut plan.values {
            if *value == Value::Float(-0.0) {
                *value = Value::Float(0.0);
            }
        }
    });
    assert_eq!(float, ["set_variables"]);
}

#[test]
fn an_idempotency_key_counts() {
    assert_eq!(touched(|plan| set_text(plan, "reference", "id")), ["create"]);
}

#[test]
fn snippets_count() {
    assert_eq!(touched(|plan| set_text(plan, "vacuum {{ var('mode') }}", "vacuum {{ var('mode2') }}")), ["execute"]);
}

#[test]
fn a_step_is_touched_by_what_it_owns_and_calls() {
    let inner = touched(|plan| set_text(plan, "/messages", "/mails"));
    assert_eq!(inner, ["call", "each", "items", "queried", "send"]);
    let order = touched(|plan| {
        let body = match &node(plan, "branches").op {
            Op::IfElse(op) => op.arms[0].then,
            other => panic!("{}", other.name()),
        };
        let moved = plan.blocks[body.index()].nodes.clone();
        plan.blocks[body.index()].nodes.clear();
        let other = match &node(plan, "branches").op {
            Op::IfElse(op) => op.arms[1].then,
            other => panic!("{}", other.name()),
        };
        plan.blocks[other.index()].nodes = moved;
    });
    assert_eq!(order, ["branches"]);
    let default = touched(|plan| set_text(plan, "hello", "good day"));
    assert_eq!(default, ["call", "each", "items", "queried"]);
}

#[test]
fn a_step_is_touched_by_the_sources_it_uses() {
    assert_eq!(
        touched(|plan| set_text(plan, "stage.db", "other.db")),
        [
            "checks",
            "copies",
            "copy",
            "copy_query",
            "create",
            "each",
            "empty",
            "execute",
            "fetch",
            "not_empty",
            "queried",
            "set_variables",
            "three",
            "transform"
        ]
    );
    assert_eq!(touched(|plan| set_text(plan, "DATABASE_URL", "OTHER_URL")), ["copies", "copy", "copy_query", "each", "transform"]);
    assert_eq!(touched(|plan| set_text(plan, "s-1", "s-2")), ["call", "create", "each", "fetch", "items", "queried", "send"]);
}

#[test]
fn sources_that_query_each_other_have_fingerprints() {
    let circle = |sql: &str| {
        let mut plan = sample::plan();
        let (stage, warehouse) = (plan.source_named("stage").unwrap(), plan.source_named("warehouse").unwrap());
        plan.texts.push(sql.to_owned());
        let text = sequor_plan_format::TextId(u32::try_from(plan.texts.len() - 1).unwrap());
        for (at, asks) in [(stage, warehouse), (warehouse, stage)] {
            plan.values.push(Value::Text(text));
            plan.exprs.push(Expr::Const(sequor_plan_format::ValueId(u32::try_from(plan.values.len() - 1).unwrap())));
            let sql = sequor_plan_format::ExprId(u32::try_from(plan.exprs.len() - 1).unwrap());
            plan.exprs.push(Expr::Query { source: asks, sql });
            let query = sequor_plan_format::ExprId(u32::try_from(plan.exprs.len() - 1).unwrap());
            plan.sources[at.index()].variables.push((text, query));
        }
        validate(&plan).unwrap();
        Fingerprints::new(&plan).source(stage)
    };
    assert_eq!(circle("select 1"), circle("select 1"));
    assert_ne!(circle("select 1"), circle("select 2"));
}
