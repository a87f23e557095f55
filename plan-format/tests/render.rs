//! The text form of a plan.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use sequor_plan_format::render::{manifest_view, render, render_manifest};
use support::sample;

#[test]
fn a_plan_that_uses_everything() {
    insta::assert_snapshot!(render(&sample::plan()));
}

#[test]
fn the_manifest_as_json() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&manifest_view(&sample::plan())).unwrap());
}

#[test]
fn the_plan_ends_with_its_manifest() {
    let plan = sample::plan();
    assert!(render(&plan).ends_with(&render_manifest(&plan)));
}

#[test]
fn nothing_reaches_the_terminal_that_it_would_obey() {
    let shown = render(&sample::plan());
    assert!(shown.contains("\\u001b[31mall"), "the title's escape is spelled out");
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'));
    assert!(!shown.contains('\u{202e}'));
}
