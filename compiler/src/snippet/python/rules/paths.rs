//! Ways through a snippet. P606: every way out of it gives a value, where one does. P618: every line can be reached.

use ruff_text_size::{Ranged, TextRange};
use rustpython_compiler::ast::statement_visitor::{StatementVisitor, walk_stmt};
use rustpython_compiler::ast::{ExceptHandler, Expr, Stmt, StmtIf, StmtTry};

use super::super::Source;
use super::super::form::{Form, Returns};
use crate::diagnostic::Diagnostic;

pub(super) fn check(form: &Form<'_>, source: Source<'_>, faults: &mut Vec<Diagnostic>) {
    let body = match form {
        Form::Expression(_) => return,
        Form::Body(statements) => statements,
        Form::Evaluate { function, .. } => function.body.as_slice(),
    };
    if Returns::of(body).value
        && let Some(end) = open_end(body)
    {
        faults.push(end.report(source));
    }
    Unreached { source, faults }.visit_body(form.statements());
}

/// A place where control runs out of the snippet although another way returns a value.
enum OpenEnd {
    /// An `if` without `else`.
    NoElse(TextRange),
    /// The last statement of a branch.
    Branch(TextRange),
}

impl OpenEnd {
    fn report(&self, source: Source<'_>) -> Diagnostic {
        match self {
            Self::NoElse(range) => Diagnostic::warning(
                "P606",
                source.span(*range),
                "where none of these conditions is true, nothing is returned: the value is None",
            )
            .help("add a `return` after the `if`; `return None` says that it is meant"),
            Self::Branch(range) => {
                Diagnostic::warning("P606", source.span(*range), "this branch ends without a `return`: the value is None there")
                    .help("return a value here too; `return None` says that it is meant")
            }
        }
    }
}

/// Only what the last statement leaves open: a loop that looks for something and finds nothing is usually meant to give None.
fn open_end(statements: &[Stmt]) -> Option<OpenEnd> {
    match statements.last()? {
        Stmt::If(i) => if_end(i),
        Stmt::With(w) => open_end(&w.body),
        Stmt::Try(t) => try_end(t),
        _ => None,
    }
}

fn if_end(i: &StmtIf) -> Option<OpenEnd> {
    let bodies = || std::iter::once(i.body.as_slice()).chain(i.elif_else_clauses.iter().map(|c| c.body.as_slice()));
    if !bodies().any(|b| Returns::of(b).value) {
        return None;
    }
    let has_else = i.elif_else_clauses.last().is_some_and(|c| c.test.is_none());
    if !has_else {
        // The condition is what tells the `if` apart from its branches.
        return Some(OpenEnd::NoElse(TextRange::new(i.range.start(), i.test.range().end())));
    }
    bodies().find_map(branch_end)
}

fn try_end(t: &StmtTry) -> Option<OpenEnd> {
    if leaves(&t.finalbody, Leaving::Snippet) || !Returns::of(&t.body).value && !Returns::of(&t.orelse).value {
        return None;
    }
    t.handlers.iter().find_map(|h| {
        let ExceptHandler::ExceptHandler(h) = h;
        branch_end(&h.body)
    })
}

/// The end of a branch beside another one that returns a value.
fn branch_end(body: &[Stmt]) -> Option<OpenEnd> {
    if leaves(body, Leaving::Snippet) {
        return None;
    }
    open_end(body).or_else(|| body.last().map(|last| OpenEnd::Branch(first_line(last))))
}

/// What there is to see of a statement: its first line up to the block that it owns.
fn first_line(statement: &Stmt) -> TextRange {
    let end = match statement {
        Stmt::If(i) => i.test.range().end(),
        Stmt::For(f) => f.iter.range().end(),
        Stmt::While(w) => w.test.range().end(),
        other => other.range().end(),
    };
    TextRange::new(statement.range().start(), end)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaving {
    /// `return` and `raise`.
    Snippet,
    /// Those, and `break` and `continue`.
    Block,
}

/// Whether control never goes past these statements.
fn leaves(statements: &[Stmt], leaving: Leaving) -> bool {
    statements.iter().any(|s| leaves_one(s, leaving))
}

fn leaves_one(statement: &Stmt, leaving: Leaving) -> bool {
    match statement {
        Stmt::Return(_) | Stmt::Raise(_) => true,
        Stmt::Break(_) | Stmt::Continue(_) => leaving == Leaving::Block,
        Stmt::If(i) => {
            i.elif_else_clauses.last().is_some_and(|c| c.test.is_none())
                && leaves(&i.body, leaving)
                && i.elif_else_clauses.iter().all(|c| leaves(&c.body, leaving))
        }
        Stmt::With(_) => false,
        Stmt::While(w) => matches!(w.test.as_ref(), Expr::BooleanLiteral(b) if b.value) && !Breaks::any(&w.body),
        Stmt::Try(t) => {
            let handled = t.handlers.iter().all(|h| {
                let ExceptHandler::ExceptHandler(h) = h;
                leaves(&h.body, leaving)
            });
            leaves(&t.finalbody, leaving) || handled && (leaves(&t.body, leaving) || leaves(&t.orelse, leaving))
        }
        _ => false,
    }
}

/// Looks for a `break` of the loop around.
#[derive(Default)]
struct Breaks {
    found: bool,
}

impl Breaks {
    fn any(statements: &[Stmt]) -> bool {
        let mut breaks = Self::default();
        breaks.visit_body(statements);
        breaks.found
    }
}

impl<'a> StatementVisitor<'a> for Breaks {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Break(_) => self.found = true,
            // An inner loop's `else` may break the outer one.
            Stmt::For(f) => self.visit_body(&f.orelse),
            Stmt::While(w) => self.visit_body(&w.orelse),
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            other => walk_stmt(self, other),
        }
    }
}

/// A last `yield` behind a `return`: it makes a generator of the function, one that gives nothing.
fn is_generator_mark(last: &Stmt, next: &Stmt) -> bool {
    let is_yield = |s: &Stmt| matches!(s, Stmt::Expr(e) if matches!(*e.value, Expr::Yield(_) | Expr::YieldFrom(_)));
    std::ptr::eq(last, next) && is_yield(next)
}

struct Unreached<'a> {
    source: Source<'a>,
    faults: &'a mut Vec<Diagnostic>,
}

impl<'a> StatementVisitor<'a> for Unreached<'_> {
    fn visit_body(&mut self, body: &'a [Stmt]) {
        let last = body.iter().position(|s| leaves_one(s, Leaving::Block));
        if let Some((last, next)) = last.and_then(|i| Some((&body[i], body.get(i + 1)?)))
            && !is_generator_mark(&body[body.len() - 1], next)
        {
            self.faults.push(
                Diagnostic::warning("P618", self.source.span(first_line(next)), "this line is never reached")
                    .also(self.source.span(first_line(last)), "here the lines end in every case")
                    .help("take it out, or move it before that line"),
            );
        }
        for statement in body {
            self.visit_stmt(statement);
        }
    }

    fn visit_stmt(&mut self, statement: &'a Stmt) {
        walk_stmt(self, statement);
    }
}
