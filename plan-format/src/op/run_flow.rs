//! `run_flow`: a flow called with parameters. Recursion is refused when a plan is validated.

use serde::{Deserialize, Serialize};

use crate::{ExprId, FlowId, TextId};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunFlow {
    pub flow: FlowId,
    /// Evaluated in the calling flow, before the call.
    pub parameters: Vec<(TextId, ExprId)>,
    /// The local variable of the calling flow that holds what the flow returns.
    pub output: Option<TextId>,
    /// The id of the step of the flow that the call starts with; those before it are left out. The first one where absent.
    pub start: Option<TextId>,
}
