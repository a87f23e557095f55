//! `assert`: something that must be so.

use serde::{Deserialize, Serialize};

use crate::{ExprId, SourceId};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assert {
    pub check: Check,
    /// What is wrong where it is not so; the executor's own sentence where absent.
    pub message: Option<ExprId>,
    pub severity: Severity,
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Check {
    Condition(ExprId),
    Query { source: SourceId, query: ExprId, expect: Expect },
}

/// What a query must give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expect {
    /// No row.
    Empty,
    /// At least one row.
    NotEmpty,
    /// This value, in the first column of the only row.
    Value(ExprId),
}

/// What comes of a check that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Severity {
    /// The op fails.
    Error,
    /// The log says so, and the flow goes on.
    Warn,
}
