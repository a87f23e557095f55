//! C305: each page of a page loop is another one. Only what the replies set, or what they change in a database, can make the next request differ.

use std::collections::BTreeSet;

use super::graph::constant;
use super::parsed::{literal_variables, may_repeat, parsed_names};
use crate::compile::Parsed;
use crate::diagnostic::Diagnostic;
use crate::op::Op;
use crate::op::http_request::HttpRequest;
use crate::resolve::Resolved;
use crate::snippet::expression::Kind;
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{SourceRef, Step};

pub(super) fn check(parsed: &Parsed, resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        visit::steps(&flow.steps, &mut Pages { parsed, faults });
    }
}

struct Pages<'r, 'f> {
    parsed: &'r Parsed,
    faults: &'f mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Pages<'_, '_> {
    fn enter_step(&mut self, step: &'p Step) {
        if let Op::HttpRequest(op) = &step.op {
            self.same_page(op);
        }
    }
}

impl Pages<'_, '_> {
    fn same_page(&mut self, op: &HttpRequest) {
        let parser = op.response.parser.as_ref().map(|p| &p.expression);
        let repeat = match (&op.response.repeat, parser) {
            (Some(repeat), _) if constant(repeat) != Some(false) => &repeat.span,
            (None, Some(parser)) if may_repeat(parser) => literal_variables(parser).first().map_or(&parser.span, |(_, at)| *at),
            _ => return,
        };
        // A key may be another one for each request.
        if op.request.key.is_some() {
            return;
        }
        let mut set: BTreeSet<String> = op.response.variables.iter().map(|a| a.name.name.clone()).collect();
        if let Some(parser) = parser {
            set.extend(parsed_names(parser));
        }
        let source = op.request.source.as_ref().and_then(SourceRef::name).and_then(|name| self.parsed.source(name));
        if op.request.source.is_some() && source.is_none() {
            return;
        }
        for value in op.request.expressions().into_iter().chain(source.into_iter().flat_map(|s| s.expressions())) {
            let uses = value.uses();
            let mut plain = false;
            value.walk(&mut |e| plain |= matches!(e.kind, Kind::Python { .. } | Kind::Jinja { .. }));
            let unknown = uses.computed_variables || uses.computed_sources || !uses.query_sources.is_empty();
            // What a snippet makes of the clock is not known.
            if plain || unknown || uses.variables.iter().chain(&uses.tested).any(|v| set.contains(&v.name)) {
                return;
            }
        }
        if op.response.repeat.is_none() {
            set = parser.into_iter().flat_map(literal_variables).map(|(name, _)| name.to_owned()).collect();
        }
        let (message, help) = match set.iter().map(|n| format!("'{n}'")).collect::<Vec<_>>().as_slice() {
            [] => (
                "the reply sets no variable, so every round of this 'while' asks for the same page".to_owned(),
                "set a page number or cursor in 'variables' of the reply, and use it in the request".to_owned(),
            ),
            [name] => (
                format!("the request does not use {name}, which the reply sets, so every round of this 'while' asks for the same page"),
                format!("use it in 'url', 'parameters' or 'body' of the request: {{{{ var({name}) }}}}"),
            ),
            _ => (
                "the request uses none of the variables that the reply sets, so every round of this 'while' asks for the same page"
                    .to_owned(),
                "use the page number or cursor in 'url', 'parameters' or 'body' of the request".to_owned(),
            ),
        };
        self.faults.push(Diagnostic::error("C305", repeat.clone(), message).help(help));
    }
}
