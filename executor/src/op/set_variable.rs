//! `set_variable`: values one after the other, each in sight of the next.

use sequor_plan_format::op::SetVariable;

use crate::error::RunError;
use crate::scope::{Assigned, Scope};
use crate::services::Services;

pub(super) fn run(services: &Services, op: &SetVariable, scope: &Scope) -> Result<Vec<Assigned>, RunError> {
    let mut scope = scope.clone();
    let mut all = Vec::with_capacity(op.assigns.len());
    for assign in &op.assigns {
        let value = scope.evaluate(services, assign.value)?;
        let assigned = Assigned { name: services.plan.text(assign.name).into(), scope: assign.scope, value };
        scope = scope.with_assigned(&assigned);
        all.push(assigned);
    }
    Ok(all)
}
