//! The text form of a plan: what `sequor show` prints, and what reviews and snapshots read.
//!
//! [`render`] prints everything that a plan decides, in a stable order, without colours; equal plans print equally. [`render_manifest`] prints what
//! a plan touches, and [`manifest_view`] gives the same as data for `--json`. [`render_comparison`] prints what differs between two plans, and [`drawing`] draws
//! how the steps of flows follow each other. They take validated plans and do not evaluate anything.
//!
//! Expressions are marked with the path that they take: `native`, `jinja`, `python`, or several joined by `+`. Constants have no mark. The source of Jinja
//! and Python snippets, and texts of several lines, follow below their field with `|` before each line.

mod code;
mod comparison;
pub mod drawing;
mod expr;
mod flow;
mod http;
mod lines;
mod manifest;
mod names;
mod op;
mod source;
mod text;
mod value;

pub use comparison::{ChangedLine, ComparisonView, Difference, comparison_view, render_comparison};
pub use manifest::{EffectView, ManifestView, PythonView, TableView, manifest_view, render_manifest};

use crate::Plan;
use text::Out;

/// The whole plan as text, complete and stable.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let mut out = Out::new(plan);
    project(&mut out);
    for source in &plan.sources {
        out.blank();
        source::source(&mut out, source);
    }
    for flow in &plan.flows {
        out.blank();
        flow::flow(&mut out, flow);
    }
    out.blank();
    lines(&mut out);
    out.raw(&render_manifest(plan));
    out.finish()
}

fn project(out: &mut Out<'_>) {
    let plan = out.plan;
    let entries: Vec<&str> = plan.project.entries.iter().map(|&entry| plan.text(plan.flow(entry).name)).collect();
    out.line(&format!("project {}", text::visible(plan.text(plan.project.name))));
    out.indented(|out| {
        out.line(&format!("entries: {}", text::listed(&entries)));
        if let Some(source) = plan.project.default_source {
            out.line(&format!("default source: {}", text::visible(plan.text(plan.source(source).name))));
        }
        for (name, value) in &plan.project.variables {
            expr::field(out, &format!("variable {}", text::name(plan.text(*name))), *value);
        }
    });
}

/// The lines of the project's files that errors quote.
fn lines(out: &mut Out<'_>) {
    let plan = out.plan;
    if plan.lines.is_empty() {
        return;
    }
    out.line("lines");
    out.indented(|out| {
        for line in &plan.lines {
            out.line(&format!("{}:{} {}", text::visible(plan.text(line.file)), line.line, text::behind_bar(plan.text(line.text))));
        }
    });
    out.blank();
}
