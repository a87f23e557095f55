//! The control flow inside one flow.

use std::collections::BTreeSet;

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::Dfs;

use crate::op::{Leave, TryCatch};
use crate::{BlockId, FlowId, NodeId, Op, Plan};

/// A point that control passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Where the flow starts.
    Start,
    /// The node itself: its own work, or the choice of its branch.
    Node(NodeId),
    /// Where the blocks of a node come together again.
    After(NodeId),
    /// Before a `finally` block, whatever came before it.
    Finally(NodeId),
    /// Where the flow ends without an error.
    End,
}

/// Why control goes from one place to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edge {
    /// The next step.
    Next,
    /// Arm of an `if`, counted from 0.
    Arm(u32),
    /// No arm of an `if` matches.
    Otherwise,
    /// Into the body of a loop, `try` or `block`.
    Body,
    /// Into a branch of a `parallel`, counted from 0.
    Branch(u32),
    /// Past the blocks of a node whose `when` is false.
    Skipped,
    /// A loop that has nothing to do, or is done.
    Done,
    /// An error in the body of a `try`, into a `catch`, counted from 0. Leaves from the `try` itself: what its body has done is not certain.
    Catch(u32),
    /// Out of a loop or the flow by `break`, `continue` or `return`. It goes past any `finally` in between.
    Left,
    /// An error that no `catch` takes, into `finally`. Leaves from the `try` itself.
    Uncaught,
}

/// One flow as an acyclic directed graph. A node with `when` whose op owns no block has no [`Edge::Skipped`]: it is passed in either case, with or without its effect.
#[derive(Clone, Debug)]
pub struct FlowGraph {
    pub graph: DiGraph<Place, Edge>,
    pub start: NodeIndex,
    pub end: NodeIndex,
}

impl FlowGraph {
    #[must_use]
    pub fn new(plan: &Plan, flow: FlowId) -> Self {
        let mut graph = DiGraph::new();
        let start = graph.add_node(Place::Start);
        let end = graph.add_node(Place::End);
        let mut build = Build { plan, graph, end, loops: Vec::new() };
        if let Some((last, edge)) = build.block(plan.flow(flow).body, start, Edge::Next) {
            build.graph.add_edge(last, end, edge);
        }
        Self { graph: build.graph, start, end }
    }

    /// The nodes that control can reach. Conditions are taken to be open; steps after a `fail`, or after a node whose every way fails, are not reached.
    #[must_use]
    pub fn reachable(&self) -> BTreeSet<NodeId> {
        let mut nodes = BTreeSet::new();
        let mut walk = Dfs::new(&self.graph, self.start);
        while let Some(index) = walk.next(&self.graph) {
            match self.graph[index] {
                Place::Node(id) => {
                    nodes.insert(id);
                }
                Place::Start | Place::After(_) | Place::Finally(_) | Place::End => {}
            }
        }
        nodes
    }
}

/// Where control stands, and the kind of edge that leaves from there; `None` where control does not get on.
type Exit = Option<(NodeIndex, Edge)>;

struct Build<'a> {
    plan: &'a Plan,
    graph: DiGraph<Place, Edge>,
    end: NodeIndex,
    /// Of the loops around, outermost first: places that leave their body.
    loops: Vec<Vec<NodeIndex>>,
}

