//! Control flow as a pure function: `step(plan, state, event) → commands`.
//!
//! Takes what became of the last command, changes the [`State`], gives the next commands: any number of notices, then exactly one that is
//! answered by an [`Event`]. Reads no clock, does no I/O, waits for nothing: the same events always lead to the same state, and a state can be stored
//! and loaded between any two steps.
//!
//! A running flow is a stack of frames. Each node's frame holds a small automaton of its op (`op/NAME.rs`), which is told what happened
//! ([`Input`]) and says what is to happen ([`Next`]).

use std::sync::Arc;

use sequor_plan_format::{ExprId, FlowId, NodeId, Plan};
use serde::{Deserialize, Serialize};

use crate::error::{ErrorKind, RunError};
use crate::scope::Assigned;
use crate::value::{Map, Value};

mod branch;
mod carry;
mod frame;
mod http_request;
mod open;
mod phase;
mod stack;
mod variables;

pub use branch::Counter;
pub(crate) use carry::{Begun, Carrier, Lost, OpenBlock};
pub use frame::{Activation, FrameId, State};
pub use open::{OpenFrame, Position};
pub use variables::Visible;

pub(crate) use phase::{Frame, Input, Next, holds};

/// What the driver is to do. Expressions see the variables that [`State::visible`] gives.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    // Notices: no event answers them.
    /// A node starts.
    Began { node: NodeId, activation: Activation },
    /// A node's `when` is not true.
    Skipped { node: NodeId },
    /// A node ended.
    Ended { node: NodeId, activation: Activation, failed: bool },
    /// A loop goes on after an item's error, or a `catch` takes one.
    Tolerated { node: NodeId, error: RunError },
    /// Project variables are to be made durable before anything else starts.
    Commit { values: Vec<(Arc<str>, Value)> },
    /// What a frame holds open is to be dropped.
    Release { frame: FrameId, activation: Activation },

    // Answered by one event each.
    /// Answered by `Value`.
    Evaluate { node: Option<NodeId>, expr: ExprId },
    /// Runs the branches of a `parallel`. Answered by `Done`, with what they set.
    Branches { frame: FrameId, node: NodeId, activation: Activation },
    /// Performs an op that is one effect. Answered by `Done`.
    Run { node: NodeId, activation: Activation },
    /// Waits before the next attempt of a node that has failed so often. Answered by `Done`.
    Pause { node: NodeId, activation: Activation, failures: u32 },
    /// Opens the members of a loop. Answered by `Done`.
    OpenItems { frame: FrameId, node: NodeId, activation: Activation },
    /// Answered by `Item`.
    NextItem { frame: FrameId },
    /// Opens an `http_request`. Answered by `Done`.
    HttpOpen { frame: FrameId, node: NodeId, activation: Activation },
    /// Answered by `Item`.
    HttpNext { frame: FrameId },
    /// Sends the request of a page. Answered by `Done`.
    HttpExchange { frame: FrameId, ordinal: u64, page: u64 },
    /// Reads the reply of a page: the op's `batch`-th, from 1. Answered by `Absorbed`.
    HttpAbsorb { frame: FrameId, ordinal: u64, page: u64, batch: u64 },
    /// Makes the loaded tables visible: the last batch. Answered by `Done`.
    HttpClose { frame: FrameId, batch: u64 },
    /// The run is over. Nothing answers.
    Finish { outcome: Result<(), RunError> },
}

impl Command {
    /// Whether the driver performs it and tells what came of it.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        match self {
            Self::Began { .. }
            | Self::Skipped { .. }
            | Self::Ended { .. }
            | Self::Tolerated { .. }
            | Self::Commit { .. }
            | Self::Release { .. }
            | Self::Finish { .. } => false,
            Self::Evaluate { .. }
            | Self::Run { .. }
            | Self::Pause { .. }
            | Self::OpenItems { .. }
            | Self::NextItem { .. }
            | Self::HttpOpen { .. }
            | Self::HttpNext { .. }
            | Self::HttpExchange { .. }
            | Self::HttpAbsorb { .. }
            | Self::HttpClose { .. }
            | Self::Branches { .. } => true,
        }
    }
}

/// What became of a command.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// The first event of a run.
    Start,
    Value(Value),
    Done {
        assigned: Vec<Assigned>,
    },
    Item(Option<Value>),
    Absorbed {
        assigned: Vec<Assigned>,
        again: bool,
    },
    Failed(RunError),
}

impl State {
    /// Before the first step of `flow`. `parameters` are those given from outside; `project` holds what flows have set so far.
    #[must_use]
    pub fn new(flow: FlowId, parameters: Map, project: Map) -> Self {
        Self::before(flow, parameters, project)
    }
}

/// One step. See the module's documentation.
#[must_use]
pub fn step(plan: &Plan, state: &mut State, event: Event) -> Vec<Command> {
    step_noting(plan, state, event).0
}

/// As [`step`]. Gives also the state in which an error arose, where the event was none itself: there the step can be taken again.
#[must_use]
pub(crate) fn step_noting(plan: &Plan, state: &mut State, event: Event) -> (Vec<Command>, Option<State>) {
    stack::Stepper::new(plan, state).step(event)
}

/// An automaton was told something that cannot follow what it asked for. The driver never does that.
pub(crate) fn unexpected(input: &Input) -> Next {
    Next::Fail(RunError::new(ErrorKind::Failed("internal".to_owned()), format!("internal fault: {input:?} does not belong here")))
}

#[cfg(test)]
mod tests;
