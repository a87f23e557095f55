//! `if`: conditions one after the other until one is true.

use sequor_plan_format::op::IfElse;
use serde::{Deserialize, Serialize};

use crate::machine::{Input, Next, holds, unexpected};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Choosing {
    /// The arm whose condition is being evaluated, or whose block runs.
    arm: usize,
}

impl Choosing {
    pub(crate) fn on(&mut self, op: &IfElse, input: Input) -> Next {
        match input {
            Input::Begin => self.test(op),
            Input::Value(value) => match holds(&value) {
                Ok(true) => op.arms.get(self.arm).map_or(Next::End, |arm| Next::Enter(arm.then)),
                Ok(false) => {
                    self.arm += 1;
                    self.test(op)
                }
                Err(error) => Next::Fail(error),
            },
            Input::Ended => Next::End,
            Input::Failed(error) => Next::Fail(error),
            Input::Left(exit) => Next::Leave(exit),
            other @ (Input::Done | Input::Item(_) | Input::Page { .. }) => unexpected(&other),
        }
    }

    /// The arm whose condition is being evaluated, or whose block runs.
    pub(crate) fn arm(&self) -> usize {
        self.arm
    }

    fn test(&self, op: &IfElse) -> Next {
        match (op.arms.get(self.arm), op.otherwise) {
            (Some(arm), _) => Next::Evaluate(arm.condition),
            (None, Some(otherwise)) => Next::Enter(otherwise),
            (None, None) => Next::End,
        }
    }
}
