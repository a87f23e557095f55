//! What may happen to a file that anyone could have written.

use sequor_plan_format::codec::{PlanError, decode, encode};
use sequor_plan_format::fingerprint::Fingerprints;
use sequor_plan_format::graph::{FlowGraph, callees_first};
use sequor_plan_format::render::{manifest_view, render};
use sequor_plan_format::{FlowId, Plan};

/// Decodes, and does with an accepted plan all that this crate can do. Nothing of it may panic.
pub(crate) fn file(bytes: &[u8]) -> Result<(), PlanError> {
    let (plan, _) = decode(bytes)?;
    accepted(&plan);
    Ok(())
}

fn accepted(plan: &Plan) {
    let again = encode(plan).map(|bytes| decode(&bytes));
    assert!(matches!(again, Ok(Ok((read, _))) if read == *plan), "an accepted plan is written and read again");
    assert!(!render(plan).is_empty());
    assert_eq!(manifest_view(plan).effects.len(), plan.manifest.effects.len());
    assert!(callees_first(plan).is_some_and(|order| order.len() == plan.flows.len()));
    assert_eq!(Fingerprints::new(plan), Fingerprints::new(plan));
    for (flow, _) in (0u32..).zip(&plan.flows) {
        assert!(FlowGraph::new(plan, FlowId(flow)).reachable().len() <= plan.nodes.len());
    }
}
