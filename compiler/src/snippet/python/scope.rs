//! Scopes of a Python snippet: which names are bound where, and which are read without being bound.
//!
//! Wider than Python's own rules where they need the order of execution: a name bound anywhere in a scope counts as bound in all of it, and the
//! names of a class are seen by its methods. So a name found unbound here is unbound in Python.

use std::collections::BTreeSet;

use ruff_text_size::{Ranged, TextRange};
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{
    Comprehension, ExceptHandler, Expr, ExprContext, Parameters, Pattern, Stmt, StmtImport, StmtImportFrom, TypeParam, TypeParams,
};

use super::form::Form;

/// A name that is read.
pub(super) struct Read {
    pub(super) name: String,
    pub(super) range: TextRange,
    /// A handler around it takes names that are not there.
    pub(super) tried: bool,
    scope: usize,
}

/// An import of a module. `guarded` ones stand in a `try`.
pub(super) struct Import {
    pub(super) module: String,
    pub(super) range: TextRange,
    pub(super) guarded: bool,
}

#[derive(Default)]
struct Scope {
    parent: Option<usize>,
    bound: BTreeSet<String>,
}

/// All scopes of a snippet; the first one is its outermost.
#[derive(Default)]
pub(super) struct Scopes {
    scopes: Vec<Scope>,
    pub(super) reads: Vec<Read>,
    pub(super) imports: Vec<Import>,
    /// `from … import *`: any name may be bound.
    pub(super) star_import: bool,
    current: usize,
    tries: usize,
    tried: usize,
}

/// `except NameError`
fn takes_missing_names(handler: &ExceptHandler) -> bool {
    let ExceptHandler::ExceptHandler(handler) = handler;
    let is = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == "NameError");
    match handler.type_.as_deref() {
        Some(Expr::Tuple(tuple)) => tuple.elts.iter().any(is),
        Some(expr) => is(expr),
        None => false,
    }
}

impl Scopes {
    pub(super) fn of(form: &Form<'_>) -> Self {
        let mut scopes = Self { scopes: vec![Scope::default()], ..Self::default() };
        match form {
            Form::Expression(expr) => scopes.visit_expr(expr),
            Form::Body(_) | Form::Evaluate { .. } => scopes.visit_body(form.statements()),
        }
        scopes
    }

    /// Whether the snippet binds the name where it is read.
    pub(super) fn binds(&self, read: &Read) -> bool {
        let mut scope = Some(read.scope);
        while let Some(s) = scope.and_then(|s| self.scopes.get(s)) {
            if s.bound.contains(&read.name) {
                return true;
            }
            scope = s.parent;
        }
        false
    }

    /// Every name that is bound anywhere.
    pub(super) fn all_bound(&self) -> BTreeSet<&str> {
        self.scopes.iter().flat_map(|s| s.bound.iter().map(String::as_str)).collect()
    }

    fn bind(&mut self, name: &str) {
        if let Some(scope) = self.scopes.get_mut(self.current) {
            scope.bound.insert(name.to_owned());
        }
    }

    /// Binds in every scope from here outwards: for names whose scope depends on more than their place.
    fn bind_outwards(&mut self, name: &str) {
        let mut scope = Some(self.current);
        while let Some(s) = scope.and_then(|s| self.scopes.get_mut(s)) {
            s.bound.insert(name.to_owned());
            scope = s.parent;
        }
    }

    fn inside(&mut self, work: impl FnOnce(&mut Self)) {
        self.scopes.push(Scope { parent: Some(self.current), bound: BTreeSet::new() });
        let outer = std::mem::replace(&mut self.current, self.scopes.len() - 1);
        work(self);
        self.current = outer;
    }

    fn bind_parameters(&mut self, parameters: &Parameters) {
        for parameter in parameters.iter() {
            self.bind(parameter.name().as_str());
        }
    }

    fn comprehension<'a>(&mut self, generators: &'a [Comprehension], parts: &[&'a Expr]) {
        // What the first loop goes over belongs to the scope outside.
        let Some((first, rest)) = generators.split_first() else { return };
        self.visit_expr(&first.iter);
        self.inside(|s| {
            s.visit_expr(&first.target);
            first.ifs.iter().for_each(|test| s.visit_expr(test));
            rest.iter().for_each(|g| s.visit_comprehension(g));
            parts.iter().for_each(|p| s.visit_expr(p));
        });
    }

    fn import(&mut self, import: &StmtImport) {
        for alias in &import.names {
            let module = alias.name.as_str();
            let bound = alias.asname.as_ref().map_or_else(|| module.split('.').next().unwrap_or(module), |a| a.as_str());
            self.bind(bound);
            self.imports.push(Import { module: module.to_owned(), range: alias.name.range(), guarded: self.tries > 0 });
        }
    }

