//! V407: what is set is read somewhere.
//!
//! A project variable may be read by any flow of the project, a local one by its own flow; source files see both. Nothing is said where a name is computed or a file has faults.

use std::collections::{BTreeMap, BTreeSet};

use sequor_plan_format::op::Scope;

use crate::compile::Parsed;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::op::run_flow::RunFlow;
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Named};
use crate::syntax::Assign;
use crate::syntax::visit::{self, Visitor};

pub(super) fn check(parsed: &Parsed, resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    let mut shared = Reads::default();
    parsed.settings.variables.iter().for_each(|(_, value)| shared.expression(value));
    for source in &parsed.sources {
        let Some(source) = &source.source else { return };
        source.expressions().into_iter().for_each(|value| shared.expression(value));
    }
    let mut flows: BTreeMap<&str, Reads> = BTreeMap::new();
    for flow in parsed.all_flows() {
        if flow.unreadable || flow.faulty {
            return;
        }
        let reads = flows.entry(&flow.name).or_default();
        flow.parameters.iter().flatten().filter_map(|p| p.default.as_ref()).for_each(|value| reads.expression(value));
        visit::steps(&flow.steps, reads);
    }
    if shared.computed || flows.values().any(|reads| reads.computed) {
        return;
    }
    let anywhere = |name: &str| shared.has(name) || flows.values().any(|reads| reads.has(name));
    let mut told = BTreeSet::new();
    for flow in &resolved.flows {
        let here = |name: &str| shared.has(name) || flows.get(flow.name.as_str()).is_some_and(|reads| reads.has(name));
        let mut sets = Sets::default();
        visit::steps(&flow.steps, &mut sets);
        for (name, scope) in sets.found {
            let (is_read, key) = match scope {
                Scope::Project => (anywhere(&name.name), (None, name.name.as_str())),
                Scope::Local => (here(&name.name), (Some(flow.name.as_str()), name.name.as_str())),
            };
            if !is_read && told.insert(key) {
                faults.push(
                    Diagnostic::hint("V407", name.span.clone(), format!("nothing reads the variable '{}'", name.name))
                        .help("take it out, or use it"),
                );
            }
        }
        for parameter in flow.parameters.iter().flatten().filter(|p| !here(&p.name.name)) {
            faults.push(
                Diagnostic::hint(
                    "V407",
                    parameter.name.span.clone(),
                    format!("this flow does not read its parameter '{}'", parameter.name.name),
                )
                .help("take it out here and where the flow is called, or use it"),
            );
        }
    }
}

/// Variables that are read.
#[derive(Default)]
struct Reads {
    names: BTreeSet<String>,
    /// Some name is known only at run time.
    computed: bool,
}

impl Reads {
    /// The name is read, or one that is probably a slip for it: that is a fault of its own.
    fn has(&self, name: &str) -> bool {
        self.names.contains(name) || self.names.iter().any(|read| did_you_mean(read, [name]).is_some())
    }
}

impl Visitor<'_> for Reads {
    fn expression(&mut self, expression: &Expression) {
        let uses = expression.uses();
        self.computed |= uses.computed_variables;
        self.names.extend(uses.variables.iter().chain(&uses.tested).map(|used| used.name.clone()));
    }
}

/// Variables that the steps of a flow set by keys.
#[derive(Default)]
struct Sets<'p> {
    found: Vec<(&'p Named, Scope)>,
}

impl<'p> Visitor<'p> for Sets<'p> {
    fn assign(&mut self, assign: &'p Assign) {
        self.found.push((&assign.name, assign.scope));
    }

    fn call(&mut self, call: &'p RunFlow) {
        self.found.extend(call.output.iter().map(|output| (output, Scope::Local)));
    }
}
