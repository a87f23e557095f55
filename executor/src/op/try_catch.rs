//! `try`: steps, the first `catch` that matches their error, and `finally` in every case.

use std::sync::Arc;

use sequor_plan_format::Plan;
use sequor_plan_format::op::TryCatch;
use serde::{Deserialize, Serialize};

use super::leave::Exit;
use crate::error::RunError;
use crate::machine::{Frame, Input, Next, unexpected};
use crate::value::{Map, Value};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Trying {
    stage: Stage,
    /// What `finally` ends with, unless it fails or leaves itself.
    pending: Option<Pending>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Pending {
    Error(RunError),
    Leave(Exit),
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
enum Stage {
    #[default]
    Body,
    Catch,
    Finally,
}

impl Trying {
    pub(crate) fn on(&mut self, frame: &mut Frame<'_>, op: &TryCatch, input: Input) -> Next {
        match (self.stage, input) {
            (Stage::Body, Input::Begin) => Next::Enter(op.body),
            (Stage::Body | Stage::Catch, Input::Ended) => self.finally(frame, op),
            (Stage::Body, Input::Failed(error)) => {
                match op.catches.iter().find(|catch| error.is_one_of(catch.kinds.iter().map(|kind| frame.plan.text(*kind)))) {
                    Some(catch) => {
                        self.stage = Stage::Catch;
                        if let Some(name) = catch.error {
                            frame.bound.push((frame.plan.text(name).into(), describe(frame.plan, &error)));
                        }
                        Next::Catch(error, catch.body)
                    }
                    None => {
                        self.pending = Some(Pending::Error(error));
                        self.finally(frame, op)
                    }
                }
            }
            (Stage::Catch, Input::Failed(error)) => {
                self.pending = Some(Pending::Error(error));
                self.finally(frame, op)
            }
            (Stage::Body | Stage::Catch, Input::Left(exit)) => {
                self.pending = Some(Pending::Leave(exit));
                self.finally(frame, op)
            }
            (Stage::Finally, Input::Ended) => self.end(),
            (Stage::Finally, Input::Failed(mut error)) => {
                // The time of a step around is over all the same.
                if let Some(Pending::Error(pending)) = &self.pending {
                    error.ends = error.ends.or(pending.ends);
                }
                Next::Fail(error)
            }
            (Stage::Finally, Input::Left(exit)) => Next::Leave(exit),
            (_, other) => unexpected(&other),
        }
    }

    /// `finally` runs with an error that goes on after it.
    pub(crate) fn is_failing(&self) -> bool {
        matches!(self.pending, Some(Pending::Error(_)))
    }

    /// The error that `finally` ends with, for whoever names it anew.
    pub(crate) fn change_error(&mut self, change: impl FnOnce(&mut RunError)) {
        if let Some(Pending::Error(error)) = &mut self.pending {
            change(error);
        }
    }

    fn finally(&mut self, frame: &mut Frame<'_>, op: &TryCatch) -> Next {
        frame.bound.clear();
        match op.finally {
            Some(block) => {
                self.stage = Stage::Finally;
                Next::Enter(block)
            }
            None => self.end(),
        }
    }

    fn end(&mut self) -> Next {
        match self.pending.take() {
            None => Next::End,
            Some(Pending::Error(error)) => Next::Fail(error),
            Some(Pending::Leave(exit)) => Next::Leave(exit),
        }
    }
}

/// The error as flows see it.
fn describe(plan: &Plan, error: &RunError) -> Value {
    let op = error.node.map_or(Value::Null, |node| Value::text(plan.text(plan.node(node).id)));
    let members: [(&str, Value); 5] = [
        ("kind", Value::text(error.kind.name())),
        ("message", Value::text(error.message.as_str())),
        ("op", op),
        ("status_code", error.status_code.map_or(Value::Null, |status| Value::Int(status.into()))),
        ("body", error.body.as_deref().map_or(Value::Null, Value::text)),
    ];
    Value::Map(Arc::new(members.into_iter().map(|(name, value)| (name.into(), value)).collect::<Map>()))
}
