//! project.yaml.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::lint::{self, Lint};
use crate::snippet::expression::{Expression, Named};
use crate::source::variables;
use crate::syntax::fields::Fields;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::scalars::named;
use crate::yaml;

pub static KEYS: Table = Table::new(
    "project.yaml",
    "What a project is called, and what all its flows share.",
    &[
        Key::new("name", Kind::Text, "the project's name: values that flows remember are kept apart from those of other projects by it")
            .required(),
        Key::new("version", Kind::Text, "the project's own version: a note, which changes nothing"),
        Key::new("description", Kind::Text, "what the project is for: a note, which changes nothing"),
        Key::new("variables", Kind::Entries, "constants of all flows and sources; flows may set them to other values").mistaken(&["vars"]),
        Key::new(
            "default_source",
            Kind::Text,
            "the database of steps and queries that name none; absent: the only database source, where there is just one",
        ),
        Key::later("state", "where the state of runs is kept; until then, --state or SEQUOR_STATE"),
        Key::later("defaults", "defaults for the keys of ops and sources"),
        Key::new(
            "lint",
            Kind::Levels,
            "levels of checks: code, name or start of codes → error, warning, hint, off; 'paths' for some files",
        ),
    ],
);

/// What project.yaml says.
#[derive(Debug)]
pub struct Settings {
    pub name: String,
    pub variables: Vec<(Named, Expression)>,
    pub default_source: Option<Named>,
    /// Levels of checks.
    pub lint: Lint,
}

pub fn read(file: &Arc<SourceFile>, faults: &mut Vec<Diagnostic>) -> Settings {
    let mut settings = Settings { name: String::new(), variables: Vec::new(), default_source: None, lint: Lint::default() };
    let (node, found) = yaml::parse(file);
    faults.extend(found);
    let Some(node) = node else { return settings };
    crate::secret::check(&node, faults);
    let start = Span { file: file.clone(), start: 0, end: 0 };
    let Some(fields) = Fields::read(&node, &start, &[&KEYS], faults) else { return settings };
    if let Some((name, _)) = fields.literal("name", faults) {
        name.clone_into(&mut settings.name);
    }
    settings.variables = fields.node("variables").map(|n| variables(n, faults)).unwrap_or_default();
    settings.default_source = fields.name("default_source", faults).map(named);
    settings.lint = fields.node("lint").map(|n| lint::read(n, faults)).unwrap_or_default();
    settings
}
