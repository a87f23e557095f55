//! P619: `totals[key] += …` reads the key before it sets it, and a new map has none.

use std::collections::{BTreeMap, BTreeSet};

use ruff_text_size::TextRange;
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, Stmt};

use super::super::Source;
use super::super::form::Form;
use crate::diagnostic::Diagnostic;

pub(super) fn check(form: &Form<'_>, source: Source<'_>, faults: &mut Vec<Diagnostic>) {
    if form.statements().is_empty() {
        return;
    }
    let mut maps = Maps::default();
    form.visit(&mut maps);
    for (name, at) in &maps.added {
        let only_empty = maps.empty.contains(name) && maps.bound.get(name) == Some(&1);
        if only_empty && !maps.filled.contains(name) && !maps.tried {
            let message = format!("`{name}` is empty at first, and `+=` reads the key before it sets it");
            let fault = Diagnostic::error("P619", source.span(*at), message);
            faults.push(fault.help(format!("write `{name}[key] = {name}.get(key, 0) + …`, or make it `collections.defaultdict(int)`")));
        }
    }
}

/// What becomes of the names of maps.
#[derive(Default)]
struct Maps<'a> {
    /// `totals = {}`
    empty: BTreeSet<&'a str>,
    /// How often a name is set.
    bound: BTreeMap<&'a str, usize>,
    /// `totals[key] += …`, the first of each.
    added: BTreeMap<&'a str, TextRange>,
    /// Anything else may have set keys of them.
    filled: BTreeSet<&'a str>,
    /// A KeyError may be what is wanted.
    tried: bool,
}

/// Methods that set no keys.
const READING: [&str; 5] = ["items", "keys", "values", "get", "copy"];

impl<'a> Visitor<'a> for Maps<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Assign(a) => {
                let empty = matches!(&*a.value, Expr::Dict(d) if d.items.is_empty())
                    || matches!(&*a.value, Expr::Call(c) if c.arguments.is_empty() && matches!(c.func.as_ref(), Expr::Name(n) if n.id.as_str() == "dict"));
                if let ([Expr::Name(name)], true) = (a.targets.as_slice(), empty) {
                    self.empty.insert(name.id.as_str());
                }
            }
            Stmt::AugAssign(a) => {
                if let Expr::Subscript(s) = a.target.as_ref()
                    && let Expr::Name(name) = s.value.as_ref()
                {
                    self.added.entry(name.id.as_str()).or_insert(s.range);
                    self.visit_expr(&s.slice);
                    self.visit_expr(&a.value);
                    return;
                }
            }
            Stmt::Try(_) => self.tried = true,
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if !name.ctx.is_load() => *self.bound.entry(name.id.as_str()).or_default() += 1,
            Expr::Subscript(s) if !s.ctx.is_load() => {
                if let Expr::Name(name) = s.value.as_ref() {
                    self.filled.insert(name.id.as_str());
                }
            }
            Expr::Attribute(a) => {
                if let (Expr::Name(name), false) = (a.value.as_ref(), READING.contains(&a.attr.as_str())) {
                    self.filled.insert(name.id.as_str());
                }
            }
            Expr::Call(c) => {
                let reads = matches!(c.func.as_ref(), Expr::Name(n) if matches!(n.id.as_str(), "len" | "sorted" | "list" | "sum" | "print" | "str" | "dict"));
                for argument in c.arguments.args.iter().filter(|_| !reads) {
                    if let Expr::Name(name) = argument {
                        self.filled.insert(name.id.as_str());
                    }
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
