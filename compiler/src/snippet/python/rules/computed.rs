//! J504: the names of variables are literal, so that they can be checked.

use ruff_text_size::Ranged;
use rustpython_compiler::ast::Expr;
use rustpython_compiler::ast::visitor::{self, Visitor};

use super::super::Source;
use super::super::form::Form;
use super::super::literal;
use super::members::Roots;
use crate::diagnostic::Diagnostic;

pub(super) fn check(form: &Form<'_>, roots: &Roots, source: Source<'_>, faults: &mut Vec<Diagnostic>) {
    form.visit(&mut Computed { roots, source, faults });
}

struct Computed<'a> {
    roots: &'a Roots,
    source: Source<'a>,
    faults: &'a mut Vec<Diagnostic>,
}

impl<'a> Visitor<'a> for Computed<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(c) = expr
            && self.roots.is_variable(expr)
            && let Some(name) = c.arguments.args.first()
            && literal(name).is_none()
        {
            self.faults.push(
                Diagnostic::hint("J504", self.source.span(name.range()), "the name of this variable is known only at run time")
                    .help("name it literally to have it checked now; a map in one variable often does the same: `var('settings')[name]`"),
            );
        }
        visitor::walk_expr(self, expr);
    }
}
