//! Plans compared step by step.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use sequor_plan_format::compare::{Change, compare};
use sequor_plan_format::op::HttpRequest;
use sequor_plan_format::path::find;
use sequor_plan_format::validate::validate;
use sequor_plan_format::{Op, Plan};
use support::sample;

/// What differs after a change, other than steps that stay the same.
fn differs(change: impl FnOnce(&mut Plan)) -> Vec<(String, Change)> {
    let mut after = sample::plan();
    change(&mut after);
    validate(&after).unwrap();
    let found = compare(&sample::plan(), &after);
    assert_eq!(found.is_same(), found.steps.iter().all(|s| s.change == Change::Same));
    found.steps.into_iter().filter(|s| s.change != Change::Same).map(|s| (s.path, s.change)).collect()
}

fn set_text(plan: &mut Plan, from: &str, to: &str) {
    *plan.texts.iter_mut().find(|text| *text == from).unwrap() = to.to_owned();
}

fn request<'a>(plan: &'a mut Plan, id: &str) -> &'a mut HttpRequest {
    let id = find(plan, id).unwrap();
    match &mut plan.nodes[id.index()].op {
        Op::HttpRequest(op) => op,
        other => panic!("{}", other.name()),
    }
}

#[test]
fn a_plan_is_the_same_as_itself() {
    assert_eq!(differs(|_| {}), []);
    assert_eq!(differs(|plan| request(plan, "fetch").request.timeout_ms = None), []);
}

#[test]
fn a_changed_child_does_not_change_the_loop_around_it() {
    let changed = differs(|plan| set_text(plan, "no customers", "nobody"));
    assert_eq!(changed, [("main/guarded/steps/fail".to_owned(), Change::Changed)]);
}

#[test]
fn reading_a_reply_in_another_way_is_told_apart_from_another_request() {
    let reply = differs(|plan| request(plan, "fetch").response.repeat = None);
    assert_eq!(reply, [("main/fetch".to_owned(), Change::ReplyChanged)]);
    let asked = differs(|plan| request(plan, "fetch").request.idempotent = false);
    assert_eq!(asked, [("main/fetch".to_owned(), Change::Changed)]);
}

#[test]
fn a_renamed_step_is_removed_and_added_with_all_that_it_owns() {
    let renamed = differs(|plan| set_text(plan, "page_loop", "pages"));
    let named = |path: &str, change| (path.to_owned(), change);
    assert_eq!(
        renamed,
        [
            named("main/pages", Change::Added),
            named("main/pages/debug", Change::Added),
            named("main/page_loop", Change::Removed),
            named("main/page_loop/debug", Change::Removed),
        ]
    );
}

#[test]
fn variables_parameters_and_entries_count() {
    let after = |change: fn(&mut Plan)| {
        let mut plan = sample::plan();
        change(&mut plan);
        compare(&sample::plan(), &plan)
    };
    assert!(after(|plan| plan.project.variables.clear()).constants);
    assert_eq!(after(|plan| plan.flows[0].parameters.clear()).parameters, ["notify/customer"]);
    assert!(after(|plan| plan.project.entries[0].0 = 0).entries);
}
