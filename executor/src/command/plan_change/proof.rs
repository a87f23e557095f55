//! Whether the step that a run stopped at has left something in a database: asked before it starts anew as another one.
//!
//! A process may have been killed between the commit of a transaction and the journal. The step's marker is in the database then.

use std::collections::BTreeSet;
use std::sync::Arc;

use sequor_plan_format::path::node_path;
use sequor_plan_format::{NodeId, Op, Plan, SourceId};

use crate::command::Refusal;
use crate::database::{Database, Effect, Owner};
use crate::error::RunError;
use crate::journal::restore::Restored;
use crate::machine::{Activation, Begun};
use crate::op::effect::run_in_source;
use crate::scope::Scope;
use crate::services::{Services, Surroundings};

/// Whom the run belongs to.
pub(super) struct Owned<'a> {
    pub(super) run: &'a str,
    pub(super) fence: u64,
}

/// Whether there is something to ask.
pub(super) fn is_needed(plan: &Plan, restored: &Restored, begun: Begun) -> bool {
    !written(plan, restored, begun.node, begun.activation).is_empty()
}

/// Nothing is asked of databases that the step does not write to.
///
/// # Errors
/// Something of the step is there, or a database cannot be asked.
pub(super) async fn nothing_is_there(
    plan: &Arc<Plan>,
    restored: &Restored,
    begun: Begun,
    owned: Owned<'_>,
    surroundings: Surroundings,
) -> Result<(), Refusal> {
    let Begun { node, activation, .. } = begun;
    let sources = written(plan, restored, node, activation);
    if sources.is_empty() {
        return Ok(());
    }
    let path = node_path(plan, node);
    let services = Services::new(Arc::clone(plan), surroundings);
    let visible = restored.progress.state.visible();
    let scope = Scope::new(&services, visible.locals, visible.project);
    let scope = visible.bound.into_iter().fold(scope, |scope, (name, value)| scope.with_local(&name, value));
    for source in sources {
        let name = plan.text(plan.source(source).name);
        let there = has_marker(&services, source, &scope, &path, activation, &owned).await;
        let there = there.map_err(|error| {
            Refusal(format!(
                "step {path} may have written to source '{name}' before it was interrupted, and that cannot be found out now: {}",
                error.message
            ))
        })?;
        if there {
            return Err(Refusal(format!(
                "step {path} has written to source '{name}' before it was interrupted: it counts as done and must stay as it was; resume without --plan first"
            )));
        }
    }
    Ok(())
}

async fn has_marker(
    services: &Services,
    source: SourceId,
    scope: &Scope,
    path: &str,
    activation: Activation,
    owned: &Owned<'_>,
) -> Result<bool, RunError> {
    let settings = services.settings(source, scope)?;
    let owner = Owner { run: owned.run.to_owned(), fence: owned.fence };
    let database = Database::connect_as(&settings, Some(&owner), &services.commits).await?;
    let run = run_in_source(owned.run, &services.plan, source);
    let effect = Effect { run, activation: activation.0, node: path.to_owned(), fence: owned.fence };
    let markers = database.markers(&effect, 0).await;
    database.close().await;
    Ok(!markers?.is_empty())
}

/// Databases that have a marker if the step has written to them.
fn written(plan: &Plan, restored: &Restored, node: NodeId, activation: Activation) -> BTreeSet<SourceId> {
    match &plan.node(node).op {
        Op::Transform(op) => BTreeSet::from([op.target.source]),
        Op::Copy(op) => BTreeSet::from([op.target.source]),
        // Outside of a transaction the journal tells.
        Op::Execute(op) => {
            if op.transaction {
                BTreeSet::from([op.source])
            } else {
                BTreeSet::new()
            }
        }
        Op::HttpRequest(_) => restored.effects.tables_of(activation).iter().map(|table| table.source).collect(),
        Op::SetVariable(_)
        | Op::Print(_)
        | Op::Fail(_)
        | Op::Sleep(_)
        | Op::Assert(_)
        | Op::Leave(_)
        | Op::IfElse(_)
        | Op::WhileLoop(_)
        | Op::ForEach(_)
        | Op::TryCatch(_)
        | Op::Parallel(_)
        | Op::Block(_)
        | Op::RunFlow(_) => BTreeSet::new(),
    }
}
