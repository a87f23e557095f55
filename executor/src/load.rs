//! A plan file → a plan that can be trusted.

use std::io;
use std::path::{Path, PathBuf};

use sequor_plan_format::Plan;
use sequor_plan_format::codec::{self, Digest, PlanError};

/// A plan, its name, and the bytes that say both.
pub struct Loaded {
    pub plan: Plan,
    pub digest: Digest,
    pub bytes: Vec<u8>,
}

/// Why a file is not run. Nothing has been touched.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("plan {} cannot be read: {reason}", path.display())]
    Read { path: PathBuf, reason: io::Error },
    #[error("refused plan {origin}: {reason}")]
    Plan { origin: String, reason: PlanError },
}

/// Reads a plan file.
///
/// # Errors
/// A file that cannot be read, and bytes that are not a plan of this version.
pub fn file(path: &Path) -> Result<Loaded, LoadError> {
    // A plan larger than the format allows is not read into memory; one byte more tells that it is too large.
    let limit = codec::MAX_FILE_BYTES + 1;
    let read = || {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path)?;
        io::Read::read_to_end(&mut io::Read::take(file, limit), &mut bytes)?;
        Ok(bytes)
    };
    let content = read().map_err(|reason| LoadError::Read { path: path.to_owned(), reason })?;
    bytes(content, &path.display().to_string())
}

/// Reads a plan's bytes; `origin` says where they come from.
///
/// # Errors
/// Bytes that are not a plan of this version.
pub fn bytes(bytes: Vec<u8>, origin: &str) -> Result<Loaded, LoadError> {
    match codec::decode(&bytes) {
        Ok((plan, digest)) => Ok(Loaded { plan, digest, bytes }),
        Err(reason) => Err(LoadError::Plan { origin: origin.to_owned(), reason }),
    }
}
