//! Two plans step by step: what is the same, changed, added, removed.
//!
//! Takes validated plans, compares by [`fingerprint`](crate::fingerprint), so by what steps do: positions, titles and settings that change no effect
//! are no difference. A step that owns others is compared without them: a changed child does not make the loop around it a changed one.

use std::collections::{BTreeMap, BTreeSet};

use crate::fingerprint::Fingerprints;
use crate::graph::nodes_of;
use crate::path::Paths;
use crate::{FlowId, NodeId, Plan};

/// What became of a step from one plan to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Same,
    /// A step of another op, or the same op with another effect.
    Changed,
    /// An `http_request` that sends the same requests and reads the replies in another way.
    ReplyChanged,
    Added,
    Removed,
}

/// One step, in one plan or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepChange {
    pub path: String,
    pub change: Change,
    pub before: Option<NodeId>,
    pub after: Option<NodeId>,
}

/// All that differs between two plans, and all that does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Flow by flow in the order of the new plan, removed steps and flows behind the others.
    pub steps: Vec<StepChange>,
    /// Flows in both plans whose parameters differ.
    pub parameters: Vec<String>,
    /// The project's variables differ.
    pub constants: bool,
    /// The flows that a run may start with differ.
    pub entries: bool,
}

impl Comparison {
    /// Nothing that changes what a run does.
    #[must_use]
    pub fn is_same(&self) -> bool {
        let Self { steps, parameters, constants, entries } = self;
        steps.iter().all(|step| step.change == Change::Same) && parameters.is_empty() && !constants && !entries
    }
}

#[must_use]
pub fn compare(before: &Plan, after: &Plan) -> Comparison {
    let (old, new) = (Fingerprints::new(before), Fingerprints::new(after));
    let mut gone = by_parts(before);
    let mut steps = Vec::new();
    let flows = (0u32..).map(FlowId).zip(&after.flows);
    let mut parameters = Vec::new();
    let paths = Paths::new(after);
    for (id, flow) in flows {
        let name = after.text(flow.name);
        if before.flow_named(name).is_some_and(|same| old.parameters(same) != new.parameters(id)) {
            parameters.push(name.to_owned());
        }
        for node in nodes_of(after, flow.body) {
            let parts = paths.parts(node);
            let path = parts.join("/");
            let found = gone.remove(&parts);
            let change = found.map_or(Change::Added, |was| changed((&old, was), (&new, node)));
            steps.push(StepChange { path, change, before: found, after: Some(node) });
        }
    }
    let removed = gone.into_iter().map(|(parts, node)| (parts.join("/"), node));
    steps.extend(removed.map(|(path, node)| StepChange { path, change: Change::Removed, before: Some(node), after: None }));
    Comparison { steps, parameters, constants: old.constants() != new.constants(), entries: entries(before) != entries(after) }
}

/// Steps other than requests ask what they are: where those differ, so do these.
fn changed((old, was): (&Fingerprints, NodeId), (new, is): (&Fingerprints, NodeId)) -> Change {
    if old.own(was) == new.own(is) {
        Change::Same
    } else if old.asked(was) == new.asked(is) {
        Change::ReplyChanged
    } else {
        Change::Changed
    }
}

fn by_parts(plan: &Plan) -> BTreeMap<Vec<String>, NodeId> {
    let paths = Paths::new(plan);
    (0u32..).zip(&plan.nodes).map(|(index, _)| (paths.parts(NodeId(index)), NodeId(index))).collect()
}

fn entries(plan: &Plan) -> BTreeSet<&str> {
    plan.project.entries.iter().map(|&entry| plan.text(plan.flow(entry).name)).collect()
}
