//! Functions of the snippet: what they take, what they give, and what is wrong in them.

use std::collections::BTreeMap;

use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, ExprCall, Parameters, Stmt, StmtFunctionDef};

use super::{Detail, Look, Value};
use crate::kinds::Kinds;

/// A function that was met.
pub(super) struct Function<'a> {
    body: Body<'a>,
    /// What it gives, once that is known; `Some(None)` while it is found out.
    gives: Option<Option<Kinds>>,
}

#[derive(Clone, Copy)]
enum Body<'a> {
    Def(&'a StmtFunctionDef),
    Lambda(&'a rustpython_compiler::ast::ExprLambda),
}

impl<'a> Body<'a> {
    fn parameters(self) -> Option<&'a Parameters> {
        match self {
            Self::Def(f) => Some(&f.parameters),
            Self::Lambda(l) => l.parameters.as_deref(),
        }
    }

    fn name(self) -> &'a str {
        match self {
            Self::Def(f) => f.name.as_str(),
            Self::Lambda(_) => "the lambda",
        }
    }
}

impl<'a> Look<'a> {
    /// A function that is met in the text.
    pub(super) fn define(&mut self, function: &'a StmtFunctionDef) -> Value {
        // What decorators make of a function is their own affair.
        if !function.decorator_list.is_empty() || function.is_async {
            return Value::UNKNOWN;
        }
        let known = self.functions.iter().position(|f| matches!(f.body, Body::Def(other) if std::ptr::eq(other, function)));
        let id = known.unwrap_or_else(|| {
            self.functions.push(Function { body: Body::Def(function), gives: None });
            self.functions.len() - 1
        });
        let value = Value { kinds: Kinds::FUNCTION, detail: Detail::Function(id) };
        if self.mutated.stores(function.name.as_str()) == 1 && known.is_none() && self.env_is_outermost() {
            self.outer.insert(function.name.as_str(), value.clone());
        }
        if self.mutated.stores(function.name.as_str()) > 1 { Value::of(Kinds::FUNCTION) } else { value }
    }

    pub(super) fn lambda(&mut self, expr: &'a Expr) -> Value {
        let Expr::Lambda(lambda) = expr else { return Value::UNKNOWN };
        let known = self.functions.iter().position(|f| matches!(f.body, Body::Lambda(other) if std::ptr::eq(other, lambda)));
        let id = known.unwrap_or_else(|| {
            self.functions.push(Function { body: Body::Lambda(lambda), gives: None });
            self.functions.len() - 1
        });
        Value { kinds: Kinds::FUNCTION, detail: Detail::Function(id) }
    }

    /// What a function gives.
    pub(super) fn result_of(&mut self, id: usize) -> Value {
        let Some(function) = self.functions.get_mut(id) else { return Value::UNKNOWN };
        match function.gives {
            Some(Some(kinds)) => return Value::of(kinds),
            Some(None) => return Value::UNKNOWN,
            None => function.gives = Some(None),
        }
        let body = function.body;
        self.quiet += 1;
        let kinds = self.inside(body);
        self.quiet -= 1;
        if let Some(function) = self.functions.get_mut(id) {
            function.gives = Some(Some(kinds));
        }
        Value::of(kinds)
    }

    /// Looks at the functions that have been met, and those that are met in them.
    pub(super) fn bodies(&mut self) {
        let mut next = 0;
        while let Some(function) = self.functions.get(next) {
            let body = function.body;
            next += 1;
            // `evaluate` has been looked at.
            if !matches!(body, Body::Def(f) if f.name.as_str() == "evaluate") {
                self.inside(body);
            }
        }
    }

    /// Looks at `evaluate`.
    pub(super) fn evaluate(&mut self, function: &'a StmtFunctionDef) {
        self.function_scope(|look| {
            look.env.scope(&function.body, true);
            look.parameters(Some(&function.parameters));
            if look.block(&function.body) {
                look.given = std::mem::replace(&mut look.given, Value::NONE).or(Value::NONE);
            }
        });
    }

    /// Whether the statement at hand is no function's, or `evaluate`'s own.
    pub(super) fn env_is_outermost(&self) -> bool {
        self.env.is_outermost()
    }

