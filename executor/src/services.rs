//! What the ops of one run share: the plan, the evaluator, connections, and where to report to.

use std::sync::Arc;

use sequor_plan_format::{Plan, SourceId};

use crate::database::Database;
use crate::error::RunError;
use crate::eval::Evaluator;
use crate::http::Clients;
use crate::report::Reporter;
use crate::scope::Scope;

/// One per run. Shared by everything that runs in it.
pub struct Services {
    pub plan: Arc<Plan>,
    pub evaluator: Evaluator,
    pub clients: Clients,
    pub reporter: Arc<Reporter>,
    /// Makes the names of staging tables: letters and digits, unique per run.
    pub run_tag: String,
}

impl Services {
    /// The connection of a database source, opened at its first use in the run.
    ///
    /// # Errors
    /// `Configuration` for a setting that does not evaluate, `Database` for one that does not connect.
    pub async fn database(&self, source: SourceId, scope: &Scope) -> Result<Database, RunError> {
        let _ = (source, scope);
        Err(RunError::new(crate::error::ErrorKind::Configuration, ""))
    }
}
