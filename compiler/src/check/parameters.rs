//! V405: a call gives every parameter that the called flow asks for. V406: and none that it does not know.
//!
//! One slip is one fault: where a name that is not known is nearly that of a parameter that is missing, only the first is reported.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Severity, did_you_mean};
use crate::op::run_flow::RunFlow;
use crate::resolve::Resolved;
use crate::snippet::expression::Named;
use crate::syntax::fields::{EXPRESSION, instead};
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
        let is_given = |p: &&Parameter| call.parameters.iter().any(|(given, _)| given.name == p.name.name);
        let mut absent: Vec<&Parameter> = declared.iter().filter(|p| !is_given(p)).collect();
        self.unknown(call, declared, &mut absent);
        for parameter in absent.into_iter().filter(|p| p.default.is_none() && !call.misread) {
            let name = &parameter.name.name;
            self.faults.push(
                Diagnostic::error("V405", call.flow.span.clone(), format!("flow '{}' needs the parameter '{name}'", call.flow.name))
                    .also(parameter.name.span.clone(), "declared here, without a default")
                    .help(format!("add '{name}: …' to 'parameters'")),
            );
        }
    }
}

impl Calls<'_, '_> {
    /// A flow that declares nothing may be given anything: flows were called with variables before they could declare parameters.
    ///
    /// Takes from `absent` the parameters that were meant by names that are not known.
    fn unknown(&mut self, call: &RunFlow, declared: &[Parameter], absent: &mut Vec<&Parameter>) {
        if declared.is_empty() {
            return;
        }
        let is_declared = |given: &Named| declared.iter().any(|p| p.name.name == given.name);
        for (given, _) in call.parameters.iter().filter(|(given, _)| !is_declared(given)) {
            let message = format!("flow '{}' declares no parameter '{}'", call.flow.name, given.name);
            let fault = Diagnostic::warning("V406", given.span.clone(), message);
            let near = did_you_mean(&given.name, declared.iter().map(|p| p.name.name.as_str()));
            // One that the call has already is not meant.
            let meant = absent.iter().position(|p| near == Some(&p.name.name)).map(|at| absent.remove(at));
            self.faults.push(match meant {
                Some(meant) => misspelt(fault, given, meant),
                None => {
                    let names: Vec<&str> = declared.iter().map(|p| p.name.name.as_str()).collect();
                    fault.help(format!("declare it in the flow, or take it out; it declares: {}", names.join(", ")))
                }
            });
        }
    }
}

/// The fault with the name that was meant. As grave as that parameter's absence.
fn misspelt(fault: Diagnostic, given: &Named, meant: &Parameter) -> Diagnostic {
    let name = &meant.name.name;
    let is_python = given.span.end - given.span.start > u32::try_from(given.name.len()).unwrap_or(u32::MAX);
    let suffix = if is_python { EXPRESSION } else { "" };
    let fault = instead(fault, &format!("{}{suffix}", given.name), &format!("{name}{suffix}")).help(format!("did you mean '{name}'?"));
    if meant.default.is_some() {
        return fault;
    }
    Diagnostic { severity: Severity::Error, bearable: true, ..fault }.also(meant.name.span.clone(), "declared here, without a default")
}
