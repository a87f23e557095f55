//! A page for each kind of source, and links to them.

use super::Page;
use super::keys::{Sections, legend};
use super::markdown::{codes, fenced, prose};
use crate::source::{COMMON, Kind, TYPES};

/// A kind of source, with what people wrote about it and the example.
struct Written {
    kind: Kind,
    /// The source's name in the examples.
    name: &'static str,
    text: &'static str,
    example: &'static str,
}

const WRITTEN: [Written; 3] = [
    Written {
        kind: Kind::Http,
        name: "shop",
        text: include_str!("text/sources/http.md"),
        example: include_str!("../../../fixtures/projects/reference/sources/shop.yaml"),
    },
    Written {
        kind: Kind::Sqlite,
        name: "warehouse",
        text: include_str!("text/sources/sqlite.md"),
        example: include_str!("../../../fixtures/projects/reference/sources/warehouse.yaml"),
    },
    Written {
        kind: Kind::Postgres,
        name: "archive",
        text: include_str!("text/sources/postgres.md"),
        example: include_str!("../../../fixtures/projects/reference/sources/archive.yaml"),
    },
];

pub(super) fn path(kind: Kind) -> String {
    format!("sources/{}.md", kind.name())
}

/// The kinds of sources in the order of the table of types, each once.
pub(super) fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for (_, kind) in TYPES {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}

/// Links to the sources that examples use.
pub(super) fn links(examples: impl Iterator<Item = &'static str> + Clone, root: &str) -> String {
    let is_used = |w: &&Written| examples.clone().any(|example| example.contains(&format!("source: {}", w.name)));
    let link = |w: &Written| format!("[{}]({root}{}#example)", w.name, path(w.kind));
    WRITTEN.iter().filter(is_used).map(link).collect::<Vec<_>>().join(", ")
}

pub(super) fn pages() -> Vec<Page> {
    kinds().into_iter().map(|kind| Page::new(path(kind), page(kind))).collect()
}

fn page(kind: Kind) -> String {
    let name = kind.name();
    let mut text = format!("# Sources of type `{name}`\n\n{}\n", prose(kind.table().doc));
    let others: Vec<&str> = TYPES.iter().filter(|(other, k)| *k == kind && *other != name).map(|(other, _)| *other).collect();
    if !others.is_empty() {
        text.push_str(&format!("The type may also be written {}.\n", codes(others)));
    }
    let written = WRITTEN.iter().find(|w| w.kind == kind);
    if let Some(written) = written {
        text.push_str(&format!("\n{}", written.text));
    }
    let mut sections = Sections::new("../");
    text.push_str(&format!("\n## Keys\n\n{}\n\n{}", legend("../"), sections.of(kind.table())));
    text.push_str(&format!("\n## Keys of every source\n\n{}{}", sections.of(&COMMON), sections.later()));
    if let Some(written) = written {
        text.push_str(&format!("\n## Example\n\n{}", fenced("yaml", written.example)));
    }
    text
}
