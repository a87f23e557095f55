//! What is known of one value, and what can be read of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Kinds, Operator, binary};
use crate::diagnostic::did_you_mean;

/// What is known of a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    pub kinds: Kinds,
    pub detail: Detail,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    Nothing,
    Text(Rc<str>),
    Int(i64),
    /// A value of a variable, a row or a reply: so are its members.
    Data,
    /// All members of a list or tuple.
    Items(Rc<[Value]>),
    /// Each member of a list or an iterator.
    Each(Rc<Value>),
    /// All keys of a map.
    Keys(Rc<BTreeMap<String, Value>>),
    /// Keys of a map that may have others.
    Fields(Rc<BTreeMap<String, Value>>),
    /// A row of a table or query.
    Row(Rc<Row>),
    /// A function of the snippet.
    Function(usize),
    Builtin(&'static str),
    /// A module or what is in it: `datetime`, `datetime.datetime`.
    Member(Rc<str>),
    /// `base.name`, to be called.
    Method(Rc<Value>, Rc<str>),
}

/// The columns of a row, all of them.
#[derive(Debug, PartialEq)]
pub struct Row {
    pub columns: Vec<(String, Value)>,
    /// Where it comes from, for a message: `the query`, `table 'orders'`.
    pub what: String,
}

/// What is wrong with an operation.
#[derive(Debug)]
pub struct Problem {
    pub message: String,
    pub help: String,
    pub verdict: Verdict,
    /// It is the key that is wrong, not the whole.
    pub of_key: bool,
}

/// What comes of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The operation fails.
    Fails,
    /// It gives a value, though hardly the one that is meant.
    Strange,
    /// It fails, since a row does not have the column.
    NoColumn,
    /// A default replaces no NULL, which is printed.
    NullPrinted,
    /// It fails where a table is empty: an aggregate of no rows is NULL.
    NullOfEmpty,
}

impl Problem {
    #[must_use]
    pub fn new(message: String, help: impl Into<String>) -> Self {
        Self { message, help: help.into(), verdict: Verdict::Fails, of_key: false }
    }

    #[must_use]
    pub fn with(self, verdict: Verdict) -> Self {
        Self { verdict, ..self }
    }

    fn of_key(self) -> Self {
        Self { of_key: true, ..self }
    }
}

impl Value {
    pub const UNKNOWN: Self = Self::of(Kinds::UNKNOWN);
    pub const NONE: Self = Self::of(Kinds::NULL);
    pub const DATA: Self = Self { kinds: Kinds::DATA, detail: Detail::Data };

    #[must_use]
    pub const fn of(kinds: Kinds) -> Self {
        Self { kinds, detail: Detail::Nothing }
    }

    #[must_use]
    pub fn list_of(element: Self) -> Self {
        Self { kinds: Kinds::LIST, detail: Detail::Each(Rc::new(element)) }
    }

    #[must_use]
    pub fn iterator_of(element: Self) -> Self {
        Self { kinds: Kinds::ITERATOR, detail: Detail::Each(Rc::new(element)) }
    }

