//! Names of runs.

use super::Refusal;

/// Without letters and digits that look alike.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

/// Eight random letters and digits: 40 bits.
pub(super) fn tag() -> Result<String, Refusal> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| Refusal(format!("the system gives no random numbers: {error}")))?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect())
}

/// Sorts by time.
pub(super) fn run(started: jiff::Timestamp, tag: &str) -> String {
    format!("{}-{tag}", started.strftime("%Y%m%dT%H%M%SZ"))
}

/// What idempotency keys of a run are made with.
pub(super) fn secret() -> Result<[u8; 32], Refusal> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Refusal(format!("the system gives no random numbers: {error}")))?;
    Ok(bytes)
}
