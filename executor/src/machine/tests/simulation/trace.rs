//! What happens in a run, as far as anybody can notice: the common language of the model and the simulation.

use std::collections::BTreeMap;
use std::sync::Arc;

use sequor_plan_format::op::Scope;
use sequor_plan_format::{FlowId, NodeId};

use crate::error::RunError;
use crate::machine::Visible;
use crate::value::{Map, Value};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Entry {
    Began(NodeId),
    Skipped(NodeId),
    Ended {
        node: NodeId,
        failed: bool,
    },
    Tolerated(NodeId, Fault),
    Committed(Vec<(Arc<str>, Value)>),
    /// Something was asked of the world, with the variables in sight.
    Acted {
        node: NodeId,
        what: What,
        seen: Variables,
    },
}

/// What is asked of the world on behalf of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Run,
    /// The same effect, after so many failures.
    RunAgain(u32),
    /// One of several statements, each for itself.
    Statement(u64),
    Items,
    Open,
    Exchange {
        ordinal: u64,
        page: u64,
    },
    Absorb {
        ordinal: u64,
        page: u64,
        batch: u64,
    },
    Close {
        batch: u64,
    },
}

/// Variables in sight, the innermost binding last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Variables {
    pub(super) bound: Vec<(Arc<str>, Value)>,
    pub(super) locals: Arc<Map>,
    pub(super) project: Arc<Map>,
}

impl Variables {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let bound = self.bound.iter().rev().find(|(bound, _)| &**bound == name).map(|(_, value)| value);
        bound.or_else(|| self.locals.get(name)).or_else(|| self.project.get(name))
    }

    /// A local changes the loop variable or caught error of its name, where one is in force.
    pub(super) fn set(&mut self, name: &str, scope: Scope, value: Value) {
        match scope {
            Scope::Local => match self.bound.iter_mut().rev().find(|(bound, _)| &**bound == name) {
                Some((_, bound)) => *bound = value,
                None => drop(Arc::make_mut(&mut self.locals).insert(name.into(), value)),
            },
            Scope::Project => drop(Arc::make_mut(&mut self.project).insert(name.into(), value)),
        }
    }
}

impl From<Visible> for Variables {
    fn from(visible: Visible) -> Self {
        let bound = visible.bound.into_iter().map(|(name, value)| (name, briefly(value))).collect();
        Self { bound, locals: visible.locals, project: visible.project }
    }
}

/// A caught error without the end of its message.
fn briefly(value: Value) -> Value {
    let Value::Map(mut map) = value else { return value };
    if let Some(message) = Arc::make_mut(&mut map).get_mut("message") {
        *message = Value::text(brief(&message.to_text()));
    }
    Value::Map(map)
}

/// Wording is not the model's affair: a message's first words tell which it is.
pub(super) fn brief(message: &str) -> String {
    message.chars().take(24).collect()
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) kind: String,
    pub(super) message: String,
    pub(super) node: Option<NodeId>,
    pub(super) row: Option<String>,
    pub(super) stack: Vec<(FlowId, Option<NodeId>)>,
}

impl From<&RunError> for Fault {
    fn from(error: &RunError) -> Self {
        Self {
            kind: error.kind.name().to_owned(),
            message: brief(&error.message),
            node: error.node,
            row: error.row.clone(),
            stack: error.stack.iter().map(|entry| (entry.flow, entry.node)).collect(),
        }
    }
}

/// A reply's rows, as one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) ordinal: u64,
    pub(super) page: u64,
    pub(super) value: i64,
}

/// What one execution of an `http_request` puts into its tables.
#[derive(Clone, Debug)]
pub(super) struct Fill {
    pub(super) node: NodeId,
    /// The execution of the node, from 1.
    pub(super) n: u64,
    pub(super) succeeded: bool,
    pub(super) batches: Vec<Batch>,
}

/// A run from its start to its end.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) entries: Vec<Entry>,
    pub(super) outcome: Result<(), Fault>,
    /// Project variables as the run saw them last, and as they are kept.
    pub(super) project: Map,
    pub(super) kept: Map,
    /// Effects that must happen once, in their order: statements, and requests that must not be repeated. Each with its node, the execution of the node, and what it was.
    pub(super) effects: Vec<(NodeId, u64, What)>,
}

/// Rows that others see: by database and node, each with the execution that wrote it.
pub(super) type Tables = BTreeMap<(usize, NodeId), Vec<(u64, Batch)>>;
