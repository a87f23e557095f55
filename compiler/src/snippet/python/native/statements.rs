//! Bodies without effects: assignments to plain names, `if`, `return`.

use rustpython_compiler::ast::{ElifElseClause, Expr, Stmt, StmtFunctionDef};
use sequor_plan_format::expr::ResponsePart;

use super::super::super::expression::{Expression, Kind};
use super::super::modules;
use super::{Lowering, Meaning, name_of};

impl Lowering<'_> {
    /// `def evaluate(…)` with imports, text and functions beside it, which only Python can use.
    pub(super) fn evaluate(
        &mut self,
        module: &[Stmt],
        function: &StmtFunctionDef,
        parameters: (Option<&str>, Option<&str>),
    ) -> Option<Expression> {
        let harmless = module.iter().all(|s| match s {
            Stmt::FunctionDef(f) => {
                f.decorator_list.is_empty()
                    && f.parameters.iter_non_variadic_params().all(|p| p.default.as_deref().is_none_or(Expr::is_literal_expr))
            }
            other => is_nothing(other),
        });
        let p = &function.parameters;
        if !harmless || p.vararg.is_some() || p.kwarg.is_some() || !p.kwonlyargs.is_empty() || function.is_async {
            return None;
        }
        for parameter in p.posonlyargs.iter().chain(&p.args) {
            let name = parameter.parameter.name.as_str();
            let meaning = match &parameter.default {
                _ if Some(name) == parameters.0 => Meaning::Context,
                _ if Some(name) == parameters.1 => Meaning::Response,
                Some(default) => Meaning::Alias(self.value(default).filter(Expression::is_constant)?.kind),
                None => return None,
            };
            self.scope.push((name.to_owned(), meaning));
        }
        self.block(&function.body, &[])
    }

    /// The value that the statements return; `rest` comes after them.
    pub(super) fn block(&mut self, statements: &[Stmt], rest: &[&[Stmt]]) -> Option<Expression> {
        if self.depth > super::MAX_NATIVE_DEPTH {
            return None;
        }
        let outer = self.scope.len();
        self.depth += 1;
        let block = self.block_here(statements, rest);
        self.depth -= 1;
        self.scope.truncate(outer);
        block
    }

    fn block_here(&mut self, statements: &[Stmt], rest: &[&[Stmt]]) -> Option<Expression> {
        let Some((first, after)) = statements.split_first() else {
            return match rest.split_first() {
                Some((next, rest)) => self.block(next, rest),
                // A function that ends without `return` gives `None`.
                None => Some(Expression::new(self.source.origin.text_span(), Kind::Null)),
            };
        };
        match first {
            Stmt::Return(r) => match &r.value {
                Some(value) => self.value(value),
                None => Some(self.at(r.range, Kind::Null)),
            },
            Stmt::Assign(a) => match a.targets.as_slice() {
                [target] => self.assignment(name_of(target)?, &a.value, after, rest),
                _ => None,
            },
            Stmt::AnnAssign(a) => self.assignment(name_of(&a.target)?, a.value.as_deref()?, after, rest),
            Stmt::If(i) => self.branches(&i.test, &i.body, &i.elif_else_clauses, after, rest),
            Stmt::Import(_) | Stmt::ImportFrom(_) if is_nothing(first) => self.block(after, rest),
            other if is_nothing(other) => self.block(after, rest),
            _ => None,
        }
    }

    fn assignment(&mut self, name: &str, value: &Expr, after: &[Stmt], rest: &[&[Stmt]]) -> Option<Expression> {
        let value = self.any(value)?;
        if matches!(value.kind, Kind::Response(ResponsePart::Headers)) {
            self.scope.push((name.to_owned(), Meaning::Alias(value.kind)));
            return self.block(after, rest);
        }
        if value.is_lazy() {
            return None;
        }
        let text = self.is_text(&value);
        let slot = self.bind(name, text);
        let body = self.block(after, rest)?;
        Some(Expression::new(value.span.clone(), Kind::Let { slot, value: Box::new(value), body: Box::new(body) }))
    }

    /// A branch that does not return goes on after the `if`. That is done for one of the branches at most, so that the tree does not grow with
    /// every `if`.
    fn branches(&mut self, test: &Expr, body: &[Stmt], clauses: &[ElifElseClause], after: &[Stmt], rest: &[&[Stmt]]) -> Option<Expression> {
        if let Some(name) = assigned_by_all(body, clauses) {
            return self.conditional_assignment(name, test, body, clauses, after, rest);
        }
        if !returns(body) {
            return None;
        }
        let condition = Box::new(self.value(test)?);
        let then = Box::new(self.block(body, &[])?);
        let otherwise = match clauses.split_first() {
            None => self.block(after, rest)?,
            Some((clause, more)) => match &clause.test {
                Some(test) => self.branches(test, &clause.body, more, after, rest)?,
                None if returns(&clause.body) => self.block(&clause.body, &[])?,
                None => {
                    let mut following = vec![after];
                    following.extend_from_slice(rest);
                    self.block(&clause.body, &following)?
                }
            },
        };
        Some(Expression::new(condition.span.clone(), Kind::If { condition, then, otherwise: Box::new(otherwise) }))
    }

    /// `if c: x = a` / `else: x = b` is `x = a if c else b`; without `else` the name keeps its value.
    fn conditional_assignment(
        &mut self,
        name: &str,
        test: &Expr,
        body: &[Stmt],
        clauses: &[ElifElseClause],
        after: &[Stmt],
        rest: &[&[Stmt]],
    ) -> Option<Expression> {
        let value = self.assigned_value(name, test, body, clauses)?;
        let text = self.is_text(&value);
        let slot = self.bind(name, text);
        let body = self.block(after, rest)?;
        Some(Expression::new(value.span.clone(), Kind::Let { slot, value: Box::new(value), body: Box::new(body) }))
    }

    fn assigned_value(&mut self, name: &str, test: &Expr, body: &[Stmt], clauses: &[ElifElseClause]) -> Option<Expression> {
        if self.depth > super::MAX_NATIVE_DEPTH {
            return None;
        }
        let (_, assigned) = assigned(body)?;
        let condition = self.value(test)?;
        let then = self.value(assigned)?;
        let span = condition.span.clone();
        let otherwise = match clauses.split_first() {
            None => match self.meaning(name)? {
                Meaning::Slot { slot, .. } => Expression::new(span.clone(), Kind::Local(slot)),
                Meaning::Alias(_) | Meaning::Context | Meaning::Response => return None,
            },
            Some((clause, more)) => match &clause.test {
                Some(test) => {
                    self.depth += 1;
                    let value = self.assigned_value(name, test, &clause.body, more);
                    self.depth -= 1;
                    value?
                }
                None => self.value(self::assigned(&clause.body)?.1)?,
            },
        };
        Some(Expression::new(span, Kind::If { condition: Box::new(condition), then: Box::new(then), otherwise: Box::new(otherwise) }))
    }
}

