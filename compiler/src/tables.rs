//! What the project's own text says about the tables of its databases: who writes each, with which columns, and whether that is all.
//!
//! Gathered over all flows, in no order: a column that any step gives a table counts as one of it. Known completely ("closed") is a table only where every
//! step that may create or change it is understood; about the others nothing is said.

mod collect;
mod known;
mod near;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::compile::Parsed;
use crate::diagnostic::Span;
use crate::snippet::expression::{Expression, Kind};
use crate::source::{self, Definition};
use crate::sql::Dialect;
use crate::sql::columns::{Class, Column, Columns, Keys};
use crate::sql::outline::Outline;
use crate::sql::scope::Looked;
use crate::syntax::{TableRef, columns};

pub use near::is_slip;

/// A table of a source. The name is as the engine tells tables apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub source: String,
    /// `None`: the one that is meant where none is named.
    pub schema: Option<String>,
    pub name: String,
}

/// What a step does to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Makes it anew.
    Create,
    CreateIfMissing,
    Append,
    /// Changes its columns.
    Change,
}

/// The columns that a step gives a table.
#[derive(Debug)]
pub enum Given<'p> {
    Listed(Columns),
    /// Those of what a statement in that source gives.
    Query {
        source: &'p str,
        outline: &'p Outline,
    },
    /// Nothing, but other columns may be unique now.
    Keys,
    Unknown,
}

/// One step that creates, fills or changes a table.
#[derive(Debug)]
pub struct Writer<'p> {
    pub how: How,
    /// Where it names the table.
    pub at: Span,
    pub flow: &'p str,
    pub given: Given<'p>,
    pub by: By,
}

/// What writes a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// `CREATE TABLE` and the like.
    Sql,
    Parser,
    /// A transform, a copy or a reply.
    Op,
}

#[derive(Debug, Default)]
pub struct Table<'p> {
    /// As it was first written.
    pub name: String,
    pub writers: Vec<Writer<'p>>,
}

/// What was found out about statements, by file, place and source.
type LookedAt = HashMap<(usize, u32, u32, String), Rc<Looked>>;

/// Queries of snippets, by file, place and dialect.
type Outlines = HashMap<(usize, u32, u32, Dialect), Rc<Outline>>;

/// All that is known of tables.
#[derive(Debug)]
pub struct Catalog<'p> {
    parsed: &'p Parsed,
    pub tables: BTreeMap<Key, Table<'p>>,
    /// Sources in which steps may do anything to any table.
    open: BTreeSet<String>,
    /// Texts that may name tables which are changed there, by source; `None` for all sources.
    hidden: Vec<(Option<String>, String)>,
    /// Names of written tables that are computed: what is literal before and behind.
    patterns: Vec<(String, String, String)>,
    /// A flow could not be read.
    unreadable: bool,
    near: std::cell::OnceCell<near::Names>,
    done: RefCell<BTreeMap<Key, Option<Columns>>>,
    /// Columns of tables that are just being found out: what is looked at meanwhile does not know them yet.
    gathering: Cell<usize>,
    looked: RefCell<LookedAt>,
    outlines: RefCell<Outlines>,
}

impl<'p> Catalog<'p> {
    #[must_use]
    pub fn dialect(&self, source: &str) -> Option<Dialect> {
        match self.parsed.index.kinds.get(source)?.as_ref()? {
            source::Kind::Http => None,
            source::Kind::Sqlite => Some(Dialect::Sqlite),
            source::Kind::Postgres => Some(Dialect::Postgres),
        }
    }

