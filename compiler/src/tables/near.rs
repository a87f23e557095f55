//! Names of created tables that are nearly another name.

use std::collections::BTreeMap;

use super::{Catalog, How, Key, Table};

/// The tables that the project creates, made ready for looking up names that are nearly theirs. There may be thousands of both.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By source and name in small letters.
    folded: BTreeMap<(String, String), Key>,
    by_source: BTreeMap<String, Vec<(u64, Key)>>,
}

impl<'p> Catalog<'p> {
    fn names(&self) -> &Names {
        self.near.get_or_init(|| {
            let mut names = Names::default();
            for (key, table) in &self.tables {
                if key.schema.is_some() || !table.writers.iter().any(|w| matches!(w.how, How::Create | How::CreateIfMissing)) {
                    continue;
                }
                names.folded.entry((key.source.clone(), table.name.to_lowercase())).or_insert_with(|| key.clone());
                names.by_source.entry(key.source.clone()).or_default().push((letters(&table.name), key.clone()));
            }
            names
        })
    }

    /// A table that the project creates, whose name is this one but for capitals.
    #[must_use]
    pub fn cased(&self, source: &str, name: &str) -> Option<&Table<'p>> {
        self.tables.get(self.names().folded.get(&(source.to_owned(), name.to_lowercase()))?)
    }

    /// A table that the project creates, whose name is likely to be meant by this one.
    #[must_use]
    pub fn slipped(&self, source: &str, name: &str) -> Option<(&Key, &Table<'p>)> {
        // A slip changes two letters at most, and each of them two bits.
        const MOST_BITS: u32 = 5;
        let wanted = letters(name);
        let near = self.names().by_source.get(source)?.iter().find(|(letters, key)| {
            (letters ^ wanted).count_ones() <= MOST_BITS && self.tables.get(key).is_some_and(|t| t.name != name && is_slip(name, &t.name))
        });
        near.and_then(|(_, key)| self.tables.get_key_value(key))
    }
}

/// One bit for each character that is in a name, capitals aside.
fn letters(name: &str) -> u64 {
    name.bytes().fold(0, |bits, b| bits | 1 << (b.to_ascii_lowercase() % 64))
}

/// Whether one name is likely to be the other with a slip of a letter or two: not where they differ by a number or a word.
#[must_use]
pub fn is_slip(a: &str, b: &str) -> bool {
    const MOST: usize = 2;
    if singular(a) == singular(b) && a.len() > 3 {
        return true;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.to_lowercase().chars().collect(), b.to_lowercase().chars().collect());
    let before = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let behind = a[before..].iter().rev().zip(b[before..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[before..a.len() - behind], &b[before..b.len() - behind]);
    let letters = |rest: &[char]| rest.len() <= MOST && rest.iter().all(|c| !c.is_ascii_digit());
    let swapped_or_short = a.len() + b.len() <= MOST || (a.len() == b.len() && a.iter().eq(b.iter().rev()));
    letters(a) && letters(b) && swapped_or_short && before + behind >= 4 - usize::from(a.is_empty() || b.is_empty())
}

/// The words of a name without their plural.
fn singular(name: &str) -> String {
    let word = |word: &str| match word.strip_suffix("ies") {
        Some(start) => format!("{start}y"),
        None => word.strip_suffix('s').unwrap_or(word).to_owned(),
    };
    name.to_lowercase().split('_').map(word).collect::<Vec<_>>().join("_")
}
