//! Two plans compared step by step: what `sequor diff` prints, and what decides whether a run may go on with a newer plan.
//!
//! [`compare`] pairs the steps of both plans ([`pairs`]) and says of each pair which parts of it differ ([`parts`]). It goes by content, as fingerprints do:
//! numbering, sharing and positions in files do not matter. A step that owns or calls others is not changed by a change in one of those; that is
//! [`Part::Inside`].
//!
//! Takes validated plans. Knows nothing of runs: which changes a run that has begun can bear is for its executor to say.

mod outside;
mod pairs;
mod parts;

use crate::graph::nodes_of;
use crate::{NodeId, Plan};

pub use outside::{Fate, Outside, Subject};
pub use parts::Part;

/// What became of the first plan in the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Steps of the second plan in the order they are written, then those that only the first one has.
    pub steps: Vec<Step>,
    /// What differs beside the steps.
    pub outside: Vec<Outside>,
    /// By node of the first plan, the place in `steps`.
    places: Vec<Option<usize>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Kept(Kept),
    /// Only the second plan has it.
    Added(NodeId),
    /// Only the first plan has it.
    Removed(NodeId),
}

/// A step that both plans have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// In the first plan.
    pub old: NodeId,
    /// In the second one.
    pub new: NodeId,
    /// It stands in another block, or among the steps of its block in another order.
    pub moved: bool,
    /// What differs, in order. Empty: nothing does.
    pub parts: Vec<Part>,
}

impl Kept {
    #[must_use]
    pub fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    /// The step itself does what it did: nothing differs but settings, and steps that it owns or calls.
    #[must_use]
    pub fn does_the_same(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Settings | Part::Inside))
    }

    /// Nothing is to be said about the step itself.
    #[must_use]
    pub fn is_same(&self) -> bool {
        !self.moved && self.parts.iter().all(|part| *part == Part::Inside)
    }
}

impl Step {
    #[must_use]
    pub fn is_same(&self) -> bool {
        match self {
            Self::Kept(kept) => kept.is_same(),
            Self::Added(_) | Self::Removed(_) => false,
        }
    }
}

impl Comparison {
    /// No difference at all, except of positions in files.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.outside.is_empty() && self.steps.iter().all(Step::is_same)
    }

    /// What became of a step of the first plan: `None` where it is removed.
    #[must_use]
    pub fn kept(&self, old: NodeId) -> Option<&Kept> {
        match self.steps.get(self.places.get(old.index()).copied().flatten()?)? {
            Step::Kept(kept) => Some(kept),
            Step::Added(_) | Step::Removed(_) => None,
        }
    }
}

/// One pass over each plan.
#[must_use]
pub fn compare(old: &Plan, new: &Plan) -> Comparison {
    let (old, new) = (parts::Side::new(old), parts::Side::new(new));
    let pairs = pairs::pairs(&old, &new);
    let mut of_new = vec![None; new.plan.nodes.len()];
    for (index, pair) in (0u32..).zip(&pairs) {
        if let Some(pair) = pair {
            of_new[pair.new.index()] = Some((NodeId(index), pair.moved));
        }
    }
    let mut steps = Vec::with_capacity(new.plan.nodes.len());
    let mut places = vec![None; old.plan.nodes.len()];
    for id in in_order(new.plan) {
        steps.push(match of_new[id.index()] {
            Some((before, moved)) => {
                places[before.index()] = Some(steps.len());
                Step::Kept(Kept { old: before, new: id, moved, parts: parts::differing(&old, before, &new, id) })
            }
            None => Step::Added(id),
        });
    }
    steps.extend(in_order(old.plan).filter(|id| pairs[id.index()].is_none()).map(Step::Removed));
    Comparison { steps, outside: outside::differing(&old, &new), places }
}

/// All steps, flow by flow, owners before what they own.
fn in_order(plan: &Plan) -> impl Iterator<Item = NodeId> + '_ {
    plan.flows.iter().flat_map(|flow| nodes_of(plan, flow.body))
}
