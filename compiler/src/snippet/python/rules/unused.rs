//! P614: what a snippet sets or imports, it uses.

use std::collections::BTreeSet;

use ruff_text_size::{Ranged, TextRange};
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, ExprContext, Stmt};

use super::super::Source;
use super::super::form::Form;
use crate::diagnostic::Diagnostic;

pub(super) fn check(form: &Form<'_>, source: Source<'_>, faults: &mut Vec<Diagnostic>) {
    let mut uses = Bindings::default();
    form.visit(&mut uses);
    let mut reported = BTreeSet::new();
    for (name, what, range) in &uses.bound {
        let unused = !uses.read.contains(name) && !name.starts_with('_') && name != "evaluate";
        if unused && reported.insert(name) {
            faults.push(
                Diagnostic::hint("P614", source.span(*range), format!("{what} `{name}` is never used"))
                    .help("take it out, or call it `_` where Python wants a name"),
            );
        }
    }
}

#[derive(Default)]
struct Bindings {
    bound: Vec<(String, &'static str, TextRange)>,
    read: BTreeSet<String>,
}

impl<'a> Visitor<'a> for Bindings {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            // Only plain names: where several are unpacked, each keeps its place.
            Stmt::Assign(a) => {
                for target in &a.targets {
                    if let Expr::Name(name) = target {
                        self.bound.push((name.id.to_string(), "the name", name.range));
                    }
                }
            }
            Stmt::Import(i) => {
                for alias in &i.names {
                    let bound = match &alias.asname {
                        Some(name) => name.as_str(),
                        None => alias.name.as_str().split('.').next().unwrap_or_default(),
                    };
                    self.bound.push((bound.to_owned(), "the module", alias.range));
                }
            }
            Stmt::ImportFrom(i) => {
                for alias in i.names.iter().filter(|a| a.name.as_str() != "*") {
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.bound.push((bound.to_string(), "the name", alias.range));
                }
            }
            // Its members are asked for by name from elsewhere.
            Stmt::ClassDef(_) => {
                let outer = self.bound.len();
                visitor::walk_stmt(self, statement);
                self.bound.truncate(outer);
                return;
            }
            Stmt::FunctionDef(f) => self.bound.push((f.name.to_string(), "the function", f.name.range())),
            Stmt::Global(g) => self.read.extend(g.names.iter().map(ToString::to_string)),
            Stmt::Nonlocal(n) => self.read.extend(n.names.iter().map(ToString::to_string)),
            // `x += 1` reads `x`.
            Stmt::AugAssign(a) => {
                if let Expr::Name(name) = a.target.as_ref() {
                    self.read.insert(name.id.to_string());
                }
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr
            && matches!(name.ctx, ExprContext::Load | ExprContext::Del)
        {
            self.read.insert(name.id.to_string());
        }
        visitor::walk_expr(self, expr);
    }
}
