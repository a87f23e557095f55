//! Drawings of flows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use sequor_plan_format::draw::{Format, draw};
use support::sample;

#[test]
fn a_tree() {
    insta::assert_snapshot!(draw(&sample::plan(), &[], Format::Text));
}

#[test]
fn a_mermaid_flowchart() {
    insta::assert_snapshot!(draw(&sample::plan(), &[], Format::Mermaid));
}

#[test]
fn a_graphviz_graph() {
    insta::assert_snapshot!(draw(&sample::plan(), &[], Format::Dot));
}

#[test]
fn a_picture() {
    insta::assert_snapshot!(draw(&sample::plan(), &[], Format::Svg));
}

#[test]
fn only_the_flows_that_are_asked_for_and_those_that_they_call() {
    let plan = sample::plan();
    let called = plan.flow_named("notify/customer").unwrap();
    let tree = draw(&plan, &[called], Format::Text);
    assert_eq!(tree.lines().filter(|line| line.starts_with("flow ")).collect::<Vec<_>>(), ["flow notify/customer (customer, text)"]);
    assert!(draw(&plan, &[], Format::Text).contains("flow notify/customer"), "it is called by the entry");
}
