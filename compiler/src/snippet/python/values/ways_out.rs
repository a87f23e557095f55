//! Whether a loop can be left from inside.

use rustpython_compiler::ast::statement_visitor::{self, StatementVisitor};
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, Stmt};

/// Whether statements of a loop have a way out of it.
pub(in crate::snippet::python) fn leaves(body: &[Stmt]) -> bool {
    Leaves::of(body)
}

/// What is a way out.
#[derive(Default)]
struct Leaves {
    found: bool,
    loops: usize,
}

impl Leaves {
    fn of(body: &[Stmt]) -> bool {
        struct Yields(bool);
        impl<'a> Visitor<'a> for Yields {
            fn visit_expr(&mut self, expr: &'a Expr) {
                // A generator is left by who asks it; a call may raise on purpose.
                self.0 |= matches!(expr, Expr::Yield(_) | Expr::YieldFrom(_) | Expr::Await(_));
                self.0 |= matches!(expr, Expr::Call(c) if matches!(c.func.as_ref(), Expr::Name(n) if n.id.as_str() == "next"));
                visitor::walk_expr(self, expr);
            }
        }
        let mut leaves = Self::default();
        leaves.visit_body(body);
        let mut yields = Yields(false);
        yields.visit_body(body);
        leaves.found || yields.0
    }
}

impl<'a> StatementVisitor<'a> for Leaves {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Return(_) | Stmt::Raise(_) => self.found = true,
            Stmt::Break(_) => self.found |= self.loops == 0,
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::For(_) | Stmt::While(_) => {
                self.loops += 1;
                statement_visitor::walk_stmt(self, stmt);
                self.loops -= 1;
            }
            // Whatever fails in there may be the way out.
            Stmt::Try(_) => self.found = true,
            _ => statement_visitor::walk_stmt(self, stmt),
        }
    }
}
