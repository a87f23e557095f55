//! Q719: values that are wanted of a type: by CASE and its like, by casts and functions with forms of their own, by columns.

use sqlparser::ast::{Expr, Spanned};

use super::super::columns::{Class, Column};
use super::super::types::{self, Ty, called};
use super::Look;
use super::mismatch::{cast, cast_help, shortened};
use super::typed::Typed;
use crate::diagnostic::Span;

impl Look<'_> {
    /// Values of which one is taken: the results of CASE, the arguments of COALESCE.
    pub(super) fn matched(&mut self, values: &[Typed<'_>], what: &str) -> Ty {
        if !self.postgres() {
            return Ty::Unknown;
        }
        let mut found: Option<(&Expr, Class)> = None;
        let mut sure = true;
        for (expr, ty) in values {
            let Ty::Known(class) = ty else {
                sure &= matches!(ty, Ty::Literal(_)) || matches!(expr, Expr::Value(_));
                continue;
            };
            let Some((first, known)) = found else {
                found = Some((expr, *class));
                continue;
            };
            match types::common(known, *class) {
                Some(class) => found = Some((first, class)),
                None => {
                    let at = self.outline.span(expr.span());
                    let message = format!("{what} gives one type, and `{expr}` is {} where `{first}` is {}", called(*class), called(known));
                    self.mismatch(at, message, Some(cast_help(first, known, expr, *class)));
                    return Ty::Unknown;
                }
            }
        }
        let Some((first, class)) = found else {
            // Nothing but quoted texts is text.
            return if sure && values.iter().any(|(_, ty)| matches!(ty, Ty::Literal(_))) { Ty::Known(Class::Text) } else { Ty::Unknown };
        };
        for (expr, ty) in values {
            if let Ty::Literal(text) = ty
                && !types::fits(text, class)
            {
                let at = self.outline.span(expr.span());
                let message = format!("'{}' is not {}, as `{first}` beside it in {what}", shortened(text), called(class));
                self.mismatch(at, message, Some(format!("write `{}` if text is wanted", cast(first, "text"))));
                return Ty::Unknown;
            }
        }
        if sure && class != Class::Unknown { Ty::Known(class) } else { Ty::Unknown }
    }

    pub(super) fn cast(&mut self, expr: &Expr, ty: &Ty, to: Class, name: &str) {
        if !self.postgres() {
            return;
        }
        match ty {
            Ty::Known(class) if !types::casts(*class, to) => {
                let at = self.outline.span(expr.span());
                self.mismatch(at, format!("PostgreSQL has no cast of {} to {name}", called(*class)), None);
            }
            Ty::Literal(text) if !types::fits(text, to) => self.misfit_literal(self.outline.span(expr.span()), text, to),
            _ => {}
        }
    }

    pub(super) fn extracted(&mut self, inner: &Expr, class: Class) {
        use types::Family::{Interval, Moment, Time};
        if self.postgres() && types::family(class).is_some_and(|f| !matches!(f, Moment | Time | Interval)) {
            let at = self.outline.span(inner.span());
            let message = format!("EXTRACT takes a part of a date, and `{inner}` is {}", called(class));
            self.mismatch(at, message, Some(format!("write `{}` if it holds one", cast(inner, "timestamp"))));
        }
    }

    pub(super) fn wants_number(&mut self, inner: &Expr, class: Class, function: &str) {
        if self.postgres() && types::family(class).is_some() && !class.is_number() {
            let at = self.outline.span(inner.span());
            self.mismatch(at, format!("`{function}` takes a number, and `{inner}` is {}", called(class)), None);
        }
    }

    /// A value that INSERT or UPDATE puts into a column.
    pub(super) fn stored(&mut self, at: Span, ty: &Ty, column: &Column) {
        if !self.postgres() {
            return;
        }
        match ty {
            Ty::Known(class) if !types::stores(*class, column.class) => {
                let message = format!("column '{}' is {}, and the value is {}", column.name, called(column.class), called(*class));
                self.mismatch(at, message, Some("cast the value, or give it to another column".to_owned()));
            }
            Ty::Literal(text) if !types::fits(text, column.class) => {
                let message = format!("column '{}' is {}, and '{}' is not", column.name, called(column.class), shortened(text));
                self.mismatch(at, message, Some("write a value of that type, or NULL".to_owned()));
            }
            _ => {}
        }
    }
}
