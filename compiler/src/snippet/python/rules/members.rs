//! P608: members of `response` and `context` are those that there are, and a column of a row is read with brackets.

use std::collections::{BTreeMap, BTreeSet};

use ruff_text_size::Ranged;
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, ExprAttribute, ExprContext, Parameters, Stmt};

use super::super::super::Place;
use super::super::Source;
use super::super::form::Form;
use super::super::literal;
use super::super::names::Names;
use crate::diagnostic::{Diagnostic, did_you_mean};

/// Members of `response`.
pub(crate) const RESPONSE: &[&str] = &["content", "elapsed", "encoding", "headers", "json", "ok", "status_code", "text", "url"];
/// Members of `context`.
pub(crate) const CONTEXT: &[&str] = &["is_var_defined", "log", "query", "query_scalar", "query_value", "sources", "table", "var"];
/// Members of `context.sources`.
pub(crate) const SOURCES: &[&str] = &["query", "query_scalar", "query_value", "table"];

/// What other members are called elsewhere, and what does the same here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("body", "write `response.json()` for the data, `response.text` for the text"),
    ("data", "write `response.json()['data']` for the field `data`, `response.json()` for all of it"),
    ("items", "write `response.json()['items']` for the field, `response.json().items()` for its pairs"),
    ("get", "write `response.json().get('…')` for a field, `response.headers.get('…')` for a header"),
    ("cookies", "cookies are in `response.headers['set-cookie']`"),
    ("reason", "`response.status_code` is the number"),
    ("raise_for_status", "the status is checked already: `success_status` says which ones are a success"),
    ("iter_lines", "write `response.text.splitlines()`"),
    ("links", "the header is `response.headers.get('link')`"),
];

/// The names by which a snippet knows the reply and the context, and whether `var` is the run's.
pub(in crate::snippet::python) struct Roots {
    response: BTreeSet<String>,
    context: BTreeSet<String>,
    var: bool,
    query: bool,
}

impl Roots {
    pub(super) fn of(form: &Form<'_>, names: &Names, place: Place) -> Self {
        let mut bindings = Bindings::default();
        form.visit(&mut bindings);
        let (context, response) = form.parameters(place);
        // A parameter of `evaluate` and nothing else binds it.
        let own = |parameter: Option<&str>| {
            parameter.filter(|p| bindings.parameters.get(*p) == Some(&1) && !bindings.stored.contains(*p)).map(str::to_owned)
        };
        let global = |name: &str| (!names.bound.contains(name)).then(|| name.to_owned());
        let sets_members = |name: &String| !bindings.with_new_members.contains(name);
        Self {
            response: own(response).into_iter().chain(global("response")).filter(sets_members).collect(),
            context: own(context).filter(|c| c != "response").into_iter().chain(global("context")).filter(sets_members).collect(),
            var: !names.bound.contains("var"),
            query: !names.bound.contains("query") && !names.bound.contains("table"),
        }
    }

