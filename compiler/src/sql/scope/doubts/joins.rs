//! Q727 of joins: tables that nothing connects, and outer joins that a condition takes back.

use sqlparser::ast::{BinaryOperator, Expr, Ident, JoinConstraint, JoinOperator, Select, Spanned, Value};

use super::{is_name, name_of, operands};
use crate::sql::Dialect;
use crate::sql::scope::{Look, Scope};
use crate::sql::walk::{Part, inner, parts};

impl Look<'_> {
    /// `LEFT JOIN t … WHERE t.x = 1`
    pub(super) fn undone_join(&mut self, select: &Select, condition: &Expr) {
        let joined: Vec<&Ident> = select
            .from
            .iter()
            .flat_map(|from| &from.joins)
            .filter(|join| matches!(join.join_operator, JoinOperator::Left(_) | JoinOperator::LeftOuter(_)))
            .filter_map(|join| name_of(&join.relation))
            .collect();
        for part in operands(condition, &BinaryOperator::And) {
            let Expr::BinaryOp { left, op, right } = part else { continue };
            let compares = matches!(
                op,
                BinaryOperator::Eq
                    | BinaryOperator::Gt
                    | BinaryOperator::GtEq
                    | BinaryOperator::Lt
                    | BinaryOperator::LtEq
                    | BinaryOperator::NotEq
            );
            let Expr::CompoundIdentifier(names) = left.as_ref() else { continue };
            let [table, column] = names.as_slice() else { continue };
            let is_joined = joined.iter().any(|name| name.value.eq_ignore_ascii_case(&table.value));
            // Conditions between tables are joins of their own.
            if compares && is_joined && names_nothing(right) {
                let message = format!("this leaves out the rows that LEFT JOIN keeps without '{table}': '{column}' is NULL in them");
                self.doubt(
                    part.span(),
                    message,
                    format!("put the condition into the ON of '{table}', or write JOIN if such rows are not wanted"),
                );
                return;
            }
        }
    }

    /// `FROM a, b, c WHERE a.x = b.x`
    pub(super) fn unconnected(&mut self, select: &Select, scope: &Scope<'_>) {
        let plain: Vec<&Ident> = select.from.iter().filter(|f| f.joins.is_empty()).filter_map(|f| name_of(&f.relation)).collect();
        if plain.len() < 2 || plain.len() != select.from.len() || scope.open {
            return;
        }
        // One of them may be a single row, unless they have a column to be joined by.
        if select.selection.is_none() && !share_a_column(scope) {
            return;
        }
        let mut groups: Vec<Vec<&str>> = Vec::new();
        let conditions = select.selection.iter().flat_map(|condition| operands(condition, &BinaryOperator::And));
        for part in conditions {
            let mut named: Vec<&str> = Vec::new();
            let mut all = true;
            let mut pending = vec![part];
            while let Some(expr) = pending.pop() {
                match expr {
                    Expr::CompoundIdentifier(names) => {
                        let table = names.first().and_then(|t| plain.iter().find(|p| p.value.eq_ignore_ascii_case(&t.value)));
                        named.extend(table.map(|p| p.value.as_str()));
                    }
                    // Of which table it is, is not looked up.
                    Expr::Identifier(_) | Expr::Exists { .. } | Expr::InSubquery { .. } | Expr::Subquery(_) => all = false,
                    _ => {}
                }
                pending.extend(inner(expr));
            }
            if !all && named.len() < 2 {
                return;
            }
            groups.push(named);
        }
        // Tables that conditions connect with the first one, directly or by others.
        let mut reached = vec![plain[0].value.as_str()];
        loop {
            let before = reached.len();
            for group in &groups {
                if group.iter().any(|name| reached.contains(name)) {
                    reached.extend(group.iter().filter(|name| !reached.contains(*name)).copied().collect::<Vec<_>>());
                }
            }
            if reached.len() == before {
                break;
            }
        }
        if let Some(alone) = plain.iter().find(|name| !reached.contains(&name.value.as_str())) {
            let message =
                format!("nothing connects '{}' with '{}': each row comes once for every row of the other", alone.value, plain[0].value);
            self.doubt(alone.span, message, "add the condition that joins them; `CROSS JOIN` says that all pairs are wanted".to_owned());
        }
    }

    /// `JOIN employees m ON m.id = m.manager_id`
    pub(super) fn joined_with_itself(&mut self, select: &Select) {
        for from in &select.from {
            for join in &from.joins {
                let bare = match &join.join_operator {
                    JoinOperator::Join(c) | JoinOperator::Inner(c) | JoinOperator::Left(c) | JoinOperator::LeftOuter(c) => {
                        matches!(c, JoinConstraint::None)
                    }
                    _ => false,
                };
                if let (true, Some(own), None, Dialect::Sqlite) = (bare, name_of(&join.relation), &select.selection, self.outline.dialect) {
                    let message = format!("'{own}' is joined without a condition: each row comes once for every row of it");
                    self.doubt(own.span, message, "add ON and the condition; `CROSS JOIN` says that all pairs are wanted".to_owned());
                }
                let (JoinOperator::Join(c)
                | JoinOperator::Inner(c)
                | JoinOperator::Left(c)
                | JoinOperator::LeftOuter(c)
                | JoinOperator::Right(c)
                | JoinOperator::RightOuter(c)
                | JoinOperator::FullOuter(c)) = &join.join_operator
                else {
                    continue;
                };
                let (JoinConstraint::On(condition), Some(own)) = (c, name_of(&join.relation)) else { continue };
                let mut tables: Vec<&Ident> = Vec::new();
                let mut known = true;
                let mut pending = vec![condition];
                while let Some(expr) = pending.pop() {
                    match expr {
                        Expr::CompoundIdentifier(names) => tables.extend(names.first()),
                        Expr::Identifier(_) | Expr::Exists { .. } | Expr::InSubquery { .. } | Expr::Subquery(_) => known = false,
                        _ => {}
                    }
                    pending.extend(inner(expr));
                }
                let only_own = !tables.is_empty() && tables.iter().all(|t| t.value.eq_ignore_ascii_case(&own.value));
                if known && only_own && matches!(condition, Expr::BinaryOp { left, right, .. } if is_name(left) && is_name(right)) {
                    let message = format!("this condition names '{own}' alone, and connects it with no other table");
                    self.doubt(condition.span(), message, "compare it with a column of a table before it".to_owned());
                } else if known && !tables.is_empty() && !tables.iter().any(|t| t.value.eq_ignore_ascii_case(&own.value)) {
                    let message = format!("this condition does not name '{own}', which it joins");
                    self.doubt(condition.span(), message, format!("compare a column of '{own}' with one of a table before it"));
                }
            }
        }
    }
}

