//! Types of values as PostgreSQL tells them apart: which it compares, computes with and takes for another. Checked against the engine pair by pair; where it
//! depends on more than is known here, everything is taken to be right.

mod literal;

use super::columns::Class;

pub(super) use literal::{fits, is_number};

/// What is known of an expression's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ty {
    Unknown,
    /// A quoted text, which takes the type that is wanted of it.
    Literal(String),
    Known(Class),
}

impl Ty {
    pub(super) fn class(&self) -> Class {
        match self {
            Self::Known(class) => *class,
            Self::Unknown | Self::Literal(_) => Class::Unknown,
        }
    }
}

/// Types that are taken for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Text,
    Number,
    Boolean,
    /// A point in time.
    Moment,
    Time,
    Interval,
    Json,
    Jsonb,
    Uuid,
    Bytes,
    Array,
}

/// `None` for a type that has its own rules, or is not known.
pub(super) fn family(class: Class) -> Option<Family> {
    Some(match class {
        Class::Text => Family::Text,
        Class::Integer | Class::Numeric | Class::Float | Class::Number => Family::Number,
        Class::Boolean => Family::Boolean,
        Class::Date | Class::Timestamp | Class::TimestampTz => Family::Moment,
        Class::Time => Family::Time,
        Class::Interval => Family::Interval,
        Class::Json => Family::Json,
        Class::Jsonb => Family::Jsonb,
        Class::Uuid => Family::Uuid,
        Class::Bytes => Family::Bytes,
        Class::Array => Family::Array,
        Class::Other | Class::Unknown => return None,
    })
}

/// How a type is called in a message.
pub(super) fn called(class: Class) -> &'static str {
    match class {
        Class::Text => "a text",
        Class::Integer => "an integer",
        Class::Numeric | Class::Number => "a number",
        Class::Float => "a floating-point number",
        Class::Boolean => "a boolean",
        Class::Date => "a date",
        Class::Time => "a time",
        Class::Timestamp | Class::TimestampTz => "a timestamp",
        Class::Interval => "an interval",
        Class::Json | Class::Jsonb => "JSON",
        Class::Uuid => "a UUID",
        Class::Bytes => "bytes",
        Class::Array => "an array",
        Class::Other | Class::Unknown => "a value of another type",
    }
}

/// Whether `=` and the like take the two.
pub(super) fn compares(a: Class, b: Class) -> bool {
    match (family(a), family(b)) {
        (Some(Family::Json), Some(_)) | (Some(_), Some(Family::Json)) => false,
        (Some(Family::Time), Some(Family::Interval)) | (Some(Family::Interval), Some(Family::Time)) => true,
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

/// What CASE, COALESCE and UNION make of two types; `None` where they cannot be matched.
pub(super) fn common(a: Class, b: Class) -> Option<Class> {
    match (family(a), family(b)) {
        (Some(x), Some(y)) if x != y => None,
        (Some(Family::Number), Some(_)) => Some(number(a, b)),
        (Some(Family::Moment), Some(_)) if a != b => {
            Some(if a == Class::TimestampTz || b == Class::TimestampTz { Class::TimestampTz } else { Class::Timestamp })
        }
        (Some(_), Some(_)) => Some(a),
        _ => Some(Class::Unknown),
    }
}

fn number(a: Class, b: Class) -> Class {
    match (a, b) {
        (Class::Number, _) | (_, Class::Number) => Class::Number,
        (Class::Float, _) | (_, Class::Float) => Class::Float,
        (Class::Numeric, _) | (_, Class::Numeric) => Class::Numeric,
        _ => Class::Integer,
    }
}

/// Whether INSERT and UPDATE store a value of one type in a column of another.
pub(super) fn stores(value: Class, column: Class) -> bool {
    use Family::{Interval, Json, Jsonb, Moment, Text, Time};
    match (family(value), family(column)) {
        (Some(_), Some(Text)) => true,
        (Some(Json), Some(Jsonb)) | (Some(Jsonb), Some(Json)) | (Some(Time), Some(Interval)) | (Some(Interval), Some(Time)) => true,
        (Some(Moment), Some(Time)) => value != Class::Date,
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

/// Whether a cast is there at all.
pub(super) fn casts(value: Class, to: Class) -> bool {
    use Family::{Boolean, Jsonb, Number, Text};
    match (family(value), family(to)) {
        (Some(Text), Some(_)) => true,
        // From and to `integer`, not the other numbers.
        (Some(Number), Some(Boolean)) => matches!(value, Class::Integer | Class::Number),
        (Some(Boolean), Some(Number)) => matches!(to, Class::Integer | Class::Number),
        (Some(Jsonb), Some(Number | Boolean)) => true,
        _ => stores(value, to),
    }
}

/// What an operator of arithmetic gives; `None` where there is no such operator.
pub(super) fn computes(operator: char, a: Class, b: Class) -> Option<Class> {
    use Family::{Array, Interval, Jsonb, Moment, Number, Text, Time};
    let (Some(x), Some(y)) = (family(a), family(b)) else { return Some(Class::Unknown) };
    let date_and_integer = |date: Class, n: Class| date == Class::Date && matches!(n, Class::Integer | Class::Number);
    match (operator, x, y) {
        ('%', Number, Number) if a == Class::Float || b == Class::Float => None,
        (_, Number, Number) => Some(number(a, b)),
        ('+', Moment, Number) if date_and_integer(a, b) => Some(Class::Date),
        ('+', Number, Moment) if date_and_integer(b, a) => Some(Class::Date),
        ('-', Moment, Number) if date_and_integer(a, b) => Some(Class::Date),
        ('-', Moment, Moment) => Some(if a == Class::Date && b == Class::Date { Class::Integer } else { Class::Interval }),
        ('+', Moment, Time | Interval) | ('-', Moment, Time | Interval) => Some(if a == Class::Date { Class::Timestamp } else { a }),
        ('+', Time | Interval, Moment) => Some(if b == Class::Date { Class::Timestamp } else { b }),
        ('+' | '-', Time, Interval) => Some(Class::Time),
        ('+', Interval, Time) => Some(Class::Time),
        ('-', Time, Time) | ('-', Interval, Time) | ('+' | '-', Interval, Interval) => Some(Class::Interval),
        ('*', Number, Time | Interval) | ('*' | '/', Time | Interval, Number) => Some(Class::Interval),
        ('-', Jsonb, Text | Number | Array) => Some(Class::Jsonb),
        // An extension may add these.
        (_, Array, _) | (_, _, Array) => Some(Class::Unknown),
        _ => None,
    }
}

/// What `||` gives; `None` where it does not take the two.
pub(super) fn joins(a: Class, b: Class) -> Option<Class> {
    use Family::{Array, Bytes, Jsonb, Text};
    match (family(a), family(b)) {
        (Some(Array), _) | (_, Some(Array)) => Some(Class::Array),
        (Some(Text), Some(_)) | (Some(_), Some(Text)) => Some(Class::Text),
        (Some(Jsonb), Some(Jsonb)) => Some(Class::Jsonb),
        (Some(Bytes), Some(Bytes)) => Some(Class::Bytes),
        (Some(_), Some(_)) => None,
        _ => Some(Class::Unknown),
    }
}
