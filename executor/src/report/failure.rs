//! The error that ended a run, for people: what, where, and what was being worked on.

use std::fmt::Write as _;

use sequor_plan_format::{Plan, Span};

use super::place::at;
use crate::error::{RunError, StackEntry};

/// The longest piece of a reply that is shown.
const REPLY_CHARACTERS: usize = 800;

/// Several lines. The error's texts are already redacted.
#[must_use]
pub fn failure(plan: &Plan, error: &RunError) -> String {
    let mut text = format!("error: {}\n", error.message);
    let node = error.node.map(|node| plan.node(node));
    if let Some(place) = &error.place {
        quote(&mut text, plan, &place.span, place.quote.as_deref());
    } else if let Some(node) = node {
        quote(&mut text, plan, plan.span(node.span), None);
    }
    stack(&mut text, plan, &error.stack);
    detail(&mut text, "kind", Some(error.kind.name()));
    detail(&mut text, "request", error.request.as_deref());
    detail(&mut text, "status", error.status_code.map(|status| status.to_string()).as_deref());
    detail(&mut text, "row", error.row.as_deref());
    detail(&mut text, "page", error.page.map(|page| page.to_string()).as_deref());
    let body = error.body.as_deref().filter(|body| !body.trim().is_empty());
    detail(&mut text, "reply", body.map(|body| cut(body.trim())).as_deref());
    text
}

/// The source line with a mark under the place.
fn quote(text: &mut String, plan: &Plan, span: &Span, given: Option<&str>) {
    let _ = writeln!(text, "  --> {}", at(plan, span));
    let Some(line) = given.and_then(|given| given.lines().next()).or_else(|| plan.line(span.file, span.line)) else { return };
    let number = span.line.to_string();
    let margin = " ".repeat(number.len());
    // The mark's own margin copies tabs, so that it stands under its character at any tab width.
    let before: String = line.chars().take(span.column.saturating_sub(1) as usize).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let room = line.chars().count().saturating_sub(before.chars().count()).max(1);
    let length = if span.end_line == span.line { span.end_column.saturating_sub(span.column) as usize } else { room };
    let _ = writeln!(text, " {margin} |\n {number} | {line}\n {margin} | {before}{}", "^".repeat(length.clamp(1, room)));
}

/// The step that failed, then the calls that led to it.
fn stack(text: &mut String, plan: &Plan, stack: &[StackEntry]) {
    for (depth, entry) in stack.iter().rev().enumerate() {
        let flow = plan.text(plan.flow(entry.flow).name);
        let label = if depth == 0 { "in" } else { "called by" };
        let _ = match entry.node.map(|node| plan.node(node)) {
            Some(node) => writeln!(
                text,
                "  {label}: flow '{flow}', step '{}' ({}), {}",
                plan.text(node.id),
                node.op.name(),
                at(plan, plan.span(node.span))
            ),
            None => writeln!(text, "  {label}: flow '{flow}', its parameters"),
        };
    }
}

fn detail(text: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        let _ = writeln!(text, "  {name}: {}", value.replace('\n', "\n    "));
    }
}

fn cut(body: &str) -> String {
    match body.char_indices().nth(REPLY_CHARACTERS) {
        Some((end, _)) => format!("{}… ({} bytes)", &body[..end], body.len()),
        None => body.to_owned(),
    }
}
