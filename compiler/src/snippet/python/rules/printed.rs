//! X002: a snippet prints no secret. Its length, or whether it is there, may be shown.

use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, InterpolatedStringElement};

use super::super::Source;
use super::super::form::Form;
use super::super::literal;
use super::super::names::Names;
use super::members::Roots;
use crate::diagnostic::Diagnostic;
use crate::secret::is_secret_name;

pub(super) fn check(form: &Form<'_>, roots: &Roots, names: &Names, source: Source<'_>, faults: &mut Vec<Diagnostic>) {
    form.visit(&mut Printed { roots, names, source, faults });
}

struct Printed<'a> {
    roots: &'a Roots,
    names: &'a Names,
    source: Source<'a>,
    faults: &'a mut Vec<Diagnostic>,
}

impl Printed<'_> {
    /// `print(…)`, `log(…)`, `log.info(…)`, `context.log(…)`.
    fn is_log(&self, function: &Expr) -> bool {
        match function {
            Expr::Name(n) => matches!(n.id.as_str(), "print" | "log") && !self.names.bound.contains(n.id.as_str()),
            Expr::Attribute(a) => match a.attr.as_str() {
                "debug" | "info" | "warning" | "error" => self.is_log(&a.value),
                "log" => self.roots.is_context(&a.value),
                _ => false,
            },
            _ => false,
        }
    }

    /// The parts of an argument that are shown as they are.
    fn shown(&mut self, value: &Expr) {
        match value {
            Expr::Call(c) if self.roots.is_variable(value) => {
                if let Some(name) = c.arguments.args.first().and_then(literal).filter(|name| is_secret_name(name)) {
                    self.faults.push(
                        Diagnostic::warning("X002", self.source.span(c.range), format!("'{name}' is a secret, and is printed"))
                            .help(format!("print whether it is there: `is_var_defined('{name}')`")),
                    );
                }
            }
            Expr::BinOp(b) => {
                self.shown(&b.left);
                self.shown(&b.right);
            }
            Expr::FString(f) => {
                let elements = f.value.elements();
                for element in elements {
                    if let InterpolatedStringElement::Interpolation(i) = element {
                        self.shown(&i.expression);
                    }
                }
            }
            _ => {}
        }
    }
}

impl<'a> Visitor<'a> for Printed<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(c) = expr
            && self.is_log(&c.func)
        {
            c.arguments.args.iter().for_each(|a| self.shown(a));
        }
        visitor::walk_expr(self, expr);
    }
}
