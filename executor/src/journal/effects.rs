//! The effects of a run that are not settled: requests that were sent, replies that have not been read, tables that are being filled, statements outside
//! transactions.

use std::collections::{BTreeMap, BTreeSet};

use sequor_plan_format::SourceId;
use serde::{Deserialize, Serialize};

use crate::database::{ColumnDefinition, Mode, TableName};
use crate::machine::Activation;

/// Names a request of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct RequestId {
    pub activation: Activation,
    /// The item's, from 0.
    pub ordinal: u64,
    /// From 1.
    pub page: u64,
}

/// What is known of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RequestState {
    /// It may have been sent.
    Intended(Intent),
    Replied(Recorded),
    /// Somebody decided that its item is left out, or that it was done without its reply.
    Settled(Settlement),
    /// Somebody decided that it is sent, although it may have arrived before.
    Cleared(Intent),
}

/// What was about to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intent {
    /// BLAKE3 of method, URL and body.
    pub(crate) digest: [u8; 32],
    /// The idempotency key that goes with it.
    pub(crate) key: Option<String>,
    /// Milliseconds since 1970, by this host's clock.
    pub(crate) at_ms: i64,
    /// `METHOD url`, redacted.
    pub(crate) title: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Settlement {
    Skip,
    Done,
}

/// A reply as it was received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recorded {
    pub(crate) status: u16,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
    pub(crate) elapsed_us: u64,
    /// `METHOD url`, redacted.
    pub(crate) title: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Body {
    Inline(Vec<u8>),
    /// In the spool, in so many parts.
    Spooled {
        parts: u64,
    },
}

/// What is done about a request that is in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Send,
    Skip,
    Done,
}

/// A request of which nobody knows whether it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// The path of the node.
    pub node: String,
    /// The row by its key columns, else its ordinal from 1.
    pub item: Option<String>,
    /// From 1.
    pub page: u64,
    /// `METHOD url`, or the statement.
    pub title: String,
    /// What somebody decided.
    pub settled: Option<Decision>,
}

impl Doubt {
    /// What people name it by: the step, the item, and the page where it is not the first.
    #[must_use]
    pub fn id(&self) -> String {
        let item = self.item.as_ref().map(|item| format!("#{item}")).unwrap_or_default();
        let page = if self.page > 1 { format!("#page={}", self.page) } else { String::new() };
        format!("{}{item}{page}", self.node)
    }
}

/// A table that an activation fills, as it was first mentioned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LoadedTable {
    pub(crate) source: SourceId,
    pub(crate) name: TableName,
    pub(crate) columns: Vec<ColumnDefinition>,
    pub(crate) mode: Mode,
    /// The columns were found in the first rows.
    pub(crate) inferred: bool,
}

/// How far a list of statements outside a transaction has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Statements {
    pub(crate) done: u32,
    /// The next one has begun.
    pub(crate) begun: bool,
    /// Rows that those done have changed.
    pub(crate) rows: u64,
}

/// What is known of effects that are not settled.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Effects {
    /// Requests whose reply has not been read.
    requests: BTreeMap<RequestId, RequestState>,
    tables: Vec<(Activation, LoadedTable)>,
    statements: BTreeMap<Activation, Statements>,
    /// Requests and statements whose op has ended without knowing whether they arrived.
    doubts: Vec<Doubt>,
    /// Database sources that hold markers or staging tables of the run.
    targets: BTreeSet<SourceId>,
}

/// One change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Change {
    Request {
        id: RequestId,
        state: RequestState,
    },
    /// A request is as if it had not been made: it was refused, or never left.
    Unsent {
        id: RequestId,
    },
    /// A table is about to be filled.
    Table {
        activation: Activation,
        table: LoadedTable,
    },
    /// A statement outside a transaction: about to run, or done.
    Statement {
        activation: Activation,
        index: u32,
        done: bool,
        /// Rows that it has changed.
        rows: u64,
    },
    Doubt(Doubt),
    /// A database source is about to have markers of the run.
    Target(SourceId),
    /// The statement that had begun is to run again.
    Retry {
        activation: Activation,
    },
}

impl Effects {
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::Request { id, state } => {
                self.requests.insert(id, state);
            }
            Change::Unsent { id } => {
                self.requests.remove(&id);
            }
            Change::Table { activation, table } => self.tables.push((activation, table)),
            Change::Statement { activation, index, done, rows } => {
                let statements = self.statements.entry(activation).or_default();
                *statements = Statements { done: index + u32::from(done), begun: !done, rows: statements.rows + rows };
            }
            Change::Doubt(doubt) => self.doubts.push(doubt),
            Change::Target(source) => {
                self.targets.insert(source);
            }
            Change::Retry { activation } => {
                if let Some(statements) = self.statements.get_mut(&activation) {
                    statements.begun = false;
                }
            }
        }
    }

    /// The same with other numbers of sources.
    ///
    /// # Errors
    /// The first source that has no other number.
    pub(crate) fn with_sources(mut self, other: impl Fn(SourceId) -> Option<SourceId>) -> Result<Self, SourceId> {
        let named = |source: SourceId| other(source).ok_or(source);
        for (_, table) in &mut self.tables {
            table.source = named(table.source)?;
        }
        self.targets = self.targets.iter().map(|source| named(*source)).collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// The reply of a request has been read.
    pub(crate) fn read(&mut self, id: RequestId) -> Option<RequestState> {
        self.requests.remove(&id)
    }

    /// An activation has ended: what is left of its requests.
    pub(crate) fn end(&mut self, activation: Activation) -> Vec<(RequestId, RequestState)> {
        self.tables.retain(|(of, _)| *of != activation);
        self.statements.remove(&activation);
        let ids: Vec<RequestId> = self.requests_of(activation).map(|(id, _)| id).collect();
        ids.into_iter().filter_map(|id| self.requests.remove(&id).map(|state| (id, state))).collect()
    }

    pub(crate) fn request(&self, id: RequestId) -> Option<&RequestState> {
        self.requests.get(&id)
    }

    /// Those of one activation, in the order of items and pages.
    pub(crate) fn requests_of(&self, activation: Activation) -> impl Iterator<Item = (RequestId, &RequestState)> {
        let id = |ordinal, page| RequestId { activation, ordinal, page };
        self.requests.range(id(0, 0)..=id(u64::MAX, u64::MAX)).map(|(id, state)| (*id, state))
    }

    pub(crate) fn tables_of(&self, activation: Activation) -> Vec<LoadedTable> {
        self.tables.iter().filter(|(of, _)| *of == activation).map(|(_, table)| table.clone()).collect()
    }

    pub(crate) fn statements_of(&self, activation: Activation) -> Statements {
        self.statements.get(&activation).copied().unwrap_or_default()
    }

    pub(crate) fn targets(&self) -> &BTreeSet<SourceId> {
        &self.targets
    }

    /// Requests that may have arrived, of every activation.
    pub(crate) fn intended(&self) -> impl Iterator<Item = (RequestId, &Intent)> {
        self.requests.iter().filter_map(|(id, state)| match state {
            RequestState::Intended(intent) | RequestState::Cleared(intent) => Some((*id, intent)),
            RequestState::Replied(_) | RequestState::Settled(_) => None,
        })
    }

    pub(crate) fn doubts(&self) -> &[Doubt] {
        &self.doubts
    }
}
