//! Q719: values of types that PostgreSQL does not take together. In SQLite, comparisons that are never true.

use sqlparser::ast::{BinaryOperator, Expr, Query, SetExpr, Spanned};

use super::super::Dialect;
use super::super::columns::Class;
use super::super::types::{self, Ty, called};
use super::typed::Typed;
use super::{Cte, Look, Scope};
use crate::diagnostic::{Diagnostic, Span};

impl Look<'_> {
    pub(super) fn postgres(&self) -> bool {
        self.outline.dialect == Dialect::Postgres
    }

    pub(super) fn mismatch(&mut self, at: Span, message: String, help: Option<String>) {
        let fault = Diagnostic::error("Q719", at, message);
        self.faults.push(match help {
            Some(help) => fault.help(help),
            None => fault,
        });
    }

    pub(super) fn misfit_literal(&mut self, at: Span, text: &str, class: Class) {
        let help = match class {
            Class::Date | Class::Timestamp | Class::TimestampTz => "write a date of the calendar as in '2024-12-31'",
            Class::Interval => "write a number and a unit: '7 days'",
            Class::Boolean => "write true or false",
            Class::Array => "write the members in braces: '{a,b}'",
            _ => "write a value of that type, or NULL",
        };
        self.mismatch(at, format!("'{}' is not {}", shortened(text), called(class)), Some(help.to_owned()));
    }

    /// Two values that are compared. `equal`: only equal ones count.
    pub(super) fn compared(&mut self, left: &Typed<'_>, right: &Typed<'_>, equal: bool) {
        if !self.postgres() {
            if equal {
                self.never_equal(left, right);
                self.never_equal(right, left);
            }
            return;
        }
        let at = self.outline.span(left.0.span().union(&right.0.span()));
        match (&left.1, &right.1) {
            (Ty::Known(a), Ty::Known(b)) if !types::compares(*a, *b) => {
                let help = if types::family(*a) == types::family(*b) {
                    format!("write `{}::jsonb` on both sides, or compare a member: `{} ->> 'name'`", left.0, left.0)
                } else {
                    cast_help(left.0, *a, right.0, *b)
                };
                self.mismatch(at, format!("PostgreSQL does not compare {} with {}", called(*a), called(*b)), Some(help));
            }
            (Ty::Known(class), Ty::Literal(text)) | (Ty::Literal(text), Ty::Known(class)) => {
                if *class == Class::Json {
                    let json = if matches!(left.1, Ty::Known(_)) { left.0 } else { right.0 };
                    self.mismatch(at, "PostgreSQL does not compare values of type json".to_owned(), Some(format!("write `{json}::jsonb`")));
                } else if !types::fits(text, *class) {
                    let message = format!("{} is compared with '{}', which is not one", called(*class), shortened(text));
                    self.mismatch(at, message, Some("PostgreSQL refuses such a text: compare with a value of the type".to_owned()));
                }
            }
            _ => {}
        }
    }

    /// A column of texts and a number, by size, in SQLite: they are compared letter by letter.
    pub(super) fn ordered_text(&mut self, left: &Typed<'_>, right: &Typed<'_>) {
        if self.postgres() {
            return;
        }
        for (column, number) in [(left, right), (right, left)] {
            let is_name = matches!(column.0, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
            let literal = matches!(number.0, Expr::Value(v) if matches!(v.value, sqlparser::ast::Value::Number(..)));
            if is_name && literal && matches!(column.1, Ty::Known(Class::Text)) {
                let at = self.outline.span(left.0.span().union(&right.0.span()));
                let message = format!("'{}' is text, and SQLite compares it letter by letter: '9' is more than '10'", column.0);
                self.faults.push(Diagnostic::warning("Q719", at, message).help(format!("write `cast({} as real)`", column.0)));
                return;
            }
        }
    }

    /// A column of numbers and a text that is none, in SQLite.
    fn never_equal(&mut self, column: &Typed<'_>, text: &Typed<'_>) {
        let is_name = matches!(column.0, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
        let (Ty::Known(class), Ty::Literal(literal)) = (&column.1, &text.1) else { return };
        let letters = literal.chars().any(char::is_alphabetic);
        if is_name && class.is_number() && letters && !types::is_number(literal.trim()) {
            let at = self.outline.span(column.0.span().union(&text.0.span()));
            let message = format!("'{}' holds numbers, and is never equal to '{}'", column.0, shortened(literal));
            self.faults.push(Diagnostic::warning("Q719", at, message).help("compare with a number, or use the column that holds the text"));
        }
    }

    pub(super) fn in_subquery(&mut self, expr: &Expr, class: Class, subquery: &Query, other: Class) {
        if self.postgres() && !types::compares(class, other) {
            let at = self.outline.span(expr.span());
            let help = match subquery.body.as_ref() {
                SetExpr::Select(select) if select.projection.len() == 1 => {
                    select.projection.first().map_or_else(String::new, |item| format!("it gives `{item}`: cast one of the two"))
                }
                _ => "cast one of the two".to_owned(),
            };
            let message = format!("PostgreSQL does not compare {} with {} of a subquery", called(class), called(other));
            self.mismatch(at, message, Some(help));
        }
    }

    pub(super) fn like(&mut self, left: &Typed<'_>, right: &Typed<'_>) {
        if !self.postgres() {
            return;
        }
        for (side, ty) in [left, right] {
            let class = ty.class();
            if types::family(class).is_some() && !matches!(class, Class::Text | Class::Bytes) {
                let at = self.outline.span(side.span());
                let message = format!("`{side}` is {}, and a pattern is matched with text only", called(class));
                self.mismatch(at, message, Some(format!("write `{}`", cast(side, "text"))));
                return;
            }
        }
    }

    /// A condition of a clause.
    pub(super) fn condition(&mut self, expr: &Expr, clause: &str, scope: &Scope<'_>, ctes: &[Cte]) {
        let ty = self.expr(expr, scope, ctes);
        self.truth(expr, &ty, clause);
    }

    pub(super) fn truth(&mut self, expr: &Expr, ty: &Ty, clause: &str) {
        let at = || self.outline.span(expr.span());
        if !self.postgres() {
            if let (Ty::Literal(text), "AND" | "OR") = (ty, clause)
                && text.chars().any(char::is_alphabetic)
            {
                let message = format!("'{}' alone is no condition: {clause} takes it as false", shortened(text));
                let fault = Diagnostic::warning("Q719", at(), message);
                self.faults.push(fault.help("repeat the comparison: `x = 'a' OR x = 'b'`, or write `x IN ('a', 'b')`"));
            }
            return;
        }
        match ty {
            Ty::Known(class) if types::family(*class).is_some() && *class != Class::Boolean => {
                let message = format!("{clause} wants a condition, and `{expr}` is {}", called(*class));
                self.mismatch(at(), message, Some("compare it with something".to_owned()));
            }
            Ty::Literal(text) if !types::fits(text, Class::Boolean) => {
                let message = format!("'{}' alone is no condition, as {clause} wants one", shortened(text));
                let help = "repeat the comparison: `x = 'a' OR x = 'b'`, or write `x IN ('a', 'b')`".to_owned();
                self.mismatch(at(), message, Some(help));
            }
            _ => {}
        }
    }

    pub(super) fn computed(&mut self, left: &Typed<'_>, operator: char, right: &Typed<'_>) -> Ty {
        if !self.postgres() {
            self.text_in_sum(left, operator, right);
            return Ty::Known(Class::Number);
        }
        match (&left.1, &right.1) {
            (Ty::Known(a), Ty::Known(b)) => match types::computes(operator, *a, *b) {
                Some(Class::Unknown) => Ty::Unknown,
                Some(class) => Ty::Known(class),
                None => {
                    let at = self.outline.span(left.0.span().union(&right.0.span()));
                    let message = format!("PostgreSQL has no `{operator}` for {} and {}", called(*a), called(*b));
                    let help = match (operator, types::family(*a), types::family(*b)) {
                        ('+', Some(types::Family::Text), _) | ('+', _, Some(types::Family::Text)) => {
                            format!("texts are joined with `||`: `{} || {}`", left.0, right.0)
                        }
                        (_, Some(types::Family::Moment), Some(types::Family::Number)) => {
                            format!("write an interval: `{} {operator} interval '1 day' * {}`", left.0, right.0)
                        }
                        ('%', ..) => format!("write `{}`", cast(left.0, "numeric")),
                        _ => "cast one of the two".to_owned(),
                    };
                    self.mismatch(at, message, Some(help));
                    Ty::Unknown
                }
            },
            (Ty::Known(class), Ty::Literal(text)) | (Ty::Literal(text), Ty::Known(class)) if class.is_number() => {
                if !types::fits(text, Class::Number) {
                    let literal = if matches!(left.1, Ty::Literal(_)) { left.0 } else { right.0 };
                    self.misfit_literal(self.outline.span(literal.span()), text, *class);
                }
                Ty::Known(*class)
            }
            // Taken for a point in time, too.
            (Ty::Known(class @ (Class::Timestamp | Class::TimestampTz | Class::Date)), Ty::Literal(text)) if operator == '-' => {
                let number = text.trim().starts_with(|c: char| c.is_ascii_digit());
                let unit = text.trim().trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
                if number && ["second", "minute", "hour", "day", "week", "month", "year"].iter().any(|u| unit.starts_with(u)) {
                    let at = self.outline.span(right.0.span());
                    let message = format!("PostgreSQL reads '{}' as {} here", shortened(text), called(*class));
                    self.mismatch(at, message, Some(format!("write `interval '{text}'`")));
                }
                Ty::Unknown
            }
            _ => Ty::Unknown,
        }
    }

    /// SQLite counts a text that is no number as 0.
    fn text_in_sum(&mut self, left: &Typed<'_>, operator: char, right: &Typed<'_>) {
        for ((side, ty), (other, other_ty)) in [(left, right), (right, left)] {
            let Ty::Literal(text) = ty else { continue };
            // The key behind `->>`, which binds tighter in SQLite than where this was read.
            if self.outline.text.contains("->") {
                return;
            }
            let number_or_name = other_ty.class().is_number() || matches!(other, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
            if operator == '+' && number_or_name && !text.trim().starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
                let at = self.outline.span(side.span());
                let message = format!("`+` adds numbers, and SQLite takes '{}' for 0", shortened(text));
                self.faults.push(Diagnostic::warning("Q711", at, message).help("texts are joined with `||`"));
                return;
            }
        }
    }

    pub(super) fn joined_text(&mut self, left: &Typed<'_>, right: &Typed<'_>) -> Ty {
        match (&left.1, &right.1) {
            (Ty::Known(a), Ty::Known(b)) => match types::joins(*a, *b) {
                Some(class) => Ty::Known(class),
                None => {
                    if self.postgres() {
                        let at = self.outline.span(left.0.span().union(&right.0.span()));
                        let message = format!("`||` joins text, and these are {} and {}", called(*a), called(*b));
                        self.mismatch(at, message, Some(format!("write `{} || {}`", cast(left.0, "text"), right.0)));
                    }
                    Ty::Unknown
                }
            },
            (Ty::Known(Class::Text), _) | (_, Ty::Known(Class::Text)) => Ty::Unknown,
            _ => Ty::Unknown,
        }
    }

    /// `x -> 'name'` and its like.
    pub(super) fn member(&mut self, (left, ty): &Typed<'_>, operator: &BinaryOperator) -> Ty {
        let class = ty.class();
        if self.postgres() && types::family(class).is_some() && !matches!(class, Class::Json | Class::Jsonb) {
            let at = self.outline.span(left.span());
            let message = format!("`{operator}` takes a member of JSON, and `{left}` is {}", called(class));
            self.mismatch(at, message, Some(format!("write `{}` if it holds JSON", cast(left, "jsonb"))));
            return Ty::Unknown;
        }
        match operator {
            BinaryOperator::LongArrow | BinaryOperator::HashLongArrow => {
                if matches!(class, Class::Json | Class::Jsonb) {
                    Ty::Known(Class::Text)
                } else {
                    Ty::Unknown
                }
            }
            _ => ty.clone(),
        }
    }
}

/// What to write to bring two types together.
pub(super) fn cast_help(a: &Expr, first: Class, b: &Expr, second: Class) -> String {
    let literal = |e: &Expr| matches!(e, Expr::Value(_));
    match (first, second) {
        (Class::Text, other) if other.is_number() && literal(b) => format!("put the value in quotes: `'{b}'`"),
        (other, Class::Text) if other.is_number() && literal(a) => format!("put the value in quotes: `'{a}'`"),
        (Class::Text, _) => format!("write `{}`", cast(b, "text")),
        (_, Class::Text) => format!("write `{}`", cast(a, "text")),
        _ => "cast one of the two, or compare something else".to_owned(),
    }
}

pub(super) fn cast(expr: &Expr, kind: &str) -> String {
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Function(_) | Expr::Value(_) | Expr::Nested(_) => {
            format!("{expr}::{kind}")
        }
        _ => format!("({expr})::{kind}"),
    }
}

pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 30;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}
