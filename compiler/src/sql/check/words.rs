//! Words of SQL, as the checks need them. In capitals.

use super::super::lex::{Kind, Token};
use super::super::{Dialect, Place};

/// What people mean when they misspell the first word.
#[rustfmt::skip]
pub(super) const COMMON_STARTS: &[&str] = &[
    "SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "TRUNCATE",
];

/// Statements of both engines, and of engines that speak PostgreSQL's dialect with commands of their own.
#[rustfmt::skip]
pub(super) const STARTS: &[&str] = &[
    "ABORT", "ALTER", "ANALYSE", "ANALYZE", "ATTACH", "BEGIN", "CALL", "CHECKPOINT", "CLOSE", "CLUSTER", "COMMENT", "COMMIT", "COPY",
    "CREATE", "DEALLOCATE", "DECLARE", "DELETE", "DESC", "DESCRIBE", "DETACH", "DISCARD", "DO", "DROP", "END", "EXEC", "EXECUTE",
    "EXPLAIN", "EXPORT", "FETCH", "FLUSH", "FROM", "GRANT", "IMPORT", "INSERT", "INSTALL", "KILL", "LISTEN", "LOAD", "LOCK", "MERGE",
    "MOVE", "NOTIFY", "OPTIMIZE", "PIVOT", "PRAGMA", "PREPARE", "PUT", "REASSIGN", "REFRESH", "REINDEX", "RELEASE", "REMOVE", "RENAME",
    "REPAIR", "REPLACE", "RESET", "RESTORE", "REVOKE", "ROLLBACK", "SAVEPOINT", "SECURITY", "SELECT", "SET", "SHOW", "START", "STOP",
    "SUMMARIZE", "TABLE", "TRUNCATE", "UNDO", "UNDROP", "UNLISTEN", "UNLOAD", "UNLOCK", "UNPIVOT", "UNSET", "UPDATE", "UPSERT", "USE",
    "VACUUM", "VALUES", "WAIT", "WITH", "WITHIN",
];

/// Begin a part of a statement, and never a statement.
#[rustfmt::skip]
pub(super) const CLAUSES: &[&str] = &[
    "AND", "ELSE", "GROUP", "HAVING", "INNER", "JOIN", "LEFT", "LIMIT", "OFFSET", "ON", "OR", "ORDER", "RETURNING", "RIGHT", "THEN", "UNION",
    "WHEN", "WHERE",
];

/// Statements without a result, whatever their options.
#[rustfmt::skip]
pub(super) const GIVE_NO_ROWS: &[&str] = &[
    "ALTER", "ATTACH", "BEGIN", "COMMENT", "COMMIT", "COPY", "CREATE", "DETACH", "DO", "DROP", "GRANT", "LOCK", "NOTIFY", "REFRESH",
    "REINDEX", "RELEASE", "REVOKE", "ROLLBACK", "SAVEPOINT", "SET", "START", "TRUNCATE", "UPSERT", "VACUUM",
];

/// Whether sqlparser is asked about a statement that starts like this. Not about SQLite's CREATE TABLE: a type may be any words there.
pub(super) fn is_checked(place: &Place<'_>, tokens: &[Token], dialect: Dialect) -> bool {
    let word = |i: usize| tokens.get(i).map(|t| place.word(t).to_ascii_uppercase()).unwrap_or_default();
    match word(0).as_str() {
        "SELECT" | "WITH" | "VALUES" | "UPDATE" | "DELETE" => true,
        // `INSERT INTO t AS alias`
        "INSERT" => word(3) != "AS",
        "CREATE" => dialect == Dialect::Postgres && (word(1) == "TABLE" || word(2) == "TABLE"),
        _ => false,
    }
}

/// The keywords of everyday statements, and those that are everyday names of columns. Every one has been tried in every place against both engines. A
/// statement with another keyword of sqlparser's is left to the engine: that is where the two read SQL differently.
#[rustfmt::skip]
const COMMON: &[&str] = &[
    "SELECT", "FROM", "WHERE", "GROUP", "BY", "ORDER", "HAVING", "LIMIT", "AS", "ON", "AND", "OR", "NOT", "NULL", "IS", "IN", "LIKE",
    "ILIKE", "BETWEEN", "CASE", "WHEN", "THEN", "ELSE", "END", "DISTINCT", "ALL", "UNION", "INTERSECT", "EXCEPT", "JOIN", "LEFT",
    "RIGHT", "INNER", "OUTER", "FULL", "CROSS", "USING", "ASC", "DESC", "NULLS", "FIRST", "LAST", "WITH", "VALUES", "INSERT", "INTO",
    "UPDATE", "SET", "DELETE", "CREATE", "TABLE", "TEMP", "TEMPORARY", "IF", "PRIMARY", "KEY", "UNIQUE", "DEFAULT", "REFERENCES",
    "FOREIGN", "CHECK", "CONSTRAINT", "CASCADE", "TRUE", "FALSE", "CAST", "COUNT", "SUM", "AVG", "MIN", "MAX", "ABS", "UPPER", "LOWER",
    "CURRENT_TIMESTAMP", "CURRENT_DATE", "OVER", "ROW_NUMBER", "RANK", "RETURNING", "INT", "INTEGER", "BIGINT", "SMALLINT", "TEXT",
    "VARCHAR", "CHAR", "NUMERIC", "DECIMAL", "REAL", "FLOAT", "DOUBLE", "PRECISION", "BOOLEAN", "BOOL", "DATE", "TIMESTAMP",
    "TIMESTAMPTZ", "JSON", "JSONB", "BLOB", "BYTEA", "UUID", "NAME", "TYPE", "VALUE", "STATUS", "ID", "YEAR", "MONTH", "DAY", "DATA",
    "SOURCE", "ACTION", "LEVEL", "TAG", "COMMENT", "VERSION", "LOCATION", "OWNER", "ROLE", "DOMAIN", "URL", "SESSION", "STAGE",
    "TARGET", "REGION", "EVENT", "CONTACT", "ACCOUNT", "PASSWORD", "MESSAGE", "COALESCE", "NULLIF", "EXISTS", "OFFSET", "PARTITION",
    "REPLACE",
];

