//! `print`: a line of the flow's own.

use sequor_plan_format::op::Print;

use crate::error::RunError;
use crate::scope::Scope;
use crate::services::Services;

pub(super) fn run(services: &Services, op: &Print, scope: &Scope) -> Result<(), RunError> {
    let message = scope.evaluate(services, op.message)?;
    services.reporter.print(op.level, &message.to_text());
    Ok(())
}