/// Two tables have a column of the same name, which is none that many tables have.
fn share_a_column(scope: &Scope<'_>) -> bool {
    const COMMON: [&str; 9] = ["id", "name", "title", "description", "status", "note", "created_at", "updated_at", "value"];
    let mut seen: Vec<&str> = Vec::new();
    for relation in &scope.relations {
        let own: Vec<&str> = relation.columns.list.iter().map(|c| c.name.as_str()).filter(|c| !COMMON.contains(c)).collect();
        if own.iter().any(|c| seen.contains(c)) {
            return true;
        }
        if seen.len() > 1000 {
            return false;
        }
        seen.extend(own);
    }
    false
}

/// A literal, or what functions make of literals.
fn names_nothing(expr: &Expr) -> bool {
    let mut pending = vec![expr];
    while let Some(expr) = pending.pop() {
        match expr {
            Expr::Value(v) if matches!(v.value, Value::Null) => return false,
            Expr::Identifier(name) if !name.value.to_lowercase().starts_with("current_") => return false,
            Expr::CompoundIdentifier(_) | Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => return false,
            _ => {}
        }
        let Some(within) = parts(expr) else { return false };
        pending.extend(within.into_iter().filter_map(|p| if let Part::Expr(e) = p { Some(e) } else { None }));
    }
    true
}
