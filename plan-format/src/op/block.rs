//! `block`: steps that belong together.

use serde::{Deserialize, Serialize};

use crate::BlockId;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    pub body: BlockId,
}
