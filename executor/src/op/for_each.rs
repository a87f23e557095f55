//! `for_each`: its members, and steps run once for each of them.
//!
//! The first half is the automaton, the second half what the driver holds open for it.

use std::sync::Arc;

use sequor_plan_format::NodeId;
use sequor_plan_format::op::for_each::{ForEach, OnError};
use serde::{Deserialize, Serialize};

use super::leave::Exit;
use super::rows;
use crate::error::RunError;
use crate::journal::members::Members;
use crate::machine::{Activation, Command, Frame, Input, Next, unexpected};
use crate::scope::Scope;
use crate::services::Services;
use crate::value::Value;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Looping {
    stage: Stage,
    /// Members that have been taken.
    taken: u64,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
enum Stage {
    #[default]
    Opening,
    Fetching,
    Body,
}

impl Looping {
    pub(crate) fn on(&mut self, frame: &mut Frame<'_>, op: &ForEach, input: Input) -> Next {
        match (self.stage, input) {
            (Stage::Opening, Input::Begin) => {
                Next::Command(Command::OpenItems { frame: frame.id, node: frame.node, activation: frame.activation })
            }
            (Stage::Opening, Input::Done) | (Stage::Body, Input::Ended | Input::Done | Input::Left(Exit::Continue)) => self.fetch(frame),
            (Stage::Body, Input::Left(Exit::Break)) => Next::End,
            (Stage::Body, Input::Left(exit @ Exit::Return(_))) => Next::Leave(exit),
            (Stage::Fetching, Input::Item(Some(value))) => {
                self.bind(frame, op, value);
                self.stage = Stage::Body;
                Next::Enter(op.body)
            }
            (Stage::Fetching, Input::Item(None)) => Next::End,
            (Stage::Body, Input::Failed(mut error)) => {
                if error.row.is_none() {
                    error.row = Some(self.taken.to_string());
                }
                match op.on_error {
                    OnError::Skip if error.is_one_of([]) => Next::Tolerate(error),
                    OnError::Fail | OnError::Skip => Next::Fail(error),
                }
            }
            (Stage::Opening | Stage::Fetching, Input::Failed(error)) => Next::Fail(error),
            (_, other) => unexpected(&other),
        }
    }

    /// Members that have been taken; nothing before the loop is open.
    pub(crate) fn taken(&self) -> Option<u64> {
        match self.stage {
            Stage::Opening => None,
            Stage::Fetching | Stage::Body => Some(self.taken),
        }
    }

    fn fetch(&mut self, frame: &mut Frame<'_>) -> Next {
        frame.bound.clear();
        self.stage = Stage::Fetching;
        Next::Command(Command::NextItem { frame: frame.id })
    }

    fn bind(&mut self, frame: &mut Frame<'_>, op: &ForEach, value: Value) {
        let index = i64::try_from(self.taken).unwrap_or(i64::MAX);
        self.taken += 1;
        frame.bound.push((frame.plan.text(op.item).into(), value));
        if let Some(name) = op.index {
            frame.bound.push((frame.plan.text(name).into(), Value::Int(index)));
        }
    }
}

/// Reads the members of the loop.
pub(crate) async fn open(
    services: &Arc<Services>,
    node: NodeId,
    activation: Activation,
    op: &ForEach,
    scope: &Scope,
) -> Result<Members, RunError> {
    let members = rows::open(services, activation, &op.rows, scope).await?;
    services.reporter.rows_in(node, members.len());
    Ok(members)
}
