//! What a parser returns, as far as its text shows it: the literal maps behind `return`.

use ruff_text_size::Ranged;
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, Stmt};

use super::super::expression::{DictItem, Expression, Kind};
use super::form::Form;
use super::{Source, literal};

/// Stands for what is not literal: nothing is known about a slot that nothing fills.
const UNKNOWN: Kind = Kind::Local(u32::MAX);

/// The results that are literal, in the order of the text.
pub(super) fn of(form: &Form<'_>, source: Source<'_>) -> Vec<Expression> {
    let mut returns = Returns { source, found: Vec::new() };
    match form {
        Form::Expression(expr) => returns.result(expr),
        Form::Body(_) => returns.visit_body(form.statements()),
        Form::Evaluate { .. } => {
            for stmt in form.statements() {
                if let Stmt::FunctionDef(function) = stmt
                    && function.name.as_str() == "evaluate"
                {
                    returns.visit_body(&function.body);
                }
            }
        }
    }
    returns.found
}

struct Returns<'a> {
    source: Source<'a>,
    found: Vec<Expression>,
}

impl Returns<'_> {
    fn result(&mut self, expr: &Expr) {
        if matches!(expr, Expr::Dict(_) | Expr::List(_) | Expr::Tuple(_) | Expr::StringLiteral(_) | Expr::NumberLiteral(_)) {
            self.found.push(self.outline(expr));
        }
    }

    /// The parser bounds the depth.
    fn outline(&self, expr: &Expr) -> Expression {
        let kind = match expr {
            Expr::Dict(dict) => Kind::Dict(
                dict.items
                    .iter()
                    .map(|item| match &item.key {
                        Some(key) => DictItem::Pair(self.outline(key), self.outline(&item.value)),
                        None => DictItem::Spread(self.outline(&item.value)),
                    })
                    .collect(),
            ),
            Expr::List(list) => Kind::List(list.elts.iter().map(|e| self.outline(e)).collect()),
            Expr::Tuple(tuple) => Kind::Tuple(tuple.elts.iter().map(|e| self.outline(e)).collect()),
            Expr::BooleanLiteral(b) => Kind::Bool(b.value),
            Expr::NumberLiteral(_) => Kind::Int(0),
            _ => literal(expr).map_or(UNKNOWN, |text| Kind::Text(text.to_owned())),
        };
        Expression::new(self.source.span(expr.range()), kind)
    }
}

impl<'a> Visitor<'a> for Returns<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Return(returned) => returned.value.iter().for_each(|value| self.result(value)),
            // What functions return is not what the parser does.
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => visitor::walk_stmt(self, stmt),
        }
    }
}
