//! Where variables get their values, over all flows of the project: a value that a flow set outlives the run.

use std::collections::{BTreeMap, BTreeSet};

use sequor_plan_format::op::Scope;

use crate::compile::Parsed;
use crate::op::run_flow::RunFlow;
use crate::snippet::expression::{Expression, Kind, Named};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, Flow};

#[derive(Debug, Default)]
pub(super) struct Definitions<'p> {
    /// Project constants, and what flows set in project scope.
    pub(super) project: BTreeSet<&'p str>,
    constants: BTreeSet<&'p str>,
    /// Where flows set each name: the flow, the place, the scope.
    pub(super) setters: BTreeMap<&'p str, Vec<(&'p str, &'p Named, Scope)>>,
    /// Names that some snippet asks about with `is_var_defined` before it uses them.
    pub(super) tested: BTreeSet<String>,
    /// By flow.
    flows: BTreeMap<&'p str, Locals<'p>>,
    /// Texts of parsers that give variables: their names are among them.
    parser_texts: BTreeSet<String>,
    /// Map keys of steps with faults.
    suspected: BTreeSet<&'p str>,
    /// Flows that could not be read at all: what they set is somewhere in their text.
    unreadable: Vec<&'p str>,
}

#[derive(Debug, Default)]
struct Locals<'p> {
    /// Parameters, declared or passed by a caller, and what the flow sets in local scope.
    names: BTreeSet<&'p str>,
    /// Of these, the parameters.
    given: BTreeSet<&'p str>,
    loops: Vec<&'p Named>,
}

impl<'p> Definitions<'p> {
    pub(super) fn collect(parsed: &'p Parsed) -> Self {
        let constants: BTreeSet<&str> = parsed.settings.variables.iter().map(|(n, _)| n.name.as_str()).collect();
        let mut definitions = Self { project: constants.clone(), constants, ..Self::default() };
        for flow in parsed.all_flows() {
            definitions.flow(flow);
        }
        definitions
    }

    fn flow(&mut self, flow: &'p Flow) {
        if flow.unreadable {
            self.unreadable.push(&flow.span.file.text);
        }
        self.suspected.extend(flow.suspected.iter().map(String::as_str));
        let declared = flow.parameters.iter().flatten().map(|p| p.name.name.as_str());
        self.flows.entry(&flow.name).or_default().give(declared);
        visit::steps(&flow.steps, &mut Collect { definitions: self, flow: &flow.name });
    }

    pub(super) fn is_local(&self, flow: &str, name: &str) -> bool {
        self.flows.get(flow).is_some_and(|l| l.names.contains(name))
    }

    /// The name has a value before the flow begins: it is a parameter, or a constant of the project.
    pub(super) fn is_given(&self, flow: &str, name: &str) -> bool {
        self.constants.contains(name) || self.flows.get(flow).is_some_and(|l| l.given.contains(name))
    }

    pub(super) fn locals(&self, flow: &str) -> impl Iterator<Item = &'p str> {
        self.flows.get(flow).into_iter().flat_map(|l| l.names.iter().copied())
    }

    /// The loop of that flow whose variable has this name.
    pub(super) fn loop_variable(&self, flow: &str, name: &str) -> Option<&'p Named> {
        self.flows.get(flow)?.loops.iter().find(|l| l.name == name).copied()
    }

    /// A flow in which the name is local.
    pub(super) fn local_elsewhere(&self, name: &str) -> Option<&'p str> {
        self.flows.iter().find(|(_, l)| l.names.contains(name)).map(|(flow, _)| *flow)
    }

    /// The name may be set in a way that cannot be seen.
    pub(super) fn maybe(&self, name: &str) -> bool {
        self.unreadable.iter().any(|text| text.contains(name)) || self.parser_texts.contains(name) || self.suspected.contains(name)
    }
}

impl<'p> Locals<'p> {
    fn give(&mut self, names: impl Iterator<Item = &'p str> + Clone) {
        self.given.extend(names.clone());
        self.names.extend(names);
    }
}

struct Collect<'d, 'p> {
    definitions: &'d mut Definitions<'p>,
    flow: &'p str,
}

impl<'p> Visitor<'p> for Collect<'_, 'p> {
    fn assign(&mut self, assign: &'p Assign) {
        let name = assign.name.name.as_str();
        self.definitions.setters.entry(name).or_default().push((self.flow, &assign.name, assign.scope));
        match assign.scope {
            Scope::Project => self.definitions.project.insert(name),
            Scope::Local => self.definitions.flows.entry(self.flow).or_default().names.insert(name),
        };
    }

    fn expression(&mut self, expression: &'p Expression) {
        self.definitions.tested.extend(expression.uses().tested.iter().map(|n| n.name.clone()));
    }

    fn parser(&mut self, parser: &'p Expression, _: bool) {
        let uses = parser.uses();
        let gives_variables = match &parser.kind {
            Kind::Python { code, .. } => code.text.contains("variables"),
            _ => uses.texts.iter().any(|t| t == "variables"),
        };
        if gives_variables {
            self.definitions.parser_texts.extend(uses.texts.iter().cloned());
        }
    }

    fn call(&mut self, call: &'p RunFlow) {
        let given = call.parameters.iter().map(|(name, _)| name.name.as_str());
        self.definitions.flows.entry(call.flow.name.as_str()).or_default().give(given);
        if let Some(output) = &call.output {
            self.definitions.setters.entry(&output.name).or_default().push((self.flow, output, Scope::Local));
        }
        let output = call.output.iter().map(|name| name.name.as_str());
        self.definitions.flows.entry(self.flow).or_default().names.extend(output);
    }

    fn bind(&mut self, name: &'p Named) {
        self.definitions.flows.entry(self.flow).or_default().loops.push(name);
    }
}
