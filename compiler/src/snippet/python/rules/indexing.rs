//! P613: no first or last member is taken of a list that may well be empty.
//!
//! Three kinds of lists are known to be empty now and then: the rows of a query that is no aggregate, what a condition leaves over, and the last page
//! of a reply, whose last member is asked for as a cursor. A list that some condition of the snippet looks at counts as guarded, as does one in a `try`.

use std::collections::{BTreeMap, BTreeSet};

use ruff_text_size::{Ranged, TextRange};
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, ExprContext, ExprSubscript, Number, Parameters, Stmt, UnaryOp};

use super::super::Source;
use super::super::form::Form;
use super::members::Roots;
use crate::diagnostic::Diagnostic;

pub(super) fn check(form: &Form<'_>, roots: &Roots, source: Source<'_>, faults: &mut Vec<Diagnostic>) {
    let mut guards = Guards { source, texts: BTreeSet::new(), names: BTreeSet::new() };
    form.visit(&mut guards);
    let mut lists = Lists::default();
    form.visit(&mut lists);
    form.visit(&mut Indexing { roots, source, guards: &guards, lists: &lists, faults });
}

/// What conditions look at: the texts of their parts, and the names in them.
struct Guards<'a> {
    source: Source<'a>,
    texts: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl Guards<'_> {
    fn condition(&mut self, expr: &Expr) {
        let mut parts = Parts { source: self.source, texts: &mut self.texts, names: &mut self.names };
        parts.visit_expr(expr);
    }
}

impl<'a> Visitor<'a> for Guards<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::If(i) => {
                self.condition(&i.test);
                i.elif_else_clauses.iter().filter_map(|c| c.test.as_ref()).for_each(|t| self.condition(t));
            }
            Stmt::While(w) => self.condition(&w.test),
            Stmt::Assert(a) => self.condition(&a.test),
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::If(i) => self.condition(&i.test),
            Expr::BoolOp(b) => b.values.iter().for_each(|v| self.condition(v)),
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

struct Parts<'a> {
    source: Source<'a>,
    texts: &'a mut BTreeSet<String>,
    names: &'a mut BTreeSet<String>,
}

impl<'a> Visitor<'a> for Parts<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        self.texts.insert(self.source.text(expr.range()).to_owned());
        if let Expr::Name(n) = expr {
            self.names.insert(n.id.to_string());
        }
        visitor::walk_expr(self, expr);
    }
}

/// What names stand for that are set once, by a plain assignment.
#[derive(Default)]
struct Lists<'a> {
    set: BTreeMap<&'a str, &'a Expr>,
    stored: BTreeMap<&'a str, usize>,
}

impl<'a> Lists<'a> {
    /// What an expression stands for.
    fn resolve(&self, expr: &'a Expr) -> &'a Expr {
        let Expr::Name(n) = expr else { return expr };
        let once = self.stored.get(n.id.as_str()) == Some(&1);
        self.set.get(n.id.as_str()).copied().filter(|_| once).unwrap_or(expr)
    }
}

impl<'a> Visitor<'a> for Lists<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::Assign(a) = statement
            && let [Expr::Name(n)] = a.targets.as_slice()
        {
            self.set.insert(n.id.as_str(), &a.value);
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(n) = expr
            && !matches!(n.ctx, ExprContext::Load)
        {
            *self.stored.entry(n.id.as_str()).or_default() += 1;
        }
        visitor::walk_expr(self, expr);
    }

    fn visit_parameters(&mut self, parameters: &'a Parameters) {
        for parameter in parameters.iter() {
            *self.stored.entry(parameter.name().as_str()).or_default() += 2;
        }
        visitor::walk_parameters(self, parameters);
    }
}

struct Indexing<'a, 'g> {
    roots: &'g Roots,
    source: Source<'g>,
    guards: &'g Guards<'g>,
    lists: &'g Lists<'a>,
    faults: &'g mut Vec<Diagnostic>,
}

