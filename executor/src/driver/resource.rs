//! What the driver holds open for a frame: a loop's members, a running `http_request`.

use std::sync::Arc;

use sequor_plan_format::{NodeId, Op};

use crate::error::{ErrorKind, RunError};
use crate::eval::Reply;
use crate::op::http_request::{Absorbed, Active, Item};
use crate::op::{Cursor, for_each};
use crate::scope::{Assigned, Scope};
use crate::services::Services;
use crate::value::Value;

pub(super) enum Resource {
    Items(Cursor),
    Http(Box<Http>),
}

/// An `http_request`, the item whose pages are asked for, and the reply that is to be read.
pub(super) struct Http {
    active: Active,
    item: Option<Item>,
    reply: Option<Arc<Reply>>,
}

impl Resource {
    pub(super) async fn items(services: &Arc<Services>, node: NodeId, scope: &Scope) -> Result<Self, RunError> {
        match &services.plan.node(node).op {
            Op::ForEach(op) => for_each::open(services, node, op, scope).await.map(Self::Items),
            Op::HttpRequest(_)
            | Op::Transform(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::IfElse(_)
            | Op::WhileLoop(_)
            | Op::TryCatch(_)
            | Op::Block(_)
            | Op::RunFlow(_) => Err(missing()),
        }
    }

    pub(super) async fn http(services: &Arc<Services>, node: NodeId, scope: &Scope) -> Result<(Self, Vec<Assigned>), RunError> {
        let (active, assigned) = Active::open(services, node, scope).await?;
        Ok((Self::Http(Box::new(Http { active, item: None, reply: None })), assigned))
    }

    pub(super) fn next_item(&mut self) -> Result<Option<Value>, RunError> {
        match self {
            Self::Items(cursor) => Ok(cursor.next()),
            Self::Http(_) => Err(missing()),
        }
    }

    pub(super) async fn http_next(&mut self) -> Result<Option<Value>, RunError> {
        let http = self.as_http()?;
        http.item = http.active.next_item().await?;
        Ok(http.item.as_ref().map(|item| item.value.clone()))
    }

    pub(super) async fn exchange(&mut self, scope: &Scope, page: u64) -> Result<(), RunError> {
        let http = self.as_http()?;
        let item = http.item.as_ref().ok_or_else(missing)?;
        http.reply = Some(http.active.exchange(scope, item, page).await?);
        Ok(())
    }

    pub(super) async fn absorb(&mut self, scope: &Scope, page: u64) -> Result<Absorbed, RunError> {
        let http = self.as_http()?;
        let (item, reply) = (http.item.as_ref().ok_or_else(missing)?, http.reply.take().ok_or_else(missing)?);
        http.active.absorb(scope, item, page, &reply).await
    }

    pub(super) async fn close(self) -> Result<(), RunError> {
        match self {
            Self::Items(_) => Ok(()),
            Self::Http(http) => http.active.close().await,
        }
    }

    /// Drops it, without keeping what it has loaded.
    pub(super) async fn release(self) {
        match self {
            Self::Items(_) => {}
            Self::Http(http) => http.active.abort().await,
        }
    }

    fn as_http(&mut self) -> Result<&mut Http, RunError> {
        match self {
            Self::Http(http) => Ok(http),
            Self::Items(_) => Err(missing()),
        }
    }
}

/// The machine names only frames that it has opened.
pub(super) fn missing() -> RunError {
    RunError::new(ErrorKind::Failed("internal".to_owned()), "internal fault: a command does not fit what is open")
}
