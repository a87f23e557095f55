//! The names of a template: what it asks of the run, and which of them nothing defines.
//!
//! A name that is bound anywhere in the template (`for`, `set`, `with`, a macro) is taken as defined everywhere in it, so that a name is
//! never refused wrongly.

mod calls;
mod filters;

use std::collections::BTreeSet;

use minijinja::machinery::ast::{self, CallArg, Expr, Spanned, Stmt};

use super::super::Place;
use super::super::expression::{Named, Uses};
use super::super::place::Origin;
use super::advice::{self, Use};
use super::catalog;
use crate::diagnostic::{Diagnostic, did_you_mean};

/// What the statements use, and their faults.
pub(super) fn check(statements: &[Stmt<'_>], origin: Origin<'_>, place: Place) -> (Uses, Vec<Diagnostic>) {
    let mut check = Check {
        origin,
        place,
        bound: BTreeSet::new(),
        set: BTreeSet::new(),
        loops: 0,
        bare: Vec::new(),
        computed: Vec::new(),
        uses: Uses::default(),
        faults: Vec::new(),
    };
    check.statements(statements);
    check.report_unknown();
    check.report_computed();
    check.uses.keep_texts_once();
    (check.uses, check.faults)
}

/// A name that stands alone or begins a path.
struct Bare {
    name: String,
    span: minijinja::machinery::Span,
    used: Use,
}

pub(super) struct Check<'a> {
    origin: Origin<'a>,
    place: Place,
    bound: BTreeSet<String>,
    /// Names that `set` gives outside of loops.
    set: BTreeSet<String>,
    /// Loops around the statement.
    loops: usize,
    bare: Vec<Bare>,
    /// Names of variables that are known at run time only.
    computed: Vec<minijinja::machinery::Span>,
    uses: Uses,
    faults: Vec<Diagnostic>,
}

