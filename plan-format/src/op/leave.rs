//! `break`, `continue` and `return`: the steps that follow are left out.

use serde::{Deserialize, Serialize};

use crate::ExprId;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Leave {
    /// Ends the innermost loop of the flow.
    Break,
    /// Ends the round of the innermost loop of the flow.
    Continue,
    /// Ends the flow, with a value; null where absent.
    Return(Option<ExprId>),
}
