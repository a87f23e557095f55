//! What a Python snippet asks of the run: variables, queries, the reply.
//!
//! Calls are recognised by name: `var('x')`, `context.var('x')`, `ctx.var('x')`. What cannot be read from the text counts as computed.

use std::collections::{BTreeMap, BTreeSet};

use ruff_text_size::Ranged;
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Arguments, Expr, ExprAttribute, ExprCall, ExprContext, ExprDict, Parameter, Stmt};

use super::super::Place;
use super::super::expression::{FieldUse, GivenTable, Named, QueryText, Uses};
use super::super::walk::makes_anew;
use super::form::Form;
use super::modules::{BUILTINS, NAMES};
use super::names::Names;
use super::{Source, literal};

pub(super) fn of(form: &Form<'_>, names: &Names, source: Source<'_>, place: Place) -> Uses {
    let (context, response) = form.parameters(place);
    let mut collector =
        Collector { source, names, context, aliases: BTreeMap::new(), asked: super::values::asked(form, source), uses: Uses::default() };
    if !matches!(form, Form::Expression(_)) {
        collector.aliases = aliases(form.statements(), &collector);
    }
    match form {
        Form::Expression(expr) => collector.visit_expr(expr),
        Form::Body(_) | Form::Evaluate { .. } => collector.visit_body(form.statements()),
    }
    let mut uses = collector.uses;
    uses.response |= names.response || response.is_some();
    uses.computed_variables |= names.dynamic;
    uses.computed_sources |= names.dynamic && (names.run.contains("context") || context.is_some());
    uses.keep_texts_once();
    uses
}

struct Collector<'a> {
    source: Source<'a>,
    names: &'a Names,
    context: Option<&'a str>,
    /// Names and the variable that each is another name of; `None` where it is also something else.
    aliases: BTreeMap<String, Option<String>>,
    /// Rows that are asked what they have.
    asked: BTreeSet<String>,
    uses: Uses,
}

