//! `transform`: a query whose result becomes a table.

use serde::{Deserialize, Serialize};

use super::{Table, WriteMode};
use crate::{ExprId, SourceId};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transform {
    pub source: SourceId,
    pub query: ExprId,
    /// In another source than the query's, the rows are moved.
    pub target: Table,
    pub write_mode: WriteMode,
}
