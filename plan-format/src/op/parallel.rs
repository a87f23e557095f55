//! `parallel`: branches that run side by side.

use serde::{Deserialize, Serialize};

use crate::{BlockId, TextId};

/// Each branch starts with a copy of the variables in sight. What it sets is visible behind the op, in the order of branches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parallel {
    pub branches: Vec<Branch>,
    /// How many run at a time, at least 1.
    pub max_concurrency: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    pub name: TextId,
    pub body: BlockId,
}