impl Collector<'_> {
    /// The arguments of a function of the run; `false` where the function is none.
    fn call(&mut self, function: &str, arguments: &Arguments) -> bool {
        match function {
            "var" | "is_var_defined" => {
                let name = argument(arguments, 0, "name").and_then(|e| self.named(e));
                match (name, function) {
                    (Some(name), "var") => self.uses.variables.push(name),
                    (Some(name), _) => self.uses.tested.push(name),
                    (None, _) => self.uses.computed_variables = true,
                }
            }
            "table" => self.source_at(argument(arguments, 0, "source")),
            "query" | "query_scalar" | "query_value" => {
                let positional = arguments.args.iter().filter(|a| !is_type(a) && !self.is_undefined(a)).count();
                let by_name = argument(arguments, usize::MAX, "source");
                match (positional, by_name) {
                    (_, Some(source)) => self.source_at(Some(source)),
                    (2.., None) => self.source_at(arguments.args.first()),
                    (1, None) if argument(arguments, usize::MAX, "sql").is_some() => self.source_at(arguments.args.first()),
                    (_, None) => self.uses.query_sources.push(None),
                }
                self.query_text(arguments, positional, by_name);
            }
            _ => return false,
        }
        true
    }

    /// The query's text where it is literal and nothing in it is filled in.
    fn query_text(&mut self, arguments: &Arguments, positional: usize, by_name: Option<&Expr>) {
        let at = if positional >= 2 { 1 } else { 0 };
        let source = if positional >= 2 { arguments.args.first() } else { by_name };
        let source = match source.map(|e| literal(e)) {
            None => None,
            Some(Some(name)) => Some(name.to_owned()),
            Some(None) => return,
        };
        let sql = argument(arguments, usize::MAX, "sql").or_else(|| arguments.args.get(at)).and_then(|e| self.named(e));
        if let Some(sql) = sql {
            let written = sql.span.file.text.get(sql.span.start as usize..sql.span.end as usize).unwrap_or("{{");
            if !written.contains("{{") && !written.contains("{%") {
                self.uses.queries.push(QueryText { source, sql });
            }
        }
    }

    /// The variable that an expression is: `var('x')`, `context.var('x')`, or a name that is only ever that.
    fn row_of(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Name(name) => self.aliases.get(name.id.as_str()).cloned().flatten(),
            Expr::Call(call) => {
                let is_var = match call.func.as_ref() {
                    Expr::Name(name) => name.id.as_str() == "var" && self.is_run_function("var"),
                    Expr::Attribute(a) => a.attr.as_str() == "var" && self.is_context(&a.value),
                    _ => false,
                };
                argument(&call.arguments, 0, "name").and_then(literal).filter(|_| is_var).map(str::to_owned)
            }
            _ => None,
        }
    }

    fn field(&mut self, base: &Expr, key: Option<&Expr>) {
        if self.asked.contains(self.source.text(base.range())) {
            return;
        }
        if let (Some(variable), Some(field)) = (self.row_of(base), key.and_then(|k| self.named(k))) {
            self.uses.fields.push(FieldUse { variable, field });
        }
    }

    fn given_table(&mut self, dict: &ExprDict) {
        let Some(name) = entry(dict, "table").and_then(|e| self.named(e)) else { return };
        if entry(dict, "data").is_none() && entry(dict, "source").is_none() {
            return;
        }
        let source = entry(dict, "source").and_then(literal).map(str::to_owned);
        let columns = entry(dict, "columns").or_else(|| match entry(dict, "model") {
            Some(Expr::Dict(model)) => entry(model, "columns"),
            _ => None,
        });
        let columns = columns.and_then(|c| self.given_columns(c));
        let appends = entry(dict, "write_mode").is_some_and(|m| !literal(m).is_some_and(makes_anew));
        self.uses.tables.push(GivenTable { name, source, columns, appends, has_data: true });
    }

    fn given_columns(&self, columns: &Expr) -> Option<Vec<(Named, String)>> {
        match columns {
            Expr::Dict(dict) => dict.items.iter().map(|i| Some((self.named(i.key.as_ref()?)?, literal(&i.value)?.to_owned()))).collect(),
            Expr::List(list) => list
                .elts
                .iter()
                .map(|column| match column {
                    Expr::Dict(d) => Some((self.named(entry(d, "name")?)?, literal(entry(d, "type")?)?.to_owned())),
                    _ => None,
                })
                .collect(),
            _ => None,
        }
    }

    fn source_at(&mut self, source: Option<&Expr>) {
        match source.and_then(|e| self.named(e)) {
            Some(name) => self.uses.query_sources.push(Some(name)),
            None => self.uses.computed_sources = true,
        }
    }

    fn named(&self, expr: &Expr) -> Option<Named> {
        literal(expr).map(|name| Named { name: name.to_owned(), span: self.source.span(expr.range()) })
    }

    /// A name that nothing defines, which is reported as such: a type was meant.
    fn is_undefined(&self, expr: &Expr) -> bool {
        let Expr::Name(name) = expr else { return false };
        let name = name.id.as_str();
        !self.names.dynamic && !self.names.bound.contains(name) && !BUILTINS.contains(&name) && !NAMES.contains(&name)
    }

    fn is_run_function(&self, name: &str) -> bool {
        !self.names.bound.contains(name)
    }

    /// `context` itself, or `context.sources`.
    fn is_context(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Name(name) => Some(name.id.as_str()) == self.context || matches!(name.id.as_str(), "context" | "ctx"),
            Expr::Attribute(a) => a.attr.as_str() == "sources" && self.is_context(&a.value),
            _ => false,
        }
    }

    /// Whether it is the call of a run's function by way of an object: `context.var(…)`, or any `….var(…)`, for a helper may call its context otherwise.
    fn is_context_call(&self, function: &ExprAttribute) -> bool {
        match function.attr.as_str() {
            "var" | "is_var_defined" => true,
            "table" | "query" | "query_scalar" | "query_value" => self.is_context(&function.value),
            _ => false,
        }
    }

    fn function_as_value(&mut self, name: &str) {
        match name {
            "var" | "is_var_defined" => self.uses.computed_variables = true,
            "table" | "query" | "query_scalar" | "query_value" => self.uses.computed_sources = true,
            _ => {}
        }
    }
}

