//! Loops that count. P621: a `while` whose condition no round changes. P628: a counter that goes past the end of its list.

use std::collections::BTreeSet;

use ruff_text_size::{Ranged, TextRange};
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, Number, Operator, Stmt, StmtFor, StmtWhile};

use super::super::Source;
use super::super::values::leaves;
use crate::diagnostic::Diagnostic;

/// The rules about loops that count.
pub(super) struct Counters<'a> {
    pub(super) source: Source<'a>,
    pub(super) faults: &'a mut Vec<Diagnostic>,
}

impl Counters<'_> {
    /// `while i < len(lines): …`, and nothing raises `i`.
    pub(super) fn unchanged(&mut self, w: &StmtWhile) {
        let mut names = BTreeSet::new();
        if !plain_names(&w.test, &mut names) || !compares_a_name(&w.test) || leaves(&w.body) {
            return;
        }
        let mut changes = Changes { names: &names, found: false };
        changes.visit_body(&w.body);
        if !changes.found {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let message = format!("no round of this loop changes {}: once begun, it never ends", names.join(" or "));
            let fault = Diagnostic::warning("P621", self.source.span(w.test.range()), message);
            self.faults.push(fault.help("change it in each round: `i += 1`"));
        }
    }

    /// `for i in range(len(rows) + 1): rows[i]`
    pub(super) fn past_the_end(&mut self, f: &StmtFor) {
        let (Expr::Name(counter), Expr::Call(range)) = (f.target.as_ref(), f.iter.as_ref()) else { return };
        let is_range = matches!(range.func.as_ref(), Expr::Name(n) if n.id.as_str() == "range");
        let Some(Expr::BinOp(end)) = range.arguments.args.get(usize::from(range.arguments.args.len() > 1)) else { return };
        let (Expr::Call(length), Operator::Add) = (end.left.as_ref(), end.op) else { return };
        let is_length = matches!(length.func.as_ref(), Expr::Name(n) if n.id.as_str() == "len");
        let adds =
            matches!(end.right.as_ref(), Expr::NumberLiteral(n) if matches!(&n.value, Number::Int(n) if n.as_u32().is_some_and(|n| n > 0)));
        let [Expr::Name(list)] = length.arguments.args.as_ref() else { return };
        if !is_range || !is_length || !adds || leaves(&f.body) {
            return;
        }
        let mut found = Indexed { list: list.id.as_str(), counter: counter.id.as_str(), at: None, guarded: false };
        found.visit_body(&f.body);
        if let (Some(at), false) = (found.at, found.guarded) {
            let message = format!("the last `{}` is `len({})`, one more than the last member", counter.id, list.id);
            let fault = Diagnostic::error("P628", self.source.span(end.range), message).also(self.source.span(at), "it is read here");
            self.faults.push(fault.help(format!("write `range(len({0}))`, or go over the members: `for row in {0}`", list.id)));
        }
    }
}

/// The names of a condition that is made of names, numbers, comparisons and lengths alone.
fn plain_names<'a>(expr: &'a Expr, names: &mut BTreeSet<&'a str>) -> bool {
    match expr {
        Expr::Name(name) => {
            names.insert(name.id.as_str());
            true
        }
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::NoneLiteral(_) => true,
        Expr::Compare(c) => plain_names(&c.left, names) && c.comparators.iter().all(|e| plain_names(e, names)),
        Expr::BoolOp(b) => b.values.iter().all(|e| plain_names(e, names)),
        Expr::BinOp(b) => plain_names(&b.left, names) && plain_names(&b.right, names),
        Expr::UnaryOp(u) => plain_names(&u.operand, names),
        Expr::Call(c) => {
            let is_length = matches!(c.func.as_ref(), Expr::Name(n) if n.id.as_str() == "len");
            is_length
                && c.arguments.keywords.is_empty()
                && c.arguments.args.iter().all(|e| matches!(e, Expr::Name(_)) && plain_names(e, names))
        }
        _ => false,
    }
}

/// Whether a name itself is compared: a list may be emptied under another name.
fn compares_a_name(expr: &Expr) -> bool {
    match expr {
        Expr::Compare(c) => std::iter::once(c.left.as_ref()).chain(&c.comparators).any(|e| matches!(e, Expr::Name(_))),
        Expr::BoolOp(b) => b.values.iter().any(compares_a_name),
        _ => false,
    }
}

/// Whether anything may change one of the names.
struct Changes<'a> {
    names: &'a BTreeSet<&'a str>,
    found: bool,
}

impl Changes<'_> {
    fn is_one(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Name(name) if self.names.contains(name.id.as_str()))
    }
}

impl<'a> Visitor<'a> for Changes<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        // `i = i`
        if let Stmt::Assign(a) = stmt
            && let ([Expr::Name(target)], Expr::Name(value)) = (a.targets.as_slice(), a.value.as_ref())
            && target.id == value.id
        {
            return;
        }
        // What a function of the snippet changes is not followed.
        self.found |= matches!(stmt, Stmt::FunctionDef(_) | Stmt::Global(_) | Stmt::Nonlocal(_));
        self.found |= matches!(stmt, Stmt::AugAssign(a) if self.is_one(&a.target));
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => self.found |= !name.ctx.is_load() && self.is_one(expr),
            Expr::Subscript(s) => self.found |= !s.ctx.is_load() && self.is_one(&s.value),
            // `rows.pop()`, `f(rows)`
            Expr::Call(c) => {
                self.found |= matches!(c.func.as_ref(), Expr::Attribute(a) if self.is_one(&a.value));
                let reads = matches!(c.func.as_ref(), Expr::Name(n) if matches!(n.id.as_str(), "len" | "str" | "int" | "float" | "print" | "range" | "sum"));
                self.found |= !reads && c.arguments.args.iter().any(|a| self.is_one(a));
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// `list[counter]`, and whether a condition looks at the counter.
struct Indexed<'n> {
    list: &'n str,
    counter: &'n str,
    at: Option<TextRange>,
    guarded: bool,
}

impl<'a> Visitor<'a> for Indexed<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        self.guarded |= matches!(stmt, Stmt::If(_) | Stmt::Try(_) | Stmt::While(_));
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::If(_) | Expr::BoolOp(_) => self.guarded = true,
            Expr::Subscript(s) => {
                let is = |e: &Expr, name: &str| matches!(e, Expr::Name(n) if n.id.as_str() == name);
                if s.ctx.is_load() && is(&s.value, self.list) && is(&s.slice, self.counter) && self.at.is_none() {
                    self.at = Some(s.range);
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
