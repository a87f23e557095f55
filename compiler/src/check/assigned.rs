//! Definite assignment: for every place that reads a variable, whether it is set on all ways there, on some, or on none.
//!
//! Works on the graph of each flow. What a called flow sets in project scope counts for the caller; what all callers have set counts for the called flow.

mod state;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef as _;
use sequor_plan_format::op::Scope;

use super::graph::{self, Action, Edge, Graph};
use super::parsed::parsed_names;
use crate::diagnostic::Span;
use crate::snippet::expression::{Expression, Named};
use crate::syntax::Flow;
use state::{Bits, Names, Sets};

/// How a variable stands at a place that reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Set on all ways.
    Set,
    /// Set on some ways.
    Perhaps,
    /// Set on no way.
    Unset,
}

/// What is known about all reads.
#[derive(Default)]
pub(super) struct Assigned<'p> {
    reads: HashMap<(&'p str, u32, u32), BTreeMap<String, Standing>>,
    /// What each flow may set in project scope, called flows included.
    pub(super) sets: BTreeMap<&'p str, BTreeSet<&'p str>>,
}

/// A flow while it is analysed.
struct Known<'p> {
    graph: Graph<'p>,
    /// Set in project scope wherever the flow ends well, and wherever it ends.
    summary: (BTreeSet<&'p str>, BTreeSet<&'p str>),
    /// The same before the flow, over its callers: `None` where nothing calls it.
    context: Option<(BTreeSet<&'p str>, BTreeSet<&'p str>)>,
}

impl<'p> Assigned<'p> {
    /// Analyses all flows that are given.
    pub(super) fn of(flows: &[&'p Flow]) -> Self {
        let by_name: BTreeMap<&str, &'p Flow> = flows.iter().map(|f| (f.name.as_str(), *f)).collect();
        let mut known: BTreeMap<&'p str, Known<'p>> = BTreeMap::new();
        let mut order: Vec<&'p str> = Vec::new();
        for flow in flows {
            callees_first(flow, &by_name, &mut known, &mut order);
        }
        for name in &order {
            let summary = analyse(name, &known, None).summary;
            if let Some(flow) = known.get_mut(name) {
                flow.summary = summary;
            }
        }
        let mut assigned = Self::default();
        for name in order.iter().rev() {
            let found = analyse(name, &known, Some(&mut assigned.reads));
            for (callee, must, may) in found.calls {
                if let Some(callee) = known.get_mut(callee) {
                    match &mut callee.context {
                        Some((all, any)) => {
                            all.retain(|n| must.contains(n));
                            any.extend(may);
                        }
                        none @ None => *none = Some((must, may)),
                    }
                }
            }
        }
        assigned.sets = known.into_iter().map(|(name, flow)| (name, flow.summary.1)).collect();
        assigned
    }

    /// `None` where the place is never reached, or is not part of a step.
    pub(super) fn standing(&self, flow: &str, name: &Named) -> Option<Standing> {
        self.reads.get(&(flow, name.span.start, name.span.end))?.get(&name.name).copied()
    }
}

/// Puts the flows in order: a flow after those that it calls. In a circle, which is a fault of its own, one of them comes too early.
fn callees_first<'p>(
    start: &'p Flow,
    by_name: &BTreeMap<&str, &'p Flow>,
    known: &mut BTreeMap<&'p str, Known<'p>>,
    order: &mut Vec<&'p str>,
) {
    let mut way: Vec<(&'p str, Vec<&'p str>)> = Vec::new();
    let mut enter = |flow: &'p Flow, way: &mut Vec<(&'p str, Vec<&'p str>)>| {
        if known.contains_key(flow.name.as_str()) {
            return;
        }
        let graph = Graph::of(flow);
        let calls = graph.nodes.node_weights().flatten().filter_map(|action| match action {
            Action::Call(call) => Some(call.flow.name.as_str()),
            Action::Read(_) | Action::Set(..) | Action::Parse(_) => None,
        });
        way.push((&flow.name, calls.collect()));
        known.insert(&flow.name, Known { graph, summary: Default::default(), context: None });
    };
    enter(start, &mut way);
    while let Some((name, calls)) = way.last_mut() {
        match calls.pop() {
            Some(callee) => {
                if let Some(flow) = by_name.get(callee) {
                    enter(flow, &mut way);
                }
            }
            None => {
                order.push(*name);
                way.pop();
            }
        }
    }
}

