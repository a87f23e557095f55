//! Column types of tables, and the names users write for them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::TextId;

/// A column that a flow declares.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Column {
    pub name: TextId,
    pub kind: ColumnType,
}

/// The type of a column, independent of the database engine. Each dialect maps it to its own type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ColumnType {
    Text,
    /// Text of at most this many characters.
    Varchar(u32),
    SmallInt,
    Integer,
    BigInt,
    /// Precision and scale; `None` is the engine's widest decimal.
    Numeric(Option<(u16, u16)>),
    Real,
    Double,
    Boolean,
    Date,
    Time,
    /// Without a time zone.
    Timestamp,
    /// With a time zone.
    TimestampTz,
    Json,
    Uuid,
    Binary,
}

/// A type name that Sequor does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown column type '{0}'; known types: text, varchar(n), smallint, integer, bigint, numeric(p,s), real, double, boolean, date, time, timestamp, timestamptz, json, uuid, binary"
)]
pub struct UnknownType(pub String);

impl FromStr for ColumnType {
    type Err = UnknownType;

    /// Reads a type name in any case, with the aliases that PostgreSQL, SQLite, MySQL and DuckDB users write.
    fn from_str(name: &str) -> Result<Self, UnknownType> {
        let unknown = || UnknownType(name.to_owned());
        let lower = name.trim().to_ascii_lowercase();
        let (base, arguments) = match lower.split_once('(') {
            Some((base, rest)) => {
                let (inside, after) = rest.split_once(')').ok_or_else(unknown)?;
                let numbers = inside.split(',').map(|n| n.trim().parse::<u32>().map_err(|_| unknown())).collect::<Result<Vec<_>, _>>()?;
                (format!("{}{}", base.trim(), after), numbers)
            }
            None => (lower.clone(), Vec::new()),
        };
        let base = base.split_whitespace().collect::<Vec<_>>().join(" ");
        let kind = match (base.as_str(), arguments.as_slice()) {
            (
                "text" | "string" | "str" | "clob" | "varchar" | "character varying" | "nvarchar" | "char" | "longtext" | "mediumtext",
                [],
            ) => Self::Text,
            ("varchar" | "character varying" | "nvarchar" | "char" | "character" | "text" | "string", [n]) if *n > 0 => Self::Varchar(*n),
            ("smallint" | "int2" | "tinyint", [] | [_]) => Self::SmallInt,
            ("integer" | "int" | "int4" | "serial" | "mediumint", [] | [_]) => Self::Integer,
            ("bigint" | "int8" | "long" | "bigserial" | "int64", [] | [_]) => Self::BigInt,
            ("numeric" | "decimal" | "number", []) => Self::Numeric(None),
            ("numeric" | "decimal" | "number", [p]) => Self::numeric(*p, 0).ok_or_else(unknown)?,
            ("numeric" | "decimal" | "number", [p, s]) => Self::numeric(*p, *s).ok_or_else(unknown)?,
            ("real" | "float4", []) => Self::Real,
            ("double" | "double precision" | "float" | "float8" | "float64", []) => Self::Double,
            ("boolean" | "bool", []) => Self::Boolean,
            ("date", []) => Self::Date,
            ("time" | "time without time zone", [] | [_]) => Self::Time,
            ("timestamp" | "datetime" | "timestamp without time zone", [] | [_]) => Self::Timestamp,
            ("timestamptz" | "timestamp with time zone", [] | [_]) => Self::TimestampTz,
            ("json" | "jsonb" | "variant" | "object", []) => Self::Json,
            ("uuid", []) => Self::Uuid,
            ("binary" | "bytea" | "blob" | "bytes" | "varbinary", [] | [_]) => Self::Binary,
            _ => return Err(unknown()),
        };
        Ok(kind)
    }
}

impl ColumnType {
    /// A decimal, if the scale fits the precision and both fit PostgreSQL's limit of 1,000 digits.
    #[must_use]
    pub fn numeric(precision: u32, scale: u32) -> Option<Self> {
        let (p, s) = (u16::try_from(precision).ok()?, u16::try_from(scale).ok()?);
        ((1..=1000).contains(&p) && s <= p).then_some(Self::Numeric(Some((p, s))))
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Varchar(n) => write!(f, "varchar({n})"),
            Self::SmallInt => f.write_str("smallint"),
            Self::Integer => f.write_str("integer"),
            Self::BigInt => f.write_str("bigint"),
            Self::Numeric(None) => f.write_str("numeric"),
            Self::Numeric(Some((p, s))) => write!(f, "numeric({p},{s})"),
            Self::Real => f.write_str("real"),
            Self::Double => f.write_str("double"),
            Self::Boolean => f.write_str("boolean"),
            Self::Date => f.write_str("date"),
            Self::Time => f.write_str("time"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::TimestampTz => f.write_str("timestamptz"),
            Self::Json => f.write_str("json"),
            Self::Uuid => f.write_str("uuid"),
            Self::Binary => f.write_str("binary"),
        }
    }
}
