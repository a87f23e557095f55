//! The manifest: what a plan touches, for the people who review it.

use serde::{Deserialize, Serialize};

use crate::{NodeId, Replay, SourceId, TextId};

/// Every list is sorted and has no entry twice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Hosts named literally in URLs, with the port where there is one.
    pub hosts: Vec<TextId>,
    /// Some URL's host is computed at run time.
    pub computed_hosts: bool,
    /// HTTP methods, upper case.
    pub methods: Vec<TextId>,
    pub tables: Vec<TableUse>,
    /// Variables that the environment, `--var` or `SEQUOR_VAR_…` must give.
    pub variables: Vec<TextId>,
    /// Nodes with snippets that need Python, once for each snippet.
    pub python: Vec<NodeId>,
    /// Each node that has an effect outside the run, with its replay class.
    pub effects: Vec<(NodeId, Replay)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TableUse {
    pub source: SourceId,
    /// `None` where the name is computed at run time.
    pub table: Option<TextId>,
    pub access: Access,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Access {
    Read,
    Create,
    Append,
    /// By SQL that the plan does not understand.
    Sql,
}
