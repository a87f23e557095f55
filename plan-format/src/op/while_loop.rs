//! `while`: steps repeated as long as a condition holds.

use serde::{Deserialize, Serialize};

use crate::{BlockId, ExprId};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WhileLoop {
    pub condition: ExprId,
    pub body: BlockId,
    /// Reaching it is an error.
    pub max_iterations: u64,
}
