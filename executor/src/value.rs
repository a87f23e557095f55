//! Values at run time, with Python's meaning of equality, truth and printing.
//!
//! `number` holds arithmetic's view of a value, `decimal` the rounding of exact digits, `compare` equality and order, `print` what `str()` and `repr()` give. None of them recurses deeper
//! than [`MAX_DEPTH`].

pub mod compare;
pub mod decimal;
pub mod number;
pub mod print;

use std::sync::Arc;

use indexmap::IndexMap;

/// A map from text to values, in insertion order.
pub type Map = IndexMap<Arc<str>, Value>;

/// The deepest nesting of lists and maps. JSON that is deeper is refused, and so is an expression that builds deeper values: walking and dropping
/// them must not overflow a stack.
pub const MAX_DEPTH: usize = 200;

/// A value of a variable, a column, a JSON reply or an expression. Cloning is cheap: long values are shared.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A number that neither `i64` nor `f64` holds without loss, as JSON number text: big integers, decimals with more digits than a double
    /// has, decimals whose zeros matter (`10.20`). Arithmetic treats it as Python would treat the JSON number;
    /// it prints as it is written.
    Number(Arc<str>),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    List(Arc<Vec<Value>>),
    /// Prints with round brackets; otherwise a list.
    Tuple(Arc<Vec<Value>>),
    Map(Arc<Map>),
    Row(Arc<Row>),
}

/// A database row. Times, UUIDs and JSON columns are text in ISO 8601, canonical and JSON form.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Row {
    /// Shared by all rows of a result.
    pub columns: Arc<[Arc<str>]>,
    pub values: Vec<Value>,
}

impl Row {
    /// The value of a column, by its exact name, else by its only match in another case.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&Value> {
        let exact = self.columns.iter().position(|c| &**c == column);
        let index = exact.or_else(|| {
            let mut matches = self.columns.iter().enumerate().filter(|(_, c)| c.eq_ignore_ascii_case(column));
            let first = matches.next()?.0;
            matches.next().is_none().then_some(first)
        })?;
        self.values.get(index)
    }
}

impl Value {
    #[must_use]
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// The type's name as messages print it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) | Self::Float(_) | Self::Number(_) => "number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::List(_) | Self::Tuple(_) => "list",
            Self::Map(_) => "map",
            Self::Row(_) => "row",
        }
    }

    /// Python's `bool(value)`.
    #[must_use]
    pub fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(b) => *b,
            Self::Int(i) => *i != 0,
            Self::Float(f) => *f != 0.0,
            Self::Number(n) => n.bytes().take_while(|b| !matches!(b, b'e' | b'E')).any(|b| (b'1'..=b'9').contains(&b)),
            Self::Text(t) => !t.is_empty(),
            Self::Bytes(b) => !b.is_empty(),
            Self::List(l) | Self::Tuple(l) => !l.is_empty(),
            Self::Map(m) => !m.is_empty(),
            Self::Row(r) => !r.columns.is_empty(),
        }
    }

    /// The type's name in Python.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Number(n) if number::is_integer(n) => "int",
            Self::Number(_) => "float",
            Self::Text(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Map(_) => "dict",
            Self::Row(_) => "row",
        }
    }

    /// Whether lists and maps nest at most [`MAX_DEPTH`] deep. Looks at no more than a few million members: what is larger is not built by nesting.
    #[must_use]
    pub fn is_shallow(&self) -> bool {
        let mut looked_at = 0usize;
        let mut open: Vec<(&Self, usize)> = vec![(self, 0)];
        while let Some((value, depth)) = open.pop() {
            if depth > MAX_DEPTH {
                return false;
            }
            looked_at += 1;
            if looked_at > 4_000_000 {
                return true;
            }
            match value {
                Self::List(members) | Self::Tuple(members) => {
                    open.extend(members.iter().filter(|m| m.is_container()).map(|m| (m, depth + 1)))
                }
                Self::Map(map) => open.extend(map.values().filter(|m| m.is_container()).map(|m| (m, depth + 1))),
                Self::Row(row) => open.extend(row.values.iter().filter(|m| m.is_container()).map(|m| (m, depth + 1))),
                Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Number(_) | Self::Text(_) | Self::Bytes(_) => {}
            }
        }
        true
    }

    /// A list, tuple, map or row.
    #[must_use]
    pub fn is_container(&self) -> bool {
        matches!(self, Self::List(_) | Self::Tuple(_) | Self::Map(_) | Self::Row(_))
    }
}
