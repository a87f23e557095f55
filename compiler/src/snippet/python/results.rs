//! What a parser returns, as far as its text shows it: the literal maps behind `return`, and the rows that are appended to a list of that name.

use std::collections::BTreeMap;

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
    let mut lists = Lists::default();
    form.visit(&mut lists);
    let mut returns = Returns { source, lists: &lists, found: Vec::new() };
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

/// The lists of a snippet that begin empty, by name, with what is appended to each.
#[derive(Default)]
struct Lists<'e> {
    appended: BTreeMap<&'e str, Vec<&'e Expr>>,
    /// How often anything is stored under the name.
    stored: BTreeMap<&'e str, usize>,
    begun: BTreeMap<&'e str, usize>,
    /// Keys are set later, in rows that nobody can tell.
    changed: bool,
}

impl<'e> Lists<'e> {
    /// What is in the list, if nothing else can be.
    fn rows(&self, name: &str) -> Option<&[&'e Expr]> {
        let begins_once = self.begun.get(name) == Some(&1) && self.stored.get(name) == Some(&1);
        if self.changed || !begins_once { None } else { self.appended.get(name).map(Vec::as_slice) }
    }
}

impl<'e> Visitor<'e> for Lists<'e> {
    fn visit_stmt(&mut self, stmt: &'e Stmt) {
        match stmt {
            Stmt::Assign(assign) => {
                if let ([Expr::Name(name)], Expr::List(list)) = (assign.targets.as_slice(), assign.value.as_ref())
                    && list.elts.is_empty()
                {
                    *self.begun.entry(name.id.as_str()).or_default() += 1;
                }
            }
            // `rows += more`
            Stmt::AugAssign(assign) => self.changed |= matches!(assign.target.as_ref(), Expr::Name(_)),
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'e Expr) {
        match expr {
            Expr::Name(name) if !name.ctx.is_load() => *self.stored.entry(name.id.as_str()).or_default() += 1,
            Expr::Subscript(s) => self.changed |= !s.ctx.is_load(),
            Expr::Call(call) => {
                if let Expr::Attribute(a) = call.func.as_ref() {
                    match (a.attr.as_str(), a.value.as_ref(), call.arguments.args.as_ref()) {
                        ("append", Expr::Name(name), [row]) => self.appended.entry(name.id.as_str()).or_default().push(row),
                        ("extend" | "insert" | "update" | "setdefault" | "pop" | "append", ..) => self.changed = true,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

struct Returns<'a> {
    source: Source<'a>,
    lists: &'a Lists<'a>,
    found: Vec<Expression>,
}

impl Returns<'_> {
    fn result(&mut self, expr: &Expr) {
        if matches!(expr, Expr::Dict(_) | Expr::List(_) | Expr::Tuple(_) | Expr::StringLiteral(_) | Expr::NumberLiteral(_)) {
            self.found.push(self.outline(expr, true));
        }
    }

    /// The parser bounds the depth. A list may hold itself: names in the rows of one are not followed.
    fn outline(&self, expr: &Expr, follows: bool) -> Expression {
        let kind = match expr {
            Expr::Dict(dict) => Kind::Dict(
                dict.items
                    .iter()
                    .map(|item| match &item.key {
                        Some(key) => DictItem::Pair(self.outline(key, follows), self.outline(&item.value, follows)),
                        None => DictItem::Spread(self.outline(&item.value, follows)),
                    })
                    .collect(),
            ),
            Expr::List(list) => Kind::List(list.elts.iter().map(|e| self.outline(e, follows)).collect()),
            Expr::ListComp(rows) if !self.lists.changed => Kind::List(vec![self.outline(&rows.elt, follows)]),
            Expr::Name(name) if follows => match self.lists.rows(name.id.as_str()) {
                Some(rows) if rows.iter().all(|row| matches!(row, Expr::Dict(_))) => {
                    Kind::List(rows.iter().map(|row| self.outline(row, false)).collect())
                }
                _ => UNKNOWN,
            },
            Expr::Tuple(tuple) => Kind::Tuple(tuple.elts.iter().map(|e| self.outline(e, follows)).collect()),
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
