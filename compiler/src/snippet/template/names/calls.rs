//! Calls in a template: which of them ask the run for something, and what.

use minijinja::machinery::ast::{self, CallArg, Expr, Spanned};

use super::super::super::expression::{FieldUse, QueryText};
use super::super::super::python::FOREIGN_METHODS;
use super::super::advice::Use;
use super::super::catalog;
use super::Check;
use crate::diagnostic::Diagnostic;

impl Check<'_> {
    pub(super) fn call(&mut self, call: &Spanned<ast::Call<'_>>) {
        let Expr::Var(function) = &call.expr else {
            match (&call.expr, argument(&call.args, 0, "key").and_then(text_of)) {
                (Expr::GetAttr(g), name) => {
                    // Any other method of a row or text is no column.
                    if let (Some((name, span)), "get") = (name, g.name) {
                        self.field(&g.expr, name, span);
                    }
                    self.member(g);
                    self.foreign(g);
                    self.base(&g.expr);
                }
                _ => self.base(&call.expr),
            }
            self.arguments(&call.args);
            return;
        };
        match function.id {
            "var" | "is_var_defined" => {
                let name = argument(&call.args, 0, "name");
                if let Some(help) = misread(function.id, &call.args, name) {
                    let span = call.span();
                    let place = self.origin.span(span.start_offset as usize, span.end_offset as usize);
                    self.faults
                        .push(Diagnostic::error("J502", place, format!("`{}` takes the name of one variable", function.id)).help(help));
                    self.arguments(&call.args);
                    return;
                }
                match (name.map(text_of), function.id) {
                    (Some(Some((name, span))), "var") => {
                        let named = self.named(name, span);
                        self.uses.variables.push(named);
                    }
                    (Some(Some((name, span))), _) => {
                        let named = self.named(name, span);
                        self.uses.tested.push(named);
                    }
                    (Some(None) | None, _) => {
                        self.uses.computed_variables = true;
                        if let Some(Expr::Var(v)) = name {
                            self.name(v, Use::VariableName);
                        }
                        self.computed.extend(name.map(Expr::span));
                    }
                }
            }
            "query" | "query_value" => {
                self.query(call);
                return;
            }
            _ => self.name(function, Use::Call),
        }
        self.arguments(&call.args);
    }

    /// Methods that no value has.
    fn foreign(&mut self, g: &Spanned<ast::GetAttr<'_>>) {
        let span = g.span();
        let end = span.end_offset as usize;
        let place = self.origin.span(end.saturating_sub(g.name.len()), end);
        if let Some((name, help)) = FOREIGN_METHODS.iter().find(|(name, _)| *name == g.name) {
            self.faults.push(Diagnostic::error("J502", place, format!("no value has a method `{name}`")).help(*help));
            return;
        }
        let is_headers =
            matches!(&g.expr, Expr::GetAttr(h) if h.name == "headers" && matches!(&h.expr, Expr::Var(v) if v.id == "response"));
        if is_headers && !["get", "items", "keys", "values"].contains(&g.name) && !self.binds("response") {
            let fault = Diagnostic::error("J502", place, format!("a header is text and cannot be called: `{}`", g.name));
            self.faults.push(fault.help(format!("write `response.headers['{}']` or `response.headers.get('{}')`", g.name, g.name)));
        }
    }

    /// `query_value([source,] sql [, type])`: a type is a bare name, so it does not count as an unknown one.
    fn query(&mut self, call: &ast::Call<'_>) {
        let is_cast =
            |a: &CallArg<'_>| matches!(a, CallArg::Pos(Expr::Var(v)) | CallArg::Kwarg(_, Expr::Var(v)) if catalog::CASTS.contains(&v.id));
        let wrong_cast = self.wrong_cast(call);
        if let Some(cast) = wrong_cast {
            let span = cast.span();
            let place = self.origin.span(span.start_offset as usize, span.end_offset as usize);
            let fault = Diagnostic::error("J502", place, format!("`{}` is not a type that `query_value` knows", cast.id));
            self.faults.push(fault.help(format!("the types are {}", catalog::CASTS.join(", "))));
        }
        let count = call.args.len() - usize::from(wrong_cast.is_some());
        let values: Vec<&CallArg<'_>> = call.args.iter().take(count).filter(|a| !is_cast(a)).collect();
        let source = match values.as_slice() {
            [CallArg::Pos(source), _, ..] => Some(source),
            _ => argument(&call.args, usize::MAX, "source"),
        };
        let sql = match values.as_slice() {
            [_, CallArg::Pos(sql), ..] => text_of(sql),
            [CallArg::Pos(sql)] => text_of(sql),
            _ => argument(&call.args, usize::MAX, "sql").and_then(text_of),
        };
        let only_name = match values.as_slice() {
            [CallArg::Pos(only)] => text_of(only).filter(|(text, _)| !text.trim().contains(char::is_whitespace)),
            _ => None,
        };
        let asks_nothing = values.is_empty() && !call.args.iter().any(|a| matches!(a, CallArg::PosSplat(_) | CallArg::KwargSplat(_)));
        if only_name.is_some() || asks_nothing {
            let name = if let Expr::Var(f) = &call.expr { f.id } else { "query" };
            let span = only_name.map_or_else(|| call.expr.span(), |(_, span)| span);
            let place = self.origin.span(span.start_offset as usize, span.end_offset as usize);
            let fault = Diagnostic::error("J502", place, format!("`{name}` is given no query"));
            self.faults.push(fault.help(format!("write `{name}('source', 'select …')`, or `{name}('select …')` for the default source")));
        }
        let named_source = source.map(text_of);
        if let (Some((text, span)), None | Some(Some(_))) = (sql, named_source) {
            let source = named_source.flatten().map(|(name, _)| name.to_owned());
            let sql = self.named(text, span);
            self.uses.queries.push(QueryText { source, sql });
        }
        match named_source {
            None if values.is_empty() || values.iter().any(|a| matches!(a, CallArg::PosSplat(_) | CallArg::KwargSplat(_))) => {
                self.uses.computed_sources = true;
            }
            None => self.uses.query_sources.push(None),
            Some(Some((name, span))) => {
                let named = self.named(name, span);
                self.uses.query_sources.push(Some(named));
            }
            Some(None) => self.uses.computed_sources = true,
        }
        for value in values {
            self.arguments(std::slice::from_ref(value));
        }
    }

    /// The last argument of `query_value` where it is a bare name that nothing defines: a type was meant.
    fn wrong_cast<'c, 'd>(&self, call: &'c ast::Call<'d>) -> Option<&'c Spanned<ast::Var<'d>>> {
        let is_query_value = matches!(&call.expr, Expr::Var(f) if f.id == "query_value");
        match call.args.as_slice() {
            [_, .., CallArg::Pos(Expr::Var(v))] if is_query_value => {
                let known = [catalog::CASTS, catalog::GLOBALS, catalog::FUNCTIONS].iter().any(|names| names.contains(&v.id));
                (!known && v.id != "response" && !self.bound.contains(v.id)).then_some(v)
            }
            _ => None,
        }
    }

    /// A column of `var('row')`.
    pub(super) fn field(&mut self, base: &Expr<'_>, name: &str, span: minijinja::machinery::Span) {
        let Expr::Call(call) = base else { return };
        if !matches!(&call.expr, Expr::Var(f) if f.id == "var") {
            return;
        }
        if let Some((variable, _)) = argument(&call.args, 0, "name").and_then(text_of) {
            // `'x' in var('row')` asks for what may be missing.
            let text = self.origin.text();
            if ["'", "\""].iter().any(|quote| text.contains(&format!(" in var({quote}{variable}{quote})"))) {
                return;
            }
            let mut field = self.named(name, span);
            // Of `.name` the place is the whole path.
            let text = field.span.file.text.get(field.span.start as usize..field.span.end as usize).unwrap_or("");
            if let Some(at) = text.rfind(name)
                && let (Ok(at), Ok(length)) = (u32::try_from(at), u32::try_from(name.len()))
            {
                field.span.start += at;
                field.span.end = field.span.start + length;
            }
            self.uses.fields.push(FieldUse { variable: variable.to_owned(), field });
        }
    }
}

