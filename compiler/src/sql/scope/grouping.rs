//! Q714: in PostgreSQL, columns that are neither grouped nor aggregated.

use sqlparser::ast::{
    Expr, Function, GroupByExpr, Ident, ObjectNamePart, Select, SelectItem, SelectItemQualifiedWildcardKind, Spanned, Value,
};

use super::super::Dialect;
use super::super::columns::same;
use super::super::lex::{self, Kind};
use super::super::walk::{Part, parts};
use super::counts::{aggregate_in, is_aggregate};
use super::{Look, Relation, Scope, resolve};
use crate::diagnostic::{Diagnostic, Span};

/// Longer statements are left to the engine.
pub(super) const MAX_BYTES: usize = 16 << 10;

/// A column of the query: which of its tables has it, and its name.
type Place = (usize, String);

/// What a query is grouped by.
#[derive(Default)]
struct Groups {
    columns: Vec<Place>,
    /// Expressions, in the form of [`form`].
    exprs: Vec<String>,
    /// There is no GROUP BY, and no query around this one: every name is one of a column that is not grouped.
    none: bool,
}

impl Look<'_> {
    /// Columns beside aggregates or GROUP BY.
    pub(super) fn grouped(&mut self, select: &Select, scope: &Scope<'_>, order: &[&Expr]) {
        // Expressions are compared as a whole: the time that takes grows with the square of their length.
        if self.outline.dialect != Dialect::Postgres || self.outline.text.len() > MAX_BYTES {
            return;
        }
        let exprs = || select.projection.iter().filter_map(given);
        let list: &[Expr] = match &select.group_by {
            GroupByExpr::Expressions(list, modifiers) if modifiers.is_empty() => list,
            _ => return,
        };
        let aggregate = exprs().chain(&select.having).chain(order.iter().copied()).find_map(aggregate_in);
        let aggregate = aggregate.filter(|f| self.is_local(f, scope));
        if (list.is_empty() && aggregate.is_none() && select.having.is_none()) || select.from.is_empty() {
            return;
        }
        let mut groups = Groups { none: list.is_empty() && scope.outer.is_none(), ..Groups::default() };
        for expr in list {
            if self.outline.is_templated(expr.span()) || self.group(expr, select, scope, &mut groups).is_none() {
                return;
            }
        }
        let mut found: Vec<(Span, String)> = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::Wildcard(options) => {
                    let at = self.outline.span(options.span());
                    self.all_grouped(0..scope.relations.len(), at, scope, &groups, &mut found);
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                    if let Some(ObjectNamePart::Identifier(name)) = name.0.last()
                        && let Some(i) = self.index(name, scope)
                    {
                        self.all_grouped(i..i + 1, self.outline.span(name.span), scope, &groups, &mut found);
                    }
                }
                _ => {
                    if let Some(expr) = given(item) {
                        self.ungrouped(expr, scope, &groups, &mut found);
                    }
                }
            }
        }
        if let Some(expr) = &select.having {
            self.ungrouped(expr, scope, &groups, &mut found);
        }
        for expr in order {
            let output = matches!(expr, Expr::Identifier(name) if scope.outputs.iter().any(|o| same(name, o, Dialect::Postgres)));
            if !output {
                self.ungrouped(expr, scope, &groups, &mut found);
            }
        }
        let mut seen: Vec<String> = Vec::new();
        for (at, column) in found {
            if seen.contains(&column) {
                continue;
            }
            let message = match aggregate.filter(|_| list.is_empty()) {
                Some(function) => format!("'{column}' is neither grouped nor aggregated, and `{}` makes one row of many", function.name),
                None => format!("'{column}' is neither grouped nor aggregated"),
            };
            let fault = Diagnostic::error("Q714", at, message);
            let fault = match aggregate.filter(|_| list.is_empty()) {
                Some(function) => fault.also(self.outline.span(function.span()), "the aggregate"),
                None => fault,
            };
            let add = if list.is_empty() { format!("add `GROUP BY {column}`") } else { format!("add `{column}` to GROUP BY") };
            self.faults.push(fault.help(format!("{add}, or aggregate it: `max({column})`")));
            seen.push(column);
        }
    }

    /// Takes over one expression of GROUP BY; `None` where it is not sure what it means.
    fn group(&self, expr: &Expr, select: &Select, scope: &Scope<'_>, groups: &mut Groups) -> Option<()> {
        let item = |expr: &'_ Expr| -> Option<String> { Some(form(expr)) };
        match expr {
            Expr::Nested(inner) => self.group(inner, select, scope, groups)?,
            Expr::Tuple(list) => list.iter().try_for_each(|e| self.group(e, select, scope, groups))?,
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                sets.iter().flatten().try_for_each(|e| self.group(e, select, scope, groups))?;
            }
            Expr::Value(value) => {
                let Value::Number(number, _) = &value.value else { return None };
                let position = number.to_string().parse::<usize>().ok()?;
                if select.projection.iter().take(position).any(|item| given(item).is_none()) {
                    return None;
                }
                let named = select.projection.get(position.checked_sub(1)?).and_then(given)?;
                self.grouped_by(named, scope, groups);
                groups.exprs.push(item(named)?);
            }
            Expr::Identifier(name) if self.place(expr, scope).is_none() => {
                let named = select.projection.iter().find_map(|item| match item {
                    SelectItem::ExprWithAlias { expr, alias } if same(name, &self.kept(alias), Dialect::Postgres) => Some(expr),
                    _ => None,
                })?;
                self.grouped_by(named, scope, groups);
            }
            _ => self.grouped_by(expr, scope, groups),
        }
        Some(())
    }

    fn grouped_by(&self, expr: &Expr, scope: &Scope<'_>, groups: &mut Groups) {
        groups.columns.extend(self.place(expr, scope));
        groups.exprs.push(form(expr));
    }

    /// The first columns of an expression that are not grouped.
    fn ungrouped(&self, expr: &Expr, scope: &Scope<'_>, groups: &Groups, found: &mut Vec<(Span, String)>) {
        let mut pending = vec![expr];
        while let Some(expr) = pending.pop() {
            match expr {
                Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                    if groups.none {
                        let value = matches!(expr, Expr::Identifier(name) if resolve::is_value(name, Dialect::Postgres));
                        // Of a name that no table has, that is said.
                        let there = self.place(expr, scope).is_some() || scope.relations.iter().any(|r| !r.columns.closed);
                        if there && !value && !self.outline.is_templated(expr.span()) {
                            found.push((self.outline.span(expr.span()), expr.to_string()));
                        }
                    } else if let Some(place) = self.place(expr, scope)
                        && !groups.exprs.contains(&form(expr))
                        && !self.depends(&place, scope, groups)
                    {
                        found.push((self.outline.span(expr.span()), expr.to_string()));
                    }
                    continue;
                }
                Expr::Value(_) => continue,
                Expr::Function(function) if function.over.is_none() && !is_plain_function(function) => continue,
                _ if groups.exprs.contains(&form(expr)) => continue,
                _ => {}
            }
            pending.extend(parts(expr).unwrap_or_default().into_iter().rev().filter_map(|part| match part {
                Part::Expr(e) => Some(e),
                Part::Query(_) => None,
            }));
        }
    }

    fn all_grouped(
        &self,
        relations: std::ops::Range<usize>,
        at: Span,
        scope: &Scope<'_>,
        groups: &Groups,
        found: &mut Vec<(Span, String)>,
    ) {
        for i in relations {
            let Some(relation) = scope.relations.get(i).filter(|r| r.columns.closed) else { continue };
            let lone = relation.columns.list.iter().find(|c| {
                let merged = scope.natural || scope.merged.iter().any(|m| self.equal(m, &c.name));
                !merged && !groups.exprs.contains(&c.name.to_lowercase()) && !self.depends(&(i, c.name.clone()), scope, groups)
            });
            if let Some(column) = lone {
                found.push((at, column.name.clone()));
                return;
            }
        }
    }

    /// Whether a column is grouped, or depends on a primary key that is. True in doubt.
    fn depends(&self, place: &Place, scope: &Scope<'_>, groups: &Groups) -> bool {
        if groups.columns.contains(place) {
            return true;
        }
        let Some(relation) = scope.relations.get(place.0).filter(|r| r.columns.closed) else { return true };
        let Some(keys) = &relation.columns.keys else { return true };
        keys.primary.as_ref().is_some_and(|key| key.iter().all(|name| groups.columns.contains(&(place.0, name.clone()))))
    }

    /// The column of the query's own tables that an expression is.
    pub(super) fn place(&self, expr: &Expr, scope: &Scope<'_>) -> Option<Place> {
        let (index, name) = match expr {
            Expr::Nested(inner) => return self.place(inner, scope),
            Expr::Identifier(name) => {
                let has = |r: &Relation| r.columns.find(name, self.outline.dialect).is_some();
                let merged = scope.natural || scope.merged.iter().any(|m| same(name, m, self.outline.dialect));
                let found = scope.relations.iter().position(has)?;
                if merged || resolve::is_value(name, self.outline.dialect) {
                    return None;
                }
                (found, name)
            }
            Expr::CompoundIdentifier(names) => {
                let [table, name] = names.as_slice() else { return None };
                (self.index(table, scope)?, name)
            }
            _ => return None,
        };
        if self.outline.is_computed(name) || scope.merged.iter().any(|m| same(name, m, self.outline.dialect)) {
            return None;
        }
        Some((index, scope.relations.get(index)?.columns.find(name, self.outline.dialect)?.name.clone()))
    }

    fn index(&self, table: &Ident, scope: &Scope<'_>) -> Option<usize> {
        scope.relations.iter().position(|r| r.name.as_ref().is_some_and(|n| same(table, n, self.outline.dialect)))
    }

    /// Whether an aggregate is one of this query, and not of one around it.
    pub(super) fn is_local(&self, function: &Function, scope: &Scope<'_>) -> bool {
        if scope.outer.is_none() {
            return true;
        }
        let mut pending: Vec<Part<'_>> = super::super::walk::arguments(function);
        let mut names = 0;
        while let Some(part) = pending.pop() {
            let Part::Expr(expr) = part else { return false };
            if matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) {
                if self.place(expr, scope).is_some() {
                    return true;
                }
                names += 1;
            }
            pending.extend(parts(expr).unwrap_or_default());
        }
        names == 0
    }
}

