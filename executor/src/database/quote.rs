//! Identifiers in SQL text: always quoted, so that no name is ever read as SQL.

use crate::error::{ErrorKind, RunError};

/// What an engine allows in a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    pub(super) engine: &'static str,
    /// In bytes. PostgreSQL cuts longer names silently, which makes two names one.
    pub(super) longest_name: usize,
}

pub(super) const POSTGRES: Dialect = Dialect { engine: "PostgreSQL", longest_name: 63 };
/// SQLite has no limit; this one keeps a name from being a document.
pub(super) const SQLITE: Dialect = Dialect { engine: "SQLite", longest_name: 1024 };

impl Dialect {
    /// # Errors
    /// `Data` for an empty name, one with a NUL character, and one longer than the engine keeps.
    pub(super) fn quote(self, name: &str) -> Result<String, RunError> {
        let fault = |reason: String| {
            Err(RunError::new(ErrorKind::Data, format!("{} cannot have the name '{}': {reason}", self.engine, shown(name))))
        };
        if name.is_empty() {
            return fault("it is empty".into());
        }
        if name.contains('\0') {
            return fault("it has a NUL character".into());
        }
        if name.len() > self.longest_name {
            return fault(format!("it is {} bytes long, and at most {} are kept", name.len(), self.longest_name));
        }
        Ok(format!("\"{}\"", name.replace('"', "\"\"")))
    }

    /// `a, b, c`, quoted.
    ///
    /// # Errors
    /// As `quote`.
    pub(super) fn quote_list<'a>(self, names: impl Iterator<Item = &'a str>) -> Result<String, RunError> {
        let quoted = names.map(|name| self.quote(name)).collect::<Result<Vec<_>, _>>()?;
        Ok(quoted.join(", "))
    }

    /// The staging table's name: made from the tag, short enough to be kept whole. The digest tells apart the tables loaded under one tag.
    pub(super) fn staging_name(self, tag: &str, table: &str) -> String {
        let digest = blake3::hash(format!("{tag}\0{table}").as_bytes()).to_hex();
        format!("{STAGING}{}_{}", readable(tag), &digest[..DIGEST])
    }
}

const STAGING: &str = "_sequor_";
/// Of the digest, in characters.
const DIGEST: usize = 12;

/// What of a tag is in a name.
fn readable(tag: &str) -> String {
    tag.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(30).collect()
}

/// Whether a table is a staging table whose tag begins with `tag`.
pub(super) fn is_staging_of(table: &str, tag: &str) -> bool {
    let Some((tag_there, digest)) = table.strip_prefix(STAGING).and_then(|rest| rest.rsplit_once('_')) else { return false };
    let tag = readable(tag);
    !tag.is_empty() && tag_there.starts_with(&tag) && digest.len() == DIGEST && digest.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A string literal of standard SQL.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn shown(name: &str) -> String {
    let cut: String = name.chars().take(80).collect();
    cut.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_name_stays_in_the_name() {
        assert_eq!(POSTGRES.quote(r#"a"; drop table b; --"#).unwrap(), r#""a""; drop table b; --""#);
        assert_eq!(SQLITE.quote_list(["x", "select"].into_iter()).unwrap(), r#""x", "select""#);
    }

    #[test]
    fn names_that_an_engine_would_change_are_refused() {
        for name in ["", "a\0b", &"x".repeat(64)] {
            let error = POSTGRES.quote(name).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Data, "{name:?}");
            assert!(!error.message.contains('\0'));
        }
        assert!(POSTGRES.quote(&"é".repeat(32)).is_err(), "64 bytes in 32 characters");
        assert!(POSTGRES.quote(&"x".repeat(63)).is_ok());
    }

    #[test]
    fn staging_names_fit_and_differ_by_table() {
        let long = "n".repeat(200);
        let a = POSTGRES.staging_name(&long, "a");
        assert!(POSTGRES.quote(&a).is_ok());
        assert_ne!(a, POSTGRES.staging_name(&long, "b"));
        assert_ne!(POSTGRES.staging_name("run1", "a"), POSTGRES.staging_name("run2", "a"));
    }

    #[test]
    fn staging_tables_are_known_by_their_tag() {
        let name = POSTGRES.staging_name("abcd2345n7", "orders");
        assert!(is_staging_of(&name, "abcd2345") && is_staging_of(&name, "abcd2345n7"));
        for (table, tag) in [(&*name, "other"), (&*name, ""), (&*name, "-"), ("_sequor_commit", "c"), ("_sequor_abcd2345n7", "abcd2345")] {
            assert!(!is_staging_of(table, tag), "{table} {tag}");
        }
    }
}
