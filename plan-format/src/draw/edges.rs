//! Which step follows which: the edges of a drawing of nodes.

use std::collections::BTreeMap;

use super::outline::{Block, Outline, Role, Step, Way};
use crate::{FlowId, NodeId};

/// A place that an edge joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Point {
    Start(FlowId),
    Step(NodeId),
    End(FlowId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The usual way.
    On,
    /// Back to the beginning of a loop.
    Back,
    /// After an error.
    Error,
    /// Into another flow, and back from it.
    Call,
}

pub(super) struct Edge {
    pub(super) from: Point,
    pub(super) to: Point,
    pub(super) line: Line,
    /// May be empty.
    pub(super) label: String,
}

pub(super) fn of(flows: &[Outline]) -> Vec<Edge> {
    let mut all = Vec::new();
    for flow in flows {
        let mut walk = Walk { flow: flow.id, edges: Vec::new(), loops: Vec::new() };
        let ends = walk.steps(&flow.steps, vec![Loose::of(Point::Start(flow.id))]);
        walk.join(ends, Point::End(flow.id));
        all.extend(walk.edges);
    }
    // Calls go to flows that are drawn.
    let drawn: BTreeMap<FlowId, ()> = flows.iter().map(|flow| (flow.id, ())).collect();
    all.retain(|edge| match edge.to {
        Point::Start(flow) => drawn.contains_key(&flow),
        Point::Step(_) | Point::End(_) => true,
    });
    all
}

/// An edge whose end is not known yet.
#[derive(Clone)]
struct Loose {
    from: Point,
    line: Line,
    label: String,
}

impl Loose {
    fn of(from: Point) -> Self {
        Self { from, line: Line::On, label: String::new() }
    }

    fn labelled(from: Point, line: Line, label: String) -> Self {
        Self { from, line, label }
    }
}

/// A loop that is being walked through.
struct Around {
    head: Point,
    /// What leaves it by `break`.
    left: Vec<Loose>,
}

struct Walk {
    flow: FlowId,
    edges: Vec<Edge>,
    loops: Vec<Around>,
}

impl Walk {
    fn join(&mut self, from: Vec<Loose>, to: Point) {
        self.edges.extend(from.into_iter().map(|Loose { from, line, label }| Edge { from, to, line, label }));
    }

    /// Gives what comes out behind the last one. Recursion is bounded by the depth of blocks.
    fn steps(&mut self, steps: &[Step], mut from: Vec<Loose>) -> Vec<Loose> {
        for step in steps {
            self.join(from, Point::Step(step.node));
            from = self.behind(step);
        }
        from
    }

    fn block(&mut self, head: Point, block: &Block, line: Line) -> Vec<Loose> {
        self.steps(&block.steps, vec![Loose::labelled(head, line, block.title())])
    }

    fn behind(&mut self, step: &Step) -> Vec<Loose> {
        let head = Point::Step(step.node);
        let skipped = if step.has_when { vec![Loose::labelled(head, Line::On, "else".to_owned())] } else { Vec::new() };
        match step.way {
            Way::On => vec![Loose::of(head)],
            Way::Call(flow) => {
                self.edges.push(Edge { from: head, to: Point::Start(flow), line: Line::Call, label: String::new() });
                vec![Loose::of(head)]
            }
            Way::Fail => skipped,
            Way::Return => {
                self.join(vec![Loose::of(head)], Point::End(self.flow));
                skipped
            }
            Way::Break => {
                if let Some(around) = self.loops.last_mut() {
                    around.left.push(Loose::of(head));
                }
                skipped
            }
            Way::Continue => {
                if let Some(around) = self.loops.last() {
                    let to = around.head;
                    self.edges.push(Edge { from: head, to, line: Line::Back, label: String::new() });
                }
                skipped
            }
            Way::Choice { may_skip } => {
                let mut out: Vec<Loose> = Vec::new();
                for block in &step.blocks {
                    out.extend(self.block(head, block, Line::On));
                }
                if may_skip {
                    out.push(Loose::labelled(head, Line::On, "else".to_owned()));
                }
                out
            }
            Way::All => step.blocks.iter().flat_map(|block| self.block(head, block, Line::On)).collect(),
            Way::Loop => {
                self.loops.push(Around { head, left: Vec::new() });
                let mut ends = Vec::new();
                for block in &step.blocks {
                    ends.extend(self.steps(&block.steps, vec![Loose::labelled(head, Line::On, "next".to_owned())]));
                }
                let back = ends.into_iter().map(|end| Loose { line: Line::Back, ..end }).collect();
                self.join(back, head);
                let left = self.loops.pop().map(|around| around.left).unwrap_or_default();
                std::iter::once(Loose::labelled(head, Line::On, "done".to_owned())).chain(left).collect()
            }
            Way::Try => self.attempt(head, &step.blocks),
        }
    }

    fn attempt(&mut self, head: Point, blocks: &[Block]) -> Vec<Loose> {
        let mut out = Vec::new();
        let mut finally = None;
        for block in blocks {
            match block.role {
                Role::Catch => out.extend(self.block(head, block, Line::Error)),
                Role::Finally => finally = Some(block),
                Role::Steps | Role::Arm | Role::Otherwise | Role::Branch => out.extend(self.block(head, block, Line::On)),
            }
        }
        match finally {
            Some(block) => {
                out.push(Loose::labelled(head, Line::Error, "finally".to_owned()));
                self.steps(&block.steps, out)
            }
            None => out,
        }
    }
}
