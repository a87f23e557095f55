//! Expressions: every name is looked up, and the types of what stands side by side are those that the engine takes together (Q719).

use sqlparser::ast::{BinaryOperator, CastKind, Expr, Spanned, UnaryOperator, Value};

use super::super::Dialect;
use super::super::columns::{Class, class};
use super::super::types::{self, Ty};
use super::super::walk::{Part, parts};
use super::{Cte, Look, Scope};

/// What stands at a place, with its type.
pub(super) type Typed<'e> = (&'e Expr, Ty);

impl Look<'_> {
    /// Looks up every name in an expression, and gives its type.
    pub(super) fn expr(&mut self, expr: &Expr, scope: &Scope<'_>, ctes: &[Cte]) -> Ty {
        let whole = expr;
        match expr {
            Expr::Identifier(name) => self.unqualified(name, scope, true).ty(),
            Expr::CompoundIdentifier(names) => self.qualified(names, scope, true).ty(),
            Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => self.expr(inner, scope, ctes),
            Expr::Value(value) => self.value(&value.value, value.span),
            Expr::BinaryOp { .. } => self.chain(expr, scope, ctes),
            Expr::UnaryOp { op, expr: inner } => {
                let ty = self.expr(inner, scope, ctes);
                self.unary(*op, inner, ty)
            }
            Expr::Cast { kind, expr: inner, data_type, .. } => {
                let ty = self.expr(inner, scope, ctes);
                let to = class(data_type);
                if !matches!(kind, CastKind::TryCast | CastKind::SafeCast) {
                    self.cast(inner, &ty, to, data_type.to_string().as_str());
                }
                if *kind == CastKind::Cast {
                    self.cast_to_moment(expr, inner, &data_type.to_string());
                }
                Ty::Known(to)
            }
            Expr::TypedString(typed) => {
                let to = class(&typed.data_type);
                let ty = self.value(&typed.value.value, typed.value.span);
                if let (Ty::Literal(text), Dialect::Postgres) = (&ty, self.outline.dialect)
                    && !types::fits(text, to)
                {
                    let at = self.outline.span(typed.value.span);
                    self.misfit_literal(at, text, to);
                }
                Ty::Known(to)
            }
            Expr::Interval(interval) => {
                let ty = self.expr(&interval.value, scope, ctes);
                if let (Ty::Literal(text), None, Dialect::Postgres) = (&ty, &interval.leading_field, self.outline.dialect)
                    && !types::fits(text, Class::Interval)
                {
                    self.misfit_literal(self.outline.span(interval.value.span()), text, Class::Interval);
                }
                Ty::Known(Class::Interval)
            }
            Expr::Function(function) => self.call(function, scope, ctes),
            Expr::Case { operand, conditions, else_result, .. } => {
                let operand = operand.as_deref().map(|e| (e, self.expr(e, scope, ctes)));
                let mut results = Vec::new();
                for when in conditions {
                    match &operand {
                        Some(operand) => {
                            let condition = (&when.condition, self.expr(&when.condition, scope, ctes));
                            self.compared(operand, &condition, false);
                        }
                        None => self.condition(&when.condition, "WHEN", scope, ctes),
                    }
                    results.push((&when.result, self.expr(&when.result, scope, ctes)));
                }
                if let Some(result) = else_result.as_deref() {
                    results.push((result, self.expr(result, scope, ctes)));
                }
                self.matched(&results, "CASE")
            }
            Expr::InList { expr, list, .. } => {
                let left = (expr.as_ref(), self.expr(expr, scope, ctes));
                for item in list {
                    let right = (item, self.expr(item, scope, ctes));
                    self.compared(&left, &right, true);
                    self.text_and_number(expr, item);
                }
                Ty::Known(Class::Boolean)
            }
            Expr::InSubquery { expr, subquery, negated } => {
                if *negated {
                    self.not_in_nulls(expr, subquery, ctes);
                }
                self.one_column(expr, subquery);
                self.outer_column(subquery, scope, ctes);
                let left = self.expr(expr, scope, ctes);
                let right = self.single(subquery, scope, ctes);
                self.in_subquery(expr, left.class(), subquery, right);
                Ty::Known(Class::Boolean)
            }
            Expr::Between { expr, low, high, .. } => {
                let left = (expr.as_ref(), self.expr(expr, scope, ctes));
                for bound in [low, high] {
                    let right = (bound.as_ref(), self.expr(bound, scope, ctes));
                    self.compared(&left, &right, false);
                }
                self.last_day(expr, high, left.1.class());
                self.reversed(expr, low, high);
                Ty::Known(Class::Boolean)
            }
            Expr::Like { expr, pattern, escape_char, .. }
            | Expr::ILike { expr, pattern, escape_char, .. }
            | Expr::SimilarTo { expr, pattern, escape_char, .. } => {
                let similar = matches!(whole, Expr::SimilarTo { .. });
                let left = (expr.as_ref(), self.expr(expr, scope, ctes));
                let right = (pattern.as_ref(), self.expr(pattern, scope, ctes));
                if let Some(escape) = escape_char {
                    self.expr(escape, scope, ctes);
                }
                self.like(&left, &right);
                if !similar {
                    self.foreign_pattern(pattern);
                }
                Ty::Known(Class::Boolean)
            }
            Expr::IsDistinctFrom(a, b) | Expr::IsNotDistinctFrom(a, b) => {
                let (left, right) = ((a.as_ref(), self.expr(a, scope, ctes)), (b.as_ref(), self.expr(b, scope, ctes)));
                self.compared(&left, &right, false);
                Ty::Known(Class::Boolean)
            }
            Expr::IsTrue(e) | Expr::IsNotTrue(e) | Expr::IsFalse(e) | Expr::IsNotFalse(e) => {
                self.condition(e, "IS", scope, ctes);
                Ty::Known(Class::Boolean)
            }
            Expr::IsNull(e) | Expr::IsNotNull(e) => {
                self.expr(e, scope, ctes);
                Ty::Known(Class::Boolean)
            }
            Expr::Exists { subquery, .. } => {
                self.query(subquery, Some(scope), ctes);
                Ty::Known(Class::Boolean)
            }
            Expr::Subquery(query) => Ty::Known(self.single(query, scope, ctes)).or_unknown(),
            Expr::Array(array) => {
                array.elem.iter().for_each(|e| {
                    self.expr(e, scope, ctes);
                });
                Ty::Known(Class::Array)
            }
            Expr::Extract { expr: inner, .. } => {
                let ty = self.expr(inner, scope, ctes);
                self.extracted(inner, ty.class());
                Ty::Known(Class::Numeric)
            }
            Expr::Ceil { expr: inner, .. } | Expr::Floor { expr: inner, .. } => {
                let ty = self.expr(inner, scope, ctes);
                self.wants_number(inner, ty.class(), if matches!(expr, Expr::Ceil { .. }) { "ceil" } else { "floor" });
                Ty::Known(Class::Number)
            }
            Expr::Substring { .. } | Expr::Trim { .. } => {
                for part in parts(expr).unwrap_or_default().into_iter().skip(1) {
                    self.part(part, scope, ctes);
                }
                self.text_function(expr, scope, ctes);
                Ty::Known(Class::Text).for_postgres(self.outline.dialect)
            }
            _ => {
                self.parts(expr, scope, ctes);
                Ty::Unknown
            }
        }
    }

    fn parts(&mut self, expr: &Expr, scope: &Scope<'_>, ctes: &[Cte]) {
        for part in parts(expr).unwrap_or_default() {
            self.part(part, scope, ctes);
        }
    }

    fn part(&mut self, part: Part<'_>, scope: &Scope<'_>, ctes: &[Cte]) {
        match part {
            Part::Expr(e) => {
                self.expr(e, scope, ctes);
            }
            Part::Query(q) => {
                self.query(q, Some(scope), ctes);
            }
        }
    }

    /// The type of the only column of a subquery.
    fn single(&mut self, query: &sqlparser::ast::Query, scope: &Scope<'_>, ctes: &[Cte]) -> Class {
        let columns = self.query(query, Some(scope), ctes);
        match columns.list.as_slice() {
            [only] if columns.closed => only.class,
            _ => Class::Unknown,
        }
    }

    pub(super) fn value(&self, value: &Value, at: sqlparser::tokenizer::Span) -> Ty {
        match value {
            Value::Number(number, _) => {
                let number = number.to_string();
                let whole = number.bytes().all(|b| b.is_ascii_digit());
                Ty::Known(if whole { Class::Integer } else { Class::Numeric })
            }
            Value::SingleQuotedString(text) if !self.outline.is_templated(at) => Ty::Literal(text.clone()),
            Value::Boolean(_) if self.outline.dialect == Dialect::Postgres => Ty::Known(Class::Boolean),
            _ => Ty::Unknown,
        }
    }

    /// Operators lean to the left, and a chain of them may be long.
    fn chain(&mut self, expr: &Expr, scope: &Scope<'_>, ctes: &[Cte]) -> Ty {
        let mut links = Vec::new();
        let mut first = expr;
        while let Expr::BinaryOp { left, op, right } = first {
            links.push((left.as_ref(), op, right.as_ref()));
            first = left;
        }
        let mut ty = self.expr(first, scope, ctes);
        for (left, operator, right) in links.into_iter().rev() {
            let other = self.expr(right, scope, ctes);
            let before = self.faults.len();
            self.arithmetic(left, operator, right, scope);
            self.null_compared(left, operator, right);
            if is_comparison(operator) {
                self.text_and_number(left, right);
                self.same_column(left, right, scope);
                self.one_of_many(right);
                self.quoted_template(right);
            }
            let reported = self.faults.len() > before;
            let found = self.operator(&(left, ty), operator, &(right, other));
            if reported {
                self.faults.truncate(before + 1);
            }
            ty = found;
        }
        ty
    }

    fn operator(&mut self, left: &Typed<'_>, operator: &BinaryOperator, right: &Typed<'_>) -> Ty {
        use BinaryOperator as B;
        match operator {
            operator if is_comparison(operator) => {
                self.compared(left, right, *operator == B::Eq);
                if matches!(operator, B::Lt | B::LtEq | B::Gt | B::GtEq) {
                    self.ordered_text(left, right);
                }
                Ty::Known(Class::Boolean)
            }
            B::And | B::Or => {
                let word = if *operator == B::And { "AND" } else { "OR" };
                for (side, ty) in [left, right] {
                    self.truth(side, ty, word);
                }
                Ty::Known(Class::Boolean)
            }
            B::Plus => self.computed(left, '+', right),
            B::Minus => self.computed(left, '-', right),
            B::Multiply => self.computed(left, '*', right),
            B::Divide => self.computed(left, '/', right),
            B::Modulo => self.computed(left, '%', right),
            B::StringConcat => self.joined_text(left, right),
            B::Arrow | B::LongArrow | B::HashArrow | B::HashLongArrow => self.member(left, operator),
            B::PGRegexMatch | B::PGRegexIMatch | B::PGRegexNotMatch | B::PGRegexNotIMatch => {
                self.like(left, right);
                Ty::Known(Class::Boolean)
            }
            _ => Ty::Unknown,
        }
        .for_postgres_unless_number(self.outline.dialect)
    }

    fn unary(&mut self, operator: UnaryOperator, inner: &Expr, ty: Ty) -> Ty {
        match operator {
            UnaryOperator::Not => {
                self.truth(inner, &ty, "NOT");
                Ty::Known(Class::Boolean).for_postgres(self.outline.dialect)
            }
            UnaryOperator::Minus | UnaryOperator::Plus if !matches!(ty, Ty::Literal(_)) => {
                let class = ty.class();
                if !matches!(class, Class::Interval | Class::Time | Class::Array)
                    && types::family(class).is_some()
                    && !class.is_number()
                    && self.outline.dialect == Dialect::Postgres
                {
                    let at = self.outline.span(inner.span());
                    self.mismatch(at, format!("a sign stands before {}, and PostgreSQL wants a number there", types::called(class)), None);
                    return Ty::Unknown;
                }
                ty
            }
            _ => Ty::Unknown,
        }
    }
}

fn is_comparison(operator: &BinaryOperator) -> bool {
    use BinaryOperator as B;
    matches!(operator, B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq)
}

impl Ty {
    fn or_unknown(self) -> Self {
        if self == Self::Known(Class::Unknown) { Self::Unknown } else { self }
    }

    fn for_postgres(self, dialect: Dialect) -> Self {
        if dialect == Dialect::Postgres { self } else { Self::Unknown }
    }

    /// In SQLite a type says little, but that arithmetic gives numbers.
    fn for_postgres_unless_number(self, dialect: Dialect) -> Self {
        if self.class().is_number() { self } else { self.for_postgres(dialect) }
    }
}
