//! P627: a text with `{name}` in it, of a name that the snippet has, and no `f` before it.

use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, ExprStringLiteral, Stmt};

use super::super::Source;
use super::super::form::Form;
use super::super::names::Names;
use crate::diagnostic::Diagnostic;

pub(super) fn check(form: &Form<'_>, names: &Names, source: Source<'_>, faults: &mut Vec<Diagnostic>) {
    let mut texts = Texts::default();
    form.visit(&mut texts);
    if texts.fills {
        return;
    }
    for text in texts.found {
        let value = text.value.to_str();
        let Some(name) = placeholders(value).find(|name| names.bound.contains(*name)) else { continue };
        let fault =
            Diagnostic::warning("P627", source.span(text.range), format!("`{{{name}}}` stays as it is in this text: it has no `f`"));
        faults.push(fault.help("write `f` before the quotes: `f'…'`"));
    }
}

#[derive(Default)]
struct Texts<'a> {
    found: Vec<&'a ExprStringLiteral>,
    /// Something fills texts in another way, or braces mean something else.
    fills: bool,
}

impl<'a> Visitor<'a> for Texts<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        // A text by itself is a comment.
        if matches!(stmt, Stmt::Expr(e) if matches!(e.value.as_ref(), Expr::StringLiteral(_))) {
            return;
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::StringLiteral(text) => self.found.push(text),
            Expr::Attribute(a) => {
                self.fills |= matches!(
                    a.attr.as_str(),
                    "format" | "format_map" | "replace" | "sub" | "match" | "search" | "compile" | "findall" | "fullmatch"
                )
            }
            Expr::Name(name) => self.fills |= matches!(name.id.as_str(), "Template" | "re" | "eval" | "exec" | "format"),
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// The names in single braces: `/lists/{list_id}/tags`.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('{').filter_map(|(at, _)| {
        let inside = text.get(at + 1..)?;
        let end = inside.find('}')?;
        let doubled = text[..at].ends_with('{') || inside[end + 1..].starts_with('}') || inside.starts_with('{');
        let name = inside.get(..end)?.split(['[', '.', ':', '!']).next()?;
        let is_name =
            !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
        (is_name && !doubled).then_some(name)
    })
}
