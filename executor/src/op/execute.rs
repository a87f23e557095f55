//! `execute`: SQL statements for their effect.

use sequor_plan_format::NodeId;
use sequor_plan_format::op::Execute;

use super::table;
use crate::error::RunError;
use crate::scope::Scope;
use crate::services::Services;

pub(super) async fn run(services: &Services, node: NodeId, op: &Execute, scope: &Scope) -> Result<(), RunError> {
    let statements = table::texts(services, scope, op.source, &op.statements, "a statement")?;
    let database = services.database(op.source, scope).await?;
    let changed = database.execute(&statements, op.transaction, None).await?.rows;
    services.reporter.rows_out(node, changed);
    Ok(())
}
