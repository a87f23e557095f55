//! A page for each op.

use super::keys::{Sections, legend};
use super::markdown::{codes, fenced, prose};
use super::{Page, checks, sources};
use crate::op::{OPS, Spec};

/// What people wrote about an op: more than its keys say, and whole flows.
struct Written {
    name: &'static str,
    text: &'static str,
    example: &'static str,
    more: &'static [&'static str],
}

impl Written {
    fn examples(&self) -> impl Iterator<Item = &'static str> + Clone + use<> {
        std::iter::once(self.example).chain(self.more.iter().copied())
    }
}

macro_rules! written {
    ($($name:literal $(+ $more:literal)*,)*) => {
        &[$(Written {
            name: $name,
            text: include_str!(concat!("text/ops/", $name, ".md")),
            example: include_str!(concat!("../../../fixtures/projects/reference/flows/", $name, ".yaml")),
            more: &[$(include_str!(concat!("../../../fixtures/projects/reference/flows/", $more, ".yaml"))),*],
        }),*]
    };
}

const WRITTEN: &[Written] = written! {
    "http_request" + "paging",
    "transform",
    "execute",
    "set_variable",
    "print",
    "fail",
    "if",
    "while",
    "for_each",
    "try",
    "block",
    "run_flow",
    "sleep",
    "assert",
    "break",
    "continue",
    "return",
    "parallel",
    "copy",
};

pub(super) fn path(name: &str) -> String {
    format!("ops/{name}.md")
}

pub(super) fn pages() -> impl Iterator<Item = Page> {
    OPS.iter().map(|spec| Page::new(path(spec.name), page(spec)))
}

fn page(spec: &'static Spec) -> String {
    let mut text = format!("# `{}`\n\n{}\n", spec.name, prose(spec.table.doc));
    if !spec.aliases.is_empty() {
        text.push_str(&format!("It may also be written {}.\n", codes(spec.aliases.iter().copied())));
    }
    let written = WRITTEN.iter().find(|w| w.name == spec.name);
    if let Some(written) = written {
        text.push_str(&format!("\n{}", written.text));
    }
    let mut sections = Sections::new("../");
    text.push_str("\n## Keys\n\n");
    text.push_str(if spec.table.keys.is_empty() { "It has only the keys of" } else { "Beside these, it has the keys of" });
    text.push_str(" [every step](../flow.md#keys-of-every-step).");
    if spec.table.keys.is_empty() {
        text.push('\n');
    } else {
        text.push_str(&format!(" {}\n\n{}", legend("../"), sections.of(spec.table)));
    }
    text.push_str(&sections.later());
    if let Some(written) = written {
        text.push_str("\n## Example\n");
        for example in written.examples() {
            text.push_str(&format!("\n{}", fenced("yaml", example)));
        }
        let links = sources::links(written.examples(), "../");
        if !links.is_empty() {
            text.push_str(&format!("\nSources: {links}.\n"));
        }
    }
    let about: Vec<String> = checks::about(spec).map(|code| format!("- {}\n", checks::link(code, "../"))).collect();
    if !about.is_empty() {
        text.push_str(&format!(
            "\n## Checks\n\nWhat `sequor compile` finds here, among others; [all checks](../checks.md).\n\n{}",
            about.concat()
        ));
    }
    text
}
