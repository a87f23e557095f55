//! Plan ⇄ bytes. The only place that knows the layout of a plan file and how its entries are encoded (bincode 2).
//!
//! [`encode`] validates and writes; the same plan gives the same bytes everywhere. [`decode`] refuses, in this order: what is no plan, another
//! format version, a damaged header, unknown critical features, a wrong size, a section table that does not fit, a damaged section, entries
//! that do not decode, and a plan that breaks a rule of [`validate`](crate::validate). Nothing is allocated by a length that the file claims before
//! that length is compared with the bytes that are there. The layout is described in docs/plan-format.md.

mod digest;
mod entries;
mod error;
mod header;
mod section;

pub use digest::Digest;
pub use error::PlanError;
pub use header::{Header, SectionInfo};
pub use section::Section;

use crate::Plan;
use crate::validate::validate;

/// The version of the format that is written, and the only one that is read.
pub const FORMAT_VERSION: u16 = 4;
/// Larger files are neither written nor read.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// # Errors
/// A plan that does not keep the rules of [`validate`](crate::validate), or is larger than [`MAX_FILE_BYTES`].
pub fn encode(plan: &Plan) -> Result<Vec<u8>, PlanError> {
    validate(plan)?;
    header::assemble(&entries::write(plan)?)
}

/// Reads a plan and its name.
///
/// # Errors
/// Anything that is wrong with the bytes, named.
pub fn decode(bytes: &[u8]) -> Result<(Plan, Digest), PlanError> {
    let (header, contents) = header::open(bytes)?;
    let plan = entries::read(&contents)?;
    validate(&plan)?;
    Ok((plan, header.digest))
}

/// What the header says, without reading the sections: `bytes` may be the beginning of a file. The header itself is checked.
///
/// # Errors
/// What is no plan, another version, a damaged header, unknown critical features.
pub fn header(bytes: &[u8]) -> Result<Header, PlanError> {
    header::read(bytes)
}