impl<'a> Indexing<'a, '_> {
    /// `row.get('address').get('city')`, `row.get('tags')[0]`
    fn got(&mut self, base: &'a Expr, member: &str) {
        let Expr::Call(call) = base else { return };
        let Expr::Attribute(function) = call.func.as_ref() else { return };
        let [Expr::StringLiteral(key)] = call.arguments.args.as_ref() else { return };
        // A client's `get` takes a URL.
        if key.value.to_str().contains('/') {
            return;
        }
        let plain = function.attr.as_str() == "get" && call.arguments.keywords.is_empty();
        let (key, map) = (self.source.text(key.range()), self.source.text(function.value.range()));
        let asked = ["in", "not in"].iter().any(|word| self.guards.texts.contains(&format!("{key} {word} {map}")));
        let written = matches!(self.lists.resolve(&function.value), Expr::Dict(_));
        if !plain || asked || written || self.guards.texts.contains(self.source.text(base.range())) {
            return;
        }
        let message = format!("`.get(…)` gives None where the key is missing, and None has no {member}");
        let fault = Diagnostic::warning("P626", self.source.span(base.range()), message);
        self.faults.push(fault.help("give it a default (`.get('…', {})`), or brackets where the key is always there: `['…']`"));
    }

    /// `re.search(…).group(1)`
    fn matched(&mut self, expr: &'a Expr) {
        let Expr::Attribute(member) = expr else { return };
        let Expr::Call(call) = member.value.as_ref() else { return };
        let Expr::Attribute(function) = call.func.as_ref() else { return };
        let is_module = matches!(function.value.as_ref(), Expr::Name(name) if name.id.as_str() == "re");
        let looks = matches!(function.attr.as_str(), "search" | "match" | "fullmatch");
        // A pattern that fits nothing, too, always fits.
        let any = call
            .arguments
            .args
            .first()
            .and_then(super::super::literal)
            .is_some_and(|pattern| pattern.ends_with(['*', '?']) || pattern.is_empty());
        if any || !is_module || !looks || self.guards.texts.contains(self.source.text(member.value.range())) {
            return;
        }
        let message = format!("`re.{}(…)` gives None where nothing fits, and None has no `{}`", function.attr, member.attr);
        let fault = Diagnostic::warning("P613", self.source.span(member.value.range()), message);
        self.faults.push(fault.help("keep it in a name and look at it first: `found.group(1) if found else None`"));
    }

    fn subscript(&mut self, s: &'a ExprSubscript) {
        let Some(which) = end(&s.slice) else { return };
        let named = s.value.as_ref();
        let guarded = |e: &Expr| self.guards.texts.contains(self.source.text(e.range()));
        let base = self.lists.resolve(named);
        if guarded(named) || guarded(base) {
            return;
        }
        let (what, guard) = match base {
            Expr::ListComp(c) if c.generators.iter().any(|g| !g.ifs.is_empty()) => (
                "what the condition leaves over may be nothing",
                "write `next((… for … if …), None)` for the first one that fits, if there is one",
            ),
            _ if self.roots.queried(base).is_some_and(|sql| !always_gives_a_row(sql)) => {
                ("a query may give no row", "keep the rows in a name and look at them first: `rows[0] if rows else None`")
            }
            // The variables of a pagination are read from the last page too.
            _ if which == "last" && self.is_field(base, 0) && !self.looks_at(base) => {
                ("the last page may be empty", "keep the list in a name and look at it first: `rows[-1]['id'] if rows else None`")
            }
            _ => return,
        };
        self.faults.push(
            Diagnostic::warning(
                "P613",
                self.source.span(TextRange::new(s.value.range().end(), s.range.end())),
                format!("{what}, and then there is no {which} member"),
            )
            .help(guard),
        );
    }

    /// A list somewhere in the reply's document. Names may stand for each other in a circle.
    fn is_field(&self, expr: &'a Expr, depth: usize) -> bool {
        const MAX_DEPTH: usize = 16;
        match expr {
            Expr::Subscript(s) if depth < MAX_DEPTH => {
                let base = self.lists.resolve(&s.value);
                !matches!(s.slice.as_ref(), Expr::Slice(_)) && (self.roots.is_document(base) || self.is_field(base, depth + 1))
            }
            _ => self.roots.is_document(expr),
        }
    }

    /// Some condition looks at a part of the same document.
    fn looks_at(&self, base: &'a Expr) -> bool {
        let mut document = base;
        while let Expr::Subscript(s) = document {
            document = &s.value;
        }
        [document, self.lists.resolve(document)].into_iter().any(|e| self.guards.texts.contains(self.source.text(e.range())))
    }
}

impl<'a> Visitor<'a> for Indexing<'a, '_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Try(t) => {
                // What is in the body may fail: somebody cares.
                t.handlers.iter().for_each(|h| self.visit_except_handler(h));
                self.visit_body(&t.finalbody);
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Subscript(s) = expr {
            self.subscript(s);
        }
        self.matched(expr);
        match expr {
            Expr::Attribute(a) => self.got(&a.value, &format!("`{}`", a.attr)),
            Expr::Subscript(s) => self.got(&s.value, "members"),
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

fn end(index: &Expr) -> Option<&'static str> {
    let is = |e: &Expr, wanted: u8| matches!(e, Expr::NumberLiteral(n) if matches!(&n.value, Number::Int(i) if i.as_u8() == Some(wanted)));
    match index {
        Expr::UnaryOp(u) if u.op == UnaryOp::USub && is(&u.operand, 1) => Some("last"),
        e if is(e, 0) => Some("first"),
        _ => None,
    }
}

/// An aggregate without groups; a `values` list; anything that is not surely a plain select.
fn always_gives_a_row(sql: &str) -> bool {
    let sql = sql.to_ascii_lowercase();
    let aggregate = ["count(", "sum(", "max(", "min(", "avg(", "exists(", "exists (", "coalesce("].iter().any(|f| sql.contains(f));
    let plain = sql.contains(" from ") || sql.contains("\nfrom ") || !sql.contains(char::is_whitespace);
    (aggregate && !sql.contains("group by")) || !plain
}
