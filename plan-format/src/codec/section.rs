//! The sections of a plan file.

use crate::validate::{MAX_ENTRIES, MAX_NODES, MAX_SOURCES};

/// A part of the file. Numbers are append-only: a number is never given to another section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    Texts,
    Values,
    Exprs,
    Nodes,
    Blocks,
    Flows,
    Sources,
    Spans,
    Project,
    Lines,
    Manifest,
}

impl Section {
    /// In the order of the file. Each is there, even when it has no entries.
    pub const ALL: [Self; 11] = [
        Self::Texts,
        Self::Values,
        Self::Exprs,
        Self::Nodes,
        Self::Blocks,
        Self::Flows,
        Self::Sources,
        Self::Spans,
        Self::Project,
        Self::Lines,
        Self::Manifest,
    ];

    /// Sections from this number on may be left unread by a version that does not know them.
    pub const OPTIONAL: u32 = 0x8000_0000;

    /// The number in the file.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Texts => 1,
            Self::Values => 2,
            Self::Exprs => 3,
            Self::Nodes => 4,
            Self::Blocks => 5,
            Self::Flows => 6,
            Self::Sources => 7,
            Self::Spans => 8,
            Self::Project => 9,
            Self::Lines => 10,
            Self::Manifest => 11,
        }
    }

    /// The section of that number, where this version knows it.
    #[must_use]
    pub fn numbered(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.number() == number)
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Texts => "texts",
            Self::Values => "constants",
            Self::Exprs => "expressions",
            Self::Nodes => "nodes",
            Self::Blocks => "blocks",
            Self::Flows => "flows",
            Self::Sources => "sources",
            Self::Spans => "spans",
            Self::Project => "project",
            Self::Lines => "source lines",
            Self::Manifest => "manifest",
        }
    }

    /// The most entries it may have.
    pub(super) fn limit(self) -> u32 {
        let limit = match self {
            Self::Nodes => MAX_NODES,
            Self::Project | Self::Manifest => 1,
            Self::Sources => MAX_SOURCES,
            Self::Texts | Self::Values | Self::Exprs | Self::Blocks | Self::Flows | Self::Spans | Self::Lines => MAX_ENTRIES,
        };
        u32::try_from(limit).unwrap_or(u32::MAX)
    }
}