    pub(in crate::snippet::python) fn is_response(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Name(n) if self.response.contains(n.id.as_str()))
    }

    /// The run's function `var` itself.
    fn is_var(&self, expr: &Expr) -> bool {
        self.var && matches!(expr, Expr::Name(n) if n.id.as_str() == "var")
    }

    /// A value out of a variable or a reply: text, a number, a list, a map, a row.
    fn is_data(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Subscript(s) => self.is_data(&s.value),
            _ => self.is_variable(expr) || self.is_document(expr) || self.queried(expr).is_some(),
        }
    }

    pub(in crate::snippet::python) fn is_context(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Name(n) if self.context.contains(n.id.as_str()))
    }

    fn is_sources(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Attribute(a) if a.attr.as_str() == "sources" && self.is_context(&a.value))
    }

    /// `response.json()`.
    pub(super) fn is_document(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Call(c) if matches!(c.func.as_ref(), Expr::Attribute(a) if a.attr.as_str() == "json" && self.is_response(&a.value)))
    }

    /// The first text among the arguments of `query(…)` or `table(…)`, from the last: the SQL, or the table.
    pub(super) fn queried<'e>(&self, expr: &'e Expr) -> Option<&'e str> {
        let Expr::Call(c) = expr else { return None };
        let named = |name: &str| matches!(name, "query" | "table");
        let is_query = match c.func.as_ref() {
            Expr::Name(n) => self.query && named(n.id.as_str()),
            Expr::Attribute(a) => named(a.attr.as_str()) && (self.is_context(&a.value) || self.is_sources(&a.value)),
            _ => false,
        };
        is_query.then(|| c.arguments.args.iter().rev().find_map(literal)).flatten()
    }

    /// `var(…)` of the run.
    pub(super) fn is_variable(&self, expr: &Expr) -> bool {
        let Expr::Call(c) = expr else { return false };
        match c.func.as_ref() {
            Expr::Name(n) => self.var && n.id.as_str() == "var",
            Expr::Attribute(a) => a.attr.as_str() == "var" && self.is_context(&a.value),
            _ => false,
        }
    }
}

pub(super) fn check(form: &Form<'_>, roots: &Roots, source: Source<'_>, faults: &mut Vec<Diagnostic>) {
    form.visit(&mut Members { roots, source, faults });
}

struct Members<'a> {
    roots: &'a Roots,
    source: Source<'a>,
    faults: &'a mut Vec<Diagnostic>,
}

impl Members<'_> {
    fn attribute(&mut self, a: &ExprAttribute) {
        let name = a.attr.as_str();
        if name.starts_with("__") {
            return;
        }
        let fault = |what: &str| Diagnostic::error("P608", self.source.span(a.attr.range()), format!("{what} has no `{name}`"));
        if self.roots.is_response(&a.value) {
            if RESPONSE.contains(&name) {
                return;
            }
            let elsewhere = ELSEWHERE.iter().find(|(n, _)| *n == name).map(|(_, help)| (*help).to_owned());
            let near = || {
                did_you_mean(name, RESPONSE.iter().copied())
                    .or((name == "status").then_some("status_code"))
                    .map(|n| format!("did you mean `{n}`?"))
            };
            let help = elsewhere
                .or_else(near)
                .unwrap_or_else(|| format!("it has {}; a field of the data is `response.json()['{name}']`", RESPONSE.join(", ")));
            self.faults.push(fault("`response`").help(help));
        } else if self.roots.is_context(&a.value) {
            if CONTEXT.contains(&name) {
                return;
            }
            let help = match (name, did_you_mean(name, CONTEXT.iter().copied())) {
                ("response", _) => "`response` is a name of its own".to_owned(),
                ("get" | "get_var" | "get_variable" | "variable" | "variables" | "vars" | "parameters" | "params", _) => {
                    "a variable is read by `var('…')`".to_owned()
                }
                (_, Some(near)) => format!("did you mean `{near}`?"),
                (_, None) => format!("for a variable write `var('{name}')`; `context` has {}", CONTEXT.join(", ")),
            };
            self.faults.push(fault("`context`").help(help));
        } else if self.roots.is_sources(&a.value) && !SOURCES.contains(&name) {
            self.faults.push(fault("`context.sources`").help(format!("write `query('{name}', 'select …')` to ask that source")));
        } else if self.roots.is_var(&a.value) {
            self.faults.push(fault("`var`").help(format!("write `var('{name}')`")));
        } else if self.roots.is_data(&a.value) && !METHODS.contains(&name) {
            let help = if DATES.contains(&name) {
                "dates and times are text in ISO 8601 here: `datetime.fromisoformat(…)` makes one of it".to_owned()
            } else {
                format!("a column or key is read with brackets: `['{name}']`; the dot is for templates")
            };
            let message = format!("no value of a variable or reply has `{name}` in Python");
            self.faults.push(Diagnostic::error("P608", self.source.span(a.attr.range()), message).help(help));
        }
    }

    /// `response.json` without the call, where a value is wanted.
    fn uncalled(&mut self, expr: &Expr) {
        if let Expr::Attribute(a) = expr
            && a.attr.as_str() == "json"
            && self.roots.is_response(&a.value)
        {
            self.faults.push(
                Diagnostic::error("P608", self.source.span(a.range), "`response.json` is a method: it must be called")
                    .help("write `response.json()`"),
            );
        }
    }
}

