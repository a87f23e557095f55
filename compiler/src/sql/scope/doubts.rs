//! Q727: what every engine runs, and nobody means: conditions that are never true, tables that nothing connects, an OR that takes back an AND, counts that are
//! divided as whole numbers, a name of an inner query that belongs to the outer one.

mod joins;
mod values;

use sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, Ident, Query, Select, SelectItem, SetExpr, SetOperator, SetQuantifier, Spanned, TableFactor, Value,
};

use super::super::Dialect;
use super::super::columns::{Class, same};
use super::super::engine::moment;
use super::super::walk::inner;
use super::counts::is_aggregate;
use super::{Look, Scope};
use crate::diagnostic::Diagnostic;

impl Look<'_> {
    /// Looks at a SELECT whose tables are known by name.
    pub(super) fn doubts(&mut self, select: &Select, scope: &Scope<'_>) {
        self.whole_numbers(select, scope);
        self.summed_union(select);
        self.counted_without_partner(select);
        // A template may be any condition, and any column.
        if self.outline.has_templates() {
            return;
        }
        if let Some(condition) = &select.selection {
            self.undone_join(select, condition);
        }
        self.unconnected(select, scope);
        self.joined_with_itself(select);
        self.any_row(select, scope);
        self.missing_commas(select, scope);
    }

    /// Looks at a WHERE.
    pub(super) fn doubtful(&mut self, condition: &Expr) {
        // A template may hold an OR.
        if !self.outline.has_templates() {
            self.contradiction(condition);
        }
        self.loose_or(condition);
        self.same_on_both_sides(condition);
    }

    /// `x.id = x.id`
    fn same_on_both_sides(&mut self, condition: &Expr) {
        for part in operands(condition, &BinaryOperator::And) {
            if let Expr::BinaryOp { left, op: BinaryOperator::Eq | BinaryOperator::NotEq | BinaryOperator::Lt | BinaryOperator::Gt, right } =
                part
                && is_name(left)
                && left.to_string() == right.to_string()
            {
                let message = format!("'{left}' is compared with itself");
                self.doubt(part.span(), message, "name the other column, with its table".to_owned());
            }
        }
    }

    /// `UPDATE t SET a = (SELECT …)` without WHERE: rows that the subquery has nothing for get NULL.
    pub(super) fn emptied(&mut self, update: &sqlparser::ast::Update) {
        if update.selection.is_some() || update.from.is_some() || self.outline.has_templates() {
            return;
        }
        let Some(own) = name_of(&update.table.relation) else { return };
        for assignment in &update.assignments {
            let Expr::Subquery(query) = &assignment.value else { continue };
            let SetExpr::Select(select) = query.body.as_ref() else { continue };
            // An aggregate always gives a row.
            let aggregates = selected(select)
                .any(|e| matches!(e, Expr::Function(f) if is_aggregate(f) || f.name.to_string().eq_ignore_ascii_case("coalesce")));
            if aggregates {
                continue;
            }
            let of_own = |e: &Expr| matches!(e, Expr::CompoundIdentifier(names) if names.first().is_some_and(|n| n.value.eq_ignore_ascii_case(&own.value)));
            let refers = select.selection.as_ref().is_some_and(|condition| holds(condition, of_own));
            if refers {
                let message = format!("rows of '{own}' for which the subquery finds nothing get NULL");
                let help = "add `WHERE EXISTS (…)` or `WHERE … IN (SELECT …)`, or keep the old value: `coalesce((SELECT …), column)`";
                self.doubt(assignment.value.span(), message, help.to_owned());
            }
        }
    }

    /// `CAST(x AS date)` in SQLite: its types have no dates, and the number at the beginning of the text is the year.
    pub(super) fn cast_to_moment(&mut self, cast: &Expr, inner: &Expr, kind: &str) {
        let word = kind.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        if let (Dialect::Sqlite, Some(function)) = (self.outline.dialect, moment(word)) {
            let message = format!("SQLite makes a number of a cast to {word}: of a text like 2026-05-01 the year");
            self.doubt(cast.span(), message, format!("write `{function}({inner})`"));
        }
    }

    /// A name behind a column on the next line, which is read as its alias: a comma is missing.
    fn missing_commas(&mut self, select: &Select, scope: &Scope<'_>) {
        for item in &select.projection {
            let SelectItem::ExprWithAlias { expr, alias } = item else { continue };
            let (end, start) = (expr.span().end, alias.span.start);
            let dialect = self.outline.dialect;
            let is_column = scope.relations.iter().any(|r| r.columns.find(alias, dialect).is_some());
            if !is_name(expr) || end.line == 0 || (start.line <= end.line && !is_column) {
                continue;
            }
            let between = self.outline.written(sqlparser::tokenizer::Span::new(end, start));
            if between.trim().is_empty() {
                let message = format!("'{alias}' behind '{expr}' is read as another name of it");
                self.doubt(
                    alias.span,
                    message,
                    format!("write a comma behind `{expr}`; if another name is meant, write `{expr} AS {alias}`"),
                );
            }
        }
    }

    /// `x NOT IN (SELECT y FROM t)`, where y may be NULL.
    pub(super) fn not_in_nulls(&mut self, compared: &Expr, subquery: &Query, ctes: &[super::Cte]) {
        let SetExpr::Select(select) = subquery.body.as_ref() else { return };
        let [SelectItem::UnnamedExpr(column)] = select.projection.as_slice() else { return };
        let (Some(name), [from]) = (last_of(column), select.from.as_slice()) else { return };
        // A key under its own name is there in each row; a reference to another one may be missing.
        if last_of(compared).is_none_or(|own| own.value.eq_ignore_ascii_case(&name.value)) {
            return;
        }
        // Any condition on the column leaves NULL out.
        let on_it = |e: &Expr| {
            matches!(e, Expr::Exists { .. } | Expr::InSubquery { .. } | Expr::Subquery(_))
                || last_of(e).is_some_and(|n| n.value.eq_ignore_ascii_case(&name.value))
        };
        let filtered = select.selection.as_ref().is_some_and(|condition| holds(condition, on_it));
        if filtered || !from.joins.is_empty() || self.outline.is_computed(name) || subquery.with.is_some() || select.having.is_some() {
            return;
        }
        let (faults, named) = (self.faults.len(), self.named.len());
        let mut inner = Scope::default();
        self.from(from, &mut inner, ctes);
        self.faults.truncate(faults);
        self.named.truncate(named);
        let [relation] = inner.relations.as_slice() else { return };
        let columns = &relation.columns;
        let Some(found) = columns.find(name, self.outline.dialect) else { return };
        let Some(keys) = &columns.keys else { return };
        let in_key = keys.primary.iter().flatten().any(|k| k.eq_ignore_ascii_case(&found.name));
        // What a query has made may be without NULL for reasons that are not followed.
        let declared = columns.closed && found.nullable && !in_key;
        if declared {
            let message = format!("once '{}' is NULL in a row, NOT IN is true for no row at all", found.name);
            self.doubt(column.span(), message, format!("add `WHERE {name} IS NOT NULL` to the subquery, or write NOT EXISTS"));
        }
    }

    fn doubt(&mut self, at: sqlparser::tokenizer::Span, message: String, help: String) {
        self.faults.push(Diagnostic::warning("Q727", self.outline.span(at), message).help(help));
    }

    /// `column = literal`, with the literal as it is written.
    fn equality<'e>(&self, expr: &'e Expr) -> Option<(&'e Expr, String)> {
        let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = expr else { return None };
        match right.as_ref() {
            Expr::Value(value) if is_name(left) && matches!(value.value, Value::SingleQuotedString(_) | Value::Number(..)) => {
                // A template in the text may be any value.
                (!self.outline.is_templated(value.span)).then(|| (left.as_ref(), right.to_string()))
            }
            _ => None,
        }
    }

    /// `status = 'a' AND status = 'b'`
    fn contradiction(&mut self, condition: &Expr) {
        let mut seen: Vec<(String, String)> = Vec::new();
        for part in operands(condition, &BinaryOperator::And) {
            let Some((column, literal)) = self.equality(part) else { continue };
            let shown = column.to_string();
            let alike = |other: &str| other.starts_with('\'') == literal.starts_with('\'');
            match seen.iter().find(|(name, other)| *name == shown && *other != literal && alike(other)) {
                Some((_, other)) => {
                    let message = format!("'{shown}' is never {other} and {literal} at the same time: no row fits");
                    self.doubt(part.span(), message, format!("write OR, or `{shown} IN ({other}, {literal})`"));
                    return;
                }
                None => seen.push((shown, literal)),
            }
        }
    }

    /// `region = 'x' AND status = 'a' OR status = 'b'`
    fn loose_or(&mut self, condition: &Expr) {
        let Expr::BinaryOp { left, op: BinaryOperator::Or, right } = condition else { return };
        // `status = 'b' OR status = 'a' AND …`
        let behind = operands(right, &BinaryOperator::And);
        if let ([first, _, ..], Some((one, a))) = (behind.as_slice(), self.equality(left))
            && let Some((other, b)) = self.equality(first)
            && one.to_string() == other.to_string()
            && a != b
        {
            let message = format!("AND binds before OR: rows with `{left}` are taken whatever the other conditions say");
            let help = format!("put the alternatives in parentheses: `({left} OR {first}) AND …`, or write `{one} IN ({a}, {b})`");
            self.doubt(left.span(), message, help);
            return;
        }
        let before = operands(left, &BinaryOperator::And);
        let [_, .., last] = before.as_slice() else { return };
        if values::alike(last, right) && matches!(right.as_ref(), Expr::Like { .. }) {
            let message = format!("AND binds before OR: rows with `{right}` are taken whatever the other conditions say");
            self.doubt(right.span(), message, format!("put the alternatives in parentheses: `AND ({last} OR {right})`"));
            return;
        }
        let (Some((one, a)), Some((other, b))) = (self.equality(last), self.equality(right)) else { return };
        if one.to_string() == other.to_string() && a != b {
            let message = format!("AND binds before OR: rows with `{right}` are taken whatever the other conditions say");
            self.doubt(
                right.span(),
                message,
                format!("put the alternatives in parentheses: `AND ({last} OR {right})`, or write `{one} IN ({a}, {b})`"),
            );
        }
    }

    /// SQLite takes the columns beside GROUP BY from any row of the group.
    fn any_row(&mut self, select: &Select, scope: &Scope<'_>) {
        let GroupByExpr::Expressions(list, _) = &select.group_by else { return };
        if self.outline.dialect != Dialect::Sqlite || list.is_empty() || select.having.is_some() {
            return;
        }
        let exprs: Vec<&Expr> = selected(select).collect();
        let plain = exprs.len() == select.projection.len() && exprs.iter().all(|e| is_name(e)) && list.iter().all(is_name);
        let grouped =
            |e: &Expr| list.iter().any(|g| last_of(g).zip(last_of(e)).is_some_and(|(a, b)| a.value.eq_ignore_ascii_case(&b.value)));
        // One row for each key.
        let key = |e: &Expr| {
            last_of(e).is_some_and(|name| {
                let unique = |columns: &super::super::columns::Columns| {
                    columns.keys.as_ref().is_some_and(|keys| {
                        keys.primary
                            .iter()
                            .chain(&keys.unique)
                            .any(|k| k.len() == 1 && k.iter().all(|c| c.eq_ignore_ascii_case(&name.value)))
                    })
                };
                name.value.eq_ignore_ascii_case("id") || scope.relations.iter().any(|r| unique(&r.columns))
            })
        };
        let Some(first) = exprs.iter().find(|e| !grouped(e)) else { return };
        if plain && !list.iter().any(key) {
            let message = format!("'{first}' is taken from any row of its group: SQLite chooses");
            let help = "say which row: `max(…)`, or a window: `row_number() OVER (PARTITION BY … ORDER BY …)` and its first row";
            self.doubt(first.span(), message, help.to_owned());
        }
    }

    /// `count(a) / count(b)`, and other whole numbers where a share of them is meant.
    fn whole_numbers(&mut self, select: &Select, scope: &Scope<'_>) {
        for item in &select.projection {
            let (expr, share) = match item {
                SelectItem::UnnamedExpr(expr) => (expr, false),
                SelectItem::ExprWithAlias { expr, alias } => (expr, is_share(&alias.value)),
                _ => continue,
            };
            // Each with whether it is made a percentage.
            let mut pending = vec![(expr, share)];
            while let Some((expr, share)) = pending.pop() {
                if let Expr::BinaryOp { left, op: BinaryOperator::Divide, right } = expr {
                    let counts = is_count(left) && is_count(right);
                    if counts || (share && self.is_whole(left, scope) && self.is_whole(right, scope)) {
                        let message = "both sides are whole numbers, and so is what their division gives: 1 / 2 is 0".to_owned();
                        self.doubt(expr.span(), message, format!("write `1.0 * {left} / {right}`"));
                        continue;
                    }
                }
                let percents = matches!(expr, Expr::BinaryOp { op: BinaryOperator::Multiply, right, .. } if is_hundred(right));
                pending.extend(inner(expr).map(|e| (e, share || percents)));
            }
        }
    }

    /// A column of whole numbers, a count, or in SQLite a sum of them. PostgreSQL sums `bigint` to `numeric`.
    fn is_whole(&mut self, expr: &Expr, scope: &Scope<'_>) -> bool {
        match expr {
            Expr::Nested(inner) => self.is_whole(inner, scope),
            Expr::CompoundIdentifier(_) => self.class_of(expr, scope) == Class::Integer,
            // A column of the tables, not what the selection gives under that name.
            Expr::Identifier(name) => {
                let mut found = scope.relations.iter().filter_map(|r| r.columns.find(name, self.outline.dialect));
                found.next().is_some_and(|column| column.class == Class::Integer) && found.next().is_none()
            }
            Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("sum") && function.over.is_none() => {
                let argument = values::only_argument(function);
                self.outline.dialect == Dialect::Sqlite && argument.is_some_and(|argument| self.is_whole(argument, scope))
            }
            _ => is_count(expr),
        }
    }

    /// `sum(amount)` of a UNION, which has equal amounts once.
    fn summed_union(&mut self, select: &Select) {
        let [from] = select.from.as_slice() else { return };
        let TableFactor::Derived { subquery, .. } = &from.relation else { return };
        let SetExpr::SetOperation { op: SetOperator::Union, set_quantifier: SetQuantifier::None | SetQuantifier::Distinct, left, .. } =
            subquery.body.as_ref()
        else {
            return;
        };
        let SetExpr::Select(first) = left.as_ref() else { return };
        // A column that tells rows apart keeps equal amounts apart.
        let tells = |name: &Ident| {
            let name = name.value.to_lowercase();
            name == "id"
                || name == "uuid"
                || name.ends_with("_id")
                || name.ends_with("number")
                || name.ends_with("key")
                || name.ends_with("code")
        };
        let names: Option<Vec<&Ident>> = first
            .projection
            .iter()
            .map(|item| match item {
                SelectItem::UnnamedExpr(expr) => last_of(expr),
                SelectItem::ExprWithAlias { alias, expr } => last_of(expr).filter(|name| tells(name)).or(Some(alias)),
                _ => None,
            })
            .collect();
        let Some(names) = names.filter(|names| !names.iter().any(|name| tells(name))) else { return };
        let summed = selected(select).find_map(|expr| {
            let mut found = None;
            holds(expr, |e| {
                if let Expr::Function(function) = e
                    && ["sum", "avg", "total"].contains(&function.name.to_string().to_lowercase().as_str())
                    && function.over.is_none()
                    && let Some(name) = values::only_argument(function).and_then(last_of)
                {
                    found = Some(name.clone());
                }
                found.is_some()
            });
            found
        });
        let Some(summed) = summed.filter(|summed| names.iter().any(|name| name.value.eq_ignore_ascii_case(&summed.value))) else { return };
        let message = format!("UNION takes equal rows once: of two rows with the same '{summed}' one is left out of the sum");
        self.doubt(subquery.span(), message, "write `UNION ALL`".to_owned());
    }

    /// `id IN (SELECT id FROM t)`, where t has no id: the outer one is meant, and every row fits.
    pub(super) fn outer_column(&mut self, subquery: &Query, outer: &Scope<'_>, ctes: &[super::Cte]) {
        let SetExpr::Select(select) = subquery.body.as_ref() else { return };
        let [SelectItem::UnnamedExpr(Expr::Identifier(name))] = select.projection.as_slice() else { return };
        let dialect = self.outline.dialect;
        if self.outline.is_computed(name) || subquery.with.is_some() {
            return;
        }
        let faults = self.faults.len();
        let named = self.named.len();
        let mut inner = Scope::default();
        for table in &select.from {
            self.from(table, &mut inner, ctes);
        }
        self.faults.truncate(faults);
        self.named.truncate(named);
        let lacks = !inner.relations.is_empty()
            && !inner.open
            && inner.relations.iter().all(|r| r.columns.closed && !r.columns.list.iter().any(|c| same(name, &c.name, dialect)));
        let is_outer = outer.relations.iter().any(|r| r.columns.list.iter().any(|c| same(name, &c.name, dialect)) || !r.columns.closed);
        if lacks && is_outer {
            let message = format!("no table of this subquery has '{name}': the column of the outer query is meant, and every row fits");
            let columns = inner.relations.first().map(|r| r.columns.names()).unwrap_or_default();
            self.doubt(name.span, message, format!("its columns: {columns}"));
        }
    }

    /// `day BETWEEN '2024-05-01' AND '2024-05-31'` of a moment.
    pub(super) fn last_day(&mut self, expr: &Expr, high: &Expr, class: Class) {
        let Expr::Value(value) = high else { return };
        let Value::SingleQuotedString(text) = &value.value else { return };
        let is_day =
            text.len() == 10 && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
        if is_day && matches!(class, Class::Timestamp | Class::TimestampTz) {
            let message = format!("'{expr}' has a time: everything behind the midnight with which {text} begins is left out");
            self.doubt(high.span(), message, format!("write `{expr} >= … AND {expr} < …` with the day after the last one"));
        }
    }
}

