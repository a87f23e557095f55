//! `break`, `continue` and `return`: how far the steps that follow are left out.

use sequor_plan_format::op::Leave;
use serde::{Deserialize, Serialize};

use crate::machine::{Input, Next, unexpected};
use crate::value::Value;

/// Control on its way out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Exit {
    Break,
    Continue,
    Return(Value),
}

impl Exit {
    /// The op's name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Break => "break",
            Self::Continue => "continue",
            Self::Return(_) => "return",
        }
    }
}

pub(crate) fn on(op: &Leave, input: Input) -> Next {
    match (op, input) {
        (Leave::Break, Input::Begin) => Next::Leave(Exit::Break),
        (Leave::Continue, Input::Begin) => Next::Leave(Exit::Continue),
        (Leave::Return(None), Input::Begin) => Next::Leave(Exit::Return(Value::Null)),
        (Leave::Return(Some(value)), Input::Begin) => Next::Evaluate(*value),
        (Leave::Return(_), Input::Value(value)) => Next::Leave(Exit::Return(value)),
        (_, Input::Failed(error)) => Next::Fail(error),
        (_, other) => unexpected(&other),
    }
}
