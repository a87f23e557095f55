//! `http_request`: for each row, for each page: build a request, send it, read the reply into tables and variables.

mod json_body;
mod keys;
mod lower;
mod path;
mod read;
mod repeat;

use sequor_plan_format::Replay;
use sequor_plan_format::op::WriteMode;
use sequor_plan_format::op::http_request::{BodyFormat, InDoubt, Method, ReplyFormat, RetryPolicy, StatusRange};

use crate::diagnostic::Span;
use crate::snippet::expression::{Expression, Named};
use crate::syntax::columns::Columns;
use crate::syntax::visit::{self, Visitor, Wanted};
use crate::syntax::{Assign, Rows, SourceRef, TableRef};

pub use keys::{FOR_EACH, INIT, KEYS, REQUEST, RESPONSE, TABLE, VERIFY};
pub(super) use read::read;

#[derive(Debug)]
pub struct HttpRequest {
    pub init: Vec<Assign>,
    pub for_each: Option<ForEachRow>,
    pub request: Request,
    pub response: Response,
    pub verify: Option<Verify>,
    pub in_doubt: Option<(InDoubt, Span)>,
}

/// The question that finds out whether a request arrived.
#[derive(Debug)]
pub struct Verify {
    /// The `verify` entry.
    pub span: Span,
    pub request: Request,
    pub arrived: Expression,
    pub reply: Option<Expression>,
}

#[derive(Debug)]
pub struct ForEachRow {
    pub rows: Rows,
    pub item: Named,
    pub key: Vec<Named>,
    /// Where the flow says it.
    pub concurrency: Option<(u32, Span)>,
}

#[derive(Debug)]
pub struct Request {
    /// Without one, the URL must be whole and nothing is added to it.
    pub source: Option<SourceRef>,
    pub url: Expression,
    pub method: Method,
    pub parameters: Pairs,
    pub headers: Pairs,
    pub body: Option<(BodyFormat, Expression)>,
    pub timeout_ms: Option<u64>,
    /// With its place.
    pub retry: Option<(RetryPolicy, Span)>,
    pub idempotent: bool,
    /// Where it says so.
    pub idempotent_at: Option<Span>,
    pub key: Option<Key>,
}

/// The idempotency key of a request.
#[derive(Debug)]
pub struct Key {
    pub span: Span,
    /// `None`: one is made for each request.
    pub given: Option<Expression>,
}

#[derive(Debug)]
pub enum Pairs {
    Listed(Vec<(Named, Expression)>),
    /// One expression that gives the map.
    Computed(Expression),
}

#[derive(Debug)]
pub struct Response {
    /// `None` where the flow does not say.
    pub success: Option<Vec<StatusRange>>,
    /// Where the flow says it.
    pub success_at: Option<Span>,
    pub format: ReplyFormat,
    pub tables: Vec<ResponseTable>,
    pub parser: Option<Parser>,
    pub variables: Vec<Assign>,
    /// `while`.
    pub repeat: Option<Expression>,
}

#[derive(Debug)]
pub struct Parser {
    pub expression: Expression,
    /// It looks at the status itself, so that every status reaches it.
    pub reads_status: bool,
}

#[derive(Debug)]
pub struct ResponseTable {
    pub table: TableRef,
    pub columns: Columns,
    pub write_mode: WriteMode,
    /// Where it is said.
    pub write_mode_at: Option<Span>,
    pub data: TableData,
}

#[derive(Debug)]
pub enum TableData {
    Parser,
    Path(Vec<path::Step>),
    Value(Expression),
}

impl HttpRequest {
    pub(crate) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        if let Some(source) = &self.request.source {
            visitor.source(source, Wanted::Http);
        }
        visit::assigns(&self.init, visitor);
        if let Some(for_each) = &self.for_each {
            visit::rows(&for_each.rows, visitor);
            visitor.bind(&for_each.item);
        }
        self.request.visit(visitor);
        self.response.visit(visitor);
        if let Some(verify) = &self.verify {
            if let Some(source) = &verify.request.source {
                visitor.source(source, Wanted::Http);
            }
            verify.request.visit(visitor);
            visitor.expression(&verify.arrived);
            visit::optional(verify.reply.as_ref(), visitor);
        }
        if self.for_each.is_some() {
            visitor.unbind();
        }
    }

    pub(super) fn replay(&self) -> Replay {
        if self.request.key.is_some() {
            Replay::Keyed
        } else if self.request.may_be_repeated() {
            Replay::Idempotent
        } else {
            Replay::Once
        }
    }
}

impl Request {
    /// By its method, or because the flow says so.
    #[must_use]
    pub fn may_be_repeated(&self) -> bool {
        self.idempotent || self.method.is_idempotent()
    }

    /// What the request is made from, in the order it is evaluated.
    pub fn expressions(&self) -> Vec<&Expression> {
        let mut all = vec![&self.url];
        for pairs in [&self.parameters, &self.headers] {
            match pairs {
                Pairs::Listed(pairs) => all.extend(pairs.iter().map(|(_, value)| value)),
                Pairs::Computed(map) => all.push(map),
            }
        }
        all.extend(self.body.as_ref().map(|(_, body)| body));
        all.extend(self.key.as_ref().and_then(|key| key.given.as_ref()));
        all
    }

    fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        for expression in self.expressions() {
            visitor.expression(expression);
        }
    }
}

impl Response {
    fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        if let Some(parser) = &self.parser {
            visitor.expression(&parser.expression);
            visitor.parser(&parser.expression, !self.tables.is_empty());
        }
        for table in &self.tables {
            visit::table(&table.table, super::transform::access(table.write_mode), visitor);
            match &table.data {
                TableData::Value(value) => visitor.expression(value),
                TableData::Parser | TableData::Path(_) => {}
            }
        }
        visit::assigns(&self.variables, visitor);
        visit::optional(self.repeat.as_ref(), visitor);
    }
}
