//! Q721: in PostgreSQL, ORDER BY of what DISTINCT does not give.

use sqlparser::ast::{Distinct, Expr, Select, SelectItem, Spanned, Value};

use super::super::Dialect;
use super::super::columns::{Columns, same};
use super::grouping::{MAX_BYTES, form, given};
use super::{Look, Scope};
use crate::diagnostic::Diagnostic;

impl Look<'_> {
    /// ORDER BY of a query with DISTINCT orders by what the query gives.
    pub(super) fn distinct_order(&mut self, select: &Select, scope: &Scope<'_>, order: &[&Expr], columns: &Columns) {
        let long = self.outline.text.len() > MAX_BYTES;
        if self.outline.dialect != Dialect::Postgres || long || self.outline.is_templated(select.span()) {
            return;
        }
        let selected = |look: &Self, expr: &Expr| {
            select.projection.iter().any(|item| match item {
                SelectItem::UnnamedExpr(e) | SelectItem::ExprWithAlias { expr: e, .. } => {
                    form(e) == form(expr) || look.place(e, scope).is_some_and(|p| look.place(expr, scope) == Some(p))
                }
                _ => !columns.closed || look.place(expr, scope).is_none_or(|(_, name)| columns.list.iter().any(|c| c.name == name)),
            })
        };
        match &select.distinct {
            Some(Distinct::Distinct) => {
                for expr in order {
                    let output =
                        matches!(expr, Expr::Identifier(name) if columns.list.iter().any(|c| same(name, &c.name, Dialect::Postgres)));
                    if output || matches!(expr, Expr::Value(_)) || !columns.closed || selected(self, expr) {
                        continue;
                    }
                    let at = self.outline.span(expr.span());
                    let message = format!("DISTINCT leaves no `{expr}` to order by: the query does not select it");
                    self.faults
                        .push(Diagnostic::error("Q721", at, message).help("select it as well, or use GROUP BY and order by an aggregate"));
                    return;
                }
            }
            Some(Distinct::On(keys)) => {
                let resolved = |look: &Self, expr: &Expr| -> String {
                    let named = match expr {
                        Expr::Identifier(name) => select.projection.iter().find_map(|item| match item {
                            SelectItem::ExprWithAlias { expr, alias } if same(name, &look.kept(alias), Dialect::Postgres) => Some(expr),
                            _ => None,
                        }),
                        Expr::Value(value) => match &value.value {
                            Value::Number(n, _) => {
                                n.to_string().parse::<usize>().ok().and_then(|n| select.projection.get(n.checked_sub(1)?)).and_then(given)
                            }
                            _ => None,
                        },
                        _ => None,
                    };
                    form(named.unwrap_or(expr))
                };
                let keys: Vec<String> = keys.iter().map(|k| resolved(self, k)).collect();
                let mut left = keys.clone();
                for expr in order {
                    let this = resolved(self, expr);
                    if left.is_empty() {
                        return;
                    }
                    if !keys.contains(&this) {
                        let at = self.outline.span(expr.span());
                        let message = format!("DISTINCT ON wants its own expressions first in ORDER BY, and `{expr}` is none of them");
                        self.faults.push(Diagnostic::error("Q721", at, message).help("begin ORDER BY with the expressions of DISTINCT ON"));
                        return;
                    }
                    left.retain(|k| *k != this);
                }
            }
            _ => {}
        }
    }
}