/// The expressions of a selection, without its `*`.
fn selected(select: &Select) -> impl Iterator<Item = &Expr> {
    select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(e) | SelectItem::ExprWithAlias { expr: e, .. } => Some(e),
        _ => None,
    })
}

/// What stands between ANDs, or ORs.
fn operands<'e>(expr: &'e Expr, operator: &BinaryOperator) -> Vec<&'e Expr> {
    let mut found = Vec::new();
    let mut pending = vec![expr];
    while let Some(expr) = pending.pop() {
        match expr {
            Expr::BinaryOp { left, op, right } if op == operator => pending.extend([right.as_ref(), left.as_ref()]),
            Expr::Nested(inner) if matches!(inner.as_ref(), Expr::BinaryOp { op, .. } if op == operator) => pending.push(inner),
            other => found.push(other),
        }
    }
    found
}

/// Whether any expression inside, or the whole, is as asked.
pub(super) fn holds(expr: &Expr, mut asked: impl FnMut(&Expr) -> bool) -> bool {
    let mut pending = vec![expr];
    while let Some(expr) = pending.pop() {
        if asked(expr) {
            return true;
        }
        pending.extend(inner(expr));
    }
    false
}

fn is_name(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
}

fn last_of(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Identifier(name) => Some(name),
        Expr::CompoundIdentifier(names) => names.last(),
        _ => None,
    }
}

/// The name by which a table is qualified.
fn name_of(factor: &TableFactor) -> Option<&Ident> {
    match factor {
        TableFactor::Table { alias: Some(alias), args: None, .. } => Some(&alias.name),
        TableFactor::Table { name, alias: None, args: None, .. } => super::last(name),
        _ => None,
    }
}

/// A name that says that the number is a part of another one.
fn is_share(name: &str) -> bool {
    let name = name.to_lowercase();
    name.split('_').any(|word| {
        ["rate", "ratio", "share", "percent", "percentage", "pct", "perc", "avg", "average", "mean", "fraction", "quota"].contains(&word)
    })
}

fn is_hundred(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(v) if matches!(&v.value, Value::Number(n, _) if ["100", "100.0"].contains(&n.to_string().as_str())))
}

/// A count, or a sum of ones.
fn is_count(expr: &Expr) -> bool {
    match expr {
        Expr::Function(function) => {
            let name = function.name.to_string().to_ascii_lowercase();
            function.over.is_none() && is_aggregate(function) && (name == "count" || (name == "sum" && values::sums_marks(function)))
        }
        Expr::Nested(inner) => is_count(inner),
        _ => false,
    }
}
