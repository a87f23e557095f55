//! Which step of the second plan is which step of the first.
//!
//! Flows are paired by name, blocks by the field of their owners, steps of a block by their ids. An id that the compiler made from op and position says nothing
//! once a step is put in front, so those steps are paired by content, then by op and order between the pairs that are found. A step with an id of its own that
//! has no partner yet has moved, where both plans have one step of that id and op left.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::in_order;
use super::parts::Side;
use crate::path::blocks;
use crate::{BlockId, Node, NodeId, Plan};

#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) new: NodeId,
    pub(super) moved: bool,
}

/// By node of the first plan.
pub(super) fn pairs(old: &Side<'_>, new: &Side<'_>) -> Vec<Option<Pair>> {
    let mut pairing = Pairing { old, new, found: vec![None; old.plan.nodes.len()], taken: vec![false; new.plan.nodes.len()] };
    for flow in &old.plan.flows {
        if let Some(other) = new.plan.flow_named(old.plan.text(flow.name)) {
            pairing.block(flow.body, new.plan.flow(other).body);
        }
    }
    pairing.moved();
    pairing.found
}

struct Pairing<'a> {
    old: &'a Side<'a>,
    new: &'a Side<'a>,
    found: Vec<Option<Pair>>,
    taken: Vec<bool>,
}

/// A step of a block that has no partner yet, with its position.
#[derive(Clone, Copy)]
struct Open {
    id: NodeId,
    position: usize,
}

impl Pairing<'_> {
    /// Recursion, through the blocks of paired steps, is bounded by the depth of blocks.
    fn block(&mut self, old: BlockId, new: BlockId) {
        let mut left = self.open(self.old.plan, old, |pairing, id| pairing.found[id.index()].is_none());
        let mut right = self.open(self.new.plan, new, |pairing, id| !pairing.taken[id.index()]);
        let mut found = Vec::new();
        let named = |side: &Side<'_>, open: Open| {
            let node = side.plan.node(open.id);
            (!is_numbered(side.plan, node, open.position)).then(|| side.plan.text(node.id).to_owned())
        };
        take(&mut left, &mut right, &mut found, |open| named(self.old, open), |open| named(self.new, open));
        let content = |side: &Side<'_>, open: Open| named(side, open).is_none().then(|| side.content(open.id));
        take(&mut left, &mut right, &mut found, |open| content(self.old, open), |open| content(self.new, open));
        let gaps = Gaps::new(&found);
        let op = |side: &Side<'_>, open: Open| named(side, open).is_none().then(|| side.plan.node(open.id).op.name());
        let before = |open: Open| Some((gaps.in_old(open.position), op(self.old, open)?));
        let after = |open: Open| Some((gaps.in_new(open.position), op(self.new, open)?));
        take(&mut left, &mut right, &mut found, before, after);

        found.sort_unstable_by_key(|(before, _)| before.position);
        let in_place = longest_rise(&found.iter().map(|(_, after)| after.position).collect::<Vec<_>>());
        for (index, (before, after)) in found.into_iter().enumerate() {
            self.pair(before.id, after.id, !in_place[index]);
        }
    }

    fn open(&self, plan: &Plan, block: BlockId, is_open: impl Fn(&Self, NodeId) -> bool) -> Vec<Open> {
        let nodes = plan.block(block).nodes.iter().enumerate();
        nodes.map(|(position, &id)| Open { id, position }).filter(|open| is_open(self, open.id)).collect()
    }

    fn pair(&mut self, old: NodeId, new: NodeId, moved: bool) {
        self.found[old.index()] = Some(Pair { new, moved });
        self.taken[new.index()] = true;
        let after = blocks(&self.new.plan.node(new).op);
        for (block, field) in blocks(&self.old.plan.node(old).op) {
            if let Some((other, _)) = after.iter().find(|(_, other)| *other == field) {
                self.block(block, *other);
            }
        }
    }

    /// Pairs what is left by ids that one step of each plan has.
    fn moved(&mut self) {
        let left: Vec<NodeId> = in_order(self.old.plan).filter(|id| self.found[id.index()].is_none()).collect();
        let right: Vec<NodeId> = in_order(self.new.plan).filter(|id| !self.taken[id.index()]).collect();
        let (by_old, by_new) = (unique(self.old.plan, &left), unique(self.new.plan, &right));
        for old in left {
            let key = named(self.old.plan, old);
            let partner = by_new.get(&key).copied().flatten();
            let alone = by_old.get(&key).copied().flatten() == Some(old);
            if let (true, Some(new)) = (alone && self.found[old.index()].is_none(), partner)
                && !self.taken[new.index()]
            {
                self.pair(old, new, true);
            }
        }
    }
}