impl Build<'_> {
    /// Adds a block whose first node is entered from `from` by `edge`. Unreachable nodes are added without an edge to them.
    /// Recursion is bounded by the depth of blocks.
    fn block(&mut self, block: BlockId, from: NodeIndex, edge: Edge) -> Exit {
        let mut exit = Some((from, edge));
        for &id in &self.plan.block(block).nodes {
            let place = self.graph.add_node(Place::Node(id));
            if let Some((from, edge)) = exit {
                self.graph.add_edge(from, place, edge);
            }
            exit = self.node(id, place).map(|place| (place, Edge::Next));
        }
        exit
    }

    /// Adds what a node owns, and gives the place where its next step follows.
    fn node(&mut self, id: NodeId, place: NodeIndex) -> Option<NodeIndex> {
        let node = self.plan.node(id);
        let leaves = match &node.op {
            Op::HttpRequest(_)
            | Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::RunFlow(_)
            | Op::Sleep(_)
            | Op::Assert(_) => Some(place),
            Op::Fail(_) => None,
            Op::Leave(Leave::Break | Leave::Continue) => {
                if let Some(leaving) = self.loops.last_mut() {
                    leaving.push(place);
                }
                None
            }
            Op::Leave(Leave::Return(_)) => {
                self.graph.add_edge(place, self.end, Edge::Left);
                None
            }
            Op::IfElse(op) => {
                let mut exits = Vec::new();
                for (index, arm) in (0u32..).zip(&op.arms) {
                    exits.push(self.block(arm.then, place, Edge::Arm(index)));
                }
                exits.push(match op.otherwise {
                    Some(block) => self.block(block, place, Edge::Otherwise),
                    None => Some((place, Edge::Otherwise)),
                });
                self.join(id, exits)
            }
            Op::WhileLoop(op) => self.repeated(id, op.body, place),
            Op::ForEach(op) => self.repeated(id, op.body, place),
            Op::TryCatch(op) => self.try_catch(id, op, place),
            Op::Block(op) => {
                let exit = self.block(op.body, place, Edge::Body);
                self.join(id, vec![exit])
            }
            Op::Parallel(op) => {
                let exits: Vec<_> =
                    (0u32..).zip(&op.branches).map(|(index, branch)| self.block(branch.body, place, Edge::Branch(index))).collect();
                // A branch that never ends well keeps the op from it.
                if exits.iter().any(Option::is_none) { None } else { self.join(id, exits) }
            }
        };
        match (node.when, leaves) {
            (None, leaves) => leaves,
            // Skipped by its `when`, the node cannot keep control from getting on.
            (Some(_), None) => Some(place),
            (Some(_), Some(after)) => {
                if after != place {
                    self.graph.add_edge(place, after, Edge::Skipped);
                }
                Some(after)
            }
        }
    }

    fn repeated(&mut self, id: NodeId, body: BlockId, place: NodeIndex) -> Option<NodeIndex> {
        self.loops.push(Vec::new());
        let exit = self.block(body, place, Edge::Body);
        let mut exits = vec![exit, Some((place, Edge::Done))];
        exits.extend(self.loops.pop().into_iter().flatten().map(|place| Some((place, Edge::Left))));
        self.join(id, exits)
    }

    fn try_catch(&mut self, id: NodeId, op: &TryCatch, place: NodeIndex) -> Option<NodeIndex> {
        let mut exits = vec![self.block(op.body, place, Edge::Body)];
        for (index, catch) in (0u32..).zip(&op.catches) {
            exits.push(self.block(catch.body, place, Edge::Catch(index)));
        }
        let Some(finally) = op.finally else { return self.join(id, exits) };
        let goes_on = exits.iter().any(Option::is_some);
        let before = self.graph.add_node(Place::Finally(id));
        for (from, edge) in exits.into_iter().flatten() {
            self.graph.add_edge(from, before, edge);
        }
        self.graph.add_edge(place, before, Edge::Uncaught);
        let exit = self.block(finally, before, Edge::Next);
        // After an error that nothing caught, control leaves the flow behind `finally`.
        if goes_on { self.join(id, vec![exit]) } else { None }
    }

    fn join(&mut self, id: NodeId, exits: Vec<Exit>) -> Option<NodeIndex> {
        if exits.iter().all(Option::is_none) {
            return None;
        }
        let after = self.graph.add_node(Place::After(id));
        for (from, edge) in exits.into_iter().flatten() {
            self.graph.add_edge(from, after, edge);
        }
        Some(after)
    }
}
