//! The tables of a state file, by version.

/// Marks a file as ours: "SQOR" in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x5351_4f52;

/// The version this program writes, kept in SQLite's `user_version`.
pub(super) const VERSION: i64 = 1;

/// Makes a new file's tables.
pub(super) const CREATE: &str = "
CREATE TABLE plans (
    digest TEXT NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;
CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    flow TEXT NOT NULL,
    plan TEXT NOT NULL REFERENCES plans (digest),
    parameters TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT,
    outcome TEXT NOT NULL CHECK (outcome IN ('running', 'done', 'failed', 'stopped')),
    report TEXT
) STRICT;
CREATE TABLE project_variables (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    set_by TEXT NOT NULL,
    PRIMARY KEY (project, name)
) STRICT, WITHOUT ROWID;
PRAGMA application_id = 1397837650;
PRAGMA user_version = 1;
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_writes_the_numbers_that_are_checked() {
        assert!(CREATE.contains(&format!("application_id = {APPLICATION_ID};")));
        assert!(CREATE.contains(&format!("user_version = {VERSION};")));
    }
}
