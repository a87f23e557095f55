//! A flow as steps in blocks, with everything that a drawing says.

use super::label;
use crate::graph::nodes_of;
use crate::op::Leave;
use crate::{BlockId, FlowId, Node, NodeId, Op, Plan};

pub(super) struct Outline {
    pub(super) id: FlowId,
    pub(super) name: String,
    pub(super) parameters: Vec<String>,
    pub(super) steps: Vec<Step>,
}

pub(super) struct Step {
    pub(super) node: NodeId,
    pub(super) op: &'static str,
    pub(super) id: String,
    /// May be empty.
    pub(super) says: String,
    pub(super) terms: Vec<String>,
    /// It may be skipped.
    pub(super) has_when: bool,
    pub(super) way: Way,
    pub(super) blocks: Vec<Block>,
}

/// How control goes through a step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To the next step.
    On,
    /// Through one of its blocks.
    Choice {
        may_skip: bool,
    },
    /// Through its block again and again.
    Loop,
    Try,
    /// Through all of its blocks.
    All,
    Call(FlowId),
    Break,
    Continue,
    Return,
    Fail,
}

pub(super) struct Block {
    pub(super) role: Role,
    /// Under which condition, error or name. May be empty.
    pub(super) label: String,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Steps,
    Arm,
    Otherwise,
    Catch,
    Finally,
    Branch,
}

impl Outline {
    pub(super) fn of(plan: &Plan, id: FlowId) -> Self {
        let flow = plan.flow(id);
        let parameters = flow.parameters.iter().map(|parameter| plan.text(parameter.name).to_owned()).collect();
        Self { id, name: plan.text(flow.name).to_owned(), parameters, steps: steps(plan, flow.body) }
    }
}

impl Step {
    /// The lines that a drawing shows: op and id, then what it does, then its terms.
    pub(super) fn lines(&self) -> Vec<String> {
        let says = Some(&self.says).filter(|says| !says.is_empty());
        std::iter::once(format!("{}: {}", self.id, self.op)).chain(says.cloned()).chain(self.terms.iter().cloned()).collect()
    }
}

impl Block {
    /// The word that introduces the block.
    pub(super) fn title(&self) -> String {
        let word = match self.role {
            Role::Steps => "",
            Role::Arm => "if",
            Role::Otherwise => "else",
            Role::Catch => "catch",
            Role::Finally => "finally",
            Role::Branch => "branch",
        };
        [word, &self.label].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// The flows that a flow calls itself.
pub(super) fn calls(plan: &Plan, flow: FlowId) -> Vec<FlowId> {
    let called = |node: NodeId| if let Op::RunFlow(op) = &plan.node(node).op { Some(op.flow) } else { None };
    nodes_of(plan, plan.flow(flow).body).into_iter().filter_map(called).collect()
}

fn steps(plan: &Plan, block: BlockId) -> Vec<Step> {
    plan.block(block).nodes.iter().map(|id| step(plan, *id)).collect()
}

/// Recursion, through the blocks of ops, is bounded by the depth of blocks.
fn step(plan: &Plan, id: NodeId) -> Step {
    let node = plan.node(id);
    let Node { id: name, op, .. } = node;
    Step {
        node: id,
        op: op.name(),
        id: plan.text(*name).to_owned(),
        says: label::says(plan, op),
        terms: label::terms(plan, node),
        has_when: node.when.is_some(),
        way: way(op),
        blocks: blocks(plan, op),
    }
}

fn way(op: &Op) -> Way {
    match op {
        Op::HttpRequest(_)
        | Op::Transform(_)
        | Op::Copy(_)
        | Op::Execute(_)
        | Op::SetVariable(_)
        | Op::Print(_)
        | Op::Sleep(_)
        | Op::Assert(_) => Way::On,
        Op::Fail(_) => Way::Fail,
        Op::IfElse(op) => Way::Choice { may_skip: op.otherwise.is_none() },
        Op::WhileLoop(_) | Op::ForEach(_) => Way::Loop,
        Op::TryCatch(_) => Way::Try,
        Op::Parallel(_) | Op::Block(_) => Way::All,
        Op::RunFlow(op) => Way::Call(op.flow),
        Op::Leave(Leave::Break) => Way::Break,
        Op::Leave(Leave::Continue) => Way::Continue,
        Op::Leave(Leave::Return(_)) => Way::Return,
    }
}

fn blocks(plan: &Plan, op: &Op) -> Vec<Block> {
    let block = |role, label: String, block| Block { role, label, steps: steps(plan, block) };
    match op {
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
            let arms = op.arms.iter().map(|arm| block(Role::Arm, label::expression(plan, arm.condition), arm.then));
            let otherwise = op.otherwise.map(|steps| block(Role::Otherwise, String::new(), steps));
            arms.chain(otherwise).collect()
        }
        Op::WhileLoop(op) => vec![block(Role::Steps, String::new(), op.body)],
        Op::ForEach(op) => vec![block(Role::Steps, String::new(), op.body)],
        Op::Block(op) => vec![block(Role::Steps, String::new(), op.body)],
        Op::TryCatch(op) => {
            let catches = op.catches.iter().map(|catch| {
                let kinds: Vec<&str> = catch.kinds.iter().map(|kind| plan.text(*kind)).collect();
                block(Role::Catch, kinds.join(", "), catch.body)
            });
            let finally = op.finally.map(|steps| block(Role::Finally, String::new(), steps));
            std::iter::once(block(Role::Steps, String::new(), op.body)).chain(catches).chain(finally).collect()
        }
        Op::Parallel(op) => op.branches.iter().map(|branch| block(Role::Branch, plan.text(branch.name).to_owned(), branch.body)).collect(),
    }
}
