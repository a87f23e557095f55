//! `http_request`: for each row, for each page: build a request, send it, read the reply into tables and variables.

mod keys;
mod lower;
mod path;
mod read;

use sequor_plan_format::Replay;
use sequor_plan_format::op::WriteMode;
use sequor_plan_format::op::http_request::{BodyFormat, Method, ReplyFormat, RetryPolicy, StatusRange};

use crate::snippet::expression::{Expression, Named};
use crate::syntax::columns::Columns;
use crate::syntax::visit::{self, Visitor, Wanted};
use crate::syntax::{Assign, Rows, SourceRef, TableRef};

pub use keys::{FOR_EACH, INIT, KEYS, REQUEST, RESPONSE, TABLE};
pub(super) use read::read;

#[derive(Debug)]
pub struct HttpRequest {
    pub init: Vec<Assign>,
    pub for_each: Option<ForEachRow>,
    pub request: Request,
    pub response: Response,
}

#[derive(Debug)]
pub struct ForEachRow {
    pub rows: Rows,
    pub item: Named,
    pub key: Vec<Named>,
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
    pub retry: Option<RetryPolicy>,
    pub idempotent: bool,
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
    pub data: TableData,
}

#[derive(Debug)]
pub enum TableData {
    Parser,
    Path(Vec<path::Step>),
    Value(Expression),
}

impl HttpRequest {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
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
        if self.for_each.is_some() {
            visitor.unbind();
        }
    }

    pub(super) fn replay(&self) -> Replay {
        if self.request.idempotent || self.request.method.is_idempotent() { Replay::Idempotent } else { Replay::Once }
    }
}

impl Request {
    fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        visitor.expression(&self.url);
        for pairs in [&self.parameters, &self.headers] {
            match pairs {
                Pairs::Listed(pairs) => pairs.iter().for_each(|(_, value)| visitor.expression(value)),
                Pairs::Computed(map) => visitor.expression(map),
            }
        }
        visit::optional(self.body.as_ref().map(|(_, body)| body), visitor);
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
