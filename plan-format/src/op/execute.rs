//! `execute`: SQL statements run for their effect.

use serde::{Deserialize, Serialize};

use crate::{ExprId, SourceId};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execute {
    pub source: SourceId,
    /// One text each, already split.
    pub statements: Vec<ExprId>,
    /// All statements in one transaction; otherwise each on its own.
    pub transaction: bool,
}
