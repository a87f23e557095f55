//! The rules of a plan, as the errors that name them.

use std::fmt;

use super::{MAX_DEPTH, MAX_NAME_BYTES, MAX_SLOTS, MAX_TEXT_BYTES};
use crate::refs::Ref;

/// The part of a plan that breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    Entry(Ref),
    Project,
    Line(u32),
    Manifest,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(entry) => write!(f, "{entry}"),
            Self::Project => f.write_str("the project"),
            Self::Line(index) => write!(f, "source line {index}"),
            Self::Manifest => f.write_str("the manifest"),
        }
    }
}

/// A rule that a plan breaks. A plan that `sequor compile` wrote breaks none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("{count} {what} are more than the limit of {limit}")]
    TooMany { what: &'static str, count: usize, limit: usize },
    #[error("texts come to {bytes} bytes, each counted as often as it is used; the limit is {limit}", limit = MAX_TEXT_BYTES)]
    TooMuchText { bytes: u64 },
    #[error("{owner} refers to {target}, but the plan has only {size}")]
    UnknownId { owner: Owner, target: Ref, size: usize },
    #[error("{owner} contains {child}, which must stand before it in the file")]
    Order { owner: Ref, child: Ref },
    #[error("{entry} is used in two places; each may have one owner")]
    Shared { entry: Ref },
    #[error("{entry} belongs to nothing")]
    Orphan { entry: Ref },
    #[error("{entry} is nested more than {limit} levels deep", limit = MAX_DEPTH)]
    TooDeep { entry: Ref },
    #[error("{expr} uses slot {slot}, which nothing around it binds")]
    UnboundSlot { expr: Ref, slot: u32 },
    #[error("{expr} binds slot {slot} again, although it is in use around it")]
    ReboundSlot { expr: Ref, slot: u32 },
    #[error("{expr} has slot {slot}; slots end at {last}", last = MAX_SLOTS - 1)]
    SlotNumber { expr: Ref, slot: u32 },
    #[error("two {what} are named '{name}'")]
    DuplicateName { what: &'static str, name: String },
    #[error("{owner} has no name")]
    EmptyName { owner: Owner },
    #[error("{owner} has a name of more than {limit} bytes", limit = MAX_NAME_BYTES)]
    LongName { owner: Owner },
    #[error("no flow is named as an entry")]
    NoEntry,
    #[error("flow {0} is named as an entry twice")]
    DuplicateEntry(u32),
    #[error("flows call each other in a circle: {flows}")]
    Recursion { flows: String },
    #[error("{owner} needs {needs}, but source '{source_name}' is of type {kind}")]
    WrongSource { owner: Owner, source_name: String, kind: &'static str, needs: &'static str },
    #[error("{value} is not a number (NaN)")]
    NotANumber { value: Ref },
    #[error("{value} should be a JSON number, but is '{text}'")]
    NumberText { value: Ref, text: String },
    #[error("{owner} has the status range {first} to {last}; statuses go from 100 to 999, the smaller one first")]
    StatusRange { owner: Owner, first: u16, last: u16 },
    #[error("{span} has no sound position: lines and columns count from 1, and the end is not before the start")]
    SpanPosition { span: Ref },
    #[error("{owner} names the file '{file}'; files are named relative to the project, inside of it")]
    FilePath { owner: Owner, file: String },
    #[error("{owner} is incomplete: {rule}")]
    Incomplete { owner: Owner, rule: &'static str },
    #[error("{owner} calls flow '{flow}' without its parameter '{parameter}'")]
    MissingParameter { owner: Owner, flow: String, parameter: String },
    #[error("the manifest does not agree with the plan: {0}")]
    Manifest(String),
}
