//! `copy`: rows of one database become rows of a table, in the same database or another.

use serde::{Deserialize, Serialize};

use super::{Table, WriteMode};
use crate::column::Column;
use crate::{ExprId, SourceId};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Copy {
    pub from: From,
    pub target: Table,
    /// The columns that are taken, with the types they get; empty for all, as they are.
    pub columns: Vec<Column>,
    pub write_mode: WriteMode,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum From {
    Table(Table),
    Query { source: SourceId, sql: ExprId },
}

impl Copy {
    /// The source that is read.
    #[must_use]
    pub fn source(&self) -> SourceId {
        match &self.from {
            From::Table(table) => table.source,
            From::Query { source, .. } => *source,
        }
    }
}