    /// A map of which each value is known, and no key.
    #[must_use]
    pub fn map_of(element: Self) -> Self {
        Self { kinds: Kinds::MAP, detail: Detail::Each(Rc::new(element)) }
    }

    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        Self { kinds: Kinds::LIST, detail: Detail::Items(items.into()) }
    }

    #[must_use]
    pub fn tuple(items: Vec<Self>) -> Self {
        Self { kinds: Kinds::TUPLE, detail: Detail::Items(items.into()) }
    }

    #[must_use]
    pub fn row(row: Row) -> Self {
        Self { kinds: Kinds::MAP, detail: Detail::Row(Rc::new(row)) }
    }

    #[must_use]
    pub fn text(text: &str) -> Self {
        Self { kinds: Kinds::TEXT, detail: Detail::Text(text.into()) }
    }

    #[must_use]
    pub const fn int(number: i64) -> Self {
        Self { kinds: Kinds::INT, detail: Detail::Int(number) }
    }

    /// A value that is either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        // Neither an empty list nor null says anything about members.
        let says_nothing = |v: &Self| v.is_empty() || v.kinds == Kinds::NULL || v.kinds.is_nothing();
        let detail = if self.detail == other.detail || says_nothing(&other) {
            self.detail
        } else if says_nothing(&self) {
            other.detail
        } else {
            Detail::Nothing
        };
        Self { kinds: self.kinds.or(other.kinds), detail }
    }

    fn is_empty(&self) -> bool {
        match &self.detail {
            Detail::Items(items) => items.is_empty(),
            Detail::Keys(keys) => keys.is_empty(),
            _ => false,
        }
    }

    /// The same without what a change of it would make wrong.
    #[must_use]
    pub fn loosened(self) -> Self {
        match self.detail {
            Detail::Items(_) if self.kinds == Kinds::TUPLE => self,
            Detail::Items(_) | Detail::Each(_) | Detail::Keys(_) | Detail::Row(_) => Self::of(self.kinds),
            _ => self,
        }
    }

    /// What going over it gives.
    #[must_use]
    pub fn element(&self) -> Self {
        match &self.detail {
            _ if self.kinds.is_nothing() => Self::of(Kinds::NOTHING),
            // Names of columns, and of headers.
            Detail::Each(_) | Detail::Row(_) | Detail::Keys(_) if self.kinds.meets(Kinds::MAP) => Self::of(Kinds::TEXT),
            Detail::Items(items) => items.iter().cloned().reduce(Self::or).unwrap_or(Self::UNKNOWN),
            Detail::Each(element) => element.as_ref().clone(),
            _ if self.kinds == Kinds::RANGE => Self::of(Kinds::INT),
            _ if self.kinds == Kinds::TEXT => Self::of(Kinds::TEXT),
            Detail::Data => Self::DATA,
            _ => Self::UNKNOWN,
        }
    }

    /// What `self[key]` gives.
    ///
    /// # Errors
    /// Where that fails for all values of these kinds.
    pub fn index(&self, key: &Self) -> Result<Self, Problem> {
        if self.kinds.is_nothing() || key.kinds.is_nothing() {
            return Ok(Self::of(Kinds::NOTHING));
        }
        let bare = Kinds::NULL.or(Kinds::NUMBER).or(Kinds::SET).or(Kinds::ITERATOR).or(Kinds::DATE).or(Kinds::MOMENT);
        if self.kinds.within(bare) {
            let help = if self.kinds.meets(Kinds::ITERATOR) {
                "make a list of it first: `list(…)[…]`"
            } else {
                "only lists, maps and text have members"
            };
            return Err(Problem::new(format!("{} has no members", self.kinds), help));
        }
        let counted = Kinds::LIST.or(Kinds::TUPLE).or(Kinds::TEXT).or(Kinds::RANGE).or(Kinds::BYTES);
        let no_index = Kinds::TEXT.or(Kinds::FLOAT).or(Kinds::NULL).or(Kinds::LIST).or(Kinds::MAP);
        if self.kinds.within(counted) && key.kinds.within(no_index) {
            let help = match &key.detail {
                Detail::Text(key) if self.kinds == Kinds::LIST => {
                    format!("go over the list, or take one of its members first: `[0]['{key}']`")
                }
                _ => "an index is a whole number".to_owned(),
            };
            return Err(Problem::new(format!("the members of {} are counted, and this is {}", self.kinds, key.kinds), help).of_key());
        }
        match (&self.detail, &key.detail) {
            (Detail::Items(items), Detail::Int(n)) if self.kinds.within(counted) => {
                let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let place = if *n < 0 { n + count } else { *n };
                match usize::try_from(place).ok().and_then(|place| items.get(place)) {
                    Some(item) => Ok(item.clone()),
                    None => {
                        Err(Problem::new(format!("there is no [{n}] in a list of {count}"), "the first member is [0], the last one [-1]"))
                    }
                }
            }
            (Detail::Keys(_) | Detail::Row(_), Detail::Text(name)) if self.kinds == Kinds::MAP => self.field(name),
            _ if self.kinds == Kinds::TEXT => Ok(Self::of(Kinds::TEXT)),
            (Detail::Each(element), _) if self.kinds.within(Kinds::LIST.or(Kinds::MAP)) => Ok(element.as_ref().clone()),
            (Detail::Data, _) => Ok(Self::DATA),
            (Detail::Row(_), _) => Ok(Self::DATA),
            (Detail::Fields(fields), Detail::Text(name)) => Ok(fields.get(name.as_ref()).cloned().unwrap_or(Self::UNKNOWN)),
            _ => Ok(Self::UNKNOWN),
        }
    }

    /// The value under a key of a map or a column of a row.
    ///
    /// # Errors
    /// Where it does not have it.
    pub fn field(&self, name: &str) -> Result<Self, Problem> {
        let (found, names, what) = match &self.detail {
            Detail::Keys(keys) => (keys.get(name), keys.keys().map(String::as_str).collect::<Vec<_>>(), "this map"),
            Detail::Row(row) => {
                let found = row.columns.iter().find(|(column, _)| column.eq_ignore_ascii_case(name));
                (found.map(|(_, value)| value), row.columns.iter().map(|(column, _)| column.as_str()).collect(), row.what.as_str())
            }
            _ => return Ok(Self::UNKNOWN),
        };
        if let Some(found) = found {
            return Ok(found.clone());
        }
        let is_row = matches!(self.detail, Detail::Row(_));
        let whose = if is_row { "The columns" } else { "Its keys" };
        let shown = names.join(", ");
        let help = match did_you_mean(name, names.iter().copied()) {
            Some(near) => format!("did you mean '{near}'? {whose}: {shown}"),
            None if names.is_empty() => "it has none".to_owned(),
            None => format!("{}: {shown}", whose.to_lowercase()),
        };
        let message = format!("{what} has no {} '{name}'", if is_row { "column" } else { "key" });
        Err(Problem::new(message, help).of_key().with(if is_row { Verdict::NoColumn } else { Verdict::Fails }))
    }
}

