//! `run_flow`: parameters evaluated in the caller, then the flow with locals of its own.

use std::sync::Arc;

use sequor_plan_format::Plan;
use sequor_plan_format::op::{RunFlow, Scope};
use serde::{Deserialize, Serialize};

use super::leave::Exit;
use crate::machine::{Input, Next, unexpected};
use crate::scope::Assigned;
use crate::value::{Map, Value};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Calling {
    /// Parameters evaluated so far, in the order of the call.
    given: Vec<Value>,
}

impl Calling {
    pub(crate) fn on(&mut self, plan: &Plan, op: &RunFlow, input: Input) -> Next {
        match input {
            Input::Begin => self.next(plan, op),
            Input::Value(value) => {
                self.given.push(value);
                self.next(plan, op)
            }
            Input::Ended => Self::returned(plan, op, Value::Null),
            Input::Left(Exit::Return(value)) => Self::returned(plan, op, value),
            Input::Failed(error) => Next::Fail(error),
            other @ (Input::Done | Input::Item(_) | Input::Page { .. } | Input::Left(Exit::Break | Exit::Continue)) => unexpected(&other),
        }
    }

    /// How many parameters are evaluated.
    pub(crate) fn given(&self) -> usize {
        self.given.len()
    }

    fn returned(plan: &Plan, op: &RunFlow, value: Value) -> Next {
        match op.output {
            Some(name) => Next::Set(vec![Assigned { name: plan.text(name).into(), scope: Scope::Local, value }]),
            None => Next::End,
        }
    }

    fn next(&mut self, plan: &Plan, op: &RunFlow) -> Next {
        match op.parameters.get(self.given.len()) {
            Some((_, expr)) => Next::Evaluate(*expr),
            None => {
                let names = op.parameters.iter().map(|(name, _)| Arc::from(plan.text(*name)));
                Next::Call(op.flow, names.zip(self.given.drain(..)).collect::<Map>())
            }
        }
    }
}
