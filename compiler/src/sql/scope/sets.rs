//! UNION and VALUES: columns of several queries or rows, one under the other.

use sqlparser::ast::{Expr, Query, SelectItem, SetExpr, Spanned, TableAlias, Values};

use super::super::Dialect;
use super::super::columns::{Class, Column, Columns, Keys};
use super::super::types::{self, Ty, called};
use super::grouping::form;
use super::typed::Typed;
use super::{Cte, Look, Scope, resolve};
use crate::diagnostic::Diagnostic;

impl Look<'_> {
    /// Adds a part of a UNION to what the parts before it give.
    pub(super) fn united(&mut self, columns: &mut Columns, other: Columns, first: &SetExpr, part: &SetExpr) {
        let known = columns.closed && other.closed;
        let widths = (columns.closed.then_some(columns.list.len()), other.closed.then_some(other.list.len()));
        if self.same_width(first, part, widths) && known {
            for (column, added) in columns.list.iter_mut().zip(other.list) {
                self.one_under_the_other(column, added);
            }
        } else {
            for column in &mut columns.list {
                (column.class, column.literal) = (Class::Unknown, None);
            }
        }
    }

    fn one_under_the_other(&mut self, column: &mut Column, added: Column) {
        if self.outline.dialect == Dialect::Sqlite {
            column.class = column.class.or(added.class);
            return;
        }
        let literal = column.literal.take();
        let known = |class: Class| class != Class::Unknown;
        match (literal, added.literal) {
            (Some(_), Some(_)) => column.class = Class::Text,
            (Some(text), None) if known(added.class) => {
                if let (false, Some(at)) = (types::fits(&text, added.class), column.at.clone()) {
                    self.misfit_literal(at, &text, added.class);
                }
                column.class = added.class;
            }
            (None, Some(text)) if known(column.class) => {
                if let (false, Some(at)) = (types::fits(&text, column.class), added.at) {
                    self.misfit_literal(at, &text, column.class);
                }
            }
            (None, None) => match types::common(column.class, added.class) {
                Some(class) => column.class = class,
                None => {
                    if let Some(at) = added.at {
                        let (is, was) = (called(added.class), called(column.class));
                        let message = format!("this column of the UNION is {is}, and in the part before it {was}");
                        self.mismatch(
                            at,
                            message,
                            Some("cast one of the two, or give the parts the same columns in the same order".to_owned()),
                        );
                    }
                    column.class = Class::Unknown;
                }
            },
            _ => column.class = Class::Unknown,
        }
    }

    /// ORDER BY behind a UNION names columns of the result.
    pub(super) fn united_order(&mut self, expr: &Expr, columns: &Columns, first: &SetExpr, others: &[(&SetExpr, Columns)]) {
        let dialect = self.outline.dialect;
        if self.outline.is_templated(expr.span()) || !columns.closed {
            return;
        }
        self.position(expr, columns, "order");
        let known = match (expr, dialect) {
            (Expr::Value(_), _) => true,
            (Expr::Identifier(name), Dialect::Postgres) => columns.find(name, dialect).is_some(),
            (Expr::Collate { .. }, _) => true,
            // Any part's names and expressions will do.
            (Expr::Identifier(name), Dialect::Sqlite) => {
                resolve::is_value(name, dialect)
                    || columns.find(name, dialect).is_some()
                    || gives(first, expr)
                    || others
                        .iter()
                        .any(|(part, other)| (!other.closed && has_star(part)) || other.find(name, dialect).is_some() || gives(part, expr))
            }
            (Expr::CompoundIdentifier(_), Dialect::Sqlite) => true,
            (_, Dialect::Sqlite) => true,
            (_, Dialect::Postgres) => false,
        };
        if !known {
            let at = self.outline.span(expr.span());
            let fault = Diagnostic::error("Q721", at, format!("a UNION is ordered by its own columns, and `{expr}` is none of them"));
            self.faults
                .push(fault.help(format!("its columns: {}; or select from the UNION in a subquery, and order that", columns.names())));
        }
    }

    /// The names that an alias gives to columns are not more than those.
    pub(super) fn named_columns(&mut self, alias: &TableAlias, columns: &Columns, query: Option<&Query>, cte: bool) {
        let mut first = query.map(|q| q.body.as_ref());
        while let Some(SetExpr::SetOperation { left, .. }) = first {
            first = Some(left);
        }
        let width = first.and_then(|body| self.width(body)).or(columns.closed.then_some(columns.list.len()));
        let (named, Some(given)) = (alias.columns.len(), width) else { return };
        let misfits = match self.outline.dialect {
            // What is never read is never looked at.
            Dialect::Sqlite => cte && named != given && self.outline.text.matches(alias.name.value.as_str()).count() > 1,
            Dialect::Postgres => named > given,
        };
        let templated = alias.columns.iter().any(|c| self.outline.is_computed(&c.name));
        if named > 0 && misfits && !templated {
            let at = alias.columns.iter().fold(alias.name.span, |at, c| at.union(&c.name.span));
            let message = format!("'{}' names {named} columns, and its query gives {given}", alias.name.value);
            let fault = Diagnostic::error("Q715", self.outline.span(at), message);
            self.faults.push(fault.help("name as many columns as the query gives, in the same order"));
        }
    }

    /// Before version 16 PostgreSQL wants a name for a subquery in FROM.
    pub(super) fn without_alias(&mut self, query: &Query) {
        let SetExpr::Select(select) = query.body.as_ref() else { return };
        if self.outline.dialect == Dialect::Postgres && !self.outline.is_templated(query.span()) {
            let at = self.outline.span(query.with.as_ref().map_or(select.select_token.0.span, |w| w.with_token.0.span));
            let fault = Diagnostic::error("Q701", at, "this subquery in FROM has no name, and PostgreSQL 15 wants one");
            self.faults.push(fault.help("add one behind its `)`: `… ) AS t`"));
        }
    }

    /// The columns of VALUES.
    pub(super) fn rows(&mut self, values: &Values, outer: Option<&Scope<'_>>, ctes: &[Cte]) -> Columns {
        let scope = Scope { outer, ..Scope::default() };
        let rows: Vec<Vec<Typed<'_>>> =
            values.rows.iter().map(|row| row.iter().map(|e| (e, self.expr(e, &scope, ctes))).collect()).collect();
        let width = rows.first().map_or(0, Vec::len);
        let plain = |e: &Expr| !matches!(e, Expr::Identifier(name) if self.outline.is_computed(name));
        if !rows.iter().all(|row| row.len() == width && row.iter().all(|(e, _)| plain(e))) {
            return Columns::default();
        }
        let mut columns = Columns { list: Vec::new(), closed: true, keys: Some(Keys::default()) };
        for i in 0..width {
            let values: Vec<Typed<'_>> = rows.iter().filter_map(|row| row.get(i).cloned()).collect();
            let class = match self.matched(&values, "VALUES") {
                Ty::Known(class) => class,
                Ty::Unknown | Ty::Literal(_) => Class::Unknown,
            };
            columns.list.push(Column::new(format!("column{}", i + 1), class, None));
        }
        columns
    }
}

fn has_star(part: &SetExpr) -> bool {
    let SetExpr::Select(select) = part else { return true };
    select.projection.iter().any(|item| !matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }))
}

/// Whether a part of a UNION selects the expression.
fn gives(part: &SetExpr, expr: &Expr) -> bool {
    let SetExpr::Select(select) = part else { return true };
    select.projection.iter().any(|item| match item {
        SelectItem::UnnamedExpr(e) | SelectItem::ExprWithAlias { expr: e, .. } => form(e) == form(expr),
        _ => false,
    })
}
