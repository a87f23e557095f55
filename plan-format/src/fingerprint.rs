//! Fingerprints: whether a step of one plan is the same as a step of another.
//!
//! The fingerprint of a node covers its own payload and all that it owns and calls: expressions, constants, child blocks, called flows, the sources it
//! uses. It goes by content: numbering, sharing and the order of arenas do not matter. Left out is what does not change what a step does:
//! positions, titles, descriptions, retry, timeout, log settings, how many items are in flight, and what a resume does about requests in doubt
//! (see [`content`]).
//!
//! Takes a validated plan. A field that is added to a payload counts, unless it is named among those left out.

mod content;
mod own;

use std::collections::BTreeSet;
use std::fmt;

use crate::graph::{callees_first, nodes_of};
use crate::op::HttpRequest;
use crate::refs::{Ref, Refs};
use crate::{BlockId, ExprId, FlowId, Node, NodeId, Op, Plan, SourceId};
use content::Contents;
pub(crate) use own::Own;

/// BLAKE3 of a step's content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fingerprint(pub [u8; 32]);

/// 64 hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// The fingerprints of one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprints {
    nodes: Vec<Fingerprint>,
    flows: Vec<Fingerprint>,
    sources: Vec<Fingerprint>,
}

impl Fingerprints {
    /// One pass over a validated plan.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let mut contents = Contents::new(plan);
        let uses = SourceUses::new(plan, &contents);
        let mut nodes = vec![Fingerprint::default(); plan.nodes.len()];
        // A validated plan has no recursion.
        for flow in callees_first(plan).unwrap_or_default() {
            let mut inside = nodes_of(plan, plan.flow(flow).body);
            // Nodes of child blocks stand before their owners.
            inside.sort_unstable();
            for id in inside {
                for block in plan.node(id).op.blocks() {
                    contents.set_block(block, blend(plan, block, &nodes));
                }
                let own = contents.of(plan.node(id));
                nodes[id.index()] = uses.blend(own, &Counted(plan.node(id)));
            }
            contents.set_block(plan.flow(flow).body, blend(plan, plan.flow(flow).body, &nodes));
            let own = contents.of(plan.flow(flow));
            contents.set_flow(flow, uses.blend(own, &plan.flow(flow).parameters));
        }
        Self { nodes, flows: contents.into_flows(), sources: uses.sources }
    }

    #[must_use]
    pub fn node(&self, id: NodeId) -> Fingerprint {
        self.nodes[id.index()]
    }

    /// Of the flow with its name, parameters and steps.
    #[must_use]
    pub fn flow(&self, id: FlowId) -> Fingerprint {
        self.flows[id.index()]
    }

    /// Of the source and the sources that its own expressions query.
    #[must_use]
    pub fn source(&self, id: SourceId) -> Fingerprint {
        self.sources[id.index()]
    }
}

/// A node without what is left out of its fingerprint, so that the sources of that are left out too.
struct Counted<'a>(&'a Node);

impl Refs for Counted<'_> {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Node { id: _, title: _, span: _, when, retry: _, timeout_ms: _, replay: _, op } = self.0;
        when.refs(visit);
        match op {
            Op::HttpRequest(op) => {
                let HttpRequest { init, for_each, request, response, verify: _, in_doubt: _ } = op.as_ref();
                init.refs(visit);
                for_each.refs(visit);
                request.refs(visit);
                response.refs(visit);
            }
            Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::Sleep(_)
            | Op::Assert(_)
            | Op::Leave(_)
            | Op::IfElse(_)
            | Op::WhileLoop(_)
            | Op::ForEach(_)
            | Op::TryCatch(_)
            | Op::Parallel(_)
            | Op::Block(_)
            | Op::RunFlow(_) => op.refs(visit),
        }
    }
}

/// A block is its nodes in order.
fn blend(plan: &Plan, block: BlockId, nodes: &[Fingerprint]) -> Fingerprint {
    let mut hasher = blake3::Hasher::new();
    for &node in &plan.block(block).nodes {
        hasher.update(&nodes[node.index()].0);
    }
    Fingerprint(*hasher.finalize().as_bytes())
}

/// Sources as part of what uses them.
///
/// Sources may name each other in their expressions, in circles even, so a content names a source only, and the sources themselves are blended in here:
/// into a payload those that it names, each with all that it comes to use.
struct SourceUses<'a> {
    plan: &'a Plan,
    /// Each source with those that it uses, directly or through others.
    sources: Vec<Fingerprint>,
}

impl<'a> SourceUses<'a> {
    fn new(plan: &'a Plan, contents: &Contents<'a>) -> Self {
        let own: Vec<Fingerprint> = plan.sources.iter().map(|source| contents.of(source)).collect();
        let named: Vec<BTreeSet<SourceId>> = plan.sources.iter().map(|source| named_sources(plan, source)).collect();
        let with_used = |source: SourceId| {
            let mut reached = BTreeSet::from([source]);
            let mut open = vec![source];
            while let Some(at) = open.pop() {
                open.extend(named[at.index()].iter().copied().filter(|&next| reached.insert(next)));
            }
            reached.remove(&source);
            blend_sources(plan, own[source.index()], &reached, &own)
        };
        let sources = (0u32..).zip(&plan.sources).map(|(index, _)| with_used(SourceId(index))).collect();
        Self { plan, sources }
    }

    fn blend(&self, own: Fingerprint, payload: &dyn Refs) -> Fingerprint {
        blend_sources(self.plan, own, &named_sources(self.plan, payload), &self.sources)
    }
}

/// The payload's own content and that of sources, in the order of their names.
fn blend_sources(plan: &Plan, own: Fingerprint, used: &BTreeSet<SourceId>, contents: &[Fingerprint]) -> Fingerprint {
    let mut used: Vec<(&str, Fingerprint)> = used.iter().map(|&id| (plan.text(plan.source(id).name), contents[id.index()])).collect();
    used.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    hasher.update(&own.0);
    for (_, source) in used {
        hasher.update(&source.0);
    }
    Fingerprint(*hasher.finalize().as_bytes())
}

/// The sources that a payload names, itself or in its expressions. Steps and flows have fingerprints of their own.
fn named_sources(plan: &Plan, payload: &dyn Refs) -> BTreeSet<SourceId> {
    let mut sources = BTreeSet::new();
    let mut open = Vec::new();
    let mut found = |r: Ref, open: &mut Vec<ExprId>| match r {
        Ref::Expr(id) => open.push(id),
        Ref::Source(id) => {
            sources.insert(id);
        }
        Ref::Text(_) | Ref::Value(_) | Ref::Node(_) | Ref::Block(_) | Ref::Flow(_) | Ref::Span(_) => {}
    };
    payload.refs(&mut |r| found(r, &mut open));
    while let Some(id) = open.pop() {
        plan.expr(id).refs(&mut |r| found(r, &mut open));
    }
    sources
}
