//! The reference documentation (docs/reference): Markdown pages made from the tables that the compiler itself reads.
//!
//! Takes the key tables, the tables of ops, source types, names and codes, the texts in `reference/text`, and the examples in fixtures/projects/reference; gives
//! paths and texts. Writes nothing: `cargo run -p sequor-compiler --example reference` does.

mod checks;
mod files;
mod index;
mod keys;
mod markdown;
mod names;
mod ops;
mod sources;

/// One file of docs/reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Relative to docs/reference.
    pub path: String,
    /// Markdown; ends with a line break.
    pub text: String,
}

impl Page {
    fn new(path: impl Into<String>, text: String) -> Self {
        Self { path: path.into(), text }
    }
}

/// All pages, in the order of the index.
#[must_use]
pub fn pages() -> Vec<Page> {
    let mut pages = vec![index::page()];
    pages.extend(files::pages());
    pages.extend(ops::pages());
    pages.extend(sources::pages());
    pages.extend(names::pages());
    pages.push(checks::page());
    pages
}
