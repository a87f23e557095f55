//! The first page: how a project is made, and lists of all other pages.

use super::markdown::{code, codes, head, prose, row};
use super::{Page, ops, sources};
use crate::op::{LATER, OPS};
use crate::source;

pub(super) fn page() -> Page {
    let mut text = include_str!("text/index.md").to_owned();
    text = text.replace("<!-- ops -->\n", &all_ops()).replace("<!-- sources -->\n", &all_sources());
    Page::new("README.md", text)
}

fn all_ops() -> String {
    let mut text = head(&["op", "does"]);
    for spec in &OPS {
        let mut name = format!("[{}]({})", code(spec.name), ops::path(spec.name));
        if !spec.aliases.is_empty() {
            name.push_str(&format!(", also {}", codes(spec.aliases.iter().copied())));
        }
        text.push_str(&row(&[&name, &prose(spec.table.doc)]));
    }
    let later: Vec<String> = LATER.iter().map(|(name, doc)| format!("{} ({doc})", code(name))).collect();
    text.push_str(&format!("\nNot in this version: {}.\n", later.join(", ")));
    text
}

fn all_sources() -> String {
    let mut text = head(&["type", "is"]);
    for kind in sources::kinds() {
        text.push_str(&row(&[&format!("[{}]({})", code(kind.name()), sources::path(kind)), &prose(kind.table().doc)]));
    }
    text.push_str(&format!("\nNot in this version: {}.\n", codes(source::LATER.iter().copied())));
    text
}