impl<'a> Visitor<'a> for Collector<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Call(ExprCall { func, arguments, .. }) => {
                let known = match func.as_ref() {
                    Expr::Name(name) if self.is_run_function(name.id.as_str()) => self.call(name.id.as_str(), arguments),
                    Expr::Attribute(a) if self.is_context_call(a) => {
                        self.visit_expr(&a.value);
                        self.call(a.attr.as_str(), arguments)
                    }
                    _ => false,
                };
                if let Expr::Attribute(a) = func.as_ref()
                    && a.attr.as_str() == "get"
                {
                    self.field(&a.value, arguments.args.first());
                }
                if !known {
                    self.visit_expr(func);
                }
                self.visit_arguments(arguments);
            }
            Expr::Name(name) => {
                if self.is_run_function(name.id.as_str()) {
                    self.function_as_value(name.id.as_str());
                }
            }
            Expr::Attribute(a) => {
                if self.is_context(&a.value) {
                    self.function_as_value(a.attr.as_str());
                    // `context.…` that is not known here may give anything.
                    self.uses.computed_variables |= !matches!(a.attr.as_str(), "log" | "sources" | "response");
                }
                visitor::walk_expr(self, expr);
            }
            Expr::Subscript(s) => {
                self.field(&s.value, Some(&s.slice));
                visitor::walk_expr(self, expr);
            }
            Expr::Dict(dict) => {
                self.given_table(dict);
                visitor::walk_expr(self, expr);
            }
            Expr::StringLiteral(text) => self.uses.texts.push(text.value.to_str().to_owned()),
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// Names that the snippet binds once, to a variable of the run.
fn aliases(statements: &[Stmt], collector: &Collector<'_>) -> BTreeMap<String, Option<String>> {
    struct Find<'f, 'a> {
        collector: &'f Collector<'a>,
        found: BTreeMap<String, Option<String>>,
        stores: BTreeMap<String, usize>,
    }
    impl<'a> Visitor<'a> for Find<'_, '_> {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            if let Stmt::Assign(assign) = statement
                && let [Expr::Name(name)] = assign.targets.as_slice()
            {
                self.found.insert(name.id.to_string(), self.collector.row_of(&assign.value));
            }
            visitor::walk_stmt(self, statement);
        }

        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Expr::Name(name) = expr
                && !matches!(name.ctx, ExprContext::Load)
            {
                *self.stores.entry(name.id.to_string()).or_default() += 1;
            }
            visitor::walk_expr(self, expr);
        }

        /// A function's own names are not told from those outside of it.
        fn visit_parameter(&mut self, parameter: &'a Parameter) {
            *self.stores.entry(parameter.name.to_string()).or_default() += 2;
        }
    }
    let mut find = Find { collector, found: BTreeMap::new(), stores: BTreeMap::new() };
    find.visit_body(statements);
    let Find { found, stores, .. } = find;
    found.into_iter().filter(|(name, _)| stores.get(name) == Some(&1)).collect()
}

fn entry<'e>(dict: &'e ExprDict, name: &str) -> Option<&'e Expr> {
    dict.items.iter().find(|i| i.key.as_ref().and_then(literal) == Some(name)).map(|i| &i.value)
}

/// The types that `query_value` takes as its last argument.
fn is_type(expr: &Expr) -> bool {
    matches!(expr, Expr::Name(name) if matches!(name.id.as_str(), "int" | "float" | "str" | "bool"))
}

/// The argument at that position, or by that name.
fn argument<'a>(arguments: &'a Arguments, at: usize, name: &str) -> Option<&'a Expr> {
    arguments.args.get(at).or_else(|| arguments.find_keyword(name).map(|k| &k.value))
}
