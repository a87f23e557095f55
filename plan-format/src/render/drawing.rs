//! Flows as drawings: what `sequor graph` prints.
//!
//! A [`Drawing`] is what there is to draw: a box for each flow, in it a box for each step, in that an area for each block that the step owns; and the edges
//! that control takes, out of [`FlowGraph`](crate::graph::FlowGraph). [`text`], [`mermaid`], [`dot`] and [`svg`] write it. Equal plans are drawn equally.
//!
//! All texts are single lines without control characters; each format escapes them for itself.

mod boxes;
mod dot;
mod edges;
mod labels;
mod lines;
mod mermaid;
mod svg;
mod text;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;
pub use text::text;

use crate::{FlowId, NodeId, Plan};

/// The flows of a plan: those that a run may start with, then those that are only called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    pub flows: Vec<FlowBox>,
    /// Flow by flow.
    pub edges: Vec<Edge>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowBox {
    pub id: FlowId,
    pub name: String,
    /// A run may start with it.
    pub is_entry: bool,
    /// The flow's file.
    pub file: String,
    pub parameters: Vec<String>,
    pub steps: Vec<StepBox>,
    /// It can end without an error.
    pub ends: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepBox {
    pub node: NodeId,
    pub id: String,
    pub op: &'static str,
    /// `line 4`, with the file where that is not the flow's.
    pub place: String,
    pub title: Option<String>,
    pub when: Option<String>,
    /// How often it is tried, and how long an attempt may take.
    pub limits: Vec<String>,
    /// What the step does, a line each.
    pub does: Vec<String>,
    pub calls: Option<FlowId>,
    /// Control can come to it.
    pub is_reached: bool,
    pub areas: Vec<Area>,
}

/// A block that a step owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    pub kind: AreaKind,
    pub label: String,
    pub steps: Vec<StepBox>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AreaKind {
    /// An arm or the `else` of an `if`.
    Choice,
    /// The body of a loop.
    Loop {
        /// There is a way from its end back to its start.
        repeats: bool,
    },
    /// The steps of a `block` or a `try`.
    Body,
    Catch,
    Finally,
    /// A branch of a `parallel`.
    Branch,
}

/// What an edge joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    Start(FlowId),
    Step(NodeId),
    End(FlowId),
}

/// A way that control takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    pub from: Point,
    pub to: Point,
    pub kind: EdgeKind,
    /// Why control takes this way, where that is not clear.
    pub label: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeKind {
    /// To the next step, or into a block.
    Forward,
    /// To a loop for its next round.
    Back,
    /// After an error: into a `catch`, or into a `finally` that no `catch` came before.
    Error,
    /// To the flow that a step calls. Control comes back to the step.
    Call,
}

impl Drawing {
    /// Takes a validated plan.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let mut order: Vec<FlowId> = (0u32..).take(plan.flows.len()).map(FlowId).collect();
        order.sort_by_key(|flow| !plan.project.entries.contains(flow));
        let (mut flows, mut edges) = (Vec::with_capacity(order.len()), Vec::new());
        for flow in order {
            let ways = edges::ways(plan, flow);
            flows.push(boxes::flow(plan, flow, &ways));
            edges.extend(ways.edges);
        }
        Self { flows, edges }
    }
}

/// Columns of a line in a box.
const BOX_COLUMNS: usize = 48;

impl StepBox {
    /// `load: http_request`.
    fn head(&self) -> String {
        format!("{}: {}", self.id, self.op)
    }

    /// Everything about the step below its head, a line each.
    fn details(&self) -> Vec<String> {
        let title = self.title.iter().cloned();
        let when = self.when.iter().map(|when| format!("when {when}"));
        let never = (!self.is_reached).then(|| "never reached".to_owned());
        title.chain(when).chain(self.limits.iter().cloned()).chain(self.does.iter().cloned()).chain(never).collect()
    }

    /// What stands in the step's box, a line each, cut to a width that can be read.
    fn lines(&self) -> Vec<String> {
        std::iter::once(self.head()).chain(self.details()).map(|line| cut(&line, BOX_COLUMNS)).collect()
    }

    /// The areas that hold steps, with their numbers. Where ways are drawn between steps, one without steps is no more than a way.
    fn filled_areas(&self) -> impl Iterator<Item = (usize, &Area)> {
        self.areas.iter().enumerate().filter(|(_, area)| !area.steps.is_empty())
    }
}

/// Columns that a terminal or a monospaced font needs for a text: East Asian characters and emoji take two.
fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

fn width(c: char) -> usize {
    let is_wide = matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}');
    if is_wide { 2 } else { 1 }
}

/// The text, or as much of it as fits, with `…` at the end.
fn cut(text: &str, limit: usize) -> String {
    if columns(text) <= limit {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut left = limit.saturating_sub(1);
    for c in text.chars() {
        let Some(rest) = left.checked_sub(width(c)) else { break };
        left = rest;
        kept.push(c);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::{columns, cut};

    #[test]
    fn texts_are_cut_by_columns() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("日本語", 6), "日本語");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(columns("é😀"), 3);
    }
}
