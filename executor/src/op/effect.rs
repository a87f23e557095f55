//! How effects of a run are named in the databases that they change.

use sequor_plan_format::path::node_path;
use sequor_plan_format::{NodeId, Plan, SourceId};

use crate::database::Effect;
use crate::journal::effects::Change;
use crate::machine::Activation;
use crate::services::Services;

/// The effect of an activation in a source's database.
pub(crate) fn effect(services: &Services, source: SourceId, node: NodeId, activation: Activation) -> Effect {
    let journal = &services.journal;
    if !journal.with_effects(|effects| effects.targets().contains(&source)) {
        journal.effect(Change::Target(source));
    }
    Effect {
        run: marker_run(services, source),
        activation: activation.0,
        node: node_path(&services.plan, node),
        fence: services.journal.fence(),
    }
}

/// The run as the marker table of a source has it: two sources may be one database.
pub(crate) fn marker_run(services: &Services, source: SourceId) -> String {
    run_in_source(services.journal.run(), &services.plan, source)
}

/// The same by the run's name and its plan.
pub(crate) fn run_in_source(run: &str, plan: &Plan, source: SourceId) -> String {
    format!("{run}@{}", plan.text(plan.source(source).name))
}

/// Makes the names of an activation's staging tables: begins with the tag of the run.
pub(crate) fn landing_tag(services: &Services, activation: Activation) -> String {
    format!("{}a{}", services.run_tag, activation.0)
}