    /// The name of a database source that is meant.
    #[must_use]
    pub fn source(&self, reference: Option<&str>) -> Option<&'p str> {
        let name = reference.or(self.parsed.index.default.as_deref())?;
        let (name, kind) = self.parsed.index.kinds.get_key_value(name)?;
        kind.is_some_and(source::Kind::is_database).then_some(name.as_str())
    }

    /// The key of a table that a flow names by keys; `None` where a part is computed.
    #[must_use]
    pub fn key_of(&self, table: &TableRef) -> Option<Key> {
        let source = self.source(table.source.name())?;
        if table.database.is_some() {
            return None;
        }
        let schema = match &table.namespace {
            None => None,
            Some(schema) => Some(text(schema)?),
        };
        Some(self.key(source, schema, text(&table.name)?))
    }

    /// The key of a table by its names as the engine keeps them.
    #[must_use]
    pub fn key(&self, source: &str, schema: Option<&str>, name: &str) -> Key {
        let fold = |name: &str| match self.dialect(source) {
            Some(Dialect::Postgres) => name.to_owned(),
            Some(Dialect::Sqlite) | None => name.to_ascii_lowercase(),
        };
        let default = self.default_schema(source);
        let schema = schema.map(fold).filter(|s| *s != default);
        Key { source: source.to_owned(), schema, name: fold(name) }
    }

    fn default_schema(&self, source: &str) -> String {
        match self.parsed.source(source).map(|s| &s.definition) {
            Some(Definition::Postgres(postgres)) => match &postgres.schema {
                Some(schema) => text(schema).unwrap_or("").to_owned(),
                None => "public".to_owned(),
            },
            Some(Definition::Sqlite(_) | Definition::Http(_)) | None => "main".to_owned(),
        }
    }

    /// Whether steps that are not understood may have made or changed the table.
    #[must_use]
    pub fn is_hidden(&self, key: &Key) -> bool {
        let name = key.name.to_lowercase();
        self.unreadable
            || self.open.contains(&key.source)
            || self.hidden.iter().any(|(source, text)| source.as_ref().is_none_or(|s| *s == key.source) && text.contains(&name))
            || self.patterns.iter().any(|(source, before, behind)| {
                *source == key.source && name.starts_with(before.as_str()) && name.ends_with(behind.as_str())
            })
    }

    /// Whether what is in the source is there in the next run: not of a database in memory.
    #[must_use]
    pub fn is_kept(&self, source: &str) -> bool {
        match self.parsed.source(source).map(|s| &s.definition) {
            Some(Definition::Sqlite(sqlite)) => text(&sqlite.path).is_some_and(|path| !path.contains("memory")),
            Some(Definition::Postgres(_)) => true,
            Some(Definition::Http(_)) | None => false,
        }
    }

    /// Whether a statement of the project may drop a table of that name, in whichever source.
    #[must_use]
    pub fn may_drop(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let texts = self.parsed.all_flows().flat_map(|flow| flow.sql.values()).map(|outline| outline.text.to_lowercase());
        texts.into_iter().any(|text| text.contains("drop") && text.contains(&name))
    }

    /// Whether a step may define a function of that name, in small letters.
    #[must_use]
    pub fn may_define(&self, source: &str, function: &str) -> bool {
        self.hidden.iter().any(|(hidden, text)| hidden.as_ref().is_none_or(|s| s == source) && text.contains(function))
    }

    #[must_use]
    pub fn is_written(&self, key: &Key) -> bool {
        self.tables.get(key).is_some_and(|t| t.writers.iter().any(|w| w.how != How::Change))
    }
}

/// The literal text of a name.
#[must_use]
pub fn text(expression: &Expression) -> Option<&str> {
    match &expression.kind {
        Kind::Text(text) => Some(text),
        _ => None,
    }
}

/// The columns that a flow declares.
fn declared(list: &[columns::Column]) -> Columns {
    let column = |c: &columns::Column| Column::new(c.name.name.clone(), class(c.kind), Some(c.name.span.clone()));
    Columns { list: list.iter().map(column).collect(), closed: true, keys: Some(Keys::default()) }
}

fn class(kind: sequor_plan_format::ColumnType) -> Class {
    use sequor_plan_format::ColumnType as Type;
    match kind {
        Type::Text | Type::Varchar(_) => Class::Text,
        Type::SmallInt | Type::Integer | Type::BigInt => Class::Integer,
        Type::Numeric(_) => Class::Numeric,
        Type::Real | Type::Double => Class::Float,
        Type::Boolean => Class::Boolean,
        Type::Date => Class::Date,
        Type::Time => Class::Time,
        Type::Timestamp => Class::Timestamp,
        Type::TimestampTz => Class::TimestampTz,
        Type::Json => Class::Json,
        Type::Uuid => Class::Uuid,
        Type::Binary => Class::Bytes,
    }
}
