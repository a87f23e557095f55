//! V401: every variable that is named literally is defined somewhere it can be seen from; R208 for those that the chosen environment lacks.
//! V402, V403, V404: and it is set before it is read.
//!
//! Values may come from an environment that is not on this machine, so a name that nothing defines is an error only where it looks like a slip.

mod catches;
mod definitions;
mod order;
mod same_condition;

use std::collections::BTreeSet;

use super::assigned::Assigned;
use super::first_page::Reported;
use crate::compile::Parsed;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Named};
use crate::source::Source;
use crate::syntax::visit::{self, Visitor, Wanted};
use crate::syntax::{Assign, Flow, SourceRef, Step};
use definitions::Definitions;
use same_condition::Conditions;

/// Gives the names that must come from outside of the project.
pub(super) fn check(
    parsed: &Parsed,
    resolved: &Resolved<'_>,
    assigned: &Assigned<'_>,
    reported: &Reported,
    faults: &mut Vec<Diagnostic>,
) -> BTreeSet<String> {
    let definitions = Definitions::collect(parsed);
    let mut rule = Rule {
        parsed,
        definitions: &definitions,
        assigned,
        reported,
        needed: BTreeSet::new(),
        warned: BTreeSet::new(),
        perhaps: Vec::new(),
        faults,
    };
    for (name, value) in &parsed.settings.variables {
        rule.uses(value, &Scope { skip: Some(name), ..Scope::default() });
    }
    for source in &resolved.sources {
        // A source variable may be given in terms of the project's or environment's of the same name.
        for (name, value) in &source.variables {
            rule.uses(value, &Scope { skip: Some(name), source: Some(source), ..Scope::default() });
        }
        for value in source.expressions().into_iter().skip(source.variables.len()) {
            rule.uses(value, &Scope { source: Some(source), ..Scope::default() });
        }
    }
    for flow in &resolved.flows {
        if let Some(parameters) = &flow.parameters {
            for default in parameters.iter().filter_map(|p| p.default.as_ref()) {
                rule.uses(default, &Scope { flow: Some(flow), ..Scope::default() });
            }
        }
        visit::steps(&flow.steps, &mut Walk { rule: &mut rule, flow, bound: Vec::new(), sources: Vec::new() });
        let perhaps = std::mem::take(&mut rule.perhaps);
        if !perhaps.is_empty() {
            let conditions = Conditions::of(flow);
            rule.faults.extend(perhaps.into_iter().filter(|(used, _)| !conditions.hold(used)).map(|(_, fault)| fault));
        }
    }
    rule.needed
}

/// What can be seen from an expression.
#[derive(Debug, Default)]
struct Scope<'s> {
    flow: Option<&'s Flow>,
    source: Option<&'s Source>,
    /// Loop variables.
    bound: &'s [&'s Named],
    /// A constant cannot see itself.
    skip: Option<&'s Named>,
}

struct Rule<'r> {
    parsed: &'r Parsed,
    definitions: &'r Definitions<'r>,
    assigned: &'r Assigned<'r>,
    /// Reads with a fault of their own.
    reported: &'r Reported,
    needed: BTreeSet<String>,
    /// Names that have been warned about: once for the project is enough.
    warned: BTreeSet<String>,
    /// Reads of the flow that is looked at, of variables that are perhaps not set, each with its fault.
    perhaps: Vec<(Named, Diagnostic)>,
    faults: &'r mut Vec<Diagnostic>,
}