/// The name that every branch assigns, where each branch is one assignment.
fn assigned_by_all<'a>(body: &'a [Stmt], clauses: &'a [ElifElseClause]) -> Option<&'a str> {
    let (name, _) = assigned(body)?;
    clauses.iter().all(|c| assigned(&c.body).is_some_and(|(n, _)| n == name)).then_some(name)
}

fn assigned(statements: &[Stmt]) -> Option<(&str, &Expr)> {
    match statements {
        [Stmt::Assign(a)] => match a.targets.as_slice() {
            [target] => Some((name_of(target)?, &a.value)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the statements always end in a `return`.
fn returns(statements: &[Stmt]) -> bool {
    match statements.last() {
        Some(Stmt::Return(_)) => true,
        Some(Stmt::If(i)) => {
            let complete = i.elif_else_clauses.last().is_some_and(|c| c.test.is_none());
            complete && returns_all(&i.body, &i.elif_else_clauses)
        }
        _ => false,
    }
}

fn returns_all(body: &[Stmt], clauses: &[ElifElseClause]) -> bool {
    returns(body) && clauses.iter().all(|c| returns(&c.body))
}

/// Statements that do nothing by themselves: text, `pass`, imports of modules that are there.
fn is_nothing(statement: &Stmt) -> bool {
    match statement {
        Stmt::Pass(_) => true,
        Stmt::Expr(e) => matches!(e.value.as_ref(), Expr::StringLiteral(_)),
        Stmt::Import(i) => i.names.iter().all(|a| modules::is_available(a.name.as_str())),
        Stmt::ImportFrom(i) => {
            i.module.as_ref().is_some_and(|m| modules::is_available(m.as_str())) && i.names.iter().all(|a| a.name.as_str() != "*")
        }
        _ => false,
    }
}
