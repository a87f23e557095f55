//! Words of SQL, as the checks need them. In capitals.

use super::super::lex::{Kind, Token};
use super::super::{Dialect, Place};

/// What people mean when they misspell the first word.
pub(super) const COMMON_STARTS: [&str; 9] = ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "TRUNCATE"];

/// Statements of both engines, and of engines that speak PostgreSQL's dialect with commands of their own.
const STARTS: [&str; 84] = [
    "ABORT",
    "ALTER",
    "ANALYSE",
    "ANALYZE",
    "ATTACH",
    "BEGIN",
    "CALL",
    "CHECKPOINT",
    "CLOSE",
    "CLUSTER",
    "COMMENT",
    "COMMIT",
    "COPY",
    "CREATE",
    "DEALLOCATE",
    "DECLARE",
    "DELETE",
    "DESC",
    "DESCRIBE",
    "DETACH",
    "DISCARD",
    "DO",
    "DROP",
    "END",
    "EXEC",
    "EXECUTE",
    "EXPLAIN",
    "EXPORT",
    "FETCH",
    "FLUSH",
    "FROM",
    "GRANT",
    "IMPORT",
    "INSERT",
    "INSTALL",
    "KILL",
    "LISTEN",
    "LOAD",
    "LOCK",
    "MERGE",
    "MOVE",
    "NOTIFY",
    "OPTIMIZE",
    "PIVOT",
    "PRAGMA",
    "PREPARE",
    "PUT",
    "REASSIGN",
    "REFRESH",
    "REINDEX",
    "RELEASE",
    "REMOVE",
    "RENAME",
    "REPAIR",
    "REPLACE",
    "RESET",
    "RESTORE",
    "REVOKE",
    "ROLLBACK",
    "SAVEPOINT",
    "SECURITY",
    "SELECT",
    "SET",
    "SHOW",
    "START",
    "STOP",
    "SUMMARIZE",
    "TABLE",
    "TRUNCATE",
    "UNDO",
    "UNDROP",
    "UNLISTEN",
    "UNLOAD",
    "UNLOCK",
    "UNPIVOT",
    "UNSET",
    "UPDATE",
    "UPSERT",
    "USE",
    "VACUUM",
    "VALUES",
    "WAIT",
    "WITH",
    "WITHIN",
];

pub(super) fn starts_statement(word: &str, _dialect: Dialect) -> bool {
    STARTS.contains(&word)
}

/// Statements without a result, whatever their options.
pub(super) const GIVE_NO_ROWS: [&str; 24] = [
    "ALTER",
    "ATTACH",
    "BEGIN",
    "COMMENT",
    "COMMIT",
    "COPY",
    "CREATE",
    "DETACH",
    "DO",
    "DROP",
    "GRANT",
    "LOCK",
    "NOTIFY",
    "REFRESH",
    "REINDEX",
    "RELEASE",
    "REVOKE",
    "ROLLBACK",
    "SAVEPOINT",
    "SET",
    "START",
    "TRUNCATE",
    "UPSERT",
    "VACUUM",
];

/// Whether sqlparser is asked about a statement that starts like this.
pub(super) fn is_checked(place: &Place<'_>, tokens: &[Token]) -> bool {
    let word = |i: usize| tokens.get(i).map(|t| place.word(t).to_ascii_uppercase()).unwrap_or_default();
    match word(0).as_str() {
        "SELECT" | "WITH" | "VALUES" | "INSERT" | "UPDATE" | "DELETE" => true,
        "CREATE" => word(1) == "TABLE" || (matches!(word(1).as_str(), "TEMP" | "TEMPORARY") && word(2) == "TABLE"),
        _ => false,
    }
}

/// Words with a grammar of their own that sqlparser does not know or knows otherwise, found by comparing it with both engines on every keyword. A
/// statement with one of them is left to the engine.
const SPECIAL: [&str; 54] = [
    "ANALYZE", "ANTI", "ANY", "ARRAY", "ASOF", "CLUSTER", "CONNECT", "CUBE", "DATETIME64", "DIRECTORY", "DISTRIBUTE", "ENUM", "ENUM16", "ENUM8",
    "EXCLUDE", "EXPLAIN", "FETCH", "FIXEDSTRING", "FORMAT", "INTERVAL", "LATERAL", "LOCAL", "MATCH_CONDITION", "MATCH_RECOGNIZE", "MEMBER", "MINUS",
    "NATURAL", "OPEN", "OPERATOR", "OUTPUT", "PIVOT", "PREWHERE", "QUALIFY", "ROLLUP", "SAMPLE", "SEMI", "SETTINGS", "SIMILAR", "SOME", "SORT",
    "START", "TABLESAMPLE", "TOP", "TRIM", "UNNEST", "UNPIVOT", "VIEW", "WINDOW", "GROUPING", "XMLTABLE", "JSON_TABLE", "OVERLAPS", "COLLATE", "ONLY",
];

/// Words that are common in one form and special in others: (word, what follows in the common form).
const COMMON_BEFORE: [(&str, Next); 4] =
    [("EXISTS", Next::Parenthesis), ("OFFSET", Next::Value), ("PARTITION", Next::Word("BY")), ("REPLACE", Next::Parenthesis)];

#[derive(Clone, Copy)]
enum Next {
    Parenthesis,
    Value,
    Word(&'static str),
}

/// Whether sqlparser may read the statement otherwise than the engine because of the word at `index`.
pub(super) fn is_special(place: &Place<'_>, tokens: &[Token], index: usize, dialect: Dialect) -> bool {
    let word = |i: usize| tokens.get(i).map(|t| place.word(t).to_ascii_uppercase()).unwrap_or_default();
    let this = word(index);
    if SPECIAL.contains(&this.as_str()) || (dialect == Dialect::Sqlite && matches!(this.as_str(), "CROSS" | "FOR")) {
        return true;
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
        Next::Word(expected) => word(index + 1) != *expected,
    }
}

pub(super) fn is_keyword(word: &str) -> bool {
    sqlparser::keywords::ALL_KEYWORDS.contains(&word)
}
