//! What variables hold: every value that the project gives a name, whatever the order.

use std::collections::{BTreeMap, BTreeSet};

use sequor_plan_format::op::Scope;

use super::super::parsed::{literal_variables, parsed_names};
use super::infer::Infer;
use super::sight::Sight;
use crate::compile::Parsed;
use crate::diagnostic::Span;
use crate::kinds::Kinds;
use crate::kinds::value::Value;
use crate::op::Op;
use crate::op::leave::Leave;
use crate::op::run_flow::RunFlow;
use crate::snippet::expression::{Expression, Named};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, Flow, Step};
use crate::tables::Catalog;

/// Rounds in which values that depend on each other are found. What changes in the last one is not known.
const ROUNDS: usize = 5;

/// A name of the project, or of one flow.
type Key<'p> = (Option<&'p str>, String);

#[derive(Debug, Default)]
pub(super) struct Held<'p> {
    values: BTreeMap<Key<'p>, Entry>,
    /// What each flow returns.
    returned: BTreeMap<&'p str, Value>,
    /// Some step of the project may set any name.
    open: bool,
    /// Names that may be given from outside of the project.
    given: BTreeSet<Key<'p>>,
    /// The names alone are gathered: nothing is known of their values yet.
    first: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    value: Value,
    at: Option<Span>,
}

impl<'p> Held<'p> {
    pub(super) fn of(parsed: &'p Parsed, catalog: &Catalog<'p>) -> Self {
        let mut held = Self { first: true, ..Self::default() };
        for round in 0..ROUNDS {
            let mut next = Self { first: round == 0, ..Self::default() };
            next.constants(parsed);
            for flow in parsed.all_flows() {
                next.flow(flow, &held, catalog);
            }
            let same = next.values.len() == held.values.len()
                && next.values.iter().all(|(key, entry)| held.values.get(key).is_some_and(|e| e.value == entry.value))
                && next.returned == held.returned;
            if round + 1 == ROUNDS && !same {
                for (key, entry) in &mut next.values {
                    if held.values.get(key).is_none_or(|before| before.value != entry.value) {
                        entry.value = Value::UNKNOWN;
                    }
                }
                for (flow, value) in &mut next.returned {
                    if held.returned.get(flow) != Some(value) {
                        *value = Value::UNKNOWN;
                    }
                }
            }
            held = next;
            if same && round > 0 {
                break;
            }
        }
        held
    }

    fn constants(&mut self, parsed: &'p Parsed) {
        let nothing = Infer::blind;
        for (name, value) in &parsed.settings.variables {
            self.give(None, &name.name, nothing(value), Some(&name.span));
            self.given.insert((None, name.name.clone()));
        }
        for source in &parsed.sources {
            match &source.source {
                Some(source) => {
                    for (name, value) in &source.variables {
                        self.give(None, &name.name, nothing(value), Some(&name.span));
                    }
                }
                None => self.open = true,
            }
        }
        parsed.environments.names.iter().for_each(|name| self.give(None, name, Value::UNKNOWN, None));
    }

    fn flow(&mut self, flow: &'p Flow, before: &Self, catalog: &Catalog<'p>) {
        // What steps with faults may set.
        for name in &flow.suspected {
            self.hide(&flow.name, name);
        }
        for parameter in flow.parameters.iter().flatten() {
            self.given.insert((Some(&flow.name), parameter.name.name.clone()));
            if let Some(default) = &parameter.default {
                // Null says that it need not be given, and nothing of what is given.
                let value = Some(Infer::blind(default)).filter(|value| *value != Value::NONE).unwrap_or(Value::UNKNOWN);
                self.give(Some(&flow.name), &parameter.name.name, value, Some(&parameter.name.span));
            }
        }
        let sight = Sight {
            flow,
            held: before,
            catalog,
            bound: Vec::new(),
            next: Vec::new(),
            errors: BTreeSet::new(),
            asked: std::rc::Rc::default(),
        };
        let mut gather = Gather { held: self, flow, sight };
        visit::steps(&flow.steps, &mut gather);
        // Its end may be reached without a `return`.
        let ends = flow.steps.last().is_none_or(|step| step.when.is_some() || !matches!(step.op, Op::Leave(Leave::Return(_))));
        if ends {
            let entry = self.returned.entry(&flow.name).or_insert(Value::of(Kinds::NOTHING));
            *entry = entry.clone().or(Value::NONE);
        }
    }

