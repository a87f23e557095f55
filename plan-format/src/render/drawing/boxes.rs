//! Boxes of flows and steps.

use super::edges::{Ways, called};
use super::labels::{caught, does, limits, named};
use super::{Area, AreaKind, EdgeKind, FlowBox, Point, StepBox};
use crate::render::expr::inline;
use crate::render::text::visible;
use crate::{BlockId, FlowId, NodeId, Op, Plan, TextId};

pub(super) fn flow(plan: &Plan, id: FlowId, ways: &Ways) -> FlowBox {
    let flow = plan.flow(id);
    let file = plan.span(flow.span).file;
    let boxes = Boxes { plan, file, ways };
    FlowBox {
        id,
        name: named(plan, flow.name),
        is_entry: plan.project.entries.contains(&id),
        file: visible(plan.text(file)),
        parameters: flow.parameters.iter().map(|parameter| named(plan, parameter.name)).collect(),
        steps: boxes.steps(flow.body),
        ends: ways.edges.iter().any(|edge| edge.to == Point::End(id)),
    }
}

struct Boxes<'a> {
    plan: &'a Plan,
    /// The flow's file.
    file: TextId,
    ways: &'a Ways,
}

/// Recursion, through the blocks of ops, is bounded by the depth of blocks.
impl Boxes<'_> {
    fn steps(&self, block: BlockId) -> Vec<StepBox> {
        self.plan.block(block).nodes.iter().map(|&id| self.step(id)).collect()
    }

    fn step(&self, id: NodeId) -> StepBox {
        let plan = self.plan;
        let node = plan.node(id);
        let span = plan.span(node.span);
        let line = format!("line {}", span.line);
        StepBox {
            node: id,
            id: named(plan, node.id),
            op: node.op.name(),
            place: if span.file == self.file { line } else { format!("{} {line}", visible(plan.text(span.file))) },
            title: node.title.map(|title| visible(plan.text(title))),
            when: node.when.map(|when| inline(plan, when)),
            limits: limits(node),
            does: does(plan, &node.op),
            calls: called(&node.op),
            is_reached: self.ways.reached.contains(&id),
            areas: self.areas(id),
        }
    }

    fn areas(&self, id: NodeId) -> Vec<Area> {
        let area = |kind, label: String, block| Area { kind, label, steps: self.steps(block) };
        let plan = self.plan;
        match &plan.node(id).op {
            Op::HttpRequest(_)
            | Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::Sleep(_)
            | Op::Assert(_)
            | Op::Leave(_)
            | Op::RunFlow(_) => Vec::new(),
            Op::IfElse(op) => {
                let words = std::iter::once("if").chain(std::iter::repeat("else if"));
                let arms = op.arms.iter().zip(words);
                let arms = arms.map(|(arm, word)| area(AreaKind::Choice, format!("{word} {}", inline(plan, arm.condition)), arm.then));
                arms.chain(op.otherwise.map(|block| area(AreaKind::Choice, "else".to_owned(), block))).collect()
            }
            Op::WhileLoop(op) => vec![area(self.around(id), format!("while {}", inline(plan, op.condition)), op.body)],
            Op::ForEach(op) => vec![area(self.around(id), format!("for each {}", named(plan, op.item)), op.body)],
            Op::TryCatch(op) => {
                let body = std::iter::once(area(AreaKind::Body, "try".to_owned(), op.body));
                let catches = op.catches.iter().map(|catch| area(AreaKind::Catch, caught(plan, catch), catch.body));
                let finally = op.finally.map(|block| area(AreaKind::Finally, "finally".to_owned(), block));
                body.chain(catches).chain(finally).collect()
            }
            Op::Block(op) => vec![area(AreaKind::Body, "steps".to_owned(), op.body)],
            Op::Parallel(op) => {
                let branches = op.branches.iter();
                branches.map(|branch| area(AreaKind::Branch, format!("branch {}", named(plan, branch.name)), branch.body)).collect()
            }
        }
    }

    fn around(&self, id: NodeId) -> AreaKind {
        AreaKind::Loop { repeats: self.ways.edges.iter().any(|edge| edge.kind == EdgeKind::Back && edge.to == Point::Step(id)) }
    }
}
