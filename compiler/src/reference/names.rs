//! Pages about the names that templates and Python know: the lists are the checker's own, with a text for each name here.

use super::Page;
use super::markdown::{code, codes, head, row};
use crate::snippet::python::modules::{MODULES, NAMES, OUTSIDE};
use crate::snippet::template::catalog::{CASTS, FILTERS, FUNCTIONS, GLOBALS, TESTS};
use crate::snippet::{python, template};

/// A name, how it is used, and what that gives.
struct Name {
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
}

const fn name(name: &'static str, usage: &'static str, doc: &'static str) -> Name {
    Name { name, usage, doc }
}

/// Names of a run, in templates and in Python.
const OF_A_RUN: &[Name] = &[
    name("var", "var('name')", "the value of a variable; an error where there is none of that name"),
    name("is_var_defined", "is_var_defined('name')", "whether there is such a variable and it is not null"),
    name("env", "env('NAME')", "a value of the environment, or else a variable of the process; an error where there is neither"),
    name(
        "query_value",
        "query_value('source', 'select …', int)",
        "the first column of the first row; null where there is no row. Without a source it asks the project's default one; the type at the end is optional",
    ),
    name("query_scalar", "query_scalar('source', 'select …')", "the same as `query_value`"),
    name("query", "query('source', 'select …')", "all rows, as a list; without a source it asks the project's default one"),
    name("table", "table('source', 'name')", "all rows of a table, as a list"),
    name("log", "log('text')", "writes a line to the run's log, as `print('text')` does; `log.info`, `log.warning` and so on are the same"),
    name("context", "context.var('name')", "an object with the same functions, as `evaluate(context)` is given it"),
    name("response", "response.json()", "the reply at hand; it is there in `response` and `verify` of an http_request only"),
];

/// Members of a reply.
const OF_RESPONSE: &[Name] = &[
    name("status_code", "response.status_code", "the status, a number"),
    name("ok", "response.ok", "whether the status is below 400"),
    name("headers", "response.headers.get('link')", "the headers, by name in any case; values of a repeated header are joined by `, `"),
    name("json", "response.json()", "the body read as JSON; an error where it is none"),
    name("text", "response.text", "the body as text (UTF-8)"),
    name("content", "response.content", "the body as bytes"),
    name("url", "response.url", "the URL that answered, after redirects"),
    name("elapsed", "response.elapsed", "how long the reply took, in seconds"),
    name("encoding", "response.encoding", "`utf-8`"),
];

pub(super) fn pages() -> [Page; 2] {
    [of_templates(), of_python()]
}

fn of_templates() -> Page {
    let mut text = include_str!("text/templates.md").to_owned();
    text.push_str(&format!("\n## Functions\n\n{}", table(FUNCTIONS, OF_A_RUN)));
    text.push_str(&format!("\nThe type at the end of `query_value` is {}.\n", codes(CASTS.iter().copied())));
    text.push_str(&format!("\n## The reply\n\n{}", table(template::RESPONSE_MEMBERS, OF_RESPONSE)));
    text.push_str(&format!("\n## Filters\n\nThose of Jinja2, and some of minijinja's: {}.\n", codes(FILTERS.iter().copied())));
    text.push_str(&format!("\n## Tests\n\nBehind `is`, as in Jinja2: {}.\n", codes(TESTS.iter().copied())));
    text.push_str(&format!("\n## Other names\n\nJinja2's own: {}; `loop` in a `{{% for %}}`.\n", codes(GLOBALS.iter().copied())));
    Page::new("templates.md", text)
}

fn of_python() -> Page {
    let mut text = include_str!("text/python.md").to_owned();
    text.push_str(&format!("\n## Names\n\n{}", table(NAMES, OF_A_RUN)));
    text.push_str(&format!("\nMembers of `context`: {}; ", codes(python::CONTEXT_MEMBERS.iter().copied())));
    text.push_str(&format!("of `context.sources`: {}.\n", codes(python::SOURCES_MEMBERS.iter().copied())));
    text.push_str(&format!("\n## The reply\n\n{}", table(python::RESPONSE_MEMBERS, OF_RESPONSE)));
    text.push_str(&format!("\n## Modules\n\nThese can be imported: {}.\n", codes(MODULES.iter().copied())));
    text.push_str(&format!("\nThese reach outside of a snippet and are absent: {}.\n", codes(OUTSIDE.iter().copied())));
    Page::new("python.md", text)
}

/// The names of a list that the checker uses, with their texts.
fn table(names: &[&str], texts: &[Name]) -> String {
    let mut table = head(&["name", "for example", "gives"]);
    for name in names {
        let (usage, doc) = texts.iter().find(|n| n.name == *name).map_or((*name, ""), |n| (n.usage, n.doc));
        table.push_str(&row(&[&code(name), &code(usage), doc]));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_text_and_every_text_a_name() {
        let of_a_run = [FUNCTIONS, NAMES].concat();
        let of_a_reply = [template::RESPONSE_MEMBERS, python::RESPONSE_MEMBERS].concat();
        for (names, texts) in [(of_a_run, OF_A_RUN), (of_a_reply, OF_RESPONSE)] {
            for name in &names {
                assert!(texts.iter().any(|t| t.name == *name && !t.doc.is_empty()), "{name} has no text");
            }
            for text in texts {
                assert!(names.contains(&text.name), "{} is no name of the language", text.name);
            }
        }
    }
}
