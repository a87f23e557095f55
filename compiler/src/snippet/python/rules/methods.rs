//! P608: methods that values have in other languages and not in Python. P605: a method that changes its list, and gives None, as the result.

use std::collections::BTreeSet;

use ruff_text_size::Ranged;
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, ExprCall, Stmt};

use super::super::Source;
use super::super::form::Form;
use crate::diagnostic::Diagnostic;

/// Names that nothing in Python's own types and modules has, with what does the same.
pub(crate) const FOREIGN: &[(&str, &str)] = &[
    ("has_key", "write `key in d`"),
    ("contains", "write `part in text`"),
    ("includes", "write `x in list`"),
    ("indexOf", "write `.find(…)` of a text, `.index(…)` of a list"),
    ("push", "write `.append(x)`"),
    ("length", "write `len(…)`"),
    ("toUpperCase", "write `.upper()`"),
    ("toLowerCase", "write `.lower()`"),
    ("toString", "write `str(…)`"),
    ("trim", "write `.strip()`"),
    ("startsWith", "write `.startswith(…)`"),
    ("endsWith", "write `.endswith(…)`"),
    ("replaceAll", "write `.replace(…)`"),
    ("forEach", "write `for x in …:`"),
    ("charAt", "write `text[i]`"),
    ("iteritems", "write `.items()`"),
    ("itervalues", "write `.values()`"),
    ("iterkeys", "write `.keys()`"),
];

/// Methods of lists and maps that change them and give None.
const CHANGING: &[&str] = &["append", "extend", "insert", "sort", "reverse", "clear"];

pub(super) fn check(form: &Form<'_>, source: Source<'_>, faults: &mut Vec<Diagnostic>) {
    let mut own = Own::default();
    form.visit(&mut own);
    // Classes have methods of their own, and `self.length = …` gives a value one.
    if own.classes {
        return;
    }
    form.visit(&mut Methods { own: &own.members, source, faults });
}

#[derive(Default)]
struct Own {
    classes: bool,
    members: BTreeSet<String>,
}

impl<'a> Visitor<'a> for Own {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        self.classes |= matches!(stmt, Stmt::ClassDef(_));
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Attribute(a) if !a.ctx.is_load() => {
                self.members.insert(a.attr.to_string());
            }
            // `namedtuple('P', 'length width')`, `SimpleNamespace(length=1)`
            Expr::Call(call) => {
                self.members.extend(call.arguments.keywords.iter().filter_map(|k| k.arg.as_ref()).map(|name| name.to_string()));
                self.classes |= matches!(call.func.as_ref(), Expr::Name(n) if n.id.as_str() == "namedtuple")
                    || matches!(call.func.as_ref(), Expr::Attribute(a) if a.attr.as_str() == "namedtuple");
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

struct Methods<'a> {
    own: &'a BTreeSet<String>,
    source: Source<'a>,
    faults: &'a mut Vec<Diagnostic>,
}

impl Methods<'_> {
    /// `return ids.sort()`
    fn result(&mut self, value: &Expr, so: &str) {
        let Expr::Call(ExprCall { func, .. }) = value else { return };
        let Expr::Attribute(a) = func.as_ref() else { return };
        let name = a.attr.as_str();
        // A value of the run is text, a number, a list or a map; so is what is made of literals. Others may have such methods with a result.
        if CHANGING.contains(&name)
            && matches!(a.value.as_ref(), Expr::Name(_) | Expr::Call(_) | Expr::Subscript(_))
            && !is_module(&a.value)
        {
            let fault =
                Diagnostic::error("P605", self.source.span(value.range()), format!("`.{name}(…)` changes the list and gives None, {so}"));
            self.faults.push(fault.help(match name {
                "sort" => "write `sorted(…)`",
                "reverse" => "write `list(reversed(…))`, or `[::-1]`",
                "append" | "insert" => "let it stand alone in its line, and use the list in the next one",
                _ => "let it stand alone in its line, and use the list in the next one",
            }));
        }
    }
}

/// `heapq`, `bisect` and the like have functions of such names.
fn is_module(base: &Expr) -> bool {
    matches!(base, Expr::Name(name) if matches!(name.id.as_str(), "bisect" | "heapq" | "operator" | "collections"))
}

impl<'a> Visitor<'a> for Methods<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Return(returned) => returned.value.iter().for_each(|value| self.result(value, "which is the result here")),
            Stmt::Assign(assign) if matches!(assign.targets.as_slice(), [Expr::Name(_)]) => {
                self.result(&assign.value, "which the name holds then");
            }
            Stmt::For(f) => self.result(&f.iter, "which is nothing to go over"),
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Attribute(a) = expr
            && a.ctx.is_load()
            && let Some((name, help)) = FOREIGN.iter().find(|(name, _)| *name == a.attr.as_str())
            && !self.own.contains(*name)
        {
            let fault = Diagnostic::error("P608", self.source.span(a.attr.range()), format!("no value in Python has `{name}`"));
            self.faults.push(fault.help(*help));
        }
        visitor::walk_expr(self, expr);
    }
}
