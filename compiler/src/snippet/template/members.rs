//! What a template asks of `response`: members that there are (J502), statuses that there are (H802).

use minijinja::machinery::ast::{self, BinOpKind, CompareOpKind, Expr, Spanned};

use super::super::python::RESPONSE_MEMBERS;
use super::names::Check;
use crate::diagnostic::{Diagnostic, did_you_mean};

/// What templates have of it.
pub(crate) const MEMBERS: &[&str] = &["elapsed", "headers", "json", "ok", "status_code", "text", "url"];

impl Check<'_> {
    fn is_reply(&self, expr: &Expr<'_>) -> bool {
        matches!(expr, Expr::Var(v) if v.id == "response") && !self.binds("response")
    }

    /// `base.name`.
    pub(super) fn member(&mut self, g: &Spanned<ast::GetAttr<'_>>) {
        if self.is_reply(&g.expr) {
            self.reply_member(g.name, g.span());
        } else {
            self.uncalled(&g.expr);
        }
    }

    /// `base[key]`.
    pub(super) fn item(&mut self, g: &Spanned<ast::GetItem<'_>>) {
        if !self.is_reply(&g.expr) {
            self.uncalled(&g.expr);
            return;
        }
        let name = match &g.subscript_expr {
            Expr::Const(c) => c.value.as_str().unwrap_or("…"),
            _ => "…",
        };
        if !MEMBERS.contains(&name) {
            let fault = Diagnostic::error("J502", self.place(g.span()), "`response` is not the data itself");
            self.report(fault.help(format!("write `response.json()['{name}']`")));
        }
    }

    fn reply_member(&mut self, name: &str, span: minijinja::machinery::Span) {
        if MEMBERS.contains(&name) {
            return;
        }
        let help = match (name, did_you_mean(name, MEMBERS.iter().copied())) {
            ("body" | "content", _) => "write `response.json()` for the data, `response.text` for the text".to_owned(),
            ("status", _) => "did you mean `status_code`?".to_owned(),
            (_, Some(near)) => format!("did you mean `{near}`?"),
            _ if RESPONSE_MEMBERS.contains(&name) => "only Python has it, in a key with `_expression`".to_owned(),
            _ => format!("a field of the data is `response.json().{name}`; `response` has {}", MEMBERS.join(", ")),
        };
        let fault = Diagnostic::error("J502", self.place(span), format!("`response` has no `{name}`"));
        self.report(fault.help(help));
    }

    /// `response.json.field`.
    fn uncalled(&mut self, base: &Expr<'_>) {
        if let Expr::GetAttr(g) = base
            && g.name == "json"
            && self.is_reply(&g.expr)
        {
            let fault = Diagnostic::error("J502", self.place(g.span()), "`response.json` is a method: it must be called");
            self.report(fault.help("write `response.json()`"));
        }
    }

    fn is_status(&self, expr: &Expr<'_>) -> bool {
        match expr {
            Expr::Call(c) => c.args.is_empty() && self.is_status(&c.expr),
            Expr::GetAttr(g) => g.name == "status_code" && self.is_reply(&g.expr),
            _ => false,
        }
    }

    /// A comparison of two values.
    pub(super) fn compared(&mut self, b: &ast::BinOp<'_>) {
        match b.op {
            BinOpKind::Eq | BinOpKind::Ne | BinOpKind::Lt | BinOpKind::Lte | BinOpKind::Gt | BinOpKind::Gte | BinOpKind::In => {}
            BinOpKind::ScAnd
            | BinOpKind::ScOr
            | BinOpKind::Add
            | BinOpKind::Sub
            | BinOpKind::Mul
            | BinOpKind::Div
            | BinOpKind::FloorDiv
            | BinOpKind::Rem
            | BinOpKind::Pow
            | BinOpKind::Concat => return,
        }
        self.null_text(&b.left);
        self.null_text(&b.right);
        if self.is_status(&b.left) {
            self.status(&b.right);
        } else if self.is_status(&b.right) {
            self.status(&b.left);
        }
    }

    /// A chain of comparisons.
    pub(super) fn compared_chain(&mut self, c: &ast::Compare<'_>) {
        let mut left = &c.expr;
        for op in &c.ops {
            self.null_text(&op.expr);
            match op.op {
                CompareOpKind::In | CompareOpKind::NotIn => {}
                _ if self.is_status(&op.expr) => self.status(left),
                _ => {}
            }
            if self.is_status(left) {
                self.status(&op.expr);
            }
            left = &op.expr;
        }
    }

    /// `x == '__NULL__'`
    fn null_text(&mut self, expr: &Expr<'_>) {
        if let Expr::Const(c) = expr
            && c.value.as_str() == Some("__NULL__")
        {
            let fault = Diagnostic::warning("J508", self.place(c.span()), "null is read as none, and nothing is equal to `__NULL__`");
            self.report(fault.help("write `is none`"));
        }
    }

    fn status(&mut self, expr: &Expr<'_>) {
        match expr {
            Expr::List(l) => l.items.iter().for_each(|i| self.status(i)),
            Expr::Tuple(t) => t.items.iter().for_each(|i| self.status(i)),
            Expr::Const(c) => {
                let place = self.place(c.span());
                if let Some(text) = c.value.as_str() {
                    let help = if text.parse::<u16>().is_ok() {
                        format!("write {text} without quotes")
                    } else {
                        "compare it with a number".to_owned()
                    };
                    let message = format!("a status is a number, so it is never '{text}'");
                    self.report(Diagnostic::error("H802", place, message).help(help));
                } else if c.value.is_integer() && c.value.as_i64().is_none_or(|status| !(100..=600).contains(&status)) {
                    let message = format!("{} is no HTTP status", c.value);
                    self.report(Diagnostic::error("H802", place, message).help("statuses are 100 to 599"));
                }
            }
            _ => {}
        }
    }
}