/// Special to an engine, and not known to sqlparser as keywords.
const SPECIAL: &[&str] = &["INDEXED", "GLOB", "ROWID", "ISNULL", "NOTNULL"];

/// Words that are common in one form and special in others: (word, what follows in the common form).
const COMMON_BEFORE: &[(&str, Next)] = &[
    ("EXISTS", Next::Parenthesis),
    ("OFFSET", Next::Value),
    ("PARTITION", Next::Word(&["BY"])),
    ("NULLS", Next::Word(&["FIRST", "LAST"])),
    ("REPLACE", Next::Parenthesis),
];

#[derive(Clone, Copy)]
enum Next {
    Parenthesis,
    Value,
    Word(&'static [&'static str]),
}

/// Whether sqlparser may read the statement otherwise than the engine because of the word at `index`.
pub(super) fn is_special(place: &Place<'_>, tokens: &[Token], index: usize, dialect: Dialect) -> bool {
    let word = |i: usize| tokens.get(i).map(|t| place.word(t).to_ascii_uppercase()).unwrap_or_default();
    let this = word(index);
    if SPECIAL.contains(&this.as_str()) || (is_keyword(&this) && !COMMON.contains(&this.as_str())) {
        return true;
    }
    if this.contains('$') || this.starts_with("XML") || this.starts_with("JSON_") || (this == "TABLE" && word(0) != "CREATE") {
        return true;
    }
    if dialect == Dialect::Sqlite && this == "IN" && tokens.get(index + 1).is_none_or(|t| t.kind != Kind::Open) {
        return true;
    }
    if dialect == Dialect::Sqlite && this == "CROSS" {
        return true;
    }
    // `x IS y` compares any two values in SQLite, and PostgreSQL has tests of its own.
    let tested = match this.as_str() {
        "IS" if word(index + 1) == "NOT" => Some(word(index + 2)),
        "IS" => Some(word(index + 1)),
        _ => None,
    };
    if tested.is_some_and(|t| !["NULL", "TRUE", "FALSE"].contains(&t.as_str())) {
        return true;
    }
    let creates = word(0) == "CREATE";
    if creates && ["AS", "USING", "WITH", "LIKE", "SET"].contains(&this.as_str()) {
        return true;
    }
    // `FROM (a)`, `GROUP BY ALL`
    let next_is_open = tokens.get(index + 1).is_some_and(|t| t.kind == Kind::Open);
    if matches!(this.as_str(), "FROM" | "JOIN") && next_is_open && !matches!(word(index + 2).as_str(), "SELECT" | "WITH" | "VALUES") {
        return true;
    }
    if this == "ALL" && index > 0 && word(index - 1) == "BY" {
        return true;
    }
    // `f() AS (a int)`
    if this == "AS" && next_is_open && !["SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE"].contains(&word(index + 2).as_str()) {
        return true;
    }
    // `USING (a) AS b`
    if this == "USING" {
        let close = tokens[index..].iter().position(|t| t.kind == Kind::Close).map_or(index, |i| index + i);
        if word(close + 1) == "AS" {
            return true;
        }
    }
    // `IF EXISTS`, `IF NOT EXISTS`
    if this == "EXISTS" && index > 0 && matches!(word(index - 1).as_str(), "IF" | "NOT") && word(index.saturating_sub(2)) != "SELECT" {
        return false;
    }
    let Some((_, next)) = COMMON_BEFORE.iter().find(|(w, _)| *w == this) else { return false };
    let follows = tokens.get(index + 1);
    match next {
        Next::Parenthesis => follows.is_none_or(|t| t.kind != Kind::Open),
        Next::Value => follows.is_none_or(|t| !matches!(t.kind, Kind::Number | Kind::Template)),
        Next::Word(expected) => !expected.contains(&word(index + 1).as_str()),
    }
}

/// Words that text may follow without an operator; behind others it is a literal of a type (`inet '::1'`).
pub(super) fn text_may_follow(word: &str) -> bool {
    #[rustfmt::skip]
    const WORDS: &[&str] = &[
        "SELECT", "DISTINCT", "ALL", "WHERE", "AND", "OR", "NOT", "LIKE", "ILIKE", "BETWEEN", "CASE", "WHEN", "THEN", "ELSE", "BY", "ON", "HAVING",
        "LIMIT", "RETURNING", "FROM", "AS", "DEFAULT", "DATE", "TIMESTAMP",
    ];
    WORDS.contains(&word.to_ascii_uppercase().as_str())
}

pub(super) fn is_keyword(word: &str) -> bool {
    // Sorted, as sqlparser looks words up in it in this way, too.
    sqlparser::keywords::ALL_KEYWORDS.binary_search(&word).is_ok()
}
