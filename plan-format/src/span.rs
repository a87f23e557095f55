//! Where a piece of the plan stands in the project's files.

use serde::{Deserialize, Serialize};

use crate::TextId;

/// A stretch of a file. Lines and columns count from 1; columns count characters, not bytes. The end is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Path relative to the project, with `/` between folders on every system.
    pub file: TextId,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}
