//! `try`: steps whose errors are caught.

use serde::{Deserialize, Serialize};

use crate::{BlockId, TextId};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TryCatch {
    pub body: BlockId,
    /// The first one that matches runs.
    pub catches: Vec<Catch>,
    /// Runs in every case, last.
    pub finally: Option<BlockId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Catch {
    /// Error kinds; empty matches every error.
    pub kinds: Vec<TextId>,
    /// The variable that holds the error: a map with `kind`, `message`, `op`, `status_code` and `body`.
    pub error: Option<TextId>,
    pub body: BlockId,
}
