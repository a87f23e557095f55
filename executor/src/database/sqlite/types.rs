//! Column types in SQLite. A declared type is a name; its letters decide the affinity, which decides what SQLite turns values into
//! (<https://www.sqlite.org/datatype3.html#determination_of_column_affinity>). The names are chosen so that nothing is turned into something else:
//!
//! - `JSON_TEXT` has text affinity; plain `JSON` would have numeric affinity and store the document `1e3` as the number 1000.
//! - Numeric columns of at most 15 digits have numeric affinity (`NUMERIC(10,2)`): SQLite's doubles hold that many digits. Wider ones are
//!   `NUMERIC_BLOB`, with no affinity: numbers of up to 15 digits are stored as numbers, so that SQL calculates and compares with them, longer ones as
//!   text, which keeps their digits (and sorts after all numbers).
//! - Dates and times have numeric affinity, which leaves text alone that is not a number, and theirs never is.

use sequor_plan_format::ColumnType;

use crate::value::Value;

/// Significant digits that a double keeps.
pub(super) const DOUBLE_DIGITS: u16 = 15;

/// The declared type for a column that we create.
pub(super) fn declared(kind: ColumnType) -> String {
    match kind {
        ColumnType::Text => "TEXT".into(),
        ColumnType::Varchar(length) => format!("VARCHAR({length})"),
        ColumnType::SmallInt | ColumnType::Integer | ColumnType::BigInt => "INTEGER".into(),
        ColumnType::Numeric(Some((precision, scale))) if precision <= DOUBLE_DIGITS => format!("NUMERIC({precision},{scale})"),
        ColumnType::Numeric(Some((precision, scale))) => format!("NUMERIC_BLOB({precision},{scale})"),
        ColumnType::Numeric(None) => "NUMERIC_BLOB".into(),
        ColumnType::Real | ColumnType::Double => "REAL".into(),
        ColumnType::Boolean => "BOOLEAN".into(),
        ColumnType::Date => "DATE".into(),
        ColumnType::Time => "TIME".into(),
        ColumnType::Timestamp => "TIMESTAMP".into(),
        ColumnType::TimestampTz => "TIMESTAMPTZ".into(),
        ColumnType::Json => "JSON_TEXT".into(),
        ColumnType::Uuid => "UUID".into(),
        ColumnType::Binary => "BLOB".into(),
    }
}

/// What a declared type means, ours or anybody's. `None` where it says nothing.
pub(super) fn meaning(declared: &str) -> Option<ColumnType> {
    let upper = declared.trim().to_ascii_uppercase();
    if upper.is_empty() {
        return None;
    }
    if upper == "JSON_TEXT" {
        return Some(ColumnType::Json);
    }
    let own = upper.strip_prefix("NUMERIC_BLOB").map(|size| format!("NUMERIC{size}"));
    match own.as_deref().unwrap_or(&upper).parse() {
        // SQLite's integers have 64 bits under every name.
        Ok(ColumnType::SmallInt | ColumnType::Integer) => Some(ColumnType::BigInt),
        Ok(ColumnType::Real) => Some(ColumnType::Double),
        Ok(kind) => Some(kind),
        Err(_) if upper.contains("INT") => Some(ColumnType::BigInt),
        Err(_) if ["CHAR", "CLOB", "TEXT"].iter().any(|part| upper.contains(part)) => Some(ColumnType::Text),
        Err(_) if upper.contains("BLOB") => Some(ColumnType::Binary),
        Err(_) if ["REAL", "FLOA", "DOUB"].iter().any(|part| upper.contains(part)) => Some(ColumnType::Double),
        Err(_) => None,
    }
}

/// The type of a column that has none declared, by what is in its first rows.
pub(super) fn inferred(values: &[&Value]) -> ColumnType {
    let mut kinds = values.iter().filter_map(|value| match value {
        Value::Int(_) => Some(ColumnType::BigInt),
        Value::Float(_) => Some(ColumnType::Double),
        Value::Bool(_) => Some(ColumnType::Boolean),
        Value::Number(_) => Some(ColumnType::Numeric(None)),
        Value::Bytes(_) => Some(ColumnType::Binary),
        Value::Null => None,
        Value::Text(_) | Value::List(_) | Value::Tuple(_) | Value::Map(_) | Value::Row(_) => Some(ColumnType::Text),
    });
    let Some(first) = kinds.next() else { return ColumnType::Text };
    let is_number = |kind: ColumnType| matches!(kind, ColumnType::BigInt | ColumnType::Double | ColumnType::Numeric(_));
    kinds.fold(first, |found, kind| {
        if found == kind {
            found
        } else if is_number(found) && is_number(kind) {
            ColumnType::Numeric(None)
        } else {
            ColumnType::Text
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_types_are_read_back() {
        for name in [
            "text",
            "varchar(20)",
            "bigint",
            "numeric",
            "numeric(10,2)",
            "numeric(38,10)",
            "double",
            "boolean",
            "date",
            "time",
            "timestamp",
            "timestamptz",
            "json",
            "uuid",
            "binary",
        ] {
            let kind: ColumnType = name.parse().unwrap();
            assert_eq!(meaning(&declared(kind)), Some(kind), "{name}");
        }
    }

    #[test]
    fn foreign_types_follow_sqlites_rules() {
        assert_eq!(meaning("UNSIGNED BIG INT"), Some(ColumnType::BigInt));
        assert_eq!(meaning("NATIVE CHARACTER(70)"), Some(ColumnType::Text));
        assert_eq!(meaning("DATETIME"), Some(ColumnType::Timestamp));
        assert_eq!(meaning("whatever"), None);
    }
}
