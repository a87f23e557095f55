//! Functions that the engines have: how many arguments each takes, and in PostgreSQL of which types.

mod postgres;
mod sqlite;

use super::Dialect;
use super::columns::Class;
use super::types::Ty;

/// How many arguments a function takes, in all of its forms.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) least: usize,
    pub(super) most: usize,
}

/// The forms of a function, as its table has them.
#[derive(Clone, Copy)]
pub(super) struct Forms(&'static str);

/// What calling a function with arguments of those types comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Call {
    Gives(Class),
    /// No form takes as many arguments.
    WrongCount,
    /// No form takes arguments of these types; which argument alone is to blame, where that is so.
    WrongTypes(Option<usize>),
}

/// Whether the engine has such a function, as far as its table goes. The name is in small letters.
pub(super) fn counts(name: &str, dialect: Dialect) -> Option<Counts> {
    match dialect {
        Dialect::Sqlite => {
            let found = sqlite::TABLE.binary_search_by(|(n, ..)| n.cmp(&name)).ok()?;
            sqlite::TABLE.get(found).map(|(_, least, most)| Counts { least: *least, most: *most })
        }
        Dialect::Postgres => {
            let ranges: Vec<(usize, usize)> = forms(name)?.list().map(|f| f.range()).collect();
            Some(Counts { least: ranges.iter().map(|r| r.0).min()?, most: ranges.iter().map(|r| r.1).max()? })
        }
    }
}

/// The forms of a function of PostgreSQL.
pub(super) fn forms(name: &str) -> Option<Forms> {
    let found = postgres::TABLE.binary_search_by(|(n, _)| n.cmp(&name)).ok()?;
    postgres::TABLE.get(found).map(|(_, forms)| Forms(forms))
}

/// All names in an engine's table.
pub(super) fn names(dialect: Dialect) -> Box<dyn Iterator<Item = &'static str>> {
    match dialect {
        Dialect::Sqlite => Box::new(sqlite::TABLE.iter().map(|(n, ..)| *n)),
        Dialect::Postgres => Box::new(postgres::TABLE.iter().map(|(n, _)| *n).chain(["coalesce", "nullif", "greatest", "least"])),
    }
}

/// Functions of the engine that are not in its table, and whose names are nearly those of others that are.
pub(super) fn is_known_slip(name: &str) -> bool {
    #[rustfmt::skip]
    const NAMES: &[&str] = &[
        "acosh", "asind", "asinh", "atan2d", "atand", "atanh", "bitand", "bitor",
        "bitxor", "cosd", "dcbrt", "dlog10", "dround", "dsqrt", "dtrunc", "json_array_element",
        "json_array_element_text", "jsonb_array_element", "jsonb_array_element_text", "loread", "reverses",
    ];
    NAMES.contains(&name)
}

impl Forms {
    fn list(self) -> impl Iterator<Item = Form> {
        self.0.split(' ').filter_map(|text| {
            let (arguments, result) = text.split_once('>')?;
            Some(Form { arguments, result: result.chars().next()? })
        })
    }

    /// What a call with these arguments comes to.
    pub(super) fn call(self, given: &[Ty]) -> Call {
        let fitting: Vec<Form> = self.list().filter(|f| f.takes(given.len())).collect();
        if fitting.is_empty() {
            return Call::WrongCount;
        }
        let matching: Vec<&Form> = fitting.iter().filter(|f| f.matches(given, implicit)).collect();
        if matching.is_empty() {
            let alone = |i: usize| !fitting.iter().any(|f| given.get(i).is_some_and(|ty| f.letter(i).is_none_or(|l| implicit(l, ty))));
            return Call::WrongTypes((0..given.len()).find(|i| alone(*i)));
        }
        let exactly: Vec<&Form> = matching.iter().filter(|f| f.matches(given, exact)).copied().collect();
        let found = if exactly.is_empty() { matching } else { exactly };
        let results = found.iter().map(|f| if f.result == '=' { given.first().map_or(Class::Unknown, Ty::class) } else { class(f.result) });
        Call::Gives(results.reduce(Class::or).unwrap_or(Class::Unknown))
    }

    /// The type that a quoted text takes as that argument, where no other form leaves a choice.
    pub(super) fn wanted(self, count: usize, argument: usize) -> Class {
        let mut fitting = self.list().filter(|f| f.takes(count)).filter_map(|f| f.letter(argument));
        match (fitting.next(), fitting.next()) {
            (Some(letter), None) => class(letter),
            _ => Class::Unknown,
        }
    }
}

struct Form {
    arguments: &'static str,
    result: char,
}

impl Form {
    /// The least and the greatest number of arguments.
    fn range(&self) -> (usize, usize) {
        let letters = self.arguments.chars().filter(|c| !matches!(c, '|' | '*')).count();
        let least = self.arguments.find('|').unwrap_or(letters);
        match self.arguments.contains('*') {
            true => (letters.saturating_sub(1).max(1), usize::MAX),
            false => (least, letters),
        }
    }

    fn takes(&self, count: usize) -> bool {
        let (least, most) = self.range();
        (least..=most).contains(&count)
    }

    fn letter(&self, argument: usize) -> Option<char> {
        let mut letters = self.arguments.chars().filter(|c| !matches!(c, '|' | '*'));
        let repeated = self.arguments.ends_with('*').then(|| self.arguments.chars().rev().nth(1)).flatten();
        letters.nth(argument).or(repeated)
    }

    fn matches(&self, given: &[Ty], fits: fn(char, &Ty) -> bool) -> bool {
        given.iter().enumerate().all(|(i, ty)| self.letter(i).is_some_and(|letter| fits(letter, ty)))
    }
}

fn class(letter: char) -> Class {
    match letter {
        't' => Class::Text,
        'i' => Class::Integer,
        'n' => Class::Numeric,
        'f' => Class::Float,
        'b' => Class::Boolean,
        'd' => Class::Date,
        'T' => Class::Time,
        's' => Class::Timestamp,
        'z' => Class::TimestampTz,
        'v' => Class::Interval,
        'j' => Class::Json,
        'J' => Class::Jsonb,
        'u' => Class::Uuid,
        'y' => Class::Bytes,
        'a' => Class::Array,
        'o' | 'O' => Class::Other,
        _ => Class::Unknown,
    }
}

/// Whether an argument is of the type already.
fn exact(letter: char, ty: &Ty) -> bool {
    match ty {
        Ty::Known(given) => letter == '?' || class(letter) == *given,
        Ty::Unknown | Ty::Literal(_) => true,
    }
}

/// Whether the engine takes an argument for the type without a cast. True in doubt.
fn implicit(letter: char, ty: &Ty) -> bool {
    let Ty::Known(given) = ty else { return true };
    let number = given.is_number();
    match letter {
        _ if matches!(given, Class::Other | Class::Unknown) => true,
        '?' => true,
        'i' => matches!(given, Class::Integer | Class::Number),
        'n' => number && *given != Class::Float,
        'f' => number,
        's' => matches!(given, Class::Date | Class::Timestamp),
        'z' => matches!(given, Class::Date | Class::Timestamp | Class::TimestampTz),
        'v' => matches!(given, Class::Interval | Class::Time),
        'O' => matches!(given, Class::Integer | Class::Number | Class::Text),
        'o' => false,
        other => class(other) == *given,
    }
}