    /// Whether what is returned is the snippet's result.
    pub(super) fn is_result(&self) -> bool {
        self.env.is_outermost()
    }

    fn inside(&mut self, body: Body<'a>) -> Kinds {
        self.function_scope(|look| match body {
            Body::Def(function) => {
                look.env.scope(&function.body, false);
                look.parameters(Some(&function.parameters));
                let ends = look.block(&function.body);
                if yields(&function.body) {
                    return Kinds::ITERATOR;
                }
                if look.returned.is_nothing() && !ends {
                    // It only raises, or never ends.
                    return Kinds::UNKNOWN;
                }
                if ends { look.returned.or(Kinds::NULL) } else { look.returned }
            }
            Body::Lambda(lambda) => {
                look.env.scope(&[], false);
                look.parameters(lambda.parameters.as_deref());
                look.value(&lambda.body).kinds
            }
        })
    }

    fn parameters(&mut self, parameters: Option<&'a Parameters>) {
        for parameter in parameters.into_iter().flat_map(Parameters::iter) {
            self.env.set(parameter.name().as_str(), Value::UNKNOWN);
        }
    }

    /// Whether a call gives a function what it takes.
    pub(super) fn fits(&mut self, id: usize, call: &'a ExprCall) {
        let Some(body) = self.functions.get(id).map(|f| f.body) else { return };
        let arguments = &call.arguments;
        let computed = arguments.args.iter().any(|a| matches!(a, Expr::Starred(_))) || arguments.keywords.iter().any(|k| k.arg.is_none());
        if computed {
            return;
        }
        let Some(parameters) = body.parameters() else {
            let given = arguments.args.len() + arguments.keywords.len();
            if given > 0 {
                self.wrong_count(body.name(), 0, 0, given, call);
            }
            return;
        };
        let mut given: BTreeMap<&str, bool> = BTreeMap::new();
        let positional: Vec<_> = parameters.posonlyargs.iter().chain(&parameters.args).collect();
        let most = positional.len();
        let least = positional.iter().filter(|p| p.default.is_none()).count();
        if arguments.args.len() > most && parameters.vararg.is_none() {
            self.wrong_count(body.name(), least, most, arguments.args.len(), call);
            return;
        }
        for (i, parameter) in positional.iter().enumerate() {
            given.insert(parameter.parameter.name.as_str(), i < arguments.args.len() || parameter.default.is_some());
        }
        for parameter in &parameters.kwonlyargs {
            given.insert(parameter.parameter.name.as_str(), parameter.default.is_some());
        }
        for keyword in &arguments.keywords {
            let Some(name) = keyword.arg.as_ref() else { continue };
            match given.get_mut(name.as_str()) {
                Some(is) => *is = true,
                None if parameters.kwarg.is_none() => {
                    let names = given.keys().copied().collect::<Vec<_>>().join(", ");
                    let message = format!("`{}` has no parameter `{name}`", body.name());
                    let help = crate::diagnostic::did_you_mean(name.as_str(), given.keys().copied())
                        .map_or_else(|| format!("it has {names}"), |near| format!("did you mean `{near}`?"));
                    self.fault("P619", ruff_text_size::Ranged::range(name), message, help);
                    return;
                }
                None => {}
            }
        }
        let missing: Vec<&str> = given.iter().filter(|(_, is)| !**is).map(|(name, _)| *name).collect();
        if !missing.is_empty() {
            let message = format!("`{}` is called without {}", body.name(), missing.join(", "));
            self.fault("P619", call.range, message, "give it a value, or give the parameter a default");
        }
    }
}

/// Whether the statements are a generator's.
fn yields(statements: &[Stmt]) -> bool {
    struct Yields(bool);
    impl<'a> Visitor<'a> for Yields {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            if !matches!(stmt, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) {
                visitor::walk_stmt(self, stmt);
            }
        }

        fn visit_expr(&mut self, expr: &'a Expr) {
            self.0 |= matches!(expr, Expr::Yield(_) | Expr::YieldFrom(_));
            visitor::walk_expr(self, expr);
        }
    }
    let mut found = Yields(false);
    found.visit_body(statements);
    found.0
}
