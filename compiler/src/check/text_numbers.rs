//! V408: a variable that holds text on every way is not computed with and not compared with a number by its size, and no text is added to one that holds a number.
//!
//! Known are variables that have literal values only, all of one kind. Where anything else may give the name a value, nothing is said.

use std::collections::BTreeMap;

use sequor_plan_format::expr::{Binary, Compare, Function};

use crate::compile::Parsed;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::run_flow::RunFlow;
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Kind, Named};
use crate::syntax::Assign;
use crate::syntax::visit::{self, Visitor};
use crate::tables::text;

use super::parsed::parsed_names;

pub(super) fn check(parsed: &Parsed, resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    let mut values = Values::default();
    for flow in parsed.all_flows() {
        if flow.unreadable || !flow.suspected.is_empty() {
            return;
        }
        flow.parameters.iter().flatten().for_each(|parameter| values.hide(&parameter.name.name));
        visit::steps(&flow.steps, &mut values);
    }
    for (name, value) in &parsed.settings.variables {
        values.give(name, value);
    }
    for source in &parsed.sources {
        let Some(source) = &source.source else { return };
        source.variables.iter().for_each(|(name, value)| values.give(name, value));
    }
    parsed.environments.names.iter().for_each(|name| values.hide(name));
    for flow in &resolved.flows {
        visit::steps(&flow.steps, &mut Walk { values: &values, faults });
    }
}

/// What each name may hold: the first of its texts and where it is given, or `None` where that is not known.
#[derive(Default)]
struct Values<'p> {
    names: BTreeMap<String, Option<(&'p str, &'p Span)>>,
    /// Where each name is given a number; `None` where anything else may be.
    numbers: BTreeMap<String, Option<&'p Span>>,
}

impl<'p> Values<'p> {
    fn give(&mut self, name: &'p Named, value: &'p Expression) {
        match (text(value), &value.kind) {
            (Some(text), _) => {
                self.names.entry(name.name.clone()).or_insert(Some((text, &name.span)));
                self.numbers.insert(name.name.clone(), None);
            }
            (None, Kind::Int(_) | Kind::Float(_) | Kind::Number(_)) => {
                self.numbers.entry(name.name.clone()).or_insert(Some(&name.span));
                self.names.insert(name.name.clone(), None);
            }
            (None, _) => self.hide(&name.name),
        }
    }

    fn hide(&mut self, name: &str) {
        self.names.insert(name.to_owned(), None);
        self.numbers.insert(name.to_owned(), None);
    }

    fn number_of(&self, value: &Expression) -> Option<(String, &'p Span)> {
        let Kind::Var(name) = &value.kind else { return None };
        Some((name.clone(), (*self.numbers.get(name)?)?))
    }

    fn text_of(&self, value: &Expression) -> Option<(String, &'p str, &'p Span)> {
        let Kind::Var(name) = &value.kind else { return None };
        let (text, at) = (*self.names.get(name)?)?;
        Some((name.clone(), text, at))
    }
}

impl<'p> Visitor<'p> for Values<'p> {
    fn assign(&mut self, assign: &'p Assign) {
        self.give(&assign.name, &assign.value);
    }

    fn parser(&mut self, parser: &'p Expression, _: bool) {
        parsed_names(parser).iter().for_each(|name| self.hide(name));
    }

    fn call(&mut self, call: &'p RunFlow) {
        call.parameters.iter().for_each(|(name, _)| self.hide(&name.name));
        call.output.iter().for_each(|name| self.hide(&name.name));
    }

    fn bind(&mut self, name: &'p Named) {
        self.hide(&name.name);
    }
}

struct Walk<'v, 'p> {
    values: &'v Values<'p>,
    faults: &'v mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Walk<'_, '_> {
    fn expression(&mut self, expression: &'p Expression) {
        expression.walk(&mut |e| match &e.kind {
            Kind::Binary { operator: Binary::Add, left, right } if is_literal_sum(left, right) => {
                self.faults.push(Diagnostic::error("V408", e.span.clone(), "a text and a number cannot be added").help(
                    "make text of the number: str(…) in Python, `~` instead of `+` in Jinja; or a number of the text: int(…), | int",
                ));
            }
            Kind::Binary { operator: Binary::Add, left, right }
                if [(left, right), (right, left)].iter().any(|(a, b)| self.values.number_of(a).is_some() && is_text(b)) =>
            {
                let number = self.values.number_of(left).map(|n| (n, left)).or_else(|| self.values.number_of(right).map(|n| (n, right)));
                if let Some(((name, at), read)) = number {
                    let message = format!("variable '{name}' holds a number, and a text is added to it here");
                    self.faults.push(
                        Diagnostic::warning("V408", read.span.clone(), message)
                            .also(at.clone(), "the number is set here")
                            .help("make text of the number: str(…) in Python, `~` instead of `+` in Jinja"),
                    );
                }
            }
            Kind::Binary { operator, left, right } => {
                for (side, other) in [(left, right), (right, left)] {
                    if let Some((name, text, at)) = self.values.text_of(side)
                        && computes(*operator, text, other)
                    {
                        self.tell(&name, side, at);
                    }
                }
            }
            Kind::Compare { operator: Compare::Less | Compare::LessEqual | Compare::Greater | Compare::GreaterEqual, left, right } => {
                for (side, other) in [(left, right), (right, left)] {
                    if let (Some((name, _, at)), true) = (self.values.text_of(side), is_number(other)) {
                        self.tell(&name, side, at);
                    }
                }
            }
            _ => {}
        });
    }
}

impl Walk<'_, '_> {
    fn tell(&mut self, name: &str, read: &Expression, at: &Span) {
        self.faults.push(
            Diagnostic::warning("V408", read.span.clone(), format!("variable '{name}' holds text, and a number is needed here"))
                .also(at.clone(), "text is set here")
                .help("write the number without quotes where it is set, or turn the text into a number with int() in Python or | int in Jinja"),
        );
    }
}

/// Whether the operator wants a number of a variable that holds this text.
fn computes(operator: Binary, text: &str, other: &Expression) -> bool {
    match operator {
        Binary::Subtract | Binary::Divide | Binary::FloorDivide | Binary::Power => true,
        Binary::Add => is_number(other),
        // Text may be repeated; a number in quotes is not meant to be.
        Binary::Multiply => text.trim().parse::<f64>().is_ok(),
        // `%` puts values into text, and the others are for sets and bits.
        Binary::Modulo | Binary::BitAnd | Binary::BitOr | Binary::BitXor | Binary::ShiftLeft | Binary::ShiftRight => false,
    }
}

fn is_text(value: &Expression) -> bool {
    matches!(&value.kind, Kind::Text(_)) || matches!(&value.kind, Kind::Call { function: Function::Str, .. })
}

/// `'total ' + 5`
fn is_literal_sum(left: &Expression, right: &Expression) -> bool {
    let text = |e: &Expression| matches!(e.kind, Kind::Text(_));
    (text(left) && is_number(right)) || (is_number(left) && text(right))
}

fn is_number(value: &Expression) -> bool {
    match &value.kind {
        Kind::Int(_) | Kind::Float(_) | Kind::Number(_) => true,
        Kind::Call { function, .. } | Kind::QueryValue { cast: Some(function), .. } => {
            matches!(function, Function::Int | Function::Float | Function::Len)
        }
        _ => false,
    }
}