pub(super) fn given(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(e) | SelectItem::ExprWithAlias { expr: e, .. } => Some(e),
        _ => None,
    }
}

/// A function of single rows, as far as is known.
fn is_plain_function(function: &Function) -> bool {
    let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else { return false };
    let lower = name.value.to_ascii_lowercase();
    let known = super::super::functions::forms(&lower).is_some() || ["coalesce", "nullif", "greatest", "least"].contains(&lower.as_str());
    known && !is_aggregate(function) && function.within_group.is_empty()
}

/// An expression without what makes no difference: blanks, capitals, parentheses, the tables of columns.
pub(super) fn form(expr: &Expr) -> String {
    let text = expr.to_string();
    let tokens = lex::tokens(&text, Dialect::Postgres);
    let mut form = String::new();
    for (i, token) in tokens.iter().enumerate() {
        let word = text.get(token.start..token.end).unwrap_or("");
        let dot = |i: Option<usize>| {
            i.and_then(|i| tokens.get(i)).is_some_and(|t| t.kind == Kind::Symbol && text.get(t.start..t.end) == Some("."))
        };
        if matches!(token.kind, Kind::Open | Kind::Close) || dot(Some(i + 1)) || dot(Some(i)) {
            continue;
        }
        if !form.is_empty() {
            form.push(' ');
        }
        match token.kind {
            Kind::Word => form.push_str(&word.to_ascii_lowercase()),
            Kind::Name => form.push_str(word.trim_matches('"')),
            _ => form.push_str(word),
        }
    }
    form
}