/// The argument at that position, or by that name.
fn argument<'a, 'b>(arguments: &'b [CallArg<'a>], at: usize, name: &str) -> Option<&'b Expr<'a>> {
    let positional = match arguments.get(at) {
        Some(CallArg::Pos(e)) => Some(e),
        _ => None,
    };
    positional.or_else(|| {
        arguments.iter().find_map(|a| match a {
            CallArg::Kwarg(n, e) if *n == name => Some(e),
            _ => None,
        })
    })
}

pub(super) fn text_of<'b>(expr: &'b Expr<'_>) -> Option<(&'b str, minijinja::machinery::Span)> {
    match expr {
        Expr::Const(c) => c.value.as_str().map(|text| (text, c.span())),
        _ => None,
    }
}

/// What to write for a call of `var` or `is_var_defined` that has not exactly one name.
fn misread(function: &str, arguments: &[CallArg<'_>], name: Option<&Expr<'_>>) -> Option<String> {
    match (arguments, name) {
        ([], _) => Some(format!("write `{function}('name')`")),
        ([CallArg::Pos(Expr::Const(c)), _, ..], _) if c.value.as_str().is_some() => {
            let name = c.value.as_str().unwrap_or_default();
            Some(format!("for a value where there is none write `var('{name}') if is_var_defined('{name}') else …`"))
        }
        (_, Some(Expr::Filter(filter))) => match filter.expr.as_ref() {
            Some(Expr::Const(c)) if c.value.as_str().is_some() => Some(format!(
                "the filter belongs behind the bracket: `{function}('{}') | {}`",
                c.value.as_str().unwrap_or_default(),
                filter.name
            )),
            _ => None,
        },
        (_, Some(Expr::Const(c))) if c.value.as_str().is_none() => Some(format!("the name is text: `{function}('name')`")),
        _ => None,
    }
}
