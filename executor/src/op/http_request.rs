//! `http_request` at run time: rows → built requests → replies → tables and variables.
//!
//! The machine decides what comes next; this module performs one step at a time on an [`Active`]. Each step leaves in the journal and in the target databases what a
//! resumed run needs to go on at the same row and page ([`mode`] says what that is).

mod absorb;
mod active;
mod body;
mod build;
mod columns;
mod credentials;
mod items;
mod key;
mod mode;
mod pages;
mod parsed;
mod preview;
mod recorded;
mod reply;
mod sender;
mod settle;
mod status;
mod tables;
mod text;

use sequor_plan_format::op::HttpRequest;
use sequor_plan_format::{NodeId, Op, Plan};
use serde::{Deserialize, Serialize};

use crate::error::{ErrorKind, RunError};
use crate::scope::{Assigned, Scope};
use crate::value::Value;

pub use active::Active;
pub(crate) use active::{Resumed, label};
pub(crate) use preview::{address, has_landed, may_have_pages};
pub(crate) use recorded::{durable, spool_name as reply_spool};
pub(crate) use reply::shown;
pub(crate) use settle::{Standing, Verified, standing, verify};
pub(crate) use text::one_line;

/// A member of the loop.
#[derive(Clone, Debug)]
pub struct Item {
    /// From 0, in input order.
    pub ordinal: u64,
    pub value: Value,
}

/// What a reply gave.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Absorbed {
    /// Variables it set, in order.
    pub assigned: Vec<Assigned>,
    /// Another page is to be asked for.
    pub again: bool,
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
