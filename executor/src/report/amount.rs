//! Numbers with their words.

/// `1 row`, `2 rows`.
#[must_use]
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