/// What the analysis of one flow gives.
struct Found<'p> {
    summary: (BTreeSet<&'p str>, BTreeSet<&'p str>),
    calls: Vec<(&'p str, BTreeSet<&'p str>, BTreeSet<&'p str>)>,
}

type Reads<'p> = HashMap<(&'p str, u32, u32), BTreeMap<String, Standing>>;

fn analyse<'p>(name: &'p str, known: &BTreeMap<&'p str, Known<'p>>, reads: Option<&mut Reads<'p>>) -> Found<'p> {
    let Some(flow) = known.get(name) else { return Found { summary: Default::default(), calls: Vec::new() } };
    let mut run = Run { known, names: Names::default(), reads: None, calls: Vec::new(), flow: name };
    let mut entry = Sets::default();
    if let Some((must, may)) = &flow.context {
        for name in may {
            let id = run.names.id(name);
            entry.project(id, must.contains(name));
        }
    }
    let kept = kept(&flow.graph);
    let befores = fixpoint(flow, &kept, &mut run, entry);
    run.reads = reads;
    let mut may = Bits::default();
    for (node, before) in &befores {
        let _ = run.walk(flow, &kept, &befores, (*node, before.clone()), |before| {
            may.unite(&before.project_may);
        });
    }
    let names = &run.names;
    // The last steps of a flow lead to its exit, unless they end with an error.
    let must = befores.get(&flow.graph.exit).map(|s| names.of(&s.project_must).collect()).unwrap_or_default();
    Found { summary: (must, names.of(&may).collect()), calls: run.calls }
}

/// The nodes whose state is kept: those that several ways lead to. What is set before any other node follows from the one before it, so that a long flow with many
/// variables needs no state for each step.
fn kept(graph: &Graph<'_>) -> Vec<bool> {
    let nodes = &graph.nodes;
    let joins = |node: NodeIndex, direction| nodes.edges_directed(node, direction).any(|edge| matches!(edge.weight(), Edge::Together));
    nodes
        .node_indices()
        .map(|node| {
            node == graph.entry
                || node == graph.exit
                || nodes.edges_directed(node, Direction::Incoming).count() != 1
                || joins(node, Direction::Incoming)
                || joins(node, Direction::Outgoing)
        })
        .collect()
}

type Befores = BTreeMap<NodeIndex, Sets>;

/// What is set before each kept node that is reached.
fn fixpoint<'p>(flow: &Known<'p>, kept: &[bool], run: &mut Run<'_, 'p>, entry: Sets) -> Befores {
    let mut befores = BTreeMap::from([(flow.graph.entry, entry)]);
    let mut waiting = BTreeSet::from([flow.graph.entry]);
    while let Some(node) = waiting.pop_first() {
        let Some(before) = befores.get(&node).cloned() else { continue };
        for (target, state) in run.walk(flow, kept, &befores, (node, before), |_| {}) {
            let changed = match befores.get_mut(&target) {
                Some(known) => known.join(&state),
                None => {
                    befores.insert(target, state);
                    true
                }
            };
            if changed {
                waiting.insert(target);
            }
        }
    }
    befores
}

