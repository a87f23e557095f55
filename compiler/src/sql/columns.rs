//! What is known of the columns of a table or a query.

use sqlparser::ast::{DataType, Ident};

use super::Dialect;
use crate::diagnostic::Span;

/// What kind of values a column or an expression has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Text,
    Integer,
    Numeric,
    /// `real`, `double precision`
    Float,
    /// A number of a kind that is not known.
    Number,
    Boolean,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Json,
    Jsonb,
    Uuid,
    Bytes,
    Array,
    /// Known, and none of these.
    Other,
    Unknown,
}

impl Class {
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Numeric | Self::Float | Self::Number)
    }

    /// What is known of a column that is now of the one class and now of the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == other {
            self
        } else if self.is_number() && other.is_number() {
            Self::Number
        } else {
            Self::Unknown
        }
    }
}

#[derive(Clone, Debug)]
pub struct Column {
    /// As the engine keeps it.
    pub name: String,
    pub class: Class,
    /// Where the column is declared, or named in a selection.
    pub at: Option<Span>,
    /// The quoted text that it is, as long as nothing has given it a type.
    pub literal: Option<String>,
    /// Computed from others, so that no INSERT gives it.
    pub generated: bool,
    /// NOT NULL, and nothing gives it a value of its own.
    pub required: bool,
    /// A CREATE TABLE says nothing of NOT NULL.
    pub nullable: bool,
}

impl Column {
    #[must_use]
    pub fn new(name: String, class: Class, at: Option<Span>) -> Self {
        Self { name, class, at, literal: None, generated: false, required: false, nullable: false }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Columns {
    pub list: Vec<Column>,
    /// There are no others.
    pub closed: bool,
    /// What is unique in the table; `None` where it is not known.
    pub keys: Option<Keys>,
}

/// The columns whose values are unique together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    pub primary: Option<Vec<String>>,
    pub unique: Vec<Vec<String>>,
}

impl Columns {
    /// The column that a name in SQL means.
    #[must_use]
    pub fn find(&self, name: &Ident, dialect: Dialect) -> Option<&Column> {
        self.list.iter().find(|c| same(name, &c.name, dialect))
    }

    /// How many an INSERT without names gives.
    #[must_use]
    pub fn given(&self) -> usize {
        self.list.iter().filter(|c| !c.generated).count()
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
    let zoned = text.contains("with time zone");
    match base {
        _ if text.ends_with(']') => Class::Array,
        "text" | "varchar" | "char" | "character" | "clob" | "string" | "nvarchar" | "bpchar" => Class::Text,
        "int" | "integer" | "smallint" | "bigint" | "int2" | "int4" | "int8" | "serial" | "bigserial" | "smallserial" => Class::Integer,
        "numeric" | "decimal" | "dec" => Class::Numeric,
        "real" | "float" | "float4" | "float8" | "double" => Class::Float,
        "bool" | "boolean" => Class::Boolean,
        "date" => Class::Date,
        "time" if !zoned => Class::Time,
        "timestamptz" => Class::TimestampTz,
        "timestamp" if zoned => Class::TimestampTz,
        "timestamp" => Class::Timestamp,
        "interval" => Class::Interval,
        "json" => Class::Json,
        "jsonb" => Class::Jsonb,
        "uuid" => Class::Uuid,
        "bytea" => Class::Bytes,
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
