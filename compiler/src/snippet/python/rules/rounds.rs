//! Loops that do less than they seem to. P623: a loop that collects and is left in its first round. P624: one map that each round adds to a list again.
//! P625: an inner loop that takes the name of the outer one, which is read behind it.

use std::collections::BTreeSet;

use ruff_text_size::Ranged;
use rustpython_compiler::ast::statement_visitor::{self, StatementVisitor};
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, Stmt, StmtFor};

use super::super::Source;
use super::super::form::Form;
use super::counters::Counters;
use crate::diagnostic::Diagnostic;

pub(super) fn check(form: &Form<'_>, source: Source<'_>, faults: &mut Vec<Diagnostic>) {
    let mut rounds = Rounds { source, faults };
    rounds.visit_body(form.statements());
}

struct Rounds<'a> {
    source: Source<'a>,
    faults: &'a mut Vec<Diagnostic>,
}

impl<'a> StatementVisitor<'a> for Rounds<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        let mut counters = Counters { source: self.source, faults: self.faults };
        match stmt {
            Stmt::While(w) => counters.unchanged(w),
            Stmt::For(f) => {
                counters.past_the_end(f);
                self.ends_at_once(f);
                self.one_map(f);
                self.same_name(f);
            }
            _ => {}
        }
        statement_visitor::walk_stmt(self, stmt);
    }
}

impl Rounds<'_> {
    /// `for …: rows.append(…); return rows`
    fn ends_at_once(&mut self, f: &StmtFor) {
        let Some(Stmt::Return(last)) = f.body.last() else { return };
        // The first one that fits is looked for.
        let mut inside = Inside::default();
        inside.visit_body(&f.body);
        let read = last.value.as_deref().map(names).unwrap_or_default();
        if inside.skips || !inside.collected.iter().chain(&inside.stored).any(|name| read.contains(name)) {
            return;
        }
        let fault = Diagnostic::warning("P623", self.source.span(last.range), "this `return` ends the loop in its first round");
        self.faults.push(
            fault
                .also(self.source.span(f.iter.range()), "the loop goes over this")
                .help("take it out of the loop: as far to the left as the `for`"),
        );
    }

    /// `row = {}` before the loop, `row['x'] = …` and `rows.append(row)` in it.
    fn one_map(&mut self, f: &StmtFor) {
        let mut inside = Inside::default();
        inside.visit_body(&f.body);
        let own = names(&f.target);
        for (name, at) in &inside.appended {
            if inside.stored.contains(name) && !inside.bound.contains(name) && !own.contains(name) {
                let message = format!("each round adds the same `{name}` to the list: all its members show the last round");
                let fault = Diagnostic::warning("P624", self.source.span(*at), message);
                self.faults.push(fault.help(format!("make a new one in each round: `{name} = {{}}` as the first line of the loop")));
            }
        }
    }

    fn same_name(&mut self, f: &StmtFor) {
        let outer = names(&f.target);
        for (i, statement) in f.body.iter().enumerate() {
            let Stmt::For(inner) = statement else { continue };
            let Expr::Name(name) = inner.target.as_ref() else { continue };
            if !outer.contains(name.id.as_str()) {
                continue;
            }
            let mut behind = BTreeSet::new();
            f.body.iter().skip(i + 1).for_each(|s| behind.extend(read_by(s)));
            // Before it is set again.
            let reset = f
                .body
                .iter()
                .skip(i + 1)
                .any(|s| matches!(s, Stmt::Assign(a) if a.targets.iter().any(|t| names(t).contains(name.id.as_str()))));
            if behind.contains(name.id.as_str()) && !reset {
                let message = format!("the inner loop takes the name `{}` of the outer one", name.id);
                self.faults.push(
                    Diagnostic::warning("P625", self.source.span(name.range), message)
                        .also(self.source.span(f.target.range()), "the outer loop's")
                        .help("give the inner loop a name of its own: what is read of the outer one is the inner one's"),
                );
            }
        }
    }
}

/// What the statements of a loop do, those of inner loops among them.
#[derive(Default)]
struct Inside<'a> {
    /// Lists that something is appended to, and sums.
    collected: BTreeSet<&'a str>,
    /// Names that are appended to lists, as they are.
    appended: Vec<(&'a str, ruff_text_size::TextRange)>,
    /// Names of which members are set.
    stored: BTreeSet<&'a str>,
    bound: BTreeSet<&'a str>,
    /// Rounds are left out.
    skips: bool,
}

impl<'a> Visitor<'a> for Inside<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Continue(_) => self.skips = true,
            Stmt::AugAssign(a) => {
                if let Expr::Name(name) = a.target.as_ref() {
                    self.collected.insert(name.id.as_str());
                }
            }
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.ctx.is_store() => {
                self.bound.insert(name.id.as_str());
            }
            Expr::Subscript(s) if s.ctx.is_store() => {
                if let Expr::Name(name) = s.value.as_ref() {
                    self.stored.insert(name.id.as_str());
                }
            }
            Expr::Call(call) => {
                if let (Expr::Attribute(a), [argument]) = (call.func.as_ref(), call.arguments.args.as_ref())
                    && a.attr.as_str() == "append"
                {
                    if let Expr::Name(list) = a.value.as_ref() {
                        self.collected.insert(list.id.as_str());
                    }
                    if let Expr::Name(member) = argument {
                        self.appended.push((member.id.as_str(), call.range));
                    }
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// The names in an expression.
fn names(expr: &Expr) -> BTreeSet<&str> {
    struct Names<'a>(BTreeSet<&'a str>);
    impl<'a> Visitor<'a> for Names<'a> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Expr::Name(name) = expr {
                self.0.insert(name.id.as_str());
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut found = Names(BTreeSet::new());
    found.visit_expr(expr);
    found.0
}

/// The names that a statement reads.
fn read_by(stmt: &Stmt) -> BTreeSet<&str> {
    struct Reads<'a>(BTreeSet<&'a str>);
    impl<'a> Visitor<'a> for Reads<'a> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Expr::Name(name) = expr
                && name.ctx.is_load()
            {
                self.0.insert(name.id.as_str());
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut found = Reads(BTreeSet::new());
    found.visit_stmt(stmt);
    found.0
}
