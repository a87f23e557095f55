//! P608: what is read of a module by its name is there. Looked at are the modules that parsers use most, where nothing else has their name.

mod names;

use std::collections::BTreeSet;

use ruff_text_size::Ranged;
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, ExprContext, Parameters, Stmt};

use super::super::Source;
use super::super::form::Form;
use crate::diagnostic::{Diagnostic, did_you_mean};
use names::MODULES;

/// What is meant by names that other languages, or other parts of the library, have.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("datetime", "now", "write `datetime.datetime.now()`, or `from datetime import datetime`"),
    ("datetime", "utcnow", "write `datetime.datetime.now(datetime.timezone.utc)`"),
    ("datetime", "today", "write `datetime.date.today()`"),
    ("datetime", "strptime", "write `datetime.datetime.strptime(…)`, or `from datetime import datetime`"),
    ("datetime", "fromisoformat", "write `datetime.datetime.fromisoformat(…)`, or `from datetime import datetime`"),
    ("datetime", "fromtimestamp", "write `datetime.datetime.fromtimestamp(…)`, or `from datetime import datetime`"),
    ("datetime", "strftime", "a moment has it: `datetime.datetime.now().strftime(…)`"),
    ("json", "parse", "write `json.loads(…)`"),
    ("json", "decode", "write `json.loads(…)`"),
    ("json", "stringify", "write `json.dumps(…)`"),
    ("json", "encode", "write `json.dumps(…)`"),
    ("math", "abs", "`abs(…)` is there without a module"),
    ("math", "round", "`round(…)` is there without a module"),
    ("math", "max", "`max(…)` is there without a module"),
    ("math", "min", "`min(…)` is there without a module"),
    ("math", "sum", "`sum(…)` is there without a module"),
    ("math", "square", "write `x ** 2`"),
    ("re", "find", "write `re.search(pattern, text)`, or `re.findall(…)` for all"),
    ("re", "replace", "write `re.sub(pattern, by, text)`"),
    ("re", "test", "write `re.search(pattern, text) is not None`"),
    ("random", "int", "write `random.randint(a, b)`"),
    ("time", "now", "write `time.time()` for seconds, or `datetime.datetime.now()`"),
];

pub(super) fn check(form: &Form<'_>, source: Source<'_>, faults: &mut Vec<Diagnostic>) {
    let mut bound = Bound::default();
    form.visit(&mut bound);
    form.visit(&mut FromImports { source, faults });
    let modules: BTreeSet<&str> = bound.imported.iter().map(String::as_str).filter(|name| !bound.otherwise.contains(*name)).collect();
    if !modules.is_empty() {
        form.visit(&mut Reads { modules: &modules, source, faults });
    }
}

/// Names that `import NAME` binds, and those that anything else does.
#[derive(Default)]
struct Bound {
    imported: BTreeSet<String>,
    otherwise: BTreeSet<String>,
}

impl<'a> Visitor<'a> for Bound {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Import(import) => {
                for alias in &import.names {
                    match &alias.asname {
                        None => self.imported.insert(alias.name.to_string()),
                        Some(name) => self.otherwise.insert(name.to_string()),
                    };
                }
            }
            Stmt::ImportFrom(import) => {
                self.otherwise.extend(import.names.iter().map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).to_string()));
            }
            Stmt::FunctionDef(function) => {
                self.otherwise.insert(function.name.to_string());
            }
            Stmt::ClassDef(class) => {
                self.otherwise.insert(class.name.to_string());
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr
            && !matches!(name.ctx, ExprContext::Load)
        {
            self.otherwise.insert(name.id.to_string());
        }
        visitor::walk_expr(self, expr);
    }

    fn visit_parameters(&mut self, parameters: &'a Parameters) {
        self.otherwise.extend(parameters.iter().map(|parameter| parameter.name().to_string()));
        visitor::walk_parameters(self, parameters);
    }
}

/// `from datetime import timedeltas`.
struct FromImports<'a> {
    source: Source<'a>,
    faults: &'a mut Vec<Diagnostic>,
}

impl<'a> Visitor<'a> for FromImports<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        // An import that may fail is tried.
        if matches!(stmt, Stmt::Try(_)) {
            return;
        }
        if let Stmt::ImportFrom(import) = stmt
            && let Some((module, members)) = MODULES.iter().find(|(name, _)| import.module.as_ref().is_some_and(|m| m.as_str() == *name))
        {
            for alias in import.names.iter().filter(|alias| !has(members, alias.name.as_str()) && alias.name.as_str() != "*") {
                let name = alias.name.as_str();
                let fault =
                    Diagnostic::error("P608", self.source.span(alias.name.range()), format!("the module `{module}` has no `{name}`"));
                self.faults.push(match did_you_mean(name, members.split_whitespace()) {
                    Some(near) => fault.help(format!("did you mean `{near}`?")),
                    None => fault.help(shown(members)),
                });
            }
        }
        visitor::walk_stmt(self, stmt);
    }
}

fn has(members: &str, name: &str) -> bool {
    members.split_whitespace().any(|member| member == name)
}

/// The names of a module for a message, where they are few.
fn shown(members: &str) -> String {
    const MANY: usize = 12;
    let names: Vec<&str> = members.split_whitespace().filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())).collect();
    if names.len() > MANY { "look it up in the module's documentation".to_owned() } else { format!("it has {}", names.join(", ")) }
}

struct Reads<'a> {
    modules: &'a BTreeSet<&'a str>,
    source: Source<'a>,
    faults: &'a mut Vec<Diagnostic>,
}

impl<'a> Visitor<'a> for Reads<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Attribute(a) = expr
            && let Expr::Name(module) = a.value.as_ref()
            && let Some((module, members)) = MODULES.iter().find(|(name, _)| *name == module.id.as_str() && self.modules.contains(name))
            && !has(members, a.attr.as_str())
            && !a.attr.as_str().starts_with('_')
        {
            let name = a.attr.as_str();
            let fault = Diagnostic::error("P608", self.source.span(a.attr.range()), format!("the module `{module}` has no `{name}`"));
            let elsewhere = ELSEWHERE.iter().find(|(m, n, _)| m == module && *n == name).map(|(_, _, help)| (*help).to_owned());
            let near = || did_you_mean(name, members.split_whitespace()).map(|near| format!("did you mean `{near}`?"));
            self.faults.push(match elsewhere.or_else(near) {
                Some(help) => fault.help(help),
                None => fault.help(shown(members)),
            });
        }
        visitor::walk_expr(self, expr);
    }
}
