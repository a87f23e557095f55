//! Sources: the APIs and databases that flows use.

use serde::{Deserialize, Serialize};

use crate::op::http_request::RetryPolicy;
use crate::{ExprId, SpanId, TextId};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The file stem in `sources/`. Unique in the plan.
    pub name: TextId,
    pub span: SpanId,
    /// Visible to `var()` inside ops that use the source, before project and environment variables.
    pub variables: Vec<(TextId, ExprId)>,
    pub kind: SourceKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SourceKind {
    Http(Box<Http>),
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl SourceKind {
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    #[must_use]
    pub fn is_database(&self) -> bool {
        match self {
            Self::Http(_) => false,
            Self::Sqlite(_) | Self::Postgres(_) => true,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Http {
    /// Put before a request's URL where that is relative.
    pub base_url: Option<ExprId>,
    /// Sent with every request, unless the request has the same header.
    pub headers: Vec<(TextId, ExprId)>,
    pub auth: Auth,
    /// Whole request, in milliseconds; the executor's default where absent.
    pub timeout_ms: Option<u64>,
    pub retry: RetryPolicy,
    /// Hosts that a computed URL may name although they resolve to a loopback, private or link-local address.
    pub allow_hosts: Vec<TextId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Auth {
    None,
    Basic { username: ExprId, password: ExprId },
    Bearer { token: ExprId },
    ApiKey { name: ExprId, value: ExprId, place: KeyPlace },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyPlace {
    Header,
    Query,
    Cookie,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sqlite {
    /// A relative path starts at the project folder, or at the working folder for a plan without one.
    pub path: ExprId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Postgres {
    /// `postgres://…`, or the SQLAlchemy form `postgresql+psycopg2://…`.
    pub conn_str: ExprId,
    pub username: Option<ExprId>,
    pub password: Option<ExprId>,
    /// Schema of tables that name none.
    pub schema: Option<ExprId>,
}
