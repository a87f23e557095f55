//! Source files: the APIs and databases that flows use.

pub mod auth;
pub mod http;
pub mod postgres;
mod references;
pub mod sqlite;

use std::sync::Arc;

use sequor_plan_format as plan;

use crate::diagnostic::{Diagnostic, Severity, SourceFile, Span};
use crate::lower::Lowering;
use crate::snippet::expression::{Expression, Named};
use crate::syntax::fields::{Fields, not_a_choice, scalar};
use crate::syntax::key::{Key, Kind as KeyKind, Table};
use crate::syntax::value::{self, Scalars};
use crate::syntax::{BEFORE_REPLY, assign};
use crate::yaml;

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Http,
    Sqlite,
    Postgres,
}

impl Kind {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    #[must_use]
    pub fn is_database(self) -> bool {
        match self {
            Self::Http => false,
            Self::Sqlite | Self::Postgres => true,
        }
    }

    /// The keys of a source of this kind, beside those of every source.
    #[must_use]
    pub fn table(self) -> &'static Table {
        match self {
            Self::Http => &http::KEYS,
            Self::Sqlite => &sqlite::KEYS,
            Self::Postgres => &postgres::KEYS,
        }
    }
}

/// The names of `type`, with the kind of each.
pub static TYPES: [(&str, Kind); 5] = [
    ("http", Kind::Http),
    ("sqlite", Kind::Sqlite),
    ("postgres", Kind::Postgres),
    ("postgresql", Kind::Postgres),
    ("sqlite3", Kind::Sqlite),
];

/// Types of the language that this version does not have.
pub const LATER: &[&str] = &["mysql", "mariadb", "duckdb", "adbc", "snowflake", "bigquery"];

/// The keys of every source.
pub static COMMON: Table = Table::of_source(
    "a source",
    "What every source has.",
    &[
        Key::new("type", KeyKind::Choice(&["http", "sqlite", "postgres"]), "what kind of source it is").required().later_values(LATER),
        Key::new("description", KeyKind::Text, "what the source is for: a note, which changes nothing"),
        Key::new("variables", KeyKind::Entries, "variables that exist in this file and in the ops that use the source").mistaken(&["vars"]),
    ],
);

#[derive(Debug)]
pub struct Source {
    pub name: String,
    pub span: Span,
    pub variables: Vec<(Named, Expression)>,
    pub definition: Definition,
}

#[derive(Debug)]
pub enum Definition {
    Http(Box<http::Http>),
    Sqlite(sqlite::Sqlite),
    Postgres(Box<postgres::Postgres>),
}

/// What reading one file gave.
#[derive(Debug)]
pub struct Read {
    /// `None` where the file does not say it, or not in a way that is understood.
    pub kind: Option<Kind>,
    pub source: Option<Source>,
    pub faults: Vec<Diagnostic>,
}

/// Reads one source file.
pub fn read(file: &Arc<SourceFile>, name: &str) -> Read {
    let (node, mut faults) = yaml::parse(file);
    let broken = faults.iter().any(|f| f.severity == Severity::Error);
    let Some(node) = node.filter(|_| !broken) else { return Read { kind: None, source: None, faults } };
    crate::secret::of_settings(&node, &mut faults);
    references::check(&node, &mut faults);
    let kind = kind(&node, &mut faults);
    let source = kind.and_then(|kind| read_source(&node, name, kind, &mut faults));
    Read { kind, source, faults }
}

fn kind(node: &yaml::Node, faults: &mut Vec<Diagnostic>) -> Option<Kind> {
    let yaml::Kind::Mapping(entries) = &node.kind else {
        Fields::read(node, &node.span, &[&COMMON], faults);
        return None;
    };
    let at = entries.first().map_or(&node.span, |e| &e.key_span);
    let Some(entry) = entries.iter().find(|e| e.key == "type") else {
        faults.push(Diagnostic::error(COMMON.missing, at.clone(), "'type' is missing in a source").help("type: http, sqlite or postgres"));
        return None;
    };
    let text = scalar(&entry.value).map_or("", |s| s.text.as_str());
    let found = TYPES.iter().find(|(n, _)| n.eq_ignore_ascii_case(text)).map(|(_, kind)| *kind);
    if found.is_none() {
        faults.push(not_a_choice("source type", text, &entry.value.span, &["http", "sqlite", "postgres"], LATER));
    }
    found
}

fn read_source(node: &yaml::Node, name: &str, kind: Kind, faults: &mut Vec<Diagnostic>) -> Option<Source> {
    let yaml::Kind::Mapping(entries) = &node.kind else { return None };
    let span = entries.first().map_or(&node.span, |e| &e.key_span).clone();
    let fields = Fields::read(node, &span, &[kind.table(), &COMMON], faults)?;
    let variables = fields.node("variables").map(|n| variables(n, faults)).unwrap_or_default();
    let definition = match kind {
        Kind::Http => Definition::Http(Box::new(http::read(&fields, faults))),
        Kind::Sqlite => Definition::Sqlite(sqlite::read(&fields, faults)?),
        Kind::Postgres => Definition::Postgres(Box::new(postgres::read(&fields, faults)?)),
    };
    Some(Source { name: name.to_owned(), span, variables, definition })
}

/// Constants of a source or of the project: name → value.
pub fn variables(node: &yaml::Node, faults: &mut Vec<Diagnostic>) -> Vec<(Named, Expression)> {
    let entries = value::entries(node, "'variables'", Scalars::Variable, BEFORE_REPLY, faults);
    for (name, entry, _) in &entries {
        faults.extend(assign::no_name(name, entry).or_else(|| assign::constant_with_scope(name, entry)));
    }
    entries.into_iter().map(|(name, entry, value)| (Named { name: name.to_owned(), span: entry.key_span.clone() }, value)).collect()
}

impl Source {
    #[must_use]
    pub fn is_database(&self) -> bool {
        match self.definition {
            Definition::Http(_) => false,
            Definition::Sqlite(_) | Definition::Postgres(_) => true,
        }
    }

    /// Every expression in it, variables first.
    pub fn expressions(&self) -> Vec<&Expression> {
        let mut all: Vec<&Expression> = self.variables.iter().map(|(_, v)| v).collect();
        match &self.definition {
            Definition::Http(http) => all.extend(http.expressions()),
            Definition::Sqlite(sqlite) => all.push(&sqlite.path),
            Definition::Postgres(postgres) => all.extend(postgres.expressions()),
        }
        all
    }

    pub(crate) fn lower(&self, lowering: &mut Lowering<'_>) -> plan::Source {
        let variables = self.variables.iter().map(|(name, value)| (lowering.text(&name.name), lowering.expr(value))).collect();
        let kind = match &self.definition {
            Definition::Http(http) => plan::SourceKind::Http(Box::new(http.lower(lowering))),
            Definition::Sqlite(sqlite) => plan::SourceKind::Sqlite(plan::source::Sqlite { path: lowering.expr(&sqlite.path) }),
            Definition::Postgres(postgres) => plan::SourceKind::Postgres(postgres.lower(lowering)),
        };
        plan::Source { name: lowering.text(&self.name), span: lowering.span(&self.span), variables, kind }
    }
}
