//! The tables of a state store, by version.

/// Marks a SQLite file as ours: "SQOR" in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x5351_4f52;

/// The version this program writes: in SQLite's `user_version`, in PostgreSQL's table `meta`.
pub(super) const VERSION: i64 = 2;

/// The tables of version 2, with the names that the database has for text, bytes, numbers and what follows a table.
macro_rules! tables {
    ($bytes:literal, $int:literal, $end:literal) => {
        concat!(
            "
CREATE TABLE plans (
    digest TEXT NOT NULL PRIMARY KEY,
    bytes ",
            $bytes,
            " NOT NULL
) ",
            $end,
            ";
CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    flow TEXT NOT NULL,
    plan TEXT NOT NULL REFERENCES plans (digest),
    parameters TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT,
    outcome TEXT NOT NULL CHECK (outcome IN ('running', 'done', 'failed', 'stopped', 'in doubt', 'abandoned')),
    report TEXT,
    run_key TEXT,
    secret ",
            $bytes,
            " NOT NULL,
    settings TEXT NOT NULL,
    parent TEXT,
    fence ",
            $int,
            " NOT NULL,
    holder TEXT,
    lease_until ",
            $int,
            " NOT NULL,
    segments ",
            $int,
            " NOT NULL,
    checksum ",
            $bytes,
            " NOT NULL
) ",
            $end,
            ";
CREATE UNIQUE INDEX runs_run_key ON runs (project, run_key) WHERE run_key IS NOT NULL;
CREATE TABLE journal (
    run TEXT NOT NULL,
    segment ",
            $int,
            " NOT NULL,
    bytes ",
            $bytes,
            " NOT NULL,
    checksum ",
            $bytes,
            " NOT NULL,
    PRIMARY KEY (run, segment)
) ",
            $end,
            ";
CREATE TABLE spool (
    run TEXT NOT NULL,
    name TEXT NOT NULL,
    part ",
            $int,
            " NOT NULL,
    bytes ",
            $bytes,
            " NOT NULL,
    checksum ",
            $bytes,
            " NOT NULL,
    PRIMARY KEY (run, name, part)
) ",
            $end,
            ";
CREATE TABLE marks (
    run TEXT NOT NULL,
    path TEXT NOT NULL,
    data ",
            $bytes,
            " NOT NULL,
    checksum ",
            $bytes,
            " NOT NULL,
    PRIMARY KEY (run, path)
) ",
            $end,
            ";
CREATE TABLE project_variables (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    set_by TEXT NOT NULL,
    checksum ",
            $bytes,
            " NOT NULL,
    PRIMARY KEY (project, name)
) ",
            $end,
            ";
"
        )
    };
}

/// Makes a new file's tables.
pub(super) const CREATE_SQLITE: &str =
    concat!(tables!("BLOB", "INTEGER", "STRICT"), "PRAGMA application_id = 1397837650;\nPRAGMA user_version = 2;\n");

/// Makes the tables of a new schema, which is the search path.
pub(super) const CREATE_POSTGRES: &str =
    concat!("CREATE TABLE meta (version BIGINT NOT NULL);\nINSERT INTO meta VALUES (2);\n", tables!("BYTEA", "BIGINT", ""));

/// Puts the tables of version 1 aside.
pub(super) const SET_ASIDE_V1: &str = "
ALTER TABLE plans RENAME TO plans_v1;
ALTER TABLE runs RENAME TO runs_v1;
ALTER TABLE project_variables RENAME TO project_variables_v1;
";

/// Removes them. The runs' references to plans are those of the tables set aside.
pub(super) const DROP_V1: &str = "
DROP TABLE runs_v1;
DROP TABLE plans_v1;
DROP TABLE project_variables_v1;
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_write_the_numbers_that_are_checked() {
        assert!(CREATE_SQLITE.contains(&format!("application_id = {APPLICATION_ID};")));
        assert!(CREATE_SQLITE.contains(&format!("user_version = {VERSION};")));
        assert!(CREATE_POSTGRES.contains(&format!("INSERT INTO meta VALUES ({VERSION});")));
    }
}
