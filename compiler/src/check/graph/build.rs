//! From steps to the graph.

use petgraph::graph::{DiGraph, NodeIndex};
use sequor_plan_format::op::Scope;

use super::{Action, Edge, Graph, constant};
use crate::op::Op;
use crate::op::leave::Leave;
use crate::op::parallel::Parallel;
use crate::op::try_catch::TryCatch;
use crate::snippet::expression::{Expression, Kind};
use crate::syntax::visit::Visitor;
use crate::syntax::{Assign, Step};

/// Edges that wait for the node that they lead to.
pub(super) type Open<'p> = Vec<(NodeIndex, Edge<'p>)>;

/// Where a step leads that leaves its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Break,
    Continue,
    Return,
}

/// What is around the current step.
pub(super) enum Frame<'p> {
    Loop {
        breaks: Open<'p>,
        continues: Open<'p>,
    },
    /// A `catch`, or a loop that skips items with errors.
    Catch {
        errors: Open<'p>,
    },
    Finally {
        errors: Open<'p>,
        left: Vec<(Target, Open<'p>)>,
    },
    /// Of a `parallel`: nothing around it can be left from inside.
    Branch,
}

pub(super) struct Builder<'p> {
    nodes: DiGraph<Vec<Action<'p>>, Edge<'p>>,
    pub(super) frames: Vec<Frame<'p>>,
    returns: Open<'p>,
    starts: Vec<(&'p Step, Vec<NodeIndex>)>,
}

pub(super) fn build(steps: &[Step]) -> Graph<'_> {
    let mut builder = Builder { nodes: DiGraph::new(), frames: Vec::new(), returns: Vec::new(), starts: Vec::new() };
    let entry = builder.nodes.add_node(Vec::new());
    let mut end = builder.block(steps, vec![(entry, Edge::Next)]);
    end.append(&mut builder.returns);
    let exit = builder.node(Vec::new(), &end);
    Graph { nodes: builder.nodes, entry, exit, starts: builder.starts }
}

