//! The three ways to write Python in a flow: an expression, a body with `return`, a function `evaluate`.

use ruff_text_size::Ranged;
use rustpython_compiler::ast::statement_visitor::{StatementVisitor, walk_stmt};
use rustpython_compiler::ast::visitor::Visitor;
use rustpython_compiler::ast::{Expr, Stmt, StmtFunctionDef};
use sequor_plan_format::expr::PythonForm;

use super::super::Place;
use super::Source;
use super::parse::Syntax;
use crate::diagnostic::Diagnostic;

pub(super) enum Form<'a> {
    Expression(&'a Expr),
    Body(&'a [Stmt]),
    Evaluate { module: &'a [Stmt], function: &'a StmtFunctionDef },
}

impl<'a> Form<'a> {
    pub(super) fn kind(&self) -> PythonForm {
        match self {
            Self::Expression(_) => PythonForm::Expression,
            Self::Body(_) => PythonForm::Body,
            Self::Evaluate { .. } => PythonForm::Evaluate,
        }
    }

    /// The statements of the text; none for an expression.
    pub(super) fn statements(&self) -> &'a [Stmt] {
        match self {
            Self::Expression(_) => &[],
            Self::Body(statements) | Self::Evaluate { module: statements, .. } => statements,
        }
    }

    /// Visits everything in the snippet.
    pub(super) fn visit(&self, visitor: &mut impl Visitor<'a>) {
        match self {
            Self::Expression(expr) => visitor.visit_expr(expr),
            Self::Body(_) | Self::Evaluate { .. } => visitor.visit_body(self.statements()),
        }
    }

    /// The names of `evaluate`'s parameters for `context` and `response`. A second one with a default gets a reply only if there is one and
    /// the parameter is called so.
    pub(super) fn parameters(&self, place: Place) -> (Option<&'a str>, Option<&'a str>) {
        let Self::Evaluate { function, .. } = self else { return (None, None) };
        let mut positional = function.parameters.posonlyargs.iter().chain(&function.parameters.args);
        let context = positional.next().map(|p| p.parameter.name.as_str());
        let response = positional.next().filter(|p| p.default.is_none() || (place.response && p.parameter.name.as_str() == "response"));
        (context, response.map(|p| p.parameter.name.as_str()))
    }
}

/// The form of a snippet; P605 where it never gives a value.
pub(super) fn of<'a>(syntax: &'a Syntax, source: Source<'_>, faults: &mut Vec<Diagnostic>) -> Form<'a> {
    let statements = match syntax {
        Syntax::Expression(expr) | Syntax::Bracketed(expr) => return Form::Expression(expr),
        Syntax::Statements(statements) => statements,
    };
    let evaluate = statements.iter().find_map(|s| match s {
        Stmt::FunctionDef(f) if f.name.as_str() == "evaluate" => Some(f),
        _ => None,
    });
    let body = Returns::of(statements);
    if let (Some(function), false) = (evaluate, body.any) {
        let before = faults.len();
        if !Returns::of(&function.body).value && !ends_in_raise(&function.body) {
            let fault = Diagnostic::error("P605", source.span(function.name.range()), "`evaluate` never returns a value");
            faults.push(fault.help("end it with `return` and the value"));
        }
        required_parameters(function, source, faults);
        if faults.len() == before {
            let fault = Diagnostic::hint("S115", source.span(function.name.range()), "`def evaluate` is the older form of a snippet");
            faults.push(fault.help("write what is in it as the snippet itself: `context` and `response` are there without it"));
        }
        return Form::Evaluate { module: statements, function };
    }
    if !body.value && !ends_in_raise(statements) {
        faults.push(without_return(statements, source));
    }
    Form::Body(statements)
}

fn without_return(statements: &[Stmt], source: Source<'_>) -> Diagnostic {
    let function = statements.iter().rev().find_map(|s| match s {
        Stmt::FunctionDef(f) => Some(f),
        _ => None,
    });
    if let Some(f) = function {
        let message = format!("there is neither a `return` nor a function `evaluate`; `{}` is never called", f.name);
        return Diagnostic::error("P605", source.span(f.name.range()), message)
            .help("name it `evaluate`, or end the snippet with a `return` outside of the functions");
    }
    let fault = match statements.last() {
        Some(last) => Diagnostic::error("P605", source.span(last.range()), "this snippet never returns a value"),
        None => Diagnostic::error("P605", source.origin.text_span(), "this snippet has no statements"),
    };
    match statements.last() {
        Some(Stmt::Expr(_)) => fault.label("the value of this line is lost").help("write `return` before the last expression"),
        _ => fault.help("end it with `return` and the value"),
    }
}

/// `evaluate` is called with `context`, and with `response` where there is a reply.
fn required_parameters(function: &StmtFunctionDef, source: Source<'_>, faults: &mut Vec<Diagnostic>) {
    let parameters = &function.parameters;
    let positional: Vec<_> = parameters.posonlyargs.iter().chain(&parameters.args).collect();
    let required = positional.iter().filter(|p| p.default.is_none()).count();
    if let [only] = positional.as_slice()
        && only.parameter.name.as_str() == "response"
    {
        faults.push(
            Diagnostic::error("P605", source.span(only.parameter.range), "the first parameter of `evaluate` is the context, not the reply")
                .help("write `def evaluate(context, response):`"),
        );
        return;
    }
    let keyword_only = parameters.kwonlyargs.iter().any(|p| p.default.is_none());
    if required > 2 || keyword_only || function.is_async {
        faults.push(
            Diagnostic::error("P605", source.span(function.name.range()), "`evaluate` cannot be called with these parameters")
                .help("write `def evaluate(context):`, or `def evaluate(context, response):` where there is a reply"),
        );
    }
}

fn ends_in_raise(statements: &[Stmt]) -> bool {
    matches!(statements.last(), Some(Stmt::Raise(_)))
}

/// The `return`s of some statements, without those of the functions in them.
#[derive(Default)]
pub(super) struct Returns {
    any: bool,
    pub(super) value: bool,
}

impl Returns {
    pub(super) fn of(statements: &[Stmt]) -> Self {
        let mut returns = Self::default();
        returns.visit_body(statements);
        returns
    }
}

impl<'a> StatementVisitor<'a> for Returns {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::Return(r) => {
                self.any = true;
                self.value |= r.value.is_some();
            }
            other => walk_stmt(self, other),
        }
    }
}
