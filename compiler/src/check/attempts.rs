//! H817: a step that begins anew when it is tried again sends no request twice that must not be. S116: a call starts with a step that there is.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::op::Op;
use crate::op::run_flow::RunFlow;
use crate::resolve::Resolved;
use crate::syntax::fields::instead;
use crate::syntax::{Flow, Step};

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    let flows = resolved.flows.iter().map(|flow| (flow.name.as_str(), *flow)).collect();
    for flow in &resolved.flows {
        steps(&flow.steps, &flows, faults);
    }
}

/// Flows by name.
type Flows<'p> = BTreeMap<&'p str, &'p Flow>;

/// The depth of steps is bounded by the YAML reader.
fn steps(list: &[Step], flows: &Flows<'_>, faults: &mut Vec<Diagnostic>) {
    for step in list {
        if let Some(retry) = &step.retry
            && let Some((request, method)) = step.op.blocks().into_iter().find_map(|block| sent_again(block, flows, flows.len()))
        {
            let message = format!("each attempt sends this {method} again, also where it has been sent");
            faults.push(Diagnostic::warning("H817", retry.span.clone(), message).also(request.clone(), format!("this {method}")).help(
                "put 'retry' on the request and on the steps that fail, or say 'idempotent: true' where sending it twice does no harm",
            ));
        }
        if let Op::RunFlow(call) = &step.op {
            faults.extend(flows.get(call.flow.name.as_str()).and_then(|flow| bad_start(call, flow)));
        }
        step.op.blocks().into_iter().for_each(|block| steps(block, flows, faults));
    }
}

/// The first request among the steps, and in flows that they call, that must not be sent twice. Calls in a circle are refused elsewhere: `depth` ends them.
fn sent_again<'p>(list: &'p [Step], flows: &Flows<'p>, depth: usize) -> Option<(&'p Span, &'static str)> {
    list.iter().find_map(|step| match &step.op {
        // An automatic key is another one with each attempt.
        Op::HttpRequest(op) if op.request.key.as_ref().is_none_or(|key| key.given.is_none()) && !op.request.may_be_repeated() => {
            Some((&step.span, op.request.method.name()))
        }
        Op::RunFlow(call) if depth > 0 => sent_again(&flows.get(call.flow.name.as_str())?.steps, flows, depth - 1),
        op => op.blocks().into_iter().find_map(|block| sent_again(block, flows, depth)),
    })
}

fn bad_start(call: &RunFlow, flow: &Flow) -> Option<Diagnostic> {
    let start = call.start.as_ref()?;
    let ids = || flow.steps.iter().filter_map(|step| step.id.as_ref()).map(|id| id.name.as_str());
    if ids().any(|id| id == start.name) {
        return None;
    }
    let fault = Diagnostic::error("S116", start.span.clone(), format!("flow '{}' has no step '{}' to start with", flow.name, start.name));
    let inside = |step: &&Step| step.op.blocks().into_iter().any(|block| holds(block, &start.name));
    Some(if let Some(around) = flow.steps.iter().find(inside) {
        fault
            .also(around.span.clone(), "it is inside of this step")
            .help("start with a step of the flow itself; those inside of others cannot be started with")
    } else if let Some(near) = did_you_mean(&start.name, ids()) {
        instead(fault, &start.name, near).help(format!("did you mean '{near}'?"))
    } else if ids().next().is_none() {
        fault.help("give the step an 'id'")
    } else {
        fault.help(format!("steps with an id: {}", ids().collect::<Vec<_>>().join(", ")))
    })
}

fn holds(list: &[Step], id: &str) -> bool {
    list.iter().any(|step| step.id.as_ref().is_some_and(|own| own.name == id) || step.op.blocks().into_iter().any(|block| holds(block, id)))
}
