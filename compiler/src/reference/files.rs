//! Pages about the files of a project, and about the kinds of values that their keys have.

use super::Page;
use super::keys::{Sections, legend, shared};
use super::markdown::{fenced, prose};
use crate::syntax::key::Table;
use crate::syntax::{flow, step};
use crate::{environment, settings};

/// A kind of file.
struct Files {
    path: &'static str,
    title: &'static str,
    table: &'static Table,
    /// Mappings that the page describes too, by their headings.
    also: &'static [(&'static str, &'static Table)],
    text: &'static str,
    example: &'static str,
}

static FILES: [Files; 3] = [
    Files {
        path: "flow.md",
        title: "Flows",
        table: &flow::FLOW,
        also: &[("Keys of every step", &step::COMMON)],
        text: include_str!("text/flow.md"),
        example: include_str!("../../../fixtures/projects/reference/flows/return.yaml"),
    },
    Files {
        path: "project.md",
        title: "project.yaml",
        table: &settings::KEYS,
        also: &[],
        text: include_str!("text/project.md"),
        example: include_str!("../../../fixtures/projects/reference/project.yaml"),
    },
    Files {
        path: "environment.md",
        title: "Environments",
        table: &environment::KEYS,
        also: &[],
        text: include_str!("text/environment.md"),
        example: include_str!("../../../fixtures/projects/reference/envs/test.yaml"),
    },
];

pub(super) fn pages() -> Vec<Page> {
    FILES.iter().map(page).chain([values()]).collect()
}

fn page(files: &Files) -> Page {
    let mut text = format!("# {}\n\n{}\n\n{}", files.title, prose(files.table.doc), files.text);
    let mut sections = Sections::new("");
    text.push_str(&format!("\n## Keys\n\n{}\n\n{}", legend(""), sections.of(files.table)));
    for (heading, table) in files.also {
        text.push_str(&format!("\n## {heading}\n\n{}\n\n{}", prose(table.doc), sections.of(table)));
    }
    text.push_str(&sections.later());
    text.push_str(&format!("\n## Example\n\n{}", fenced("yaml", files.example)));
    Page::new(files.path, text)
}

/// Kinds of values with forms of their own.
fn values() -> Page {
    let mut text = include_str!("text/values.md").to_owned();
    for (heading, table) in shared() {
        let mark = format!("<!-- keys: {heading} -->\n");
        text = text.replace(&mark, &Sections::new("").of(table));
    }
    Page::new("values.md", text)
}
