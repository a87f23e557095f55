//! P617: a key stands once in a dict display. The later value wins in Python, without a word.

use std::collections::BTreeMap;

use ruff_text_size::{Ranged, TextRange};
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, ExprDict, Number};

use super::super::Source;
use super::super::form::Form;
use super::super::literal;
use crate::diagnostic::Diagnostic;

pub(super) fn check(form: &Form<'_>, source: Source<'_>, faults: &mut Vec<Diagnostic>) {
    form.visit(&mut Dicts { source, faults });
}

struct Dicts<'a> {
    source: Source<'a>,
    faults: &'a mut Vec<Diagnostic>,
}

impl Dicts<'_> {
    fn dict(&mut self, dict: &ExprDict) {
        let mut seen: BTreeMap<String, TextRange> = BTreeMap::new();
        for key in dict.items.iter().filter_map(|i| i.key.as_ref()) {
            let Some(shown) = constant(key) else { continue };
            match seen.get(&shown) {
                Some(first) => self.faults.push(
                    Diagnostic::warning(
                        "P617",
                        self.source.span(key.range()),
                        format!("the key {shown} is in this dict twice: the last value wins"),
                    )
                    .also(self.source.span(*first), "the first one")
                    .help("take one of the two out"),
                ),
                None => {
                    seen.insert(shown, key.range());
                }
            }
        }
    }
}

impl<'a> Visitor<'a> for Dicts<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Dict(dict) = expr {
            self.dict(dict);
        }
        visitor::walk_expr(self, expr);
    }
}

/// A key as Python shows it; `None` for what is not literal, templates included.
fn constant(key: &Expr) -> Option<String> {
    match key {
        Expr::NumberLiteral(n) => match &n.value {
            Number::Int(i) => Some(i.to_string()),
            Number::Float(_) | Number::Complex { .. } => None,
        },
        other => literal(other)
            .filter(|text| !text.contains("{{") && !text.contains(super::super::embedded::BLANK))
            .map(|text| format!("'{text}'")),
    }
}
