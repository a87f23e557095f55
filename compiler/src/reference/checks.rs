//! The index of all checks, and which of them an op's page names.

use super::Page;
use super::markdown::{code, head, row};
use crate::codes::{CODES, Code, explain};
use crate::diagnostic::Severity;
use crate::op::Spec;

/// What the checks of a letter are about.
const FAMILIES: [(char, &str); 12] = [
    ('C', "Control flow"),
    ('H', "HTTP requests"),
    ('J', "Jinja"),
    ('M', "Plans and comments"),
    ('P', "Python"),
    ('Q', "SQL"),
    ('R', "References to sources, flows and environments"),
    ('S', "Structure: ops, keys and values"),
    ('T', "Tables"),
    ('V', "Variables"),
    ('X', "Secrets"),
    ('Y', "YAML"),
];

pub(super) fn page() -> Page {
    let mut text = "# Checks\n\nEverything that `sequor compile` reports. Each code has a page with cause, reason, fix and examples, which `sequor explain CODE` prints too. \
        Levels and ignores: [compile.md](../compile.md#levels). Hints are shown with `--pedantic`.\n"
        .to_owned();
    let mut letter = None;
    for code in CODES {
        let of = code.code.chars().next();
        if of != letter {
            letter = of;
            text.push_str(&heading(of.unwrap_or_default()));
        }
        text.push_str(&row(&[&format!("[{0}](../codes/{0}.md)", code.code), code.name, severity(code.severity), code.summary]));
    }
    Page::new("checks.md", text)
}

fn heading(letter: char) -> String {
    let about = FAMILIES.iter().find(|(family, _)| *family == letter).map_or("", |(_, about)| about);
    format!("\n## {letter}: {about}\n\n{}", head(&["code", "name", "reported as", "when"]))
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "hint",
    }
}

/// A line that leads to the page of a check.
pub(super) fn link(check: &Code, root: &str) -> String {
    format!("[{}]({root}../codes/{}.md) {}: {}", check.code, check.code, code(check.name), check.summary)
}

/// The checks whose wrong example is about this op: no other op is in it. Those of YAML and of keys hold everywhere, and are left out.
pub(super) fn about(spec: &'static Spec) -> impl Iterator<Item = &'static Code> {
    CODES.iter().filter(|code| !code.code.starts_with(['S', 'Y'])).filter(move |code| {
        let mut ops = wrong_ops(explain(code.code).unwrap_or_default()).peekable();
        ops.peek().is_some() && ops.all(|op| op == spec.name || spec.aliases.contains(&op))
    })
}

/// The ops in the wrong example of a code's page.
fn wrong_ops(page: &str) -> impl Iterator<Item = &str> {
    let wrong = page.split_once("## Wrong").map_or("", |(_, rest)| rest.split_once("## Right").map_or(rest, |(wrong, _)| wrong));
    let is_key = |before: &str| before.ends_with([' ', '{', '\n']);
    wrong.match_indices("op: ").filter(move |(at, _)| is_key(&wrong[..*at])).map(move |(at, key)| {
        let name = &wrong[at + key.len()..];
        &name[..name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len())]
    })
}

#[cfg(test)]
mod tests {
    use super::{CODES, FAMILIES, wrong_ops};

    #[test]
    fn every_letter_says_what_it_is_about() {
        for code in CODES {
            assert!(FAMILIES.iter().any(|(letter, _)| code.code.starts_with(*letter)), "{}", code.code);
        }
    }

    #[test]
    fn the_ops_of_wrong_examples_are_found_in_both_styles() {
        let page = "op: no\n## Wrong\n- op: print\n- {op: sql, stop: 1}\n## Right\n- op: fail\n";
        assert_eq!(wrong_ops(page).collect::<Vec<_>>(), ["print", "sql"]);
    }
}