struct Run<'r, 'p> {
    known: &'r BTreeMap<&'p str, Known<'p>>,
    names: Names<'p>,
    reads: Option<&'r mut Reads<'p>>,
    calls: Vec<(&'p str, BTreeSet<&'p str>, BTreeSet<&'p str>)>,
    flow: &'p str,
}

impl<'p> Run<'_, 'p> {
    /// Goes on from a kept node through those that are not. Gives what is set where kept nodes are come to; `visit` sees what is set before each node on the way.
    fn walk(
        &mut self,
        flow: &Known<'p>,
        kept: &[bool],
        befores: &Befores,
        start: (NodeIndex, Sets),
        mut visit: impl FnMut(&Sets),
    ) -> Vec<(NodeIndex, Sets)> {
        let nodes = &flow.graph.nodes;
        let mut arrived = Vec::new();
        let mut open = vec![start];
        while let Some((node, before)) = open.pop() {
            visit(&before);
            let edges: Vec<_> = nodes.edges_directed(node, Direction::Outgoing).map(|edge| (*edge.weight(), edge.target())).collect();
            let failing = edges.iter().any(|(edge, _)| matches!(edge, Edge::Error)).then(|| before.clone());
            let mut after = Some(self.through(&nodes[node], before));
            for (index, (edge, target)) in edges.iter().enumerate() {
                // The last edge takes the state itself.
                let last = index + 1 == edges.len();
                let Some(state) = (if last { after.take() } else { after.clone() }) else { continue };
                let state = match edge {
                    Edge::Next => state,
                    Edge::Branch(condition, outcome) => self.branch(condition, *outcome, state),
                    Edge::Error => failing.clone().unwrap_or_default().interrupted(&state),
                    Edge::Together => {
                        let ends = nodes.edges_directed(*target, Direction::Incoming).map(|end| befores.get(&end.source()));
                        match ends.collect::<Option<Vec<_>>>() {
                            Some(ends) => ends.into_iter().fold(Sets::default(), Sets::together),
                            // Another branch has not come to its end.
                            None => continue,
                        }
                    }
                };
                if kept[target.index()] { arrived.push((*target, state)) } else { open.push((*target, state)) }
            }
        }
        arrived
    }

    /// Where a condition came out so.
    fn branch(&mut self, condition: &Expression, outcome: bool, mut state: Sets) -> Sets {
        let mut tested = Vec::new();
        graph::tested(condition, outcome, &mut tested);
        for name in tested {
            let id = self.names.id_of(&name);
            state.known(id);
        }
        state
    }

    fn through(&mut self, actions: &[Action<'p>], mut state: Sets) -> Sets {
        for action in actions {
            match action {
                Action::Read(value) => {
                    let uses = value.uses();
                    for name in &uses.tested {
                        // Whoever tests a name in a snippet uses it only where it is there.
                        if uses.variables.iter().any(|used| used.name == name.name) {
                            self.note(name, Standing::Set, &uses.variables);
                        }
                    }
                    for used in &uses.variables {
                        let id = self.names.id_of(&used.name);
                        let tested = uses.tested.iter().any(|name| name.name == used.name);
                        if !tested {
                            self.note(used, state.standing(id), &[]);
                            // Had it not been there, the step would have failed.
                            state.known(id);
                        }
                    }
                }
                Action::Set(name, scope) => {
                    let id = self.names.id(&name.name);
                    match scope {
                        Scope::Project => state.project(id, true),
                        Scope::Local => state.known(id),
                    }
                }
                Action::Parse(parser) => {
                    for name in parsed_names(parser) {
                        let id = self.names.id_of(&name);
                        state.project(id, true);
                    }
                }
                Action::Call(call) => self.call(&call.flow.name, &mut state),
            }
        }
        state
    }

    fn call(&mut self, callee: &'p str, state: &mut Sets) {
        let Some((callee, known)) = self.known.get_key_value(callee) else { return };
        if self.reads.is_some() {
            let must = self.names.of(&state.project_must).collect();
            self.calls.push((callee, must, self.names.of(&state.project_may).collect()));
        }
        for name in &known.summary.1 {
            let id = self.names.id(name);
            state.project(id, known.summary.0.contains(name));
        }
    }

    fn note(&mut self, name: &Named, standing: Standing, places: &[Named]) {
        let flow = self.flow;
        let Some(reads) = &mut self.reads else { return };
        let mut at = |span: &Span| {
            let found = reads.entry((flow, span.start, span.end)).or_default();
            let joined = match found.get(&name.name) {
                Some(other) if *other != standing => Standing::Perhaps,
                Some(_) | None => standing,
            };
            found.insert(name.name.clone(), joined);
        };
        if places.is_empty() {
            at(&name.span);
        }
        for place in places.iter().filter(|place| place.name == name.name) {
            at(&place.span);
        }
    }
}
