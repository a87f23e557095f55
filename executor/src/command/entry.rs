//! Which flow a run starts with, and the parameters it is given.

use sequor_plan_format::{FlowId, Plan};

use super::Refusal;
use crate::value::{Map, Value};

/// The flow of that name among the plan's entries; the first entry where no name is given.
pub(super) fn flow(plan: &Plan, name: Option<&str>) -> Result<FlowId, Refusal> {
    let entries = &plan.project.entries;
    match name {
        None => entries.first().copied().ok_or_else(|| Refusal("the plan has no flow to start with".to_owned())),
        Some(name) => {
            let names: Vec<&str> = entries.iter().map(|flow| plan.text(plan.flow(*flow).name)).collect();
            let found = entries.iter().zip(&names).find(|(_, known)| **known == name).map(|(flow, _)| *flow);
            found.ok_or_else(|| Refusal(format!("the plan has no flow '{name}' to start with{}", did_you_mean(name, &names))))
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
            let hint = if names.is_empty() { "; it has no parameters".to_owned() } else { did_you_mean(name, &names) };
            return Err(Refusal(format!("flow '{flow_name}' has no parameter '{name}'{hint}")));
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

/// The nearest name where one is near, and the list where it is short.
fn did_you_mean(name: &str, names: &[&str]) -> String {
    let near = names.iter().map(|known| (distance(name, known), known)).min().filter(|(far, _)| *far <= name.chars().count().max(3) / 3);
    match near {
        Some((_, known)) => format!("; did you mean '{known}'?"),
        None if names.len() <= 20 => format!("; there are: {}", names.join(", ")),
        None => String::new(),
    }
}

/// Changes of one character that make one word of the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}
