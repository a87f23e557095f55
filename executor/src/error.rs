//! What can go wrong in a run, as values.

use std::ops::{Deref, DerefMut};

use sequor_plan_format::{FlowId, NodeId, Span};
use serde::{Deserialize, Serialize};

use crate::machine::Activation;

/// An error of a node. It travels up the flow until a `catch` takes it, and ends the run otherwise. Its [`Details`] are boxed: results stay small.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunError(Box<Details>);

impl Deref for RunError {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for RunError {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

/// What is known of an error.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Details {
    /// What `catch` matches with `on`.
    pub kind: ErrorKind,
    /// The sentence that users see first: names what was being done and what came of it. Redacted.
    pub message: String,
    /// The node that failed, filled in by the machine.
    pub node: Option<NodeId>,
    /// The flows that were running, outermost first, each with the node it was at. Filled in by the machine.
    pub stack: Vec<StackEntry>,
    /// A place more exact than the node: a line of a snippet.
    pub place: Option<Place>,
    /// The reply that was not accepted.
    pub status_code: Option<u16>,
    /// The reply's body, cut to 4 KiB.
    pub body: Option<String>,
    /// `METHOD url` of the request, redacted.
    pub request: Option<String>,
    /// The row that was being worked on: its key columns, else its ordinal (from 1).
    pub row: Option<String>,
    /// The page that was being worked on, from 1.
    pub page: Option<u64>,
    /// The step whose time is over: nothing within it can catch the error.
    pub ends: Option<Activation>,
}

/// A flow that was running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackEntry {
    pub flow: FlowId,
    /// `None` while the flow's parameters were being settled.
    pub node: Option<NodeId>,
}

/// A place in the project's files, with the text to quote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Place {
    pub span: Span,
    pub quote: Option<String>,
}

/// Kinds that users can name in `catch: on:`. `Failed` carries the kind of a `fail` op.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorKind {
    /// A status that is no success.
    HttpStatus,
    /// No connection, a broken connection, a TLS or DNS fault.
    Network,
    Timeout,
    /// A reply that cannot be read as its format.
    Reply,
    /// An expression, template or snippet.
    Expression,
    /// A statement that the database refused.
    Sql,
    /// No connection to the database, or a lost one.
    Database,
    /// A value that does not fit its column, a missing column or table.
    Data,
    /// A variable, setting or environment that is missing or wrong.
    Configuration,
    /// A loop or a snippet over its limit.
    Limit,
    /// Raised by a `fail` op, with its kind.
    Failed(String),
}

impl ErrorKind {
    /// The name that `catch: on:` matches.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::HttpStatus => "http_status",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Reply => "reply",
            Self::Expression => "expression",
            Self::Sql => "sql",
            Self::Database => "database",
            Self::Data => "data",
            Self::Configuration => "configuration",
            Self::Limit => "limit",
            Self::Failed(kind) => kind,
        }
    }
}

impl RunError {
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            message: message.into(),
            node: None,
            stack: Vec::new(),
            place: None,
            status_code: None,
            body: None,
            request: None,
            row: None,
            page: None,
            ends: None,
        }))
    }

    /// Whether a handler that takes these kinds takes the error; none are all kinds.
    #[must_use]
    pub fn is_one_of<'a>(&self, kinds: impl IntoIterator<Item = &'a str>) -> bool {
        let mut kinds = kinds.into_iter().peekable();
        self.ends.is_none() && (kinds.peek().is_none() || kinds.any(|kind| kind == self.kind.name()))
    }

    /// The error has come to a step on its way up.
    pub fn reaches(&mut self, step: Activation) {
        self.ends = self.ends.filter(|ends| *ends != step);
    }
}
