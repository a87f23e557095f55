//! Anchors, aliases and merge keys, within a budget: a few lines of aliases to aliases can stand for billions of nodes.

use std::collections::{HashMap, HashSet};

use super::{Entry, Kind, MAX_DEPTH, Node};

/// Nodes that all aliases of a file may stand for, 64 bytes of text counting as one more.
const MAX_EXPANDED: usize = 200_000;

/// The anchored nodes that are complete.
#[derive(Default)]
pub(super) struct Anchors {
    nodes: HashMap<usize, Anchored>,
    expanded: usize,
}

struct Anchored {
    node: Node,
    size: usize,
    depth: usize,
}

pub(super) enum Alias {
    Node(Box<Node>),
    /// The anchored node is still open: the alias stands inside what it refers to.
    Inside,
    /// The budget is used up.
    TooMuch,
}

impl Anchors {
    /// Keeps a copy for later aliases. False if the budget is used up.
    pub(super) fn keep(&mut self, id: usize, node: &Node) -> bool {
        let (size, depth) = measure(node);
        if !self.spend(size) {
            return false;
        }
        self.nodes.insert(id, Anchored { node: node.clone(), size, depth });
        true
    }

    pub(super) fn resolve(&mut self, id: usize, depth_here: usize) -> Alias {
        let Some(anchored) = self.nodes.get(&id) else { return Alias::Inside };
        let (size, depth) = (anchored.size, anchored.depth);
        if depth + depth_here > MAX_DEPTH || !self.spend(size) {
            return Alias::TooMuch;
        }
        self.nodes.get(&id).map_or(Alias::Inside, |a| Alias::Node(Box::new(a.node.clone())))
    }

    fn spend(&mut self, size: usize) -> bool {
        self.expanded += size;
        self.expanded <= MAX_EXPANDED
    }
}

/// Nodes with the weight of their texts, and levels of nesting. Recursion is bounded: no tree is deeper than [`MAX_DEPTH`].
fn measure(node: &Node) -> (usize, usize) {
    let children = |sizes: &mut dyn Iterator<Item = (usize, usize)>| {
        sizes.fold((1, 1), |(size, depth): (usize, usize), (s, d)| (size.saturating_add(s), depth.max(d + 1)))
    };
    match &node.kind {
        Kind::Scalar(scalar) => (1 + scalar.text.len() / 64, 0),
        Kind::Sequence(items) => children(&mut items.iter().map(measure)),
        Kind::Mapping(entries) => children(&mut entries.iter().map(|e| {
            let (size, depth) = measure(&e.value);
            (size + 1 + e.key.len() / 64, depth)
        })),
    }
}

/// Puts the entries of merged mappings where their `<<` was (`at`: how many entries came before it). Keys written in the mapping itself win, then
/// those of an earlier merged mapping.
pub(super) fn merge(own: Vec<Entry>, merged: Vec<(usize, Vec<Entry>)>) -> Vec<Entry> {
    if merged.is_empty() {
        return own;
    }
    let mut taken: HashSet<String> = own.iter().map(|e| e.key.clone()).collect();
    let mut out = Vec::with_capacity(own.len());
    let mut own = own.into_iter();
    let mut passed = 0;
    for (at, entries) in merged {
        out.extend(own.by_ref().take(at.saturating_sub(passed)));
        passed = at;
        out.extend(entries.into_iter().filter(|e| taken.insert(e.key.clone())));
    }
    out.extend(own);
    out
}
