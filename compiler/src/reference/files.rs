//! Pages about the files of a project, and about the kinds of values that their keys have.

use super::Page;
use super::keys::{Sections, alone, shared};
use super::markdown::fenced;
use crate::syntax::key::Table;
use crate::syntax::{flow, step};
use crate::{environment, settings};

/// A kind of file.
struct Files {
    path: &'static str,
    title: &'static str,
    table: &'static Table,
    text: &'static str,
    example: &'static str,
}

fn all() -> [Files; 3] {
    [
        Files {
            path: "flow.md",
            title: "Flows",
            table: &flow::FLOW,
            text: include_str!("text/flow.md"),
            example: include_str!("../../../fixtures/reference/flows/return.yaml"),
        },
        Files {
            path: "project.md",
            title: "project.yaml",
            table: &settings::KEYS,
            text: include_str!("text/project.md"),
            example: include_str!("../../../fixtures/reference/project.yaml"),
        },
        Files {
            path: "environment.md",
            title: "Environments",
            table: &environment::KEYS,
            text: include_str!("text/environment.md"),
            example: include_str!("../../../fixtures/reference/envs/test.yaml"),
        },
    ]
}

pub(super) fn pages() -> Vec<Page> {
    all().iter().map(page).chain([values()]).collect()
}

fn page(files: &Files) -> Page {
    let mut text = format!("# {}\n\n{}\n\n{}", files.title, files.table.doc, files.text);
    if std::ptr::eq(files.table, &raw const flow::FLOW) {
        text.push_str("\n## Keys of every step\n\nBeside the keys of its op, a step has these.\n\n");
        text.push_str(&alone(&step::COMMON, ""));
    }
    text.push_str("\n## Keys\n\n*Computed* says whether [Jinja or Python](README.md#values) may give the value.\n\n");
    text.push_str(&Sections::new("").of(files.table, ""));
    text.push_str(&format!("\n## Example\n\n{}", fenced("yaml", files.example)));
    Page::new(files.path, text)
}

/// Kinds of values with forms of their own.
fn values() -> Page {
    let mut text = include_str!("text/values.md").to_owned();
    for (heading, table) in shared() {
        let mark = format!("<!-- keys: {heading} -->\n");
        text = text.replace(&mark, &alone(table, ""));
    }
    Page::new("values.md", text)
}