impl Rule<'_> {
    fn uses(&mut self, expression: &Expression, scope: &Scope<'_>) {
        for name in &expression.uses().variables {
            self.variable(name, scope);
        }
    }

    fn variable(&mut self, used: &Named, scope: &Scope<'_>) {
        let name = used.name.as_str();
        let definitions = self.definitions;
        let in_source = |s: &Source| s.variables.iter().any(|(n, _)| n.name == name) && scope.skip.is_none_or(|n| n.name != name);
        let in_project = definitions.project.contains(name) && scope.skip.is_none_or(|n| n.name != name);
        if scope.bound.iter().any(|b| b.name == name) || scope.source.is_some_and(in_source) {
            return;
        }
        if scope.flow.is_some_and(|f| definitions.is_local(&f.name, name)) || in_project {
            if let Some(flow) = scope.flow {
                self.order(used, flow);
            }
            return;
        }
        if definitions.tested.contains(name) {
            return;
        }
        self.needed.insert(name.to_owned());
        let environments = &self.parsed.environments;
        if environments.names.contains(name) {
            return;
        }
        if definitions.maybe(name) {
            self.needed.remove(name);
            return;
        }
        self.undefined(used, scope);
    }

    fn undefined(&mut self, used: &Named, scope: &Scope<'_>) {
        let name = used.name.as_str();
        let definitions = self.definitions;
        let error = |message: String| Diagnostic::error("V401", used.span.clone(), message);
        if scope.flow.is_some_and(|flow| catches::is_in_nameless(flow, used)) {
            self.faults
                .push(error(format!("variable '{name}' is not defined")).help(format!(
                    "the error of a catch is there under the name that its 'as' gives: `catch: {{as: {name}, steps: […]}}`"
                )));
            return;
        }
        if let Some(binding) = scope.flow.and_then(|f| definitions.loop_variable(&f.name, name)) {
            self.faults.push(
                error(format!("'{name}' exists only in the steps of its loop or catch"))
                    .also(binding.span.clone(), "named here")
                    .help("use it in those steps, or keep what is needed with set_variable"),
            );
            return;
        }
        if let Some(source) =
            self.parsed.sources.iter().filter_map(|r| r.source.as_ref()).find(|s| s.variables.iter().any(|(n, _)| n.name == name))
        {
            self.faults.push(
                error(format!("variable '{name}' is not defined here"))
                    .help(format!("source '{}' defines it, but only ops that use that source can see it", source.name)),
            );
            return;
        }
        if let Some(flow) = definitions.local_elsewhere(name) {
            self.faults.push(
                error(format!("variable '{name}' is not defined here"))
                    .help(format!("it belongs to flow '{flow}'; hand it over as a parameter, or set it with scope project")),
            );
            return;
        }
        let environments = &self.parsed.environments;
        let near = did_you_mean(name, self.visible(scope)).map(str::to_owned);
        if environments.any
            && let Some(near) = near
        {
            self.faults.push(error(format!("variable '{name}' is not defined")).help(format!("did you mean '{near}'?")));
            return;
        }
        if let Some(environment) = &environments.chosen {
            self.faults.push(
                Diagnostic::error("R208", used.span.clone(), format!("environment '{environment}' does not define the variable '{name}'"))
                    .help(format!("add it there, give it with --var {name}=…, or set SEQUOR_VAR_{name}")),
            );
            return;
        }
        if self.warned.insert(name.to_owned()) {
            let message = format!("nothing in this project defines the variable '{name}'");
            self.faults.push(match near {
                Some(near) => Diagnostic::warning("V401", used.span.clone(), message)
                    .help(format!("did you mean '{near}'? Otherwise the environment, --var or SEQUOR_VAR_{name} must give it")),
                None => Diagnostic::warning("V401", used.span.clone(), message)
                    .help(format!("the environment, --var {name}=… or SEQUOR_VAR_{name} must give it")),
            });
        }
    }

    /// Names that can be seen from a place, for did-you-mean.
    fn visible<'s>(&'s self, scope: &'s Scope<'s>) -> impl Iterator<Item = &'s str> {
        let bound = scope.bound.iter().map(|b| b.name.as_str());
        let local = scope.flow.into_iter().flat_map(|f| self.definitions.locals(&f.name));
        let source = scope.source.into_iter().flat_map(|s| s.variables.iter().map(|(n, _)| n.name.as_str()));
        let project = self.definitions.project.iter().copied();
        let environment = self.parsed.environments.names.iter().map(String::as_str);
        bound.chain(local).chain(source).chain(project).chain(environment)
    }
}

/// Walks one flow with the loop variables and source that each expression can see.
struct Walk<'w, 'r, 'p> {
    rule: &'w mut Rule<'r>,
    flow: &'p Flow,
    bound: Vec<&'p Named>,
    /// The sources of the steps around the current place, the nearest last.
    sources: Vec<Option<&'p Source>>,
}

impl<'p, 'r: 'p> Visitor<'p> for Walk<'_, 'r, 'p> {
    fn enter_step(&mut self, _: &'p Step) {
        self.sources.push(None);
    }

    fn leave_step(&mut self, _: &'p Step) {
        self.sources.pop();
    }

    /// The first source that an op names is the one whose variables it sees.
    fn source(&mut self, source: &'p SourceRef, _: Wanted) {
        let parsed: &'r Parsed = self.rule.parsed;
        let name = source.name().or(parsed.index.default.as_deref());
        if let Some(last @ None) = self.sources.last_mut() {
            *last = name.and_then(|n| parsed.source(n));
        }
    }

    fn expression(&mut self, expression: &'p Expression) {
        let scope = Scope { flow: Some(self.flow), source: self.sources.last().copied().flatten(), bound: &self.bound, skip: None };
        self.rule.uses(expression, &scope);
    }

    fn assign(&mut self, _: &'p Assign) {}

    fn bind(&mut self, name: &'p Named) {
        self.bound.push(name);
    }

    fn unbind(&mut self) {
        self.bound.pop();
    }
}
