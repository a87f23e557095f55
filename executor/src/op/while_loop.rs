//! `while`: a condition before each iteration, and a limit on their number.

use sequor_plan_format::op::WhileLoop;
use serde::{Deserialize, Serialize};

use crate::error::{ErrorKind, RunError};
use crate::machine::{Input, Next, holds, unexpected};
use crate::op::leave::Exit;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Looping {
    /// Iterations that have started.
    iterations: u64,
}

impl Looping {
    /// Iterations that have started.
    pub(crate) fn iterations(&self) -> u64 {
        self.iterations
    }

    pub(crate) fn on(&mut self, op: &WhileLoop, input: Input) -> Next {
        match input {
            Input::Begin | Input::Ended | Input::Left(Exit::Continue) => Next::Evaluate(op.condition),
            Input::Left(Exit::Break) => Next::End,
            Input::Left(exit @ Exit::Return(_)) => Next::Leave(exit),
            Input::Value(value) => match holds(&value) {
                Ok(false) => Next::End,
                Ok(true) if self.iterations >= op.max_iterations => Next::Fail(over_limit(op.max_iterations)),
                Ok(true) => {
                    self.iterations += 1;
                    Next::Enter(op.body)
                }
                Err(error) => Next::Fail(error),
            },
            Input::Failed(error) => Next::Fail(error),
            other @ (Input::Done | Input::Item(_) | Input::Page { .. }) => unexpected(&other),
        }
    }
}

fn over_limit(limit: u64) -> RunError {
    let message = format!(
        "the condition of this while is still true after {limit} iterations, its limit. If it needs more, set max_iterations; \
         otherwise check that a step in the loop changes what the condition reads"
    );
    RunError::new(ErrorKind::Limit, message)
}
