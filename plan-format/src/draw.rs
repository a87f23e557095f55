//! Drawings of flows: what `sequor graph` prints, for terminals, for documents and for reviews.
//!
//! Takes a validated plan. [`draw`] makes an outline of its flows, steps in the blocks that own them, which each format draws in its own way: as a tree of text, as boxes within
//! boxes (SVG), or as a graph of nodes and edges (Mermaid, DOT). Equal plans are drawn equally. Nothing is evaluated.

mod dot;
mod edges;
mod label;
mod mermaid;
mod outline;
mod svg;
mod text;

use crate::graph::callees_first;
use crate::{FlowId, Plan};
use outline::Outline;

/// How a drawing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A tree for terminals.
    Text,
    /// A `flowchart` of Mermaid.
    Mermaid,
    /// The language of Graphviz.
    Dot,
    Svg,
}

/// The flows that `start` names and those that they call; the plan's entries where it names none.
#[must_use]
pub fn draw(plan: &Plan, start: &[FlowId], format: Format) -> String {
    let start = if start.is_empty() { &plan.project.entries } else { start };
    let flows: Vec<Outline> = reached(plan, start).into_iter().map(|flow| Outline::of(plan, flow)).collect();
    match format {
        Format::Text => text::draw(&flows),
        Format::Mermaid => mermaid::draw(&flows),
        Format::Dot => dot::draw(plan.text(plan.project.name), &flows),
        Format::Svg => svg::draw(&flows),
    }
}

/// Callers before the flows that they call.
fn reached(plan: &Plan, start: &[FlowId]) -> Vec<FlowId> {
    let mut reached = vec![false; plan.flows.len()];
    // A validated plan has no recursion.
    let callers_first: Vec<FlowId> = callees_first(plan).unwrap_or_default().into_iter().rev().collect();
    for flow in start {
        reached[flow.index()] = true;
    }
    for &flow in &callers_first {
        if reached[flow.index()] {
            for called in outline::calls(plan, flow) {
                reached[called.index()] = true;
            }
        }
    }
    callers_first.into_iter().filter(|flow| reached[flow.index()]).collect()
}