impl<'p> Builder<'p> {
    /// The depth of steps is bounded by the YAML reader.
    pub(super) fn block(&mut self, steps: &'p [Step], mut open: Open<'p>) -> Open<'p> {
        for step in steps {
            open = self.step(step, open);
        }
        open
    }

    fn step(&mut self, step: &'p Step, open: Open<'p>) -> Open<'p> {
        self.starts.push((step, open.iter().map(|(node, _)| *node).collect()));
        let Some(when) = &step.when else { return self.op(&step.op, open) };
        let (run, mut skipped) = self.branch(when, &open);
        let mut after = self.op(&step.op, run);
        after.append(&mut skipped);
        after
    }

    /// A condition: where it leads when it holds, and when it does not.
    pub(super) fn branch(&mut self, condition: &'p Expression, open: &Open<'p>) -> (Open<'p>, Open<'p>) {
        let node = self.node(vec![Action::Read(condition)], open);
        let edge = |outcome: bool| match constant(condition) {
            Some(always) if always != outcome => Vec::new(),
            Some(_) | None => vec![(node, Edge::Branch(condition, outcome))],
        };
        (edge(true), edge(false))
    }

    fn op(&mut self, op: &'p Op, open: Open<'p>) -> Open<'p> {
        match op {
            Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Sleep(_)
            | Op::Assert(_)
            | Op::RunFlow(_) => self.simple(op, &open),
            Op::Fail(_) => {
                self.simple(op, &open);
                Vec::new()
            }
            Op::Leave(leave) => {
                let open = self.simple(op, &open);
                self.leave(target(leave), open)
            }
            Op::HttpRequest(op) => self.http_request(op, &open),
            Op::IfElse(op) => {
                let mut rest = open;
                let mut after = Vec::new();
                for arm in &op.arms {
                    let (run, other) = self.branch(&arm.condition, &rest);
                    after.extend(self.block(&arm.then, run));
                    rest = other;
                }
                after.extend(self.block(op.otherwise.as_deref().unwrap_or_default(), rest));
                after
            }
            Op::WhileLoop(op) => self.while_loop(op, &open),
            Op::ForEach(op) => self.for_each(op, &open),
            Op::TryCatch(op) => self.try_catch(op, open),
            Op::Block(op) => self.block(&op.steps, open),
            Op::Parallel(op) => self.parallel(op, &open),
        }
    }

    /// Branches that do not see each other. What comes behind them sees what all have done.
    fn parallel(&mut self, op: &'p Parallel, open: &Open<'p>) -> Open<'p> {
        let mut ends = Vec::new();
        for branch in &op.branches {
            self.frames.push(Frame::Branch);
            let end = self.block(&branch.steps, open.clone());
            self.frames.pop();
            if !end.is_empty() {
                ends.push((self.node(Vec::new(), &end), Edge::Together));
            }
        }
        // A branch that always fails is one that the others wait for in vain.
        if ends.len() < op.branches.len() {
            return Vec::new();
        }
        vec![(self.node(Vec::new(), &ends), Edge::Next)]
    }

    /// An op without steps, as one node.
    fn simple(&mut self, op: &'p Op, open: &Open<'p>) -> Open<'p> {
        let mut actions = Actions::default();
        op.visit(&mut actions);
        let node = self.node(actions.found, open);
        match op {
            Op::Transform(_) | Op::Copy(_) | Op::Execute(_) | Op::Fail(_) | Op::Assert(_) | Op::RunFlow(_) => self.fails(node),
            Op::HttpRequest(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Sleep(_)
            | Op::IfElse(_)
            | Op::WhileLoop(_)
            | Op::ForEach(_)
            | Op::TryCatch(_)
            | Op::Parallel(_)
            | Op::Block(_)
            | Op::Leave(_) => {}
        }
        vec![(node, Edge::Next)]
    }

    /// The node may end with an error, whatever it evaluates.
    pub(super) fn fails(&mut self, node: NodeIndex) {
        self.throw(&vec![(node, Edge::Error)]);
    }

    fn try_catch(&mut self, op: &'p TryCatch, open: Open<'p>) -> Open<'p> {
        if op.finally.is_some() {
            self.frames.push(Frame::Finally { errors: Vec::new(), left: Vec::new() });
        }
        let catches = !op.catches.is_empty();
        if catches {
            self.frames.push(Frame::Catch { errors: Vec::new() });
        }
        let mut after = self.block(&op.steps, open);
        if catches {
            let errors = self.caught();
            if op.catches.iter().all(|c| !c.kinds.is_empty()) {
                self.throw(&errors);
            }
            for catch in &op.catches {
                after.extend(self.block(&catch.steps, errors.clone()));
            }
        }
        let Some(finally) = &op.finally else { return after };
        let (errors, left) = match self.frames.pop() {
            Some(Frame::Finally { errors, left }) => (errors, left),
            Some(Frame::Loop { .. } | Frame::Catch { .. } | Frame::Branch) | None => (Vec::new(), Vec::new()),
        };
        let mut after = self.block(finally, after);
        let mut leaving = errors.clone();
        leaving.extend(left.iter().flat_map(|(_, open)| open.iter().copied()));
        if !leaving.is_empty() {
            let end = self.block(finally, leaving);
            if !errors.is_empty() {
                self.throw(&end);
            }
            for (target, _) in left {
                after.extend(self.leave(target, end.clone()));
            }
        }
        after
    }

    /// Ends the innermost frame, which is a catch, and gives the errors that reach it.
    pub(super) fn caught(&mut self) -> Open<'p> {
        match self.frames.pop() {
            Some(Frame::Catch { errors }) => errors,
            Some(Frame::Loop { .. } | Frame::Finally { .. } | Frame::Branch) | None => Vec::new(),
        }
    }

    fn throw(&mut self, open: &Open<'p>) {
        for frame in self.frames.iter_mut().rev() {
            match frame {
                Frame::Loop { .. } | Frame::Branch => {}
                Frame::Catch { errors } | Frame::Finally { errors, .. } => {
                    errors.extend_from_slice(open);
                    return;
                }
            }
        }
    }

    /// Gives back what goes on because there is nothing to leave, which is reported elsewhere.
    fn leave(&mut self, target: Target, open: Open<'p>) -> Open<'p> {
        for frame in self.frames.iter_mut().rev() {
            match frame {
                Frame::Finally { left, .. } => {
                    match left.iter_mut().find(|(t, _)| *t == target) {
                        Some((_, waiting)) => waiting.extend(open),
                        None => left.push((target, open)),
                    }
                    return Vec::new();
                }
                Frame::Loop { breaks, continues } => match target {
                    Target::Break => {
                        breaks.extend(open);
                        return Vec::new();
                    }
                    Target::Continue => {
                        continues.extend(open);
                        return Vec::new();
                    }
                    Target::Return => {}
                },
                Frame::Branch => return open,
                Frame::Catch { .. } => {}
            }
        }
        match target {
            Target::Return => {
                self.returns.extend(open);
                Vec::new()
            }
            Target::Break | Target::Continue => open,
        }
    }

    pub(super) fn node(&mut self, actions: Vec<Action<'p>>, open: &Open<'p>) -> NodeIndex {
        let fails = actions.iter().any(may_fail);
        let node = self.nodes.add_node(actions);
        self.connect(open, node);
        if fails {
            self.fails(node);
        }
        node
    }

    pub(super) fn connect(&mut self, open: &Open<'p>, to: NodeIndex) {
        for (from, edge) in open {
            self.nodes.add_edge(*from, to, *edge);
        }
    }
}

fn target(leave: &Leave) -> Target {
    match leave {
        Leave::Break => Target::Break,
        Leave::Continue => Target::Continue,
        Leave::Return(_) => Target::Return,
    }
}

fn may_fail(action: &Action<'_>) -> bool {
    match action {
        Action::Read(value) => {
            let mut fails = false;
            value.walk(&mut |e| {
                fails |= !matches!(
                    e.kind,
                    Kind::Null
                        | Kind::Bool(_)
                        | Kind::Int(_)
                        | Kind::Float(_)
                        | Kind::Number(_)
                        | Kind::List(_)
                        | Kind::Dict(_)
                        | Kind::Text(_)
                );
            });
            fails
        }
        Action::Set(..) => false,
        Action::Parse(_) | Action::Call(_) => true,
    }
}

/// Gathers what an op does, in the order it does it.
#[derive(Default)]
pub(super) struct Actions<'p> {
    pub(super) found: Vec<Action<'p>>,
}

impl<'p> Visitor<'p> for Actions<'p> {
    fn expression(&mut self, expression: &'p Expression) {
        self.found.push(Action::Read(expression));
    }

    fn parser(&mut self, parser: &'p Expression, _: bool) {
        self.found.push(Action::Parse(parser));
    }

    fn assign(&mut self, assign: &'p Assign) {
        self.found.push(Action::Set(&assign.name, assign.scope));
    }

    fn call(&mut self, call: &'p crate::op::run_flow::RunFlow) {
        self.found.push(Action::Call(call));
        if let Some(output) = &call.output {
            self.found.push(Action::Set(output, Scope::Local));
        }
    }
}
