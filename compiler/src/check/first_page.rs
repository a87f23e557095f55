//! C306: the first request of a page loop has a value for all that it reads.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::Parsed;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::http_request::HttpRequest;
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Named};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, Step};

use super::parsed::{has_while, literal_variables, parsed_names};

/// The places of the reads that were reported: they are no longer to be reported as perhaps undefined.
pub(super) type Reported = BTreeSet<(String, u32)>;

pub(super) fn check(parsed: &Parsed, resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) -> Reported {
    let mut setters = Setters::default();
    for flow in parsed.all_flows() {
        visit::steps(&flow.steps, &mut setters);
        setters.given.extend(flow.parameters.iter().flatten().map(|p| p.name.name.as_str()));
        setters.unsure |= flow.unreadable || !flow.suspected.is_empty();
    }
    setters.given.extend(parsed.settings.variables.iter().map(|(name, _)| name.name.as_str()));
    setters.given.extend(parsed.environments.names.iter().map(String::as_str));
    let sources = parsed.sources.iter().filter_map(|r| r.source.as_ref());
    setters.given.extend(sources.flat_map(|s| &s.variables).map(|(name, _)| name.name.as_str()));
    let mut reported = Reported::new();
    if setters.unsure {
        return reported;
    }
    for flow in &resolved.flows {
        let mut pages = Pages { setters: &setters, flow: &flow.name, reported: &mut reported, faults };
        visit::steps(&flow.steps, &mut pages);
    }
    reported
}

/// Everything in the project that gives a name a value.
#[derive(Default)]
struct Setters<'p> {
    given: BTreeSet<&'p str>,
    /// How often each name is set.
    counts: BTreeMap<&'p str, usize>,
    tested: BTreeSet<String>,
    /// How many parsers may set each name.
    parsed: BTreeMap<String, usize>,
    unsure: bool,
}

impl<'p> Visitor<'p> for Setters<'p> {
    fn assign(&mut self, assign: &'p Assign) {
        *self.counts.entry(&assign.name.name).or_default() += 1;
    }

    fn expression(&mut self, expression: &'p Expression) {
        self.tested.extend(expression.uses().tested.iter().map(|name| name.name.clone()));
    }

    fn parser(&mut self, parser: &'p Expression, _: bool) {
        for name in parsed_names(parser) {
            *self.parsed.entry(name).or_default() += 1;
        }
    }

    fn bind(&mut self, name: &'p Named) {
        self.given.insert(&name.name);
    }

    fn call(&mut self, call: &'p crate::op::run_flow::RunFlow) {
        self.given.extend(call.parameters.iter().map(|(name, _)| name.name.as_str()));
        self.given.extend(call.output.iter().map(|name| name.name.as_str()));
    }
}

struct Pages<'r, 'p, 'f> {
    setters: &'r Setters<'p>,
    flow: &'r str,
    reported: &'f mut Reported,
    faults: &'f mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Pages<'_, '_, '_> {
    fn enter_step(&mut self, step: &'p Step) {
        if let Op::HttpRequest(op) = &step.op
            && (op.response.repeat.is_some() || op.response.parser.iter().any(|parser| has_while(&parser.expression)))
        {
            self.first_page(op);
        }
    }
}

impl Pages<'_, '_, '_> {
    /// Only where the reply of this very request is all that ever sets the variable.
    fn first_page(&mut self, op: &HttpRequest) {
        let mut told = BTreeSet::new();
        let mut set: Vec<(&str, &Span)> = op.response.variables.iter().map(|a| (a.name.name.as_str(), &a.name.span)).collect();
        set.extend(op.response.parser.iter().flat_map(|parser| literal_variables(&parser.expression)));
        for used in op.request.expressions().into_iter().flat_map(|e| &e.uses().variables) {
            let name = used.name.as_str();
            let Some((_, setter)) = set.iter().find(|(set, _)| *set == name) else { continue };
            let setters = self.setters.counts.get(name).unwrap_or(&0) + self.setters.parsed.get(name).unwrap_or(&0);
            if setters > 1 || self.setters.given.contains(name) || self.setters.tested.contains(name) {
                continue;
            }
            self.reported.insert((self.flow.to_owned(), used.span.start));
            if told.insert(used.name.clone()) {
                self.faults.push(
                    Diagnostic::error(
                        "C306",
                        used.span.clone(),
                        format!("the first request has no value for '{name}': only its reply sets it"),
                    )
                    .also((*setter).clone(), "set here, once there is a reply")
                    .help(format!("give it a first value in this op: `init: {{variables: {{{name}: …}}}}`")),
                );
            }
        }
    }
}
