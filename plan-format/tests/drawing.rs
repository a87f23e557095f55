//! Drawings of a plan that uses everything, with hostile texts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use sequor_plan_format::render::drawing::{Drawing, dot, mermaid, svg, text};
use support::sample;

#[test]
fn each_format_draws_every_op() {
    let drawing = Drawing::new(&sample::plan());
    insta::assert_snapshot!("text", text(&drawing, 100));
    insta::assert_snapshot!("mermaid", mermaid(&drawing));
    insta::assert_snapshot!("dot", dot(&drawing));
    insta::assert_snapshot!("svg", svg(&drawing));
}

#[test]
fn nothing_reaches_a_reader_that_it_would_obey() {
    let drawing = Drawing::new(&sample::plan());
    for drawn in [text(&drawing, usize::MAX), mermaid(&drawing), dot(&drawing), svg(&drawing)] {
        assert!(!drawn.chars().any(|c| c.is_control() && c != '\n'), "{drawn}");
        assert!(!drawn.contains('\u{202e}'), "{drawn}");
    }
}

#[test]
fn a_tree_fits_the_terminal() {
    let drawing = Drawing::new(&sample::plan());
    for width in [20, 40, 80] {
        assert!(text(&drawing, width).lines().all(|line| line.chars().count() <= width));
    }
}
