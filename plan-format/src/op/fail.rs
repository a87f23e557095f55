//! `fail`: ends the flow with an error of its own.

use serde::{Deserialize, Serialize};

use crate::ExprId;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fail {
    pub message: ExprId,
    /// What `catch` can match with `on`; `failed` where absent.
    pub kind: Option<ExprId>,
}