impl Check<'_> {
    pub(super) fn binds(&self, name: &str) -> bool {
        self.bound.contains(name)
    }

    pub(super) fn place(&self, span: minijinja::machinery::Span) -> crate::diagnostic::Span {
        self.origin.span(span.start_offset as usize, span.end_offset as usize)
    }

    pub(super) fn report(&mut self, fault: Diagnostic) {
        self.faults.push(fault);
    }

    fn statements(&mut self, statements: &[Stmt<'_>]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(t) => self.statements(&t.children),
            Stmt::EmitExpr(e) => self.expr(&e.expr),
            Stmt::EmitRaw(raw) => self.uses.texts.push(raw.raw.to_owned()),
            Stmt::ForLoop(f) => {
                self.bind(&f.target);
                self.bound.insert("loop".to_owned());
                self.expr(&f.iter);
                self.optional(f.filter_expr.as_ref());
                self.loops += 1;
                self.statements(&f.body);
                self.loops -= 1;
                self.statements(&f.else_body);
            }
            Stmt::IfCond(i) => {
                self.expr(&i.expr);
                self.statements(&i.true_body);
                self.statements(&i.false_body);
            }
            Stmt::WithBlock(w) => {
                for (target, value) in &w.assignments {
                    self.bind(target);
                    self.expr(value);
                }
                self.statements(&w.body);
            }
            Stmt::Set(s) => {
                self.set_in_loop(s);
                self.bind(&s.target);
                self.expr(&s.expr);
            }
            Stmt::SetBlock(s) => {
                self.bind(&s.target);
                self.optional(s.filter.as_ref());
                self.statements(&s.body);
            }
            Stmt::AutoEscape(a) => {
                self.expr(&a.enabled);
                self.statements(&a.body);
            }
            Stmt::FilterBlock(f) => {
                self.expr(&f.filter);
                self.statements(&f.body);
            }
            Stmt::Block(b) => self.alone(b.span(), "block"),
            Stmt::Import(i) => self.alone(i.span(), "import"),
            Stmt::FromImport(i) => self.alone(i.span(), "import"),
            Stmt::Extends(e) => self.alone(e.span(), "extends"),
            Stmt::Include(i) => self.alone(i.span(), "include"),
            Stmt::Macro(m) => self.define(m),
            Stmt::CallBlock(c) => {
                self.call(&c.call);
                self.define(&c.macro_decl);
            }
            Stmt::Do(d) => self.call(&d.call),
        }
    }

    /// Statements about other templates, of which there are none.
    fn alone(&mut self, span: minijinja::machinery::Span, statement: &str) {
        let start = span.start_offset as usize;
        let length = self.origin.text().get(start..).and_then(|t| t.find(|c: char| !c.is_alphanumeric())).unwrap_or(statement.len());
        let message = format!("there is no `{statement}` in the templates of a flow");
        let fault = Diagnostic::error("J501", self.origin.span(start, start + length.max(1)), message);
        self.faults.push(fault.help("each template stands alone: put shared text into a variable"));
    }

    fn define(&mut self, m: &ast::Macro<'_>) {
        self.bound.extend([m.name, "caller", "varargs", "kwargs"].map(str::to_owned));
        m.args.iter().for_each(|a| self.bind(a));
        m.defaults.iter().for_each(|d| self.expr(d));
        self.statements(&m.body);
    }

    /// `{% set total = total + x %}` in a loop: the name is the round's own.
    fn set_in_loop(&mut self, set: &Spanned<ast::Set<'_>>) {
        let Expr::Var(target) = &set.target else { return };
        if self.loops == 0 {
            self.set.insert(target.id.to_owned());
            return;
        }
        let adds = match &set.expr {
            Expr::BinOp(b) => [&b.left, &b.right].iter().any(|side| matches!(side, Expr::Var(v) if v.id == target.id)),
            _ => false,
        };
        if adds && self.set.contains(target.id) {
            let message = format!("a `set` in a loop ends with its round: behind the loop `{}` is what it was before", target.id);
            let fault = Diagnostic::warning("J512", self.place(target.span()), message);
            self.faults.push(fault.help(format!(
                "use a namespace: `{{% set ns = namespace(x={0}) %}}`, in the loop `{{% set ns.x = ns.x + … %}}`, behind it `ns.x`; or the filter `sum`",
                target.id
            )));
        }
    }

    fn bind(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(v) => {
                self.bound.insert(v.id.to_owned());
            }
            Expr::List(l) => l.items.iter().for_each(|i| self.bind(i)),
            Expr::Tuple(t) => t.items.iter().for_each(|i| self.bind(i)),
            // `set ns.total = …` needs `ns` to be there.
            other => self.expr(other),
        }
    }

    fn optional(&mut self, expr: Option<&Expr<'_>>) {
        if let Some(expr) = expr {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &Expr<'_>) {
        match expr {
            Expr::Var(v) => self.name(v, Use::Plain),
            Expr::Const(c) => {
                if let Some(text) = c.value.as_str() {
                    self.uses.texts.push(text.to_owned());
                    if text.contains("{{") && text.contains("}}") {
                        let fault = Diagnostic::error("J510", self.place(c.span()), "a template inside of a template stays text");
                        self.faults.push(fault.help("put the texts together: `'… ' ~ var('…') ~ ' …'`"));
                    }
                }
            }
            Expr::Slice(s) => {
                self.base(&s.expr);
                self.optional(s.start.as_ref());
                self.optional(s.stop.as_ref());
                self.optional(s.step.as_ref());
            }
            Expr::UnaryOp(u) => self.expr(&u.expr),
            Expr::BinOp(b) => {
                self.compared(b);
                self.expr(&b.left);
                self.expr(&b.right);
            }
            Expr::Compare(c) => {
                self.compared_chain(c);
                self.expr(&c.expr);
                c.ops.iter().for_each(|o| self.expr(&o.expr));
            }
            Expr::IfExpr(i) => {
                self.expr(&i.test_expr);
                self.expr(&i.true_expr);
                self.optional(i.false_expr.as_ref());
            }
            Expr::Filter(f) => {
                self.optional(f.expr.as_ref());
                self.known("filter", f.name, f.span(), catalog::FILTERS);
                self.filter(f);
                self.arguments(&f.args);
            }
            Expr::Test(t) => {
                self.expr(&t.expr);
                self.known("test", t.name, t.span(), catalog::TESTS);
                self.arguments(&t.args);
            }
            Expr::GetAttr(g) => {
                self.field(&g.expr, g.name, g.span());
                self.member(g);
                self.base(&g.expr);
            }
            Expr::GetItem(g) => {
                if let Some((name, span)) = calls::text_of(&g.subscript_expr) {
                    self.field(&g.expr, name, span);
                }
                self.item(g);
                self.base(&g.expr);
                self.expr(&g.subscript_expr);
            }
            Expr::Call(c) => self.call(c),
            Expr::List(l) => l.items.iter().for_each(|i| self.expr(i)),
            Expr::Tuple(t) => t.items.iter().for_each(|i| self.expr(i)),
            Expr::Map(m) => m.keys.iter().chain(&m.values).for_each(|i| self.expr(i)),
        }
    }

    fn base(&mut self, expr: &Expr<'_>) {
        match expr {
            Expr::Var(v) => self.name(v, Use::Path),
            other => self.expr(other),
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(e) | CallArg::Kwarg(_, e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) => self.expr(e),
            }
        }
    }

    fn named(&self, name: &str, span: minijinja::machinery::Span) -> Named {
        Named { name: name.to_owned(), span: self.origin.span(span.start_offset as usize, span.end_offset as usize) }
    }

    /// The first use of a name at a place says most about it.
    fn name(&mut self, var: &Spanned<ast::Var<'_>>, used: Use) {
        if self.bare.last().is_none_or(|b| b.span.start_offset != var.span().start_offset) {
            self.bare.push(Bare { name: var.id.to_owned(), span: var.span(), used });
        }
    }

    fn known(&mut self, what: &str, name: &str, span: minijinja::machinery::Span, known: &[&'static str]) {
        if known.contains(&name) {
            return;
        }
        // The span begins at the name and may go on behind it.
        let start = span.start_offset as usize;
        let fault = Diagnostic::error("J503", self.origin.span(start, start + name.len()), format!("there is no {what} `{name}` in Jinja"));
        let elsewhere = if what == "filter" { advice::of_filter(name) } else { None };
        self.faults.push(match (elsewhere, did_you_mean(name, known.iter().copied())) {
            (Some(help), _) => fault.help(help),
            (None, Some(meant)) => fault.help(format!("did you mean `{meant}`?")),
            (None, None) => fault.help(format!("the {what}s are {}", known.join(", "))),
        });
    }

    fn report_unknown(&mut self) {
        for Bare { name, span, used } in std::mem::take(&mut self.bare) {
            if self.bound.contains(&name) || catalog::GLOBALS.contains(&name.as_str()) {
                self.computed.retain(|s| used == Use::VariableName || s.start_offset != span.start_offset);
                continue;
            }
            if used == Use::Path && catalog::FUNCTIONS.contains(&name.as_str()) {
                let place = self.origin.span(span.start_offset as usize, span.end_offset as usize);
                self.faults.push(
                    Diagnostic::error("J502", place, format!("`{name}` is a function: it has no members"))
                        .help(format!("write `{name}('…')` with the name in brackets and quotes")),
                );
                continue;
            }
            if catalog::FUNCTIONS.contains(&name.as_str()) {
                // The function itself is handed on, so any name may follow.
                self.uses.computed_variables = true;
                self.uses.computed_sources |= name.starts_with("query");
                continue;
            }
            let place = self.origin.span(span.start_offset as usize, span.end_offset as usize);
            if name == "response" {
                self.uses.response = true;
                if !self.place.response {
                    self.faults.push(
                        Diagnostic::error("J502", place, "there is no `response` here")
                            .help("a reply exists in the keys of `response:` only; put what you need from it into a variable there"),
                    );
                }
                continue;
            }
            self.computed.retain(|s| s.start_offset != span.start_offset);
            self.faults.push(unknown(&name, place, used));
        }
    }

    fn report_computed(&mut self) {
        for span in std::mem::take(&mut self.computed) {
            let place = self.origin.span(span.start_offset as usize, span.end_offset as usize);
            self.faults.push(
                Diagnostic::hint("J504", place, "the name of this variable is known only at run time")
                    .help("name it literally to have it checked now; a map in one variable often does the same: `var('settings')[name]`"),
            );
        }
    }
}

fn unknown(name: &str, place: crate::diagnostic::Span, used: Use) -> Diagnostic {
    let fault = Diagnostic::error("J502", place, format!("`{name}` is not a name that templates know"));
    let known = catalog::FUNCTIONS.iter().chain(catalog::GLOBALS).copied().chain(["response", "loop"]);
    if name == "context" {
        return fault.help("in a template write `var('…')` without `context.`");
    }
    if let Some(help) = advice::of_name(name, used) {
        return fault.help(help);
    }
    let path = used == Use::Path;
    if catalog::CASTS.contains(&name) {
        return fault.help(format!(
            "`{name}` is a type for `query_value`; to convert a value write `… | {}`",
            if name == "str" { "string" } else { name }
        ));
    }
    match did_you_mean(name, known) {
        Some(meant) if !path => fault.help(format!("did you mean `{meant}`, or the variable `var('{name}')`?")),
        _ if path => fault.help(format!("for the variable `{name}` write `var('{name}')`, then `.column` or `['column']`")),
        _ => fault.help(format!("for the variable `{name}` write `var('{name}')`; the names there are: {}", catalog::FUNCTIONS.join(", "))),
    }
}
