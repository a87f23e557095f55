//! What kinds of values an expression may give, and what Python and Jinja can do with each.
//!
//! Rules report what no kind allows. A value of which nothing is known is of all kinds, so that it is never reported.

pub mod value;

use std::fmt;

/// A set of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u32);

impl Kinds {
    pub const NOTHING: Self = Self(0);
    pub const NULL: Self = Self(1);
    pub const BOOL: Self = Self(1 << 1);
    pub const INT: Self = Self(1 << 2);
    pub const FLOAT: Self = Self(1 << 3);
    pub const TEXT: Self = Self(1 << 4);
    pub const BYTES: Self = Self(1 << 5);
    pub const LIST: Self = Self(1 << 6);
    pub const TUPLE: Self = Self(1 << 7);
    pub const MAP: Self = Self(1 << 8);
    pub const SET: Self = Self(1 << 9);
    /// Generators and the like: they can be gone over, and nothing else.
    pub const ITERATOR: Self = Self(1 << 10);
    pub const RANGE: Self = Self(1 << 11);
    pub const DATE: Self = Self(1 << 12);
    pub const MOMENT: Self = Self(1 << 13);
    pub const DURATION: Self = Self(1 << 14);
    pub const FUNCTION: Self = Self(1 << 15);
    /// Anything else, which may do everything.
    pub const OTHER: Self = Self(1 << 16);

    pub const UNKNOWN: Self = Self((1 << 17) - 1);
    pub const NUMBER: Self = Self(Self::BOOL.0 | Self::INT.0 | Self::FLOAT.0);
    /// What variables, replies and rows hold.
    pub const DATA: Self = Self(Self::NULL.0 | Self::NUMBER.0 | Self::TEXT.0 | Self::LIST.0 | Self::MAP.0);
    const COUNTS: Self = Self(Self::BOOL.0 | Self::INT.0);
    const SEQUENCE: Self = Self(Self::TEXT.0 | Self::BYTES.0 | Self::LIST.0 | Self::TUPLE.0);
    /// What can be gone over.
    pub const ITERABLE: Self = Self(Self::SEQUENCE.0 | Self::MAP.0 | Self::SET.0 | Self::ITERATOR.0 | Self::RANGE.0 | Self::OTHER.0);
    /// What has a length.
    pub const SIZED: Self = Self(Self::ITERABLE.0 & !(Self::ITERATOR.0));

    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether a kind is in both.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all are among the others, and there is one.
    #[must_use]
    pub const fn within(self, others: Self) -> bool {
        self.0 != 0 && self.0 & !others.0 == 0
    }

    #[must_use]
    pub const fn is_nothing(self) -> bool {
        self.0 == 0
    }

    fn each(self) -> impl Iterator<Item = Self> {
        (0..17).map(|bit| Self(1 << bit)).filter(move |kind| self.meets(*kind))
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: &[(Kinds, &str)] = &[
            (Kinds::BOOL, "true or false"),
            (Kinds(Kinds::INT.0 | Kinds::FLOAT.0), "a number"),
            (Kinds::TEXT, "text"),
            (Kinds::BYTES, "bytes"),
            (Kinds::LIST, "a list"),
            (Kinds::TUPLE, "a tuple"),
            (Kinds::MAP, "a map"),
            (Kinds::SET, "a set"),
            (Kinds::ITERATOR, "an iterator"),
            (Kinds::RANGE, "a range"),
            (Kinds::DATE, "a date"),
            (Kinds::MOMENT, "a datetime"),
            (Kinds::DURATION, "a timedelta"),
            (Kinds::FUNCTION, "a function"),
            (Kinds::NULL, "None"),
        ];
        if *self == Self::DATA {
            return out.write_str("a value of a variable, a row or a reply");
        }
        let named: Vec<&str> = NAMES.iter().filter(|(kinds, _)| self.meets(*kinds)).map(|(_, name)| *name).collect();
        match named.as_slice() {
            [] => out.write_str("a value"),
            [only] => out.write_str(only),
            [first @ .., last] => write!(out, "{} or {last}", first.join(", ")),
        }
    }
}

/// Operators between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    /// `&`, `|`, `^`
    Bits,
    Shift,
    /// `<` and the like
    Order,
    /// Matrices, which nothing here has
    Other,
}

/// What the operator gives; nothing where it can be applied to no two of the kinds.
#[must_use]
pub fn binary(operator: Operator, left: Kinds, right: Kinds) -> Kinds {
    if left.meets(Kinds::OTHER) || right.meets(Kinds::OTHER) || operator == Operator::Other {
        return Kinds::UNKNOWN;
    }
    let mut given = Kinds::NOTHING;
    for left in left.each() {
        for right in right.each() {
            given = given.or(pair(operator, left, right));
        }
    }
    given
}

