//! `if`: the first arm whose condition is true.

use serde::{Deserialize, Serialize};

use crate::{BlockId, ExprId};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IfElse {
    /// At least one.
    pub arms: Vec<Arm>,
    pub otherwise: Option<BlockId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    pub condition: ExprId,
    pub then: BlockId,
}
