//! `execute`: SQL statements for their effect.

use futures_util::future::BoxFuture;
use sequor_plan_format::NodeId;
use sequor_plan_format::op::Execute;

use super::effect::effect;
use super::table;
use crate::database::{Each, Watch};
use crate::error::RunError;
use crate::journal::Journal;
use crate::journal::effects::Change;
use crate::machine::Activation;
use crate::op::http_request::durable;
use crate::scope::Scope;
use crate::services::Services;

pub(super) async fn run(
    services: &Services,
    node: NodeId,
    activation: Activation,
    again: bool,
    op: &Execute,
    scope: &Scope,
) -> Result<(), RunError> {
    let statements = table::texts(services, scope, op.source, &op.statements, "a statement")?;
    let database = services.database(op.source, scope).await?;
    let effect = effect(services, op.source, node, activation);
    let rows = if op.transaction {
        let done = if again { database.markers(&effect, 0).await?.pop() } else { None };
        match done {
            Some(marker) => marker.rows_out,
            None => {
                let stored = database.execute(&statements, true, Some(&effect)).await?;
                if !stored.marked {
                    services.unmarked(node, op.source);
                }
                stored.rows
            }
        }
    } else {
        let journal = &services.journal;
        let known = journal.with_effects(|effects| effects.statements_of(activation));
        let each = Each { skip: known.done as usize, watch: &Steps { journal, activation } };
        known.rows + database.execute_each(&statements, each).await?
    };
    services.reporter.rows_out(node, rows);
    Ok(())
}

/// Statements outside a transaction happen at most once: each is in the journal before it runs.
struct Steps<'a> {
    journal: &'a Journal,
    activation: Activation,
}

impl Steps<'_> {
    fn note(&self, index: usize, done: bool, rows: u64) {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        self.journal.effect(Change::Statement { activation: self.activation, index, done, rows });
    }
}

impl Watch for Steps<'_> {
    fn begins(&self, index: usize) -> BoxFuture<'_, Result<(), RunError>> {
        self.note(index, false, 0);
        Box::pin(durable(self.journal))
    }

    fn done(&self, index: usize, rows: u64) {
        self.note(index, true, rows);
    }
}
