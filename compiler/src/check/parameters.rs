//! V405: a call gives every parameter that the called flow asks for. V406: and none that it does not know.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::op::run_flow::RunFlow;
use crate::resolve::Resolved;
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Flow, Parameter};

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    let flows = resolved.flows.iter().map(|f| (f.name.as_str(), *f)).collect();
    let mut calls = Calls { flows, faults };
    for flow in &resolved.flows {
        visit::steps(&flow.steps, &mut calls);
    }
}

struct Calls<'p, 'f> {
    flows: BTreeMap<&'p str, &'p Flow>,
    faults: &'f mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Calls<'p, '_> {
    fn call(&mut self, call: &'p RunFlow) {
        let Some(declared) = self.flows.get(call.flow.name.as_str()).and_then(|f| f.parameters.as_ref()) else { return };
        let required = declared.iter().filter(|p| p.default.is_none());
        for parameter in required.filter(|p| !call.parameters.iter().any(|(given, _)| given.name == p.name.name)) {
            let name = &parameter.name.name;
            self.faults.push(
                Diagnostic::error("V405", call.flow.span.clone(), format!("flow '{}' needs the parameter '{name}'", call.flow.name))
                    .also(parameter.name.span.clone(), "declared here, without a default")
                    .help(format!("add '{name}: …' to 'parameters'")),
            );
        }
        self.unknown(call, declared);
    }
}

impl Calls<'_, '_> {
    /// A flow that declares nothing may be given anything: flows were called with variables before they could declare parameters.
    fn unknown(&mut self, call: &RunFlow, declared: &[Parameter]) {
        if declared.is_empty() {
            return;
        }
        let names = || declared.iter().map(|p| p.name.name.as_str());
        for (given, _) in call.parameters.iter().filter(|(given, _)| !names().any(|n| n == given.name)) {
            let message = format!("flow '{}' declares no parameter '{}'", call.flow.name, given.name);
            let help = match did_you_mean(&given.name, names()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("declare it in the flow, or take it out; it declares: {}", names().collect::<Vec<_>>().join(", ")),
            };
            self.faults.push(Diagnostic::warning("V406", given.span.clone(), message).help(help));
        }
    }
}
