//! Flows that call each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::References;
use crate::diagnostic::Diagnostic;
use crate::op::run_flow::RunFlow;

/// One fault for each circle, with every call of it labelled. Depth first without recursion: a chain of calls may be long.
pub(super) fn find(reached: &BTreeMap<&str, References<'_>>) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for start in reached.keys().copied() {
        // The way from `start`: a flow, and how many of its calls have been followed.
        let mut way: Vec<(&str, usize)> = vec![(start, 0)];
        while let Some((name, next)) = way.last_mut() {
            let calls = reached.get(name).map_or(&[][..], |r| r.calls.as_slice());
            let Some(call) = calls.get(*next).filter(|_| !done.contains(name)) else {
                done.insert(name);
                way.pop();
                continue;
            };
            *next += 1;
            let callee = call.flow.name.as_str();
            if let Some(first) = way.iter().position(|(n, _)| *n == callee) {
                let calls: Vec<&RunFlow> =
                    way[first..].iter().filter_map(|(n, next)| reached.get(n)?.calls.get(next.checked_sub(1)?).copied()).collect();
                faults.extend(fault(&calls));
            } else if let Some((known, _)) = reached.get_key_value(callee)
                && !done.contains(callee)
            {
                way.push((known, 0));
            }
        }
    }
    faults
}

fn fault(calls: &[&RunFlow]) -> Option<Diagnostic> {
    let (last, others) = calls.split_last()?;
    let names: Vec<&str> = std::iter::once(*last).chain(calls.iter().copied()).map(|c| c.flow.name.as_str()).collect();
    let mut fault = Diagnostic::error("R203", last.flow.span.clone(), format!("flows call each other in a circle: {}", names.join(" → ")))
        .label("closes the circle")
        .help("a flow cannot run inside itself; repeat steps with 'while' or 'for_each'");
    for call in others {
        fault = fault.also(call.flow.span.clone(), format!("calls '{}'", call.flow.name));
    }
    Some(fault)
}
