//! `http_request`: for each row, for each page: build a request, send it, read the reply into tables and variables.

use serde::{Deserialize, Serialize};

use super::{Assign, Rows, Table, WriteMode};
use crate::{Column, ExprId, SourceId, TextId};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// Set anew each time the op starts.
    pub init: Vec<Assign>,
    pub for_each: Option<ForEachRow>,
    pub request: Request,
    pub response: Response,
    /// How a resume finds out what became of a request that it cannot know the fate of.
    pub verify: Option<Verify>,
    /// What a resume does with such a request where `verify` is absent, or gives no answer.
    pub in_doubt: InDoubt,
}

/// The rows that requests are made from. Without it there is one request (and its pages).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForEachRow {
    pub rows: Rows,
    /// The variable that holds the row.
    pub item: TextId,
    /// Columns that name a row in reports; empty: its ordinal.
    pub key: Vec<TextId>,
    /// Items in flight together, from 1 to [`MAX_CONCURRENCY`].
    pub concurrency: u32,
}

/// Items of one loop in flight together, at most.
pub const MAX_CONCURRENCY: u32 = 1000;

/// A question to the other side, asked on resume when it is not known whether a request arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verify {
    /// May be repeated: it reads, or is idempotent. Sees the variables that the request in doubt saw.
    pub request: Request,
    /// Over the answer: the request in doubt has arrived.
    pub arrived: ExprId,
    /// Over the answer: the JSON value that stands for the body of the reply that was lost; without it, the answer's own body does.
    pub reply: Option<ExprId>,
}

/// What a resume does with a request that may or may not have arrived and must not be repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum InDoubt {
    /// Ends the run with the list of what is in doubt.
    #[default]
    Stop,
    /// Sends it again: it may arrive twice.
    Send,
    /// Takes it as not done and goes on.
    Skip,
    /// Takes it as done, with an empty reply, and goes on.
    Done,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub source: Option<SourceId>,
    pub url: ExprId,
    pub method: Method,
    /// Query parameters: null leaves one out, a list repeats it.
    pub parameters: Pairs,
    pub headers: Pairs,
    pub body: Option<Body>,
    /// Whole request, in milliseconds; the source's, else the executor's default, where absent.
    pub timeout_ms: Option<u64>,
    /// The source's, where absent.
    pub retry: Option<RetryPolicy>,
    /// The user says that repeating the request does no harm.
    pub idempotent: bool,
    /// Lets the other side see that a request is a repetition.
    pub key: Option<Key>,
}

/// An idempotency key: the same for every attempt of one request, other for every other request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub value: KeyValue,
    pub place: KeyIn,
    /// Sent in quotes, as a Structured Field string (RFC 8941).
    pub quoted: bool,
    /// How long the other side remembers a key, in milliseconds; `None`: for as long as it matters.
    pub validity_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyValue {
    /// Made from the run and the request's place in it.
    Auto,
    Given(ExprId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyIn {
    /// A header of that name.
    Header(TextId),
    /// A top-level field of a JSON or form body.
    Field(TextId),
}

/// Names with a value each, or one expression that gives a map of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Pairs {
    Listed(Vec<(TextId, ExprId)>),
    Computed(ExprId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Method {
    Get,
    Head,
    Options,
    Put,
    Delete,
    Post,
    Patch,
}

impl Method {
    /// As sent.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Post => "POST",
            Self::Patch => "PATCH",
        }
    }

    /// RFC 9110, section 9.2.2: repeating the request has the effect of sending it once.
    #[must_use]
    pub fn is_idempotent(self) -> bool {
        match self {
            Self::Get | Self::Head | Self::Options | Self::Put | Self::Delete => true,
            Self::Post | Self::Patch => false,
        }
    }

    /// RFC 9110, section 9.2.1: the request only reads.
    #[must_use]
    pub fn is_safe(self) -> bool {
        match self {
            Self::Get | Self::Head | Self::Options => true,
            Self::Put | Self::Delete | Self::Post | Self::Patch => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body {
    pub format: BodyFormat,
    pub value: ExprId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BodyFormat {
    /// The flow does not say: maps and lists are sent as JSON, text as text.
    Auto,
    Json,
    Form,
    Text,
}

/// When a request is sent again by itself. Only requests that may be repeated are: those with an idempotent method, those marked idempotent,
/// those with a key, and those that failed before their first byte was sent or were refused with 429 or 503.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Including the first one.
    pub attempts: u32,
    /// Statuses that are tried again.
    pub statuses: Vec<StatusRange>,
    /// Connection errors and time-outs are tried again.
    pub network: bool,
    pub backoff: Backoff,
    /// Before the second attempt, in milliseconds.
    pub delay_ms: u64,
    /// The longest wait, in milliseconds, `Retry-After` included: a server that asks for more ends the request.
    pub max_delay_ms: u64,
}

impl Default for RetryPolicy {
    /// Five attempts for 408, 429, 5xx and network errors; exponential from half a second, at most five minutes.
    fn default() -> Self {
        Self {
            attempts: 5,
            statuses: vec![
                StatusRange { first: 408, last: 408 },
                StatusRange { first: 429, last: 429 },
                StatusRange { first: 500, last: 599 },
            ],
            network: true,
            backoff: Backoff::Exponential,
            delay_ms: 500,
            max_delay_ms: 300_000,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Backoff {
    Constant,
    Linear,
    /// Doubled at each attempt.
    Exponential,
}

/// HTTP statuses from `first` to `last`, both included. `4xx` is 400 to 499.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StatusRange {
    pub first: u16,
    pub last: u16,
}

impl StatusRange {
    #[must_use]
    pub fn contains(self, status: u16) -> bool {
        (self.first..=self.last).contains(&status)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    pub success: SuccessStatus,
    pub format: ReplyFormat,
    pub tables: Vec<ResponseTable>,
    /// Gives `{"tables": …, "variables": …, "while": …}`; any of them may be missing.
    pub parser: Option<ExprId>,
    pub variables: Vec<Assign>,
    /// Another page is asked for while this is true.
    pub repeat: Option<ExprId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SuccessStatus {
    /// 200 to 299.
    Default,
    /// Every status: the parser reads it itself.
    Any,
    Listed(Vec<StatusRange>),
}

/// How a reply's body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReplyFormat {
    /// By `Content-Type`; JSON where that says nothing useful.
    Auto,
    Json,
    JsonLines,
    Csv,
    Text,
}

/// A table that replies are loaded into.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResponseTable {
    pub table: Table,
    pub columns: Columns,
    pub write_mode: WriteMode,
    pub data: TableData,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Columns {
    /// Found in the first rows.
    Auto,
    Declared(Vec<Column>),
}

/// Where a table's rows are in the reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TableData {
    /// The parser gives them under the table's name.
    Parser,
    /// The steps from the reply's root to the list of rows, or to one row.
    Path(Vec<PathStep>),
    /// An expression that gives a list of maps, or one map.
    Value(ExprId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PathStep {
    Key(TextId),
    Index(u32),
    /// Every member of a list.
    Each,
}
