//! A mapping's keys as a table, and a section for each mapping inside it.

use super::markdown::{anchor, code, codes, head, prose, row};
use crate::source::auth;
use crate::syntax::fields::EXPRESSION;
use crate::syntax::key::{Form, Key, Kind, Presence, Table};
use crate::syntax::{assign, columns, flow};

/// The sections of one page.
pub(super) struct Sections {
    /// From the page to docs/reference: empty or `../`.
    root: &'static str,
    /// Tables that have a section, with its heading.
    known: Vec<(&'static Table, String)>,
    /// Of those, how many have been written.
    written: usize,
    /// Keys and values that come later.
    later: Vec<String>,
}

impl Sections {
    pub(super) fn new(root: &'static str) -> Self {
        Self { root, known: Vec::new(), written: 0, later: Vec::new() }
    }

    /// The keys of a mapping, then a section for every mapping inside it that has none yet.
    pub(super) fn of(&mut self, table: &'static Table) -> String {
        let mut text = self.keys(table, "");
        while let Some((table, heading)) = self.known.get(self.written).cloned() {
            self.written += 1;
            text.push_str(&format!("\n### {}\n\n{}\n\n", code(&heading), prose(table.doc)));
            let path = heading.split_once(':').map_or(heading.as_str(), |(path, _)| path);
            text.push_str(&self.keys(table, path));
        }
        text
    }

    /// What comes later, of all mappings of the page; nothing where nothing does.
    pub(super) fn later(self) -> String {
        if self.later.is_empty() {
            return String::new();
        }
        let about = "These belong to the language, and this version refuses them";
        format!("\n## Not in this version\n\n{about} ([S108]({}../codes/S108.md)):\n\n{}", self.root, self.later.concat())
    }

    /// The rows of one table; `path` stands before the names of keys in the list of what comes later.
    fn keys(&mut self, table: &'static Table, path: &str) -> String {
        let mut text = String::new();
        for key in table.keys {
            let name = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
            if key.presence == Presence::Later {
                self.comes_later(format!("- {}: {}\n", code(&name), prose(key.doc)));
                continue;
            }
            if !key.later_values.is_empty() {
                self.comes_later(format!("- {} with {}\n", code(&name), codes(key.later_values.iter().copied())));
            }
            let kind = self.kind(key, &name);
            text.push_str(&row(&[&names(key), &kind, &presence(key), &computed(key), &prose(key.doc)]));
        }
        format!("{}{text}", head(&["key", "value", "default", "computed", "meaning"]))
    }

    fn comes_later(&mut self, line: String) {
        if !self.later.contains(&line) {
            self.later.push(line);
        }
    }

    /// What a key's value is, with a link to where that is told.
    fn kind(&mut self, key: &Key, name: &str) -> String {
        let root = self.root;
        let values = |text: &str, heading: &str| format!("[{text}]({root}values.md#{})", anchor(heading));
        match key.kind {
            Kind::Text => "text".to_owned(),
            Kind::Bool => "`true`, `false`".to_owned(),
            Kind::Integer => "whole number".to_owned(),
            Kind::Duration => values("duration", "Durations"),
            Kind::Any if key.form == Form::Python => "Python".to_owned(),
            Kind::Any => "any value".to_owned(),
            Kind::Condition => format!("[condition]({root}flow.md#conditions)"),
            Kind::Choice(choices) => codes(choices.iter().copied()),
            Kind::Names => "name, or list of names".to_owned(),
            Kind::Entries | Kind::Constants => "name → value".to_owned(),
            Kind::Assigns => values("variables", "Variables that are set"),
            Kind::Section(table) if std::ptr::eq(table, &raw const auth::NONE) => self.auth(name),
            Kind::Section(table) => self.section("mapping", table, name.to_owned()),
            Kind::Sections(table) => self.section("list of mappings", table, name.to_owned()),
            Kind::Steps => format!("[steps]({root}flow.md#steps)"),
            Kind::Branches => format!("name → [steps]({root}flow.md#steps)"),
            Kind::Parameters => self.section("parameters", &flow::PARAMETER, name.to_owned()),
            Kind::Columns => values("columns", "Columns"),
            Kind::Statuses => values("statuses", "Statuses"),
            Kind::Levels => format!("[levels]({root}../compile.md#levels)"),
        }
    }

    /// A link to the section of a mapping; it is written once for each page, under the first name that it has there.
    fn section(&mut self, text: &str, table: &'static Table, heading: String) -> String {
        let known = self.known.iter().find(|(known, _)| std::ptr::eq(*known, table)).map(|(_, heading)| heading.clone());
        let heading = known.unwrap_or_else(|| {
            self.known.push((table, heading.clone()));
            heading
        });
        format!("[{text}](#{})", anchor(&heading))
    }

    /// Each form of authentication has a section of its own.
    fn auth(&mut self, name: &str) -> String {
        let forms = auth::TABLES.into_iter().zip(auth::TYPES);
        let links = forms.map(|(table, kind)| self.section(kind, table, format!("{name}: {kind}"))).collect::<Vec<_>>();
        links.join(", ")
    }
}

/// What a column of the tables means.
pub(super) fn legend(root: &str) -> String {
    format!("*Computed* says whether [Jinja or Python]({root}README.md#values) may give the value.")
}

/// Mappings that stand in values on several pages, by the mark that stands for their keys in values.md.
pub(super) fn shared() -> [(&'static str, &'static Table); 3] {
    [("Variables that are set", &assign::ASSIGNMENT), ("Columns", &columns::COLUMN), ("Column types", &columns::TYPE)]
}

fn names(key: &Key) -> String {
    let spelt = match key.form {
        Form::Python => format!("{}{EXPRESSION}", key.name),
        Form::Literal | Form::Dynamic => key.name.to_owned(),
    };
    if key.aliases.is_empty() { code(&spelt) } else { format!("{}, also {}", code(&spelt), codes(key.aliases.iter().copied())) }
}

fn presence(key: &Key) -> String {
    match key.presence {
        Presence::Required => "**required**".to_owned(),
        Presence::Default(value) => code(value),
        Presence::Optional | Presence::Later => String::new(),
    }
}

/// Whether the value may be made by Jinja or Python.
fn computed(key: &Key) -> String {
    let said = match (key.form, key.kind) {
        (Form::Dynamic, _) => return format!("yes, or {}", code(&format!("{}{EXPRESSION}", key.name))),
        (Form::Python, _) => "always",
        (Form::Literal, Kind::Entries | Kind::Assigns) => "each value",
        (Form::Literal, Kind::Parameters) => "each default",
        (Form::Literal, Kind::Section(_) | Kind::Sections(_) | Kind::Steps | Kind::Branches) => "",
        (
            Form::Literal,
            Kind::Text
            | Kind::Bool
            | Kind::Integer
            | Kind::Duration
            | Kind::Any
            | Kind::Condition
            | Kind::Choice(_)
            | Kind::Names
            | Kind::Constants
            | Kind::Columns
            | Kind::Statuses
            | Kind::Levels,
        ) => "no",
    };
    said.to_owned()
}
