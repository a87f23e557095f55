//! The shape of flows: what YAML nodes become once keys and kinds are checked. Names are still text, and nothing is decided that needs another file.
//!
//! A fault leaves out the smallest thing that it spoils, so that the rest is still checked.

pub mod assign;
pub mod columns;
pub mod fields;
pub mod flow;
pub mod key;
pub mod rows;
pub mod scalars;
pub mod step;
pub mod table;
pub mod value;
pub mod visit;

use std::collections::{BTreeMap, BTreeSet};

use sequor_plan_format::op::Scope;

use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::snippet::Place;
use crate::snippet::expression::{Expression, Named};
use crate::source::Kind;
use crate::sql::Dialect;
use crate::sql::outline::Outline;
use scalars::Retry;

/// Where there is no `response`.
pub const BEFORE_REPLY: Place = Place { response: false, parser: false };
/// In `response`, once there is a reply.
pub const IN_REPLY: Place = Place { response: true, parser: false };
/// In `parser_expression`.
pub const IN_PARSER: Place = Place { response: true, parser: true };

/// One flow file.
#[derive(Debug)]
pub struct Flow {
    pub name: String,
    /// The first line of the file, or where the steps begin.
    pub span: Span,
    pub description: Option<String>,
    /// `None` where the flow does not declare its parameters: callers may then pass any.
    pub parameters: Option<Vec<Parameter>>,
    pub steps: Vec<Step>,
    /// Map keys in steps that have faults: variables that those steps may have been meant to set.
    pub suspected: BTreeSet<String>,
    /// A fault was found when the flow was read: what seems not to be used may be meant where that is.
    pub faulty: bool,
    /// All texts in steps that have errors, in small letters: tables that those steps may have been meant to write.
    pub suspected_text: String,
    /// The SQL in the flow's keys, by the place where its expression starts.
    pub sql: BTreeMap<u32, Outline>,
    /// The file could not be read as a flow, so nothing is known about what it does.
    pub unreadable: bool,
}

impl Flow {
    /// A part of the flow that could not be read has this name in its text.
    #[must_use]
    pub fn may_name(&self, name: &str) -> bool {
        self.suspected_text.contains(&name.to_lowercase()) || (self.unreadable && self.span.file.text.contains(name))
    }
}

#[derive(Debug)]
pub struct Parameter {
    pub name: Named,
    /// Callers must give a value where there is none.
    pub default: Option<Expression>,
}

#[derive(Debug)]
pub struct Step {
    pub id: Option<Named>,
    pub title: Option<String>,
    /// The `op` entry.
    pub span: Span,
    pub when: Option<Expression>,
    /// Of the step; an `http_request` has its own, for each request.
    pub retry: Option<Retry>,
    pub timeout_ms: Option<u64>,
    /// Where it is said.
    pub timeout_at: Option<Span>,
    pub op: Op,
}

/// A source by name, or the default one.
#[derive(Clone, Debug)]
pub enum SourceRef {
    Named(Named),
    /// None is given; the span is the step that needs one.
    Default(Span),
}

impl SourceRef {
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Named(named) => Some(&named.name),
            Self::Default(_) => None,
        }
    }

    #[must_use]
    pub fn span(&self) -> &Span {
        match self {
            Self::Named(named) => &named.span,
            Self::Default(span) => span,
        }
    }
}

#[derive(Debug)]
pub struct TableRef {
    pub source: SourceRef,
    pub database: Option<Expression>,
    pub namespace: Option<Expression>,
    pub name: Expression,
}

/// What a loop goes over.
#[derive(Debug)]
pub enum Rows {
    Table(Box<TableRef>),
    Query { source: SourceRef, sql: Expression },
    Items(Expression),
}

/// A variable that is set.
#[derive(Debug)]
pub struct Assign {
    pub name: Named,
    pub scope: Scope,
    pub value: Expression,
}

/// What is known about the project's sources before any flow is read.
#[derive(Debug, Default)]
pub struct SourceIndex {
    /// `None`: the file has a fault that hides its type.
    pub kinds: BTreeMap<String, Option<Kind>>,
    /// The source of queries that name none.
    pub default: Option<String>,
}

impl SourceIndex {
    /// The dialect of a database source; `None` where the source is unknown or no database.
    #[must_use]
    pub fn dialect(&self, source: &SourceRef) -> Option<Dialect> {
        let name = source.name().or(self.default.as_deref())?;
        match self.kinds.get(name)?.as_ref()? {
            Kind::Http => None,
            Kind::Sqlite => Some(Dialect::Sqlite),
            Kind::Postgres => Some(Dialect::Postgres),
        }
    }
}

/// What reading a flow needs and collects.
#[derive(Debug)]
pub struct Reader<'p> {
    pub sources: &'p SourceIndex,
    pub faults: Vec<Diagnostic>,
    pub suspected: BTreeSet<String>,
    pub suspected_text: String,
    pub sql: BTreeMap<u32, Outline>,
}