/// What an operator gives.
///
/// # Errors
/// Where it can be applied to no two values of these kinds.
pub fn operate(operator: Operator, left: &Value, right: &Value) -> Result<Kinds, Problem> {
    let (a, b) = (left.kinds, right.kinds);
    if a.is_nothing() || b.is_nothing() {
        return Ok(Kinds::NOTHING);
    }
    let divides = matches!(operator, Operator::Divide | Operator::FloorDivide | Operator::Modulo);
    if divides && right.detail == Detail::Int(0) && a.within(Kinds::NUMBER) {
        return Err(Problem::new("a division by 0".to_owned(), "the step fails here whenever it runs"));
    }
    let kinds = binary(operator, a, b);
    if !kinds.is_nothing() {
        return Ok(kinds);
    }
    Err(match operator {
        Operator::Order => Problem::new(format!("{a} cannot be compared with {b} by size"), order_help(a, b)),
        Operator::Add => Problem::new(format!("{a} and {b} cannot be added"), add_help(a, b)),
        _ => Problem::new(format!("no such operation between {a} and {b}"), add_help(a, b)),
    })
}

fn add_help(a: Kinds, b: Kinds) -> &'static str {
    let (text, number) = (a.meets(Kinds::TEXT) || b.meets(Kinds::TEXT), a.meets(Kinds::NUMBER) || b.meets(Kinds::NUMBER));
    if a == Kinds::NULL || b == Kinds::NULL {
        "there is no value on one side: give one, or ask for None first"
    } else if times(a) || times(b) {
        "days are added as `timedelta(days=…)`; dates and times of rows and replies are text: `datetime.fromisoformat(…)`"
    } else if text && number {
        "make text of the number: `str(…)` in Python, `~` instead of `+` in Jinja; or a number of the text: `int(…)`, `| int`"
    } else if a.meets(Kinds::LIST) || b.meets(Kinds::LIST) {
        "`list + [x]` adds a member; `list(…)` makes a list of something else"
    } else {
        "make both of one kind first"
    }
}

/// What to do about two values that cannot be compared.
#[must_use]
pub fn order_help(a: Kinds, b: Kinds) -> &'static str {
    if times(a) || times(b) {
        "dates and times of rows and replies are text: `datetime.fromisoformat(…)` makes a datetime of one, `.isoformat()` text of a datetime"
    } else if a == Kinds::NULL || b == Kinds::NULL {
        "there is no value on one side"
    } else if (a == Kinds::LIST && b.within(Kinds::NUMBER)) || (b == Kinds::LIST && a.within(Kinds::NUMBER)) {
        "of a list, compare its length: `len(…)`, `| length`; one value of a database is `query_value(…)`"
    } else if !(a.meets(Kinds::TEXT) || b.meets(Kinds::TEXT)) {
        "make both of one kind first"
    } else {
        "make both of one kind first: a number of the text by `int(…)` or `| int`, or text of the number by `str(…)`"
    }
}

fn times(kinds: Kinds) -> bool {
    kinds.within(Kinds::DATE.or(Kinds::MOMENT).or(Kinds::DURATION))
}
