//! What is known of the columns of a table or a query.

use sqlparser::ast::{DataType, Ident};

use super::Dialect;
use crate::diagnostic::Span;

/// What arithmetic may expect of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Text,
    Number,
    /// Known, and neither.
    Other,
    Unknown,
}

#[derive(Clone, Debug)]
pub struct Column {
    /// As the engine keeps it.
    pub name: String,
    pub class: Class,
    /// Where the column is declared, or named in a selection.
    pub at: Option<Span>,
}

#[derive(Clone, Debug, Default)]
pub struct Columns {
    pub list: Vec<Column>,
    /// There are no others.
    pub closed: bool,
}

impl Columns {
    /// The column that a name in SQL means.
    #[must_use]
    pub fn find(&self, name: &Ident, dialect: Dialect) -> Option<&Column> {
        self.list.iter().find(|c| same(name, &c.name, dialect))
    }

    /// The names for a message.
    #[must_use]
    pub fn names(&self) -> String {
        const MANY: usize = 15;
        let names: Vec<&str> = self.list.iter().take(MANY).map(|c| c.name.as_str()).collect();
        let more = if self.list.len() > MANY { ", …" } else { "" };
        format!("{}{more}", names.join(", "))
    }
}

/// Whether a name in SQL means what the engine keeps under `kept`.
#[must_use]
pub fn same(name: &Ident, kept: &str, dialect: Dialect) -> bool {
    match (dialect, name.quote_style) {
        (Dialect::Sqlite, _) => name.value.eq_ignore_ascii_case(kept),
        (Dialect::Postgres, Some(_)) => name.value == kept,
        (Dialect::Postgres, None) => name.value.to_lowercase() == kept,
    }
}

/// A name as the engine keeps it.
#[must_use]
pub fn kept(name: &Ident, dialect: Dialect) -> String {
    match (dialect, name.quote_style) {
        (Dialect::Sqlite, _) | (Dialect::Postgres, Some(_)) => name.value.clone(),
        (Dialect::Postgres, None) => name.value.to_lowercase(),
    }
}

/// The class of a type in SQL.
#[must_use]
pub fn class(kind: &DataType) -> Class {
    let text = kind.to_string().to_ascii_lowercase();
    let base = text.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
    match base {
        _ if text.ends_with(']') => Class::Other,
        "text" | "varchar" | "char" | "character" | "clob" | "string" | "nvarchar" => Class::Text,
        "int" | "integer" | "smallint" | "bigint" | "int2" | "int4" | "int8" | "numeric" | "decimal" | "real" | "float" | "float4"
        | "float8" | "double" | "serial" | "bigserial" => Class::Number,
        "" => Class::Unknown,
        _ => Class::Other,
    }
}

/// Whether two names, as the engine keeps them, are one.
#[must_use]
pub fn same_name(a: &str, b: &str, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Sqlite => a.eq_ignore_ascii_case(b),
        Dialect::Postgres => a == b,
    }
}