    fn import_from(&mut self, import: &StmtImportFrom) {
        let dots = ".".repeat(import.level as usize);
        let module = format!("{dots}{}", import.module.as_ref().map_or("", |m| m.as_str()));
        let range = import.module.as_ref().map_or(import.range, Ranged::range);
        for alias in &import.names {
            if alias.name.as_str() == "*" {
                self.star_import = true;
            } else {
                self.bind(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
            }
        }
        // `from urllib import request` imports `urllib.request`.
        let package = super::modules::MODULES.iter().all(|m| *m != module) && super::modules::is_available(&module);
        let modules: Vec<String> = match import.names.as_slice() {
            names if package => names.iter().map(|a| format!("{module}.{}", a.name)).collect(),
            _ => vec![module],
        };
        for module in modules {
            self.imports.push(Import { module, range, guarded: self.tries > 0 });
        }
    }

    fn type_parameters(&mut self, parameters: Option<&TypeParams>) {
        for parameter in parameters.iter().flat_map(|p| p.iter()) {
            self.bind(match parameter {
                TypeParam::TypeVar(t) => t.name.as_str(),
                TypeParam::TypeVarTuple(t) => t.name.as_str(),
                TypeParam::ParamSpec(t) => t.name.as_str(),
            });
        }
    }
}

impl<'a> Visitor<'a> for Scopes {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(f) => {
                self.bind(f.name.as_str());
                f.decorator_list.iter().for_each(|d| self.visit_decorator(d));
                self.type_parameters(f.type_params.as_deref());
                // Defaults and annotations belong to the scope outside.
                self.visit_parameters(&f.parameters);
                f.returns.iter().for_each(|r| self.visit_annotation(r));
                self.inside(|s| {
                    s.bind_parameters(&f.parameters);
                    s.visit_body(&f.body);
                });
            }
            Stmt::ClassDef(c) => {
                self.bind(c.name.as_str());
                c.decorator_list.iter().for_each(|d| self.visit_decorator(d));
                self.type_parameters(c.type_params.as_deref());
                c.arguments.iter().for_each(|a| self.visit_arguments(a));
                self.inside(|s| s.visit_body(&c.body));
            }
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Global(g) => g.names.iter().for_each(|n| self.bind_outwards(n.as_str())),
            Stmt::Nonlocal(n) => n.names.iter().for_each(|n| self.bind_outwards(n.as_str())),
            Stmt::TypeAlias(t) => {
                self.type_parameters(t.type_params.as_deref());
                visitor::walk_stmt(self, statement);
            }
            Stmt::Try(t) => {
                let takes_names = usize::from(t.handlers.iter().any(takes_missing_names));
                self.tries += 1;
                self.tried += takes_names;
                self.visit_body(&t.body);
                self.tried -= takes_names;
                t.handlers.iter().for_each(|h| self.visit_except_handler(h));
                self.visit_body(&t.orelse);
                self.visit_body(&t.finalbody);
                self.tries -= 1;
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => match name.ctx {
                ExprContext::Load => {
                    self.reads.push(Read { name: name.id.to_string(), range: name.range, tried: self.tried > 0, scope: self.current });
                }
                ExprContext::Store | ExprContext::Del | ExprContext::Invalid => self.bind(name.id.as_str()),
            },
            // A name bound by `:=` in a comprehension belongs to the function around it.
            Expr::Named(named) => {
                if let Expr::Name(target) = named.target.as_ref() {
                    self.bind_outwards(target.id.as_str());
                }
                self.visit_expr(&named.value);
            }
            Expr::Lambda(lambda) => {
                lambda.parameters.iter().for_each(|p| self.visit_parameters(p));
                self.inside(|s| {
                    lambda.parameters.iter().for_each(|p| s.bind_parameters(p));
                    s.visit_expr(&lambda.body);
                });
            }
            Expr::ListComp(c) => self.comprehension(&c.generators, &[&c.elt]),
            Expr::SetComp(c) => self.comprehension(&c.generators, &[&c.elt]),
            Expr::Generator(c) => self.comprehension(&c.generators, &[&c.elt]),
            Expr::DictComp(c) => self.comprehension(&c.generators, &[&c.key, &c.value]),
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(h) = handler;
        if let Some(name) = &h.name {
            self.bind(name.as_str());
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(p) => p.name.as_ref(),
            Pattern::MatchStar(p) => p.name.as_ref(),
            Pattern::MatchMapping(p) => p.rest.as_ref(),
            Pattern::MatchValue(_)
            | Pattern::MatchSingleton(_)
            | Pattern::MatchSequence(_)
            | Pattern::MatchClass(_)
            | Pattern::MatchOr(_) => None,
        };
        if let Some(name) = name {
            self.bind(name.as_str());
        }
        visitor::walk_pattern(self, pattern);
    }
}
