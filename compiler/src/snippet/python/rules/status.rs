//! H802: a status is compared with one that exists, as a number.

use ruff_text_size::Ranged;
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{CmpOp, Expr, Number};

use super::super::Source;
use super::super::form::Form;
use super::super::literal;
use super::members::Roots;
use crate::diagnostic::Diagnostic;

pub(super) fn check(form: &Form<'_>, roots: &Roots, source: Source<'_>, faults: &mut Vec<Diagnostic>) {
    form.visit(&mut Statuses { roots, source, faults });
}

struct Statuses<'a> {
    roots: &'a Roots,
    source: Source<'a>,
    faults: &'a mut Vec<Diagnostic>,
}

impl Statuses<'_> {
    fn is_status(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Call(c) => c.arguments.is_empty() && self.is_status(&c.func),
            Expr::Attribute(a) => a.attr.as_str() == "status_code" && self.roots.is_response(&a.value),
            _ => false,
        }
    }

    fn compared(&mut self, expr: &Expr) {
        match expr {
            Expr::List(l) => l.elts.iter().for_each(|e| self.compared(e)),
            Expr::Tuple(t) => t.elts.iter().for_each(|e| self.compared(e)),
            Expr::Set(s) => s.elts.iter().for_each(|e| self.compared(e)),
            Expr::NumberLiteral(n) => {
                if let Number::Int(i) = &n.value
                    && i.as_u16().is_none_or(|status| !(100..=600).contains(&status))
                {
                    self.faults.push(
                        Diagnostic::error("H802", self.source.span(n.range), format!("{i} is no HTTP status"))
                            .help("statuses are 100 to 599"),
                    );
                }
            }
            other => {
                if let Some(text) = literal(other) {
                    let help = if text.parse::<u16>().is_ok() {
                        format!("write {text} without quotes")
                    } else {
                        "compare it with a number".to_owned()
                    };
                    self.faults.push(
                        Diagnostic::error(
                            "H802",
                            self.source.span(other.range()),
                            format!("a status is a number, so it is never '{text}'"),
                        )
                        .help(help),
                    );
                }
            }
        }
    }
}

impl<'a> Visitor<'a> for Statuses<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Compare(c) = expr {
            let operands: Vec<&Expr> = std::iter::once(c.left.as_ref()).chain(c.comparators.iter()).collect();
            for (pair, op) in operands.windows(2).zip(c.ops.iter()) {
                match op {
                    CmpOp::Is | CmpOp::IsNot => {}
                    _ if self.is_status(pair[0]) => self.compared(pair[1]),
                    _ if self.is_status(pair[1]) => self.compared(pair[0]),
                    _ => {}
                }
            }
        }
        visitor::walk_expr(self, expr);
    }
}