    /// Anything may be in a name that the flow sets.
    fn hide(&mut self, flow: &'p str, name: &str) {
        for scope in [Some(flow), None] {
            self.give(scope, name, Value::UNKNOWN, None);
        }
    }

    fn give(&mut self, flow: Option<&'p str>, name: &str, value: Value, at: Option<&Span>) {
        let value = if self.first && value.kinds != Kinds::UNKNOWN { Value::of(Kinds::NOTHING) } else { value };
        match self.values.get_mut(&(flow, name.to_owned())) {
            Some(entry) => {
                entry.value = entry.value.clone().or(value);
                entry.at = entry.at.clone().or_else(|| at.cloned());
            }
            None => {
                self.values.insert((flow, name.to_owned()), Entry { value, at: at.cloned() });
            }
        }
    }

    fn entries(&self, flow: &'p str, name: &str) -> impl Iterator<Item = &Entry> {
        [Some(flow), None].into_iter().filter_map(|flow| self.values.get(&(flow, name.to_owned())))
    }

    /// What the name may hold in that flow.
    pub(super) fn value(&self, flow: &'p str, name: &str) -> Value {
        if self.open {
            return Value::UNKNOWN;
        }
        let mut entries = self.entries(flow, name);
        let Some(first) = entries.next() else { return Value::UNKNOWN };
        entries.fold(first.value.clone(), |value, entry| value.or(entry.value.clone()))
    }

    /// A place where it gets a value.
    pub(super) fn place(&self, flow: &'p str, name: &str) -> Option<&Span> {
        self.entries(flow, name).find_map(|entry| entry.at.as_ref())
    }

    /// Whether a value of the name may come from outside: from the command line, the environment.
    pub(super) fn is_given(&self, flow: &'p str, name: &str) -> bool {
        [Some(flow), None].into_iter().any(|flow| self.given.contains(&(flow, name.to_owned())))
    }

    /// What a flow returns.
    pub(super) fn returned(&self, flow: &str) -> Value {
        self.returned.get(flow).cloned().unwrap_or(Value::UNKNOWN)
    }
}

struct Gather<'g, 'p> {
    held: &'g mut Held<'p>,
    flow: &'p Flow,
    sight: Sight<'g, 'p>,
}

impl Gather<'_, '_> {
    fn value(&self, expression: &Expression) -> Value {
        if self.held.first { Value::of(Kinds::NOTHING) } else { Infer::new(&self.sight).value(expression) }
    }
}

impl<'p> Visitor<'p> for Gather<'_, 'p> {
    fn enter_step(&mut self, step: &'p Step) {
        if let Op::Leave(Leave::Return(value)) = &step.op {
            let value =
                if self.held.first { Value::of(Kinds::NOTHING) } else { value.as_ref().map_or(Value::NONE, |value| self.value(value)) };
            let entry = self.held.returned.entry(&self.flow.name).or_insert(Value::of(Kinds::NOTHING));
            *entry = entry.clone().or(value);
        }
        self.sight.enter(step);
    }

    fn bind(&mut self, name: &'p Named) {
        self.sight.bind(name);
    }

    fn unbind(&mut self) {
        self.sight.unbind();
    }

    fn assign(&mut self, assign: &'p Assign) {
        let value = self.value(&assign.value);
        let flow = (assign.scope == Scope::Local).then_some(self.flow.name.as_str());
        self.held.give(flow, &assign.name.name, value, Some(&assign.name.span));
    }

    fn parser(&mut self, parser: &'p Expression, _: bool) {
        let literal = literal_variables(parser);
        for name in parsed_names(parser) {
            self.held.hide(&self.flow.name, &name);
        }
        for (name, _) in literal {
            self.held.give(None, name, Value::UNKNOWN, None);
        }
    }

    fn call(&mut self, call: &'p RunFlow) {
        for (name, value) in &call.parameters {
            let value = self.value(value);
            self.held.give(Some(&call.flow.name), &name.name, value, Some(&name.span));
        }
        if let Some(output) = &call.output {
            let value = self.sight.held.returned(&call.flow.name);
            self.held.give(Some(&self.flow.name), &output.name, value, Some(&output.span));
        }
    }
}
