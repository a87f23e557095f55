//! `http_request` at run time: rows → built requests → replies → tables and variables.
//!
//! The machine decides what comes next; this module performs one step at a time on an [`Active`].

use std::sync::Arc;

use sequor_plan_format::NodeId;

use crate::error::RunError;
use crate::eval::Reply;
use crate::scope::{Assigned, Scope};
use crate::services::Services;
use crate::value::Value;

/// What a running `http_request` holds open: its input rows and the loads into its tables. Made anew when a run is resumed.
pub struct Active {}

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
        let _ = (services, node, scope);
        Ok((Self {}, Vec::new()))
    }

    /// The next input row; `None` at the end. Without `for_each` there is exactly one item, with the value null.
    ///
    /// # Errors
    /// A database's.
    pub async fn next_item(&mut self) -> Result<Option<Item>, RunError> {
        Ok(None)
    }

    /// Builds the request of a page (from 1), sends it (again, where policy allows), and gives its complete reply. `scope` holds the loop variable.
    ///
    /// # Errors
    /// An expression's, or of kind `HttpStatus`, `Network`, `Timeout`, with request, row and page filled in.
    pub async fn exchange(&mut self, scope: &Scope, item: &Item, page: u64) -> Result<Arc<Reply>, RunError> {
        let _ = (scope, item, page);
        Err(RunError::new(crate::error::ErrorKind::Network, ""))
    }

    /// Reads a reply into tables and variables.
    ///
    /// # Errors
    /// `Reply`, `Expression`, `Data`, or a database's, with request, row and page filled in.
    pub async fn absorb(&mut self, scope: &Scope, item: &Item, page: u64, reply: &Arc<Reply>) -> Result<Absorbed, RunError> {
        let _ = (scope, item, page, reply);
        Ok(Absorbed::default())
    }

    /// Finishes the loads: created tables are swapped in.
    ///
    /// # Errors
    /// A database's; the old tables are then as they were.
    pub async fn close(self) -> Result<(), RunError> {
        Ok(())
    }

    /// Drops what was loaded but not swapped in.
    pub async fn abort(self) {}
}
