//! Why bytes are refused.

use super::{FORMAT_VERSION, MAX_FILE_BYTES};
use crate::validate::Invalid;

/// Why bytes are not a plan that this version reads. Nothing has been touched when it is returned. The caller puts "refused plan FILE: " before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("the file is empty")]
    Empty,
    #[error("this is not a plan: it does not begin with the mark of a plan file. Plans are written by 'sequor compile'")]
    NotAPlan,
    #[error(
        "it has plan format version {found}; this version of Sequor reads version {reads}. Compile it again with this version, or run it with the one that wrote it",
        reads = FORMAT_VERSION
    )]
    Version { found: u16 },
    #[error("it needs features that this version of Sequor does not have (feature bits {unknown:#x}). Use a newer version")]
    Features { unknown: u64 },
    #[error("the file is cut in its header. Copy it again or compile the project again")]
    HeaderCut,
    #[error("the header is damaged ({reason}). Copy the file again or compile the project again")]
    HeaderDamaged { reason: &'static str },
    #[error("the file is cut: it has {actual} bytes and should have {expected}. Copy it again or compile the project again")]
    Cut { expected: u64, actual: u64 },
    #[error("the file has {extra} bytes behind its end at byte {expected}. Copy it again or compile the project again")]
    Grown { expected: u64, extra: u64 },
    #[error("the plan has {length} bytes; the limit is {limit}", limit = MAX_FILE_BYTES)]
    TooLarge { length: u64 },
    #[error("the section table is not sound: {reason}")]
    Table { reason: String },
    #[error("section '{section}' is missing")]
    MissingSection { section: &'static str },
    #[error("section '{section}' has {count} entries, more than its {length} bytes or the limit of {limit} allow")]
    Entries { section: &'static str, count: u32, length: u64, limit: u32 },
    #[error("section '{section}' is damaged (digest does not match). Copy the file again or compile the project again")]
    SectionDamaged { section: String },
    #[error("section '{section}' cannot be read: entry {entry}: {reason}")]
    Entry { section: &'static str, entry: u32, reason: String },
    #[error("section '{section}' has {extra} bytes behind its last entry")]
    Leftover { section: &'static str, extra: usize },
    #[error("it breaks a rule of plans: {0}")]
    Invalid(#[from] Invalid),
    #[error("section '{section}' cannot be written: {reason}")]
    Write { section: &'static str, reason: String },
}
