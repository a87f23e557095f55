//! `fail`: an error of the flow's own.

use sequor_plan_format::op::Fail;

use crate::error::{ErrorKind, RunError};
use crate::scope::Scope;
use crate::services::Services;

/// The error to end with: the one that the flow describes, or that of describing it.
pub(super) fn run(services: &Services, op: &Fail, scope: &Scope) -> RunError {
    describe(services, op, scope).unwrap_or_else(|error| error)
}

fn describe(services: &Services, op: &Fail, scope: &Scope) -> Result<RunError, RunError> {
    let message = scope.evaluate(services, op.message)?.to_text();
    let kind = match op.kind {
        Some(kind) => scope.evaluate(services, kind)?.to_text(),
        None => "failed".to_owned(),
    };
    Ok(RunError::new(ErrorKind::Failed(kind), message))
}