fn pair(operator: Operator, left: Kinds, right: Kinds) -> Kinds {
    let both = |kinds: Kinds| left.within(kinds) && right.within(kinds);
    let either = |a: Kinds, b: Kinds| (left.within(a) && right.within(b)) || (left.within(b) && right.within(a));
    let times = Kinds::DATE.or(Kinds::MOMENT);
    let number = || if both(Kinds::COUNTS) { Kinds::INT } else { Kinds::FLOAT };
    match operator {
        Operator::Add if both(Kinds::NUMBER) => number(),
        Operator::Add if left == right && left.within(Kinds::SEQUENCE.or(Kinds::DURATION)) => left,
        Operator::Add if either(times, Kinds::DURATION) => left.or(right).without(Kinds::DURATION),
        Operator::Subtract if both(Kinds::NUMBER) => number(),
        Operator::Subtract if left == right && left.within(times) => Kinds::DURATION,
        Operator::Subtract if left == right && left.within(Kinds::SET.or(Kinds::ITERATOR).or(Kinds::DURATION)) => left,
        Operator::Subtract if either(Kinds::SET, Kinds::ITERATOR) => Kinds::SET,
        Operator::Subtract if left.within(times) && right == Kinds::DURATION => left,
        Operator::Multiply if both(Kinds::NUMBER) => number(),
        Operator::Multiply if either(Kinds::SEQUENCE, Kinds::COUNTS) => left.or(right).without(Kinds::COUNTS),
        Operator::Multiply if either(Kinds::DURATION, Kinds::NUMBER) => Kinds::DURATION,
        Operator::Divide if both(Kinds::NUMBER) => Kinds::FLOAT,
        Operator::FloorDivide if both(Kinds::NUMBER) => number(),
        Operator::Divide | Operator::FloorDivide if left == Kinds::DURATION && right.within(Kinds::NUMBER) => Kinds::DURATION,
        Operator::Divide | Operator::FloorDivide | Operator::Modulo if both(Kinds::DURATION) => Kinds::NUMBER.or(Kinds::DURATION),
        Operator::Modulo if both(Kinds::NUMBER) => number(),
        Operator::Modulo if left.within(Kinds::TEXT.or(Kinds::BYTES)) => left,
        Operator::Power if both(Kinds::NUMBER) => Kinds::INT.or(Kinds::FLOAT),
        Operator::Bits if both(Kinds::COUNTS) => left.or(right),
        Operator::Bits if both(Kinds::SET.or(Kinds::ITERATOR)) => Kinds::SET,
        Operator::Bits if both(Kinds::MAP) => Kinds::MAP,
        Operator::Bits if both(Kinds::FUNCTION.or(Kinds::NULL)) => Kinds::OTHER,
        Operator::Shift if both(Kinds::COUNTS) => Kinds::INT,
        Operator::Order if both(Kinds::NUMBER) => Kinds::BOOL,
        Operator::Order if both(Kinds::SET.or(Kinds::ITERATOR)) => Kinds::BOOL,
        Operator::Order if left == right && left.within(Kinds::SEQUENCE.or(times).or(Kinds::DURATION)) => Kinds::BOOL,
        Operator::Add
        | Operator::Subtract
        | Operator::Multiply
        | Operator::Divide
        | Operator::FloorDivide
        | Operator::Modulo
        | Operator::Power
        | Operator::Bits
        | Operator::Shift
        | Operator::Order => Kinds::NOTHING,
        Operator::Other => Kinds::UNKNOWN,
    }
}

/// Whether values of these kinds can never be equal.
#[must_use]
pub fn never_equal(left: Kinds, right: Kinds) -> bool {
    if left.is_nothing() || right.is_nothing() || left.meets(Kinds::OTHER) || right.meets(Kinds::OTHER) {
        return false;
    }
    let wide = |kinds: Kinds| {
        let mut wide = if kinds.meets(Kinds::NUMBER) { kinds.or(Kinds::NUMBER) } else { kinds };
        if kinds.meets(Kinds::SET.or(Kinds::ITERATOR)) {
            wide = wide.or(Kinds::SET).or(Kinds::ITERATOR);
        }
        wide
    };
    !wide(left).meets(wide(right))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn numbers_and_texts_do_not_mix() {
        assert!(binary(Operator::Add, Kinds::TEXT, Kinds::INT).is_nothing());
        assert_eq!(binary(Operator::Add, Kinds::INT, Kinds::FLOAT), Kinds::FLOAT);
        assert_eq!(binary(Operator::Multiply, Kinds::TEXT, Kinds::INT), Kinds::TEXT);
        assert!(binary(Operator::Order, Kinds::TEXT.or(Kinds::NULL), Kinds::INT).is_nothing());
        assert!(!binary(Operator::Order, Kinds::DATA, Kinds::INT).is_nothing());
        assert!(binary(Operator::Order, Kinds::DATA, Kinds::MOMENT).is_nothing());
        assert!(never_equal(Kinds::TEXT, Kinds::INT) && !never_equal(Kinds::BOOL, Kinds::FLOAT));
        assert!(!never_equal(Kinds::UNKNOWN, Kinds::TEXT));
    }
}
