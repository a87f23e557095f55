//! A page for each op.

use super::Page;
use super::checks;
use super::keys::Sections;
use super::markdown::{codes, fenced};
use crate::op::{OPS, Spec};

/// What people wrote about an op: more than its keys say, and a whole flow.
pub(super) struct Written {
    pub(super) name: &'static str,
    text: &'static str,
    example: &'static str,
}

macro_rules! written {
    ($($name:literal)*) => {
        &[$(Written {
            name: $name,
            text: include_str!(concat!("text/ops/", $name, ".md")),
            example: include_str!(concat!("../../../fixtures/reference/flows/", $name, ".yaml")),
        }),*]
    };
}

pub(super) const WRITTEN: &[Written] = written! {
    "http_request" "transform" "execute" "set_variable" "print" "fail" "if" "while" "for_each" "try" "block" "run_flow" "sleep" "assert"
    "break" "continue" "return" "parallel" "copy"
};

pub(super) fn path(name: &str) -> String {
    format!("ops/{name}.md")
}

pub(super) fn pages() -> impl Iterator<Item = Page> {
    OPS.iter().map(|spec| Page::new(path(spec.name), page(spec)))
}

fn page(spec: &'static Spec) -> String {
    let mut text = format!("# `{}`\n\n{}\n", spec.name, spec.table.doc);
    if !spec.aliases.is_empty() {
        text.push_str(&format!("It may also be written {}.\n", codes(spec.aliases.iter().copied())));
    }
    let written = WRITTEN.iter().find(|w| w.name == spec.name);
    if let Some(written) = written {
        text.push_str(&format!("\n{}", written.text));
    }
    text.push_str("\n## Keys\n\nBeside these, it has the keys of [every step](../flow.md#keys-of-every-step). ");
    text.push_str("*Computed* says whether [Jinja or Python](../README.md#values) may give the value.\n\n");
    text.push_str(&Sections::new("../").of(spec.table, ""));
    if let Some(written) = written {
        text.push_str(&format!("\n## Example\n\n{}", fenced("yaml", written.example)));
        text.push_str(
            "\nIts sources and environment are on the pages of [sources](../README.md#sources) and [environments](../environment.md).\n",
        );
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