/// The room between the pairs of a block, named by the pair in front of it: its place among the pairs, or `None` in front of them all.
struct Gaps {
    /// Positions in the old block, rising.
    old: Vec<usize>,
    /// Positions in the new block, rising, each with the place of its pair.
    new: Vec<(usize, usize)>,
}

impl Gaps {
    fn new(pairs: &[(Open, Open)]) -> Self {
        let mut positions: Vec<(usize, usize)> = pairs.iter().map(|(before, after)| (before.position, after.position)).collect();
        positions.sort_unstable();
        let mut new: Vec<(usize, usize)> = positions.iter().enumerate().map(|(place, (_, after))| (*after, place)).collect();
        new.sort_unstable();
        Self { old: positions.into_iter().map(|(before, _)| before).collect(), new }
    }

    fn in_old(&self, position: usize) -> Option<usize> {
        self.old.partition_point(|&before| before < position).checked_sub(1)
    }

    fn in_new(&self, position: usize) -> Option<usize> {
        let at = self.new.partition_point(|(after, _)| *after < position).checked_sub(1)?;
        self.new.get(at).map(|(_, place)| *place)
    }
}

/// Pairs those with the same key, in order. Without a key, a step is left for later.
fn take<K: Ord>(
    left: &mut Vec<Open>,
    right: &mut Vec<Open>,
    found: &mut Vec<(Open, Open)>,
    old: impl Fn(Open) -> Option<K>,
    new: impl Fn(Open) -> Option<K>,
) {
    let mut waiting: BTreeMap<K, VecDeque<Open>> = BTreeMap::new();
    for &open in right.iter() {
        if let Some(key) = new(open) {
            waiting.entry(key).or_default().push_back(open);
        }
    }
    let mut paired = Vec::new();
    left.retain(|&open| {
        let partner = old(open).and_then(|key| waiting.get_mut(&key)?.pop_front());
        paired.extend(partner.map(|partner| (open, partner)));
        partner.is_none()
    });
    let gone: BTreeSet<usize> = paired.iter().map(|(_, partner)| partner.position).collect();
    right.retain(|open| !gone.contains(&open.position));
    found.extend(paired);
}

/// Whether the compiler made the step's id from its op and position, with `_` behind where that was taken.
fn is_numbered(plan: &Plan, node: &Node, position: usize) -> bool {
    let number = plan.text(node.id).strip_prefix(node.op.name()).and_then(|rest| rest.strip_prefix('_'));
    number.and_then(|number| number.trim_end_matches('_').parse::<usize>().ok()) == Some(position + 1)
}

/// Op and id.
fn named(plan: &Plan, id: NodeId) -> (&'static str, String) {
    let node = plan.node(id);
    (node.op.name(), plan.text(node.id).to_owned())
}

/// `None` where several have the key.
fn unique(plan: &Plan, nodes: &[NodeId]) -> BTreeMap<(&'static str, String), Option<NodeId>> {
    let mut found = BTreeMap::new();
    for &id in nodes {
        found.entry(named(plan, id)).and_modify(|first| *first = None).or_insert(Some(id));
    }
    found
}

/// Which members belong to a longest rising run, not necessarily of neighbours: the steps that kept their order.
fn longest_rise(positions: &[usize]) -> Vec<bool> {
    // For each length, the member that ends a run of that length lowest; and for each member, the one before it in its run.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(positions.len());
    for (index, position) in positions.iter().enumerate() {
        let length = ends.partition_point(|&end| positions[end] < *position);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        if length == ends.len() { ends.push(index) } else { ends[length] = index }
    }
    let mut rises = vec![false; positions.len()];
    let mut at = ends.last().copied();
    while let Some(index) = at {
        rises[index] = true;
        at = before[index];
    }
    rises
}
