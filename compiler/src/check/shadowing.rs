//! V410: a name is not that of two variables of one flow. A loop in a loop with its name is C310.

use std::collections::BTreeMap;

use sequor_plan_format::op::Scope;

use super::parsed::literal_variables;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::run_flow::RunFlow;
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Named};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, Flow};

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        let mut names = Names::default();
        visit::steps(&flow.steps, &mut names);
        hidden_by_loops(&names, faults);
        hidden_by_parameters(flow, &names, faults);
        hidden_by_locals(&names, faults);
    }
}

/// The names of one flow.
#[derive(Default)]
struct Names<'p> {
    /// The first loop or `catch` with each name.
    bound: BTreeMap<&'p str, &'p Span>,
    /// The first step that sets each name as a variable of its own.
    set: BTreeMap<&'p str, &'p Span>,
    /// The same where it says `scope: local`, outside of a loop with that variable.
    local: BTreeMap<&'p str, &'p Span>,
    /// The same for project scope.
    kept: BTreeMap<&'p str, &'p Span>,
    /// The loops around the current step.
    around: Vec<&'p str>,
}

impl<'p> Names<'p> {
    fn sets(&mut self, name: &'p Named, scope: Scope) {
        match scope {
            Scope::Project => {
                self.kept.entry(&name.name).or_insert(&name.span);
            }
            // Inside of the loop it is the loop's variable that changes.
            Scope::Local if self.around.contains(&name.name.as_str()) => return,
            Scope::Local => {
                self.local.entry(&name.name).or_insert(&name.span);
            }
        }
        self.set.entry(&name.name).or_insert(&name.span);
    }
}

impl<'p> Visitor<'p> for Names<'p> {
    fn assign(&mut self, assign: &'p Assign) {
        self.sets(&assign.name, assign.scope);
    }

    fn parser(&mut self, parser: &'p Expression, _: bool) {
        for (name, at) in literal_variables(parser) {
            self.kept.entry(name).or_insert(at);
        }
    }

    fn call(&mut self, call: &'p RunFlow) {
        if let Some(output) = &call.output {
            self.sets(output, Scope::Local);
        }
    }

    fn bind(&mut self, name: &'p Named) {
        self.bound.entry(&name.name).or_insert(&name.span);
        self.around.push(&name.name);
    }

    fn unbind(&mut self) {
        self.around.pop();
    }
}

fn hidden_by_loops(names: &Names<'_>, faults: &mut Vec<Diagnostic>) {
    for (name, at) in &names.bound {
        if let Some(set) = names.set.get(name) {
            let message = format!("'{name}' is also a variable that this flow sets, which cannot be read in these steps");
            faults.push(
                Diagnostic::warning("V410", (*at).clone(), message)
                    .also((*set).clone(), "set here")
                    .help("give one of the two another name"),
            );
        }
    }
}

/// So does a variable of the flow's own: a page loop that counts one and asks with the other never comes to its end.
fn hidden_by_locals(names: &Names<'_>, faults: &mut Vec<Diagnostic>) {
    for (name, local) in &names.local {
        if let Some(set) = names.kept.get(name) {
            let message =
                format!("this sets the project variable '{name}', and this flow reads its own variable of that name, which stays as it is");
            faults.push(
                Diagnostic::warning("V410", (*set).clone(), message)
                    .also((*local).clone(), "the flow's own, with scope local")
                    .help("use one scope for both; what a parser returns in 'variables' has project scope"),
            );
        }
    }
}

/// A parameter comes before a project variable wherever the flow reads the name.
fn hidden_by_parameters(flow: &Flow, names: &Names<'_>, faults: &mut Vec<Diagnostic>) {
    for parameter in flow.parameters.iter().flatten() {
        let name = parameter.name.name.as_str();
        if let Some(set) = names.kept.get(name) {
            let message = format!("this sets the project variable '{name}', and this flow goes on to read its parameter of that name");
            faults.push(
                Diagnostic::warning("V410", (*set).clone(), message)
                    .also(parameter.name.span.clone(), "the parameter")
                    .help(format!("write `{name}: {{value: …, scope: local}}` to change the parameter, or give the variable another name")),
            );
        }
    }
}