impl<'a> Visitor<'a> for Members<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Return(r) => r.value.iter().for_each(|v| self.uncalled(v)),
            Stmt::For(f) => self.uncalled(&f.iter),
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Attribute(a) => {
                if matches!(a.ctx, ExprContext::Load) {
                    self.attribute(a);
                }
                self.uncalled(&a.value);
            }
            Expr::Subscript(s) => {
                self.uncalled(&s.value);
                if self.roots.is_var(&s.value) || self.roots.is_context(&s.value) {
                    let fault = Diagnostic::error("P608", self.source.span(s.range), "a variable is read by calling `var`");
                    self.faults.push(fault.help(format!("write `var('{}')`", literal(&s.slice).unwrap_or("…"))));
                }
                if self.roots.is_response(&s.value) {
                    let help = match literal(&s.slice) {
                        Some(key) => format!("write `response.json()['{key}']`"),
                        None => "write `response.json()[…]`".to_owned(),
                    };
                    self.faults.push(Diagnostic::error("P608", self.source.span(s.range), "`response` is not the data itself").help(help));
                }
            }
            Expr::Dict(d) => d.items.iter().for_each(|i| self.uncalled(&i.value)),
            Expr::ListComp(c) => c.generators.iter().for_each(|g| self.uncalled(&g.iter)),
            Expr::Call(c) => c.arguments.args.iter().for_each(|a| self.uncalled(a)),
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// What binds names in ways that matter here.
#[derive(Default)]
struct Bindings {
    stored: BTreeSet<String>,
    parameters: BTreeMap<String, usize>,
    /// `context.x = …`.
    with_new_members: BTreeSet<String>,
}

impl<'a> Visitor<'a> for Bindings {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(n) if !matches!(n.ctx, ExprContext::Load) => {
                self.stored.insert(n.id.to_string());
            }
            Expr::Attribute(a) if !matches!(a.ctx, ExprContext::Load) => {
                if let Expr::Name(n) = a.value.as_ref() {
                    self.with_new_members.insert(n.id.to_string());
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }

    fn visit_parameters(&mut self, parameters: &'a Parameters) {
        for parameter in parameters.iter() {
            *self.parameters.entry(parameter.name().to_string()).or_default() += 1;
        }
        visitor::walk_parameters(self, parameters);
    }
}

/// What dates and times have in Python, which rows had in the older tool.
const DATES: &[&str] =
    &["astimezone", "date", "day", "hour", "isoformat", "minute", "month", "strftime", "time", "timestamp", "weekday", "year"];

/// What text, numbers, lists, maps and rows have in Python.
const METHODS: &[&str] = &[
    "append",
    "as_integer_ratio",
    "bit_count",
    "bit_length",
    "capitalize",
    "casefold",
    "center",
    "clear",
    "conjugate",
    "copy",
    "count",
    "decode",
    "denominator",
    "encode",
    "endswith",
    "expandtabs",
    "extend",
    "find",
    "format",
    "format_map",
    "fromhex",
    "fromkeys",
    "get",
    "hex",
    "imag",
    "index",
    "insert",
    "is_integer",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "items",
    "join",
    "keys",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "numerator",
    "partition",
    "pop",
    "popitem",
    "real",
    "remove",
    "removeprefix",
    "removesuffix",
    "replace",
    "reverse",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "setdefault",
    "sort",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "text",
    "title",
    "to_bytes",
    "to_dict",
    "translate",
    "update",
    "upper",
    "values",
    "zfill",
];
