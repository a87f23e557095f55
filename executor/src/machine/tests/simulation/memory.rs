//! What a process of the simulation has in memory, and what it knows to be open.

use std::collections::BTreeMap;

use sequor_plan_format::op::HttpRequest;
use sequor_plan_format::{NodeId, Op, Plan};
use serde::{Deserialize, Serialize};

use super::answers::Reply;
use super::journal::Key;
use super::landing::Landing;
use super::twin::Twinned;
use crate::error::RunError;
use crate::machine::{Activation, Command, Event, FrameId, State};

/// What a process has in memory.
pub(super) struct Life {
    pub(super) state: State,
    /// Events that led to the state.
    pub(super) events: u64,
    /// Waits for an answer.
    pub(super) command: Option<Command>,
    pub(super) open: BTreeMap<FrameId, Open>,
    pub(super) landing: Option<Landing>,
    pub(super) reply: Option<(Key, Reply)>,
    pub(super) outcome: Option<Result<(), RunError>>,
    /// Where the run is by another plan.
    pub(super) twinned: Option<Twinned>,
}

/// What a frame holds open, from the outside.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Open {
    pub(super) node: NodeId,
    pub(super) activation: Activation,
    /// Members that were handed out.
    pub(super) taken: usize,
}

impl Life {
    /// What is open, as the answers to commands tell.
    pub(super) fn observe(&mut self, answered: Command, event: &Event) {
        match (answered, event) {
            (Command::OpenItems { frame, node, activation } | Command::HttpOpen { frame, node, activation }, Event::Done { .. }) => {
                self.open.insert(frame, Open { node, activation, taken: 0 });
            }
            (Command::NextItem { frame } | Command::HttpNext { frame }, Event::Item(Some(_))) => {
                self.open.get_mut(&frame).unwrap().taken += 1;
            }
            (Command::HttpClose { frame, .. }, Event::Done { .. }) => drop(self.open.remove(&frame)),
            _ => {}
        }
    }

    /// The `http_request` that runs, if one does.
    pub(super) fn requesting<'p>(&self, plan: &'p Plan) -> Option<(Open, &'p HttpRequest)> {
        let open = *self.open.last_key_value()?.1;
        match &plan.node(open.node).op {
            Op::HttpRequest(op) => Some((open, op)),
            _ => None,
        }
    }
}
