//! Which flow a run starts with, and the parameters it is given.

use sequor_plan_format::{FlowId, Plan};

use super::Refusal;
use crate::eval::fault::did_you_mean;
use crate::value::{Map, Value};

/// The flow of that name among the plan's entries; the first entry where no name is given.
pub(super) fn flow(plan: &Plan, name: Option<&str>) -> Result<FlowId, Refusal> {
    let entries = &plan.project.entries;
    match name {
        None => entries.first().copied().ok_or_else(|| Refusal("the plan has no flow to start with".to_owned())),
        Some(name) => {
            let names: Vec<&str> = entries.iter().map(|flow| plan.text(plan.flow(*flow).name)).collect();
            let found = entries.iter().zip(&names).find(|(_, known)| **known == name).map(|(flow, _)| *flow);
            found.ok_or_else(|| Refusal(format!("the plan has no flow '{name}' to start with{}", hint(name, &names))))
        }
    }
}

/// `--param` as the flow's locals. Defaults are settled by the machine.
pub(super) fn parameters(plan: &Plan, flow: FlowId, given: &[(String, String)]) -> Result<Map, Refusal> {
    let flow = plan.flow(flow);
    let flow_name = plan.text(flow.name);
    let names: Vec<&str> = flow.parameters.iter().map(|p| plan.text(p.name)).collect();
    let mut map = Map::new();
    for (name, value) in given {
        if !names.contains(&name.as_str()) {
            return Err(Refusal(format!("flow '{flow_name}' has no parameter '{name}'{}", hint(name, &names))));
        }
        if map.insert(name.as_str().into(), Value::text(value.as_str())).is_some() {
            return Err(Refusal(format!("--param {name} is given twice")));
        }
    }
    let missing: Vec<String> = flow
        .parameters
        .iter()
        .filter(|p| p.default.is_none() && !map.contains_key(plan.text(p.name)))
        .map(|p| format!("--param {}=…", plan.text(p.name)))
        .collect();
    if missing.is_empty() { Ok(map) } else { Err(Refusal(format!("flow '{flow_name}' needs {}", missing.join(" and ")))) }
}

/// The nearest name, or the list where none is near.
fn hint(name: &str, names: &[&str]) -> String {
    match did_you_mean(name, names.iter().copied()) {
        near if !near.is_empty() => near,
        _ if names.is_empty() => " — there is none".to_owned(),
        _ => format!(" — there are: {}", names.join(", ")),
    }
}
