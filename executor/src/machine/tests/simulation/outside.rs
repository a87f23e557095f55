//! What a crash does not touch: databases with their markers, and an API that remembers what was posted. Also the observer who notes every attempt.

use std::collections::BTreeMap;

use sequor_plan_format::NodeId;

use super::answers::{Answers, Reply};
use super::trace::{Batch, Tables, Variables, What};
use crate::machine::Activation;

#[derive(Debug, Default)]
pub(super) struct Outside {
    pub(super) databases: [Database; 2],
    /// Effects that must happen once, as they happened.
    pub(super) effects: Vec<(NodeId, u64, What)>,
    /// What can be asked about afterwards: statements, and requests that must not be repeated.
    ledger: BTreeMap<(Activation, What), Reply>,
    posted: usize,
    attempts: BTreeMap<(Activation, What), (NodeId, Variables)>,
    executions: BTreeMap<NodeId, Vec<Activation>>,
}

impl Outside {
    /// Notes that something is asked for. Gives which execution of the node it is for.
    ///
    /// An activation belongs to one node for ever, and whatever is attempted again is attempted with the same variables in sight.
    pub(super) fn attempt(&mut self, node: NodeId, activation: Activation, what: What, seen: &Variables) -> Result<u64, String> {
        if let Some((earlier, variables)) = self.attempts.get(&(activation, what)) {
            if *earlier != node {
                return Err(format!("activation {} was of node {} and is of node {} now", activation.0, earlier.0, node.0));
            }
            if variables != seen {
                return Err(format!("{what:?} of activation {} sees {seen:?}, before the crash it saw {variables:?}", activation.0));
            }
        } else {
            self.attempts.insert((activation, what), (node, seen.clone()));
        }
        let executions = self.executions.entry(node).or_default();
        if !executions.contains(&activation) {
            executions.push(activation);
        }
        Ok(self.execution(node, activation))
    }

    /// Which execution of its node an activation is, from 1.
    pub(super) fn execution(&self, node: NodeId, activation: Activation) -> u64 {
        let index = self.executions.get(&node).and_then(|all| all.iter().position(|a| *a == activation));
        index.map_or(0, |index| index as u64 + 1)
    }

    pub(super) fn rows(&self) -> [usize; 2] {
        [self.databases[0].rows, self.databases[1].rows]
    }

    /// Whether it took place, and what came of it.
    pub(super) fn ask(&self, activation: Activation, what: What) -> Option<&Reply> {
        self.ledger.get(&(activation, what))
    }

    /// A statement or request takes place. Nothing out there prevents a second time.
    pub(super) fn happens(&mut self, node: NodeId, activation: Activation, what: What, reply: Reply) {
        self.effects.push((node, self.execution(node, activation), what));
        self.ledger.insert((activation, what), reply);
    }

    pub(super) fn reply(&self, answers: &Answers, node: NodeId, activation: Activation, ordinal: u64, page: u64) -> Reply {
        answers.reply(node, self.execution(node, activation), ordinal, page, self.posted)
    }

    pub(super) fn post(&mut self, answers: &Answers, node: NodeId, activation: Activation, ordinal: u64, page: u64) -> Reply {
        let reply = self.reply(answers, node, activation, ordinal, page);
        self.posted += 1;
        self.happens(node, activation, What::Exchange { ordinal, page }, reply.clone());
        reply
    }

    pub(super) fn tables(&self) -> Tables {
        let all = self.databases.iter().enumerate();
        all.flat_map(|(i, database)| database.tables.iter().map(move |(node, rows)| ((i, *node), rows.clone()))).collect()
    }
}

#[derive(Debug, Default)]
pub(super) struct Database {
    /// Written by statements.
    pub(super) rows: usize,
    /// One for each batch that is committed.
    markers: BTreeMap<(Activation, u64), Marker>,
    staging: BTreeMap<Activation, Vec<Batch>>,
    tables: BTreeMap<NodeId, Vec<(u64, Batch)>>,
}

/// Committed in one transaction with what it marks.
#[derive(Clone, Debug, Default)]
pub(super) struct Marker {
    /// Events of the run before the first one here.
    pub(super) start: u64,
    pub(super) events: Vec<String>,
    /// The landing is over.
    pub(super) last: bool,
}

/// An activation's way into a database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) node: NodeId,
    pub(super) activation: Activation,
    /// The execution of the node.
    pub(super) n: u64,
    /// The table is replaced at the end.
    pub(super) create: bool,
}

impl Database {
    /// Commits batches with the marker of the last one.
    pub(super) fn commit(&mut self, target: Target, batches: &[Batch], number: u64, marker: Marker) {
        let last = marker.last;
        self.markers.insert((target.activation, number), marker);
        if target.create {
            self.staging.entry(target.activation).or_default().extend(batches);
            if last {
                let rows = self.staging.remove(&target.activation).unwrap_or_default();
                self.tables.insert(target.node, rows.into_iter().map(|batch| (target.n, batch)).collect());
            }
        } else {
            self.tables.entry(target.node).or_default().extend(batches.iter().map(|batch| (target.n, *batch)));
        }
    }

    /// The last marker of an activation, with its number.
    pub(super) fn committed(&self, activation: Activation) -> Option<(u64, &Marker)> {
        self.markers_of(activation).next_back()
    }

    pub(super) fn markers_of(&self, activation: Activation) -> impl DoubleEndedIterator<Item = (u64, &Marker)> {
        self.markers.range((activation, 0)..=(activation, u64::MAX)).map(|((_, number), marker)| (*number, marker))
    }

    /// Markers whose events are in the journal go, the last of each activation stays.
    pub(super) fn journalled(&mut self, events: u64) {
        let last: BTreeMap<Activation, u64> = self.markers.keys().copied().collect();
        self.markers.retain(|(activation, number), m| last[activation] == *number || m.start + m.events.len() as u64 > events);
    }

    /// Staging tables go, except those of the activations that are still open.
    pub(super) fn clean(&mut self, open: impl Fn(Activation) -> bool) {
        self.staging.retain(|activation, _| open(*activation));
    }

    pub(super) fn has_staging(&self) -> bool {
        !self.staging.is_empty()
    }
}
