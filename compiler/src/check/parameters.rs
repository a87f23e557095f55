//! V405: a call gives every parameter that the called flow asks for.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::op::run_flow::RunFlow;
use crate::resolve::Resolved;
use crate::syntax::Flow;
use crate::syntax::visit::{self, Visitor};

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
    }
}
