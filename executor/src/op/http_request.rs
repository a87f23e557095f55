//! `http_request` at run time: rows → built requests → replies → tables and variables.
//!
//! The machine decides what comes next; this module performs one step at a time on an [`Active`].

mod absorb;
mod body;
mod build;
mod columns;
mod credentials;
mod items;
mod pages;
mod parsed;
mod reply;
mod status;
mod tables;
mod text;

use std::sync::Arc;

use sequor_plan_format::op::HttpRequest;
use sequor_plan_format::{NodeId, Op, Plan};

use crate::error::{ErrorKind, RunError};
use crate::eval::Reply;
use crate::http::Observer;
use crate::scope::{Assigned, Scope};
use crate::services::Services;
use crate::value::Value;

use items::Items;
use pages::Pages;
use tables::Tables;

/// What a running `http_request` holds open: its input rows and the loads into its tables. Made anew when a run is resumed.
pub struct Active {
    services: Arc<Services>,
    node: NodeId,
    items: Items,
    pages: Pages,
    tables: Tables,
    /// The request that was sent last, for messages about its reply.
    request: Option<String>,
}

/// A member of the loop.
#[derive(Clone, Debug)]
pub struct Item {
    /// From 0, in input order.
    pub ordinal: u64,
    pub value: Value,
}

/// What a reply gave.
#[derive(Clone, Debug, Default)]
pub struct Absorbed {
    /// Variables it set, in order.
    pub assigned: Vec<Assigned>,
    /// Another page is to be asked for.
    pub again: bool,
}

impl Active {
    /// Evaluates `init` and opens the input rows. Gives the variables to set.
    ///
    /// # Errors
    /// An expression's or a database's.
    pub async fn open(services: &Arc<Services>, node: NodeId, scope: &Scope) -> Result<(Self, Vec<Assigned>), RunError> {
        let op = op(&services.plan, node)?;
        let mut scope = in_source(op, scope);
        let mut assigned = Vec::with_capacity(op.init.len());
        for assign in &op.init {
            let value = scope.evaluate(services, assign.value)?;
            let one = Assigned { name: services.plan.text(assign.name).into(), scope: assign.scope, value };
            scope = scope.with_assigned(&one);
            assigned.push(one);
        }
        let items = match &op.for_each {
            Some(for_each) => Items::open(services, node, &for_each.rows, &scope).await?,
            None => Items::once(),
        };
        let tables = Tables::new(services, node);
        Ok((Self { services: Arc::clone(services), node, items, pages: Pages::default(), tables, request: None }, assigned))
    }

    /// The next input row; `None` at the end. Without `for_each` there is exactly one item, with the value null.
    ///
    /// # Errors
    /// A database's.
    pub async fn next_item(&mut self) -> Result<Option<Item>, RunError> {
        self.items.next(&self.services, self.node).await
    }

    /// Builds the request of a page (from 1), sends it (again, where policy allows), and gives its complete reply. `scope` holds the loop variable.
    ///
    /// # Errors
    /// An expression's, or of kind `HttpStatus`, `Network`, `Timeout`, with request, row and page filled in.
    pub async fn exchange(&mut self, scope: &Scope, item: &Item, page: u64) -> Result<Arc<Reply>, RunError> {
        let services = Arc::clone(&self.services);
        let op = op(&services.plan, self.node)?;
        self.request = None;
        let result = self.exchange_page(op, &in_source(op, scope), item, page).await;
        result.map_err(|error| self.situated(op, item, page, error))
    }

    async fn exchange_page(&mut self, op: &HttpRequest, scope: &Scope, item: &Item, page: u64) -> Result<Arc<Reply>, RunError> {
        let services = &*self.services;
        let client = services.clients.of(&services.plan, &services.network, op.request.source);
        let built = build::request(services, op, &client, scope)?;
        self.request = Some(client.title(&built.outgoing));
        self.pages.enter(item.ordinal, page, &built.outgoing)?;
        let observer = Observer { reporter: &services.reporter, node: self.node };
        let received = client.send(&built.outgoing, observer).await?;
        status::check(&built, &client, &received)?;
        Ok(Arc::new(received.reply))
    }

    /// Reads a reply into tables and variables.
    ///
    /// # Errors
    /// `Reply`, `Expression`, `Data`, or a database's, with request, row and page filled in.
    pub async fn absorb(&mut self, scope: &Scope, item: &Item, page: u64, reply: &Arc<Reply>) -> Result<Absorbed, RunError> {
        let services = Arc::clone(&self.services);
        let op = op(&services.plan, self.node)?;
        let scope = in_source(op, scope).with_response(Arc::clone(reply));
        let result = absorb::read(&services, op, &mut self.tables, scope, reply).await;
        result.map_err(|error| {
            let mut error = match reply::Format::of(op.response.format, reply) {
                reply::Format::Json => reply::explained(error, reply),
                reply::Format::JsonLines | reply::Format::Csv { .. } | reply::Format::Text => error,
            };
            error.status_code.get_or_insert(reply.status);
            error.body.get_or_insert_with(|| text::body_start(&reply.body));
            self.situated(op, item, page, error)
        })
    }

    /// Finishes the loads: created tables are swapped in.
    ///
    /// # Errors
    /// A database's; the old tables are then as they were.
    pub async fn close(self) -> Result<(), RunError> {
        self.tables.close().await
    }

    /// Drops what was loaded but not swapped in.
    pub async fn abort(self) {
        self.tables.abort().await;
    }

    fn situated(&self, op: &HttpRequest, item: &Item, page: u64, mut error: RunError) -> RunError {
        if error.request.is_none() {
            error.request.clone_from(&self.request);
        }
        if let Some(for_each) = &op.for_each {
            let keys: Vec<&str> = for_each.key.iter().map(|k| self.services.plan.text(*k)).collect();
            error.row.get_or_insert_with(|| items::label(item, &keys));
        }
        error.page.get_or_insert(page);
        error
    }
}

fn op(plan: &Plan, node: NodeId) -> Result<&HttpRequest, RunError> {
    match &plan.node(node).op {
        Op::HttpRequest(op) => Ok(op),
        other => Err(RunError::new(ErrorKind::Configuration, format!("the node is a {}, not an http_request", other.name()))),
    }
}

fn in_source(op: &HttpRequest, scope: &Scope) -> Scope {
    op.request.source.map_or_else(|| scope.clone(), |source| scope.in_source(source))
}
