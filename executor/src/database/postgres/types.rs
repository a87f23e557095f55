//! Column types in PostgreSQL: by name for tables, by number (OID) in results.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sequor_plan_format::ColumnType;

use super::*;

/// How the text of a result column is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Bool,
    Int,
    Float,
    Numeric,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Json,
    Uuid,
    Bytes,
    /// Everything else keeps PostgreSQL's text.
    Text,
    Array(Element),
}

/// How the elements of an array are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Bool,
    /// Integers, floats, numerics.
    Number,
    /// With or without a time zone.
    Timestamp,
    Json,
    Text,
}

impl Form {
    pub(super) fn kind(self) -> ColumnType {
        match self {
            Self::Bool => ColumnType::Boolean,
            Self::Int => ColumnType::BigInt,
            Self::Float => ColumnType::Double,
            Self::Numeric => ColumnType::Numeric(None),
            Self::Date => ColumnType::Date,
            Self::Time => ColumnType::Time,
            Self::Timestamp => ColumnType::Timestamp,
            Self::TimestampTz => ColumnType::TimestampTz,
            Self::Json | Self::Array(_) => ColumnType::Json,
            Self::Uuid => ColumnType::Uuid,
            Self::Bytes => ColumnType::Binary,
            Self::Text => ColumnType::Text,
        }
    }

    fn element(self) -> Element {
        match self {
            Self::Bool => Element::Bool,
            Self::Int | Self::Float | Self::Numeric => Element::Number,
            Self::Timestamp | Self::TimestampTz => Element::Timestamp,
            Self::Json => Element::Json,
            Self::Date | Self::Time | Self::Uuid | Self::Bytes | Self::Text | Self::Array(_) => Element::Text,
        }
    }

    /// The forms of PostgreSQL's own types; their numbers never change (`pg_type.dat`).
    fn of_builtin(oid: u32) -> Option<Self> {
        Some(match oid {
            16 => Self::Bool,
            17 => Self::Bytes,
            20 | 21 | 23 | 26 => Self::Int,
            700 | 701 => Self::Float,
            1700 => Self::Numeric,
            1082 => Self::Date,
            1083 => Self::Time,
            1114 => Self::Timestamp,
            1184 => Self::TimestampTz,
            114 | 3802 => Self::Json,
            2950 => Self::Uuid,
            // "char", name, text, xml, cidr, macaddr, inet, bpchar, varchar, interval, timetz, money, bit, varbit, unknown, void
            18 | 19 | 25 | 142 | 650 | 829 | 869 | 1042 | 1043 | 1186 | 1266 | 790 | 1560 | 1562 | 705 | 2278 => Self::Text,
            _ => return None,
        })
    }
}

/// The forms of types that are not in the list above, as the catalog told them. Shared by all connections of a database.
#[derive(Clone, Default)]
pub(super) struct Cache {
    forms: Arc<Mutex<HashMap<u32, Form>>>,
}

impl Cache {
    /// The form of each type. Asks the catalog, on a connection of the pool's, for those not met before.
    pub(super) async fn forms(&self, oids: &[u32], pool: &Pool<Server>) -> Result<Vec<Form>, RunError> {
        let missing: Vec<String> = oids.iter().filter(|oid| self.known(**oid).is_none()).map(u32::to_string).collect();
        if !missing.is_empty() {
            let mut lease = pool.acquire().await?;
            let sql = format!(
                "SELECT t.oid::text || ' ' || CASE WHEN t.typcategory = 'A' AND t.typlen = -1 AND e.typdelim = ',' THEN t.typelem ELSE 0 END \
                 FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem WHERE t.oid IN ({})",
                missing.join(", ")
            );
            let found = texts(&mut lease.connection, sql).await?;
            lease.give_back();
            let mut forms = self.forms.lock().unwrap_or_else(PoisonError::into_inner);
            for pair in found.iter().filter_map(|line| line.split_once(' ')) {
                if let (Ok(oid), Ok(element)) = (pair.0.parse(), pair.1.parse::<u32>()) {
                    let form =
                        if element == 0 { Form::Text } else { Form::Array(Form::of_builtin(element).map_or(Element::Text, Form::element)) };
                    forms.insert(oid, form);
                }
            }
        }
        Ok(oids.iter().map(|oid| self.known(*oid).unwrap_or(Form::Text)).collect())
    }

    fn known(&self, oid: u32) -> Option<Form> {
        Form::of_builtin(oid).or_else(|| self.forms.lock().unwrap_or_else(PoisonError::into_inner).get(&oid).copied())
    }
}

/// The type for a column that we create.
pub(super) fn declared(kind: ColumnType) -> String {
    match kind {
        ColumnType::Binary => "bytea".into(),
        ColumnType::Double => "double precision".into(),
        ColumnType::Varchar(length) if length > LONGEST_VARCHAR => "text".into(),
        // `json` keeps the document as it came: order, spacing, digits.
        other => other.to_string(),
    }
}

/// <https://www.postgresql.org/docs/current/datatype-character.html>
const LONGEST_VARCHAR: u32 = 10_485_760;

/// What `format_type` says, as a type of ours; `None` for types that only PostgreSQL has.
pub(super) fn meaning(formatted: &str) -> Option<ColumnType> {
    match formatted {
        // PostgreSQL pads char(n) with spaces: the value's own length is not limited by padding.
        "name" => Some(ColumnType::Text),
        "jsonb" => Some(ColumnType::Json),
        other => {
            let plain = other.replace(" without time zone", "");
            let zoned = plain.starts_with("timestamp") && plain.ends_with("with time zone");
            if zoned { Some(ColumnType::TimestampTz) } else { plain.parse().ok() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatted_types_are_understood() {
        for (formatted, kind) in [
            ("character varying(20)", Some(ColumnType::Varchar(20))),
            ("character varying", Some(ColumnType::Text)),
            ("character(3)", Some(ColumnType::Varchar(3))),
            ("timestamp without time zone", Some(ColumnType::Timestamp)),
            ("timestamp(3) without time zone", Some(ColumnType::Timestamp)),
            ("timestamp(3) with time zone", Some(ColumnType::TimestampTz)),
            ("time without time zone", Some(ColumnType::Time)),
            ("numeric(10,2)", Some(ColumnType::Numeric(Some((10, 2))))),
            ("double precision", Some(ColumnType::Double)),
            ("jsonb", Some(ColumnType::Json)),
            ("bytea", Some(ColumnType::Binary)),
            ("integer[]", None),
            ("interval", None),
            ("time with time zone", None),
            ("public.mood", None),
        ] {
            assert_eq!(meaning(formatted), kind, "{formatted}");
        }
    }
}
