//! Q714: aggregates where no engine takes them. Q715: lists that must be equally long and are not.

use sqlparser::ast::{Expr, Function, FunctionArguments, Ident, Insert, ObjectNamePart, Query, Select, SelectItem, SetExpr, Spanned};

use super::super::Dialect;
use super::super::columns::Columns;
use super::super::walk::inner;
use super::doubts::holds;
use super::{Look, Scope};
use crate::diagnostic::Diagnostic;

impl Look<'_> {
    /// Aggregates in WHERE.
    pub(super) fn aggregates(&mut self, select: &Select) {
        if let Some(condition) = &select.selection
            && let Some(function) = aggregate_in(condition)
        {
            let at = self.outline.span(function.span());
            let fault = Diagnostic::error("Q714", at, format!("`{}` cannot stand in WHERE, which looks at single rows", function.name));
            self.faults.push(fault.help("put the condition into HAVING, behind GROUP BY, or compare with a subquery"));
        }
    }

    /// `… row_number() OVER (…) AS place … WHERE place < 3`: SQLite knows the name there, and cannot compute it yet.
    pub(super) fn early_windows(&mut self, select: &Select, scope: &Scope<'_>) {
        if select.selection.is_none() && select.having.is_none() || select.projection.len() > 300 {
            return;
        }
        let is_window = |e: &Expr| matches!(e, Expr::Function(f) if f.over.is_some());
        for item in &select.projection {
            let SelectItem::ExprWithAlias { expr, alias } = item else { continue };
            if self.outline.dialect != Dialect::Sqlite || !holds(expr, is_window) {
                continue;
            }
            let is_column = scope.relations.iter().any(|r| !r.columns.closed || r.columns.find(alias, self.outline.dialect).is_some());
            for (clause, condition) in [("WHERE", &select.selection), ("HAVING", &select.having)] {
                let mut pending: Vec<&Expr> = condition.iter().collect();
                while let Some(part) = pending.pop() {
                    if let (Expr::Identifier(name), false) = (part, is_column)
                        && name.value.eq_ignore_ascii_case(&alias.value)
                    {
                        let message = format!("'{name}' is a window function, which {clause} comes before");
                        let fault = Diagnostic::error("Q714", self.outline.span(name.span), message);
                        self.faults.push(fault.help("compute it in a subquery, and compare it in the WHERE around that"));
                    }
                    pending.extend(inner(part));
                }
            }
        }
    }

    /// Aggregates in aggregates, and aggregates and window functions in clauses that take none.
    pub(super) fn misplaced(&mut self, function: &Function, scope: &Scope<'_>) {
        let window = function.over.is_some();
        let inside = self.inside;
        let aggregate = !window && is_aggregate(function) && self.is_local(function, scope);
        let name = &function.name;
        let (message, help) = if inside.aggregate && window {
            (
                format!("an aggregate takes no window function such as `{name}`"),
                "compute the window in a subquery, and aggregate it outside",
            )
        } else if inside.aggregate && aggregate {
            (format!("an aggregate takes no other aggregate such as `{name}`"), "aggregate in a subquery first, and its result outside")
        } else {
            match inside.clause {
                Some(clause) if window => (
                    format!("`{name}` with OVER cannot stand in {clause}"),
                    "compute it in a subquery, and compare it in the WHERE around that",
                ),
                Some(clause) if aggregate && inside.plain => {
                    (format!("the aggregate `{name}` cannot stand in {clause}"), "aggregate in a subquery, and use its result here")
                }
                _ => return,
            }
        };
        let at = self.outline.span(function.span());
        self.faults.push(Diagnostic::error("Q714", at, message).help(help));
    }

    /// The parts of a UNION have as many columns as each other. `known`: the widths of what is selected, where no names tell them.
    pub(super) fn same_width(&mut self, first: &SetExpr, other: &SetExpr, known: (Option<usize>, Option<usize>)) -> bool {
        let (Some(a), Some(b)) = (self.width(first).or(known.0), self.width(other).or(known.1)) else { return true };
        if a == b {
            self.swapped(first, other);
            return true;
        }
        let at = match other {
            SetExpr::Select(select) => match (select.projection.first(), select.projection.last()) {
                (Some(first), Some(last)) => self.outline.span(first.span().union(&last.span())),
                _ => return false,
            },
            _ => return false,
        };
        let fault = Diagnostic::error("Q715", at, format!("this part of the UNION gives {}, and the first one {a}", columns(b)));
        self.faults
            .push(fault.help("give all parts the same columns in the same order; `NULL AS name` stands for one that a part does not have"));
        false
    }

    /// Two columns that the parts of a UNION have in another order: it goes by their places.
    fn swapped(&mut self, first: &SetExpr, other: &SetExpr) {
        let (SetExpr::Select(first), SetExpr::Select(other)) = (first, other) else { return };
        let names = |select: &Select| -> Vec<Option<Ident>> {
            let name = |item: &SelectItem| match item {
                SelectItem::UnnamedExpr(Expr::Identifier(name)) | SelectItem::ExprWithAlias { alias: name, .. } => Some(name.clone()),
                SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => names.last().cloned(),
                _ => None,
            };
            select.projection.iter().map(name).collect()
        };
        let (a, b) = (names(first), names(other));
        let place = |list: &[Option<Ident>], wanted: &Ident| {
            list.iter().position(|name| name.as_ref().is_some_and(|name| name.value.eq_ignore_ascii_case(&wanted.value)))
        };
        for (i, name) in a.iter().enumerate() {
            let (Some(name), Some(Some(here))) = (name, b.get(i)) else { continue };
            let (Some(there), Some(back)) = (place(&b, name), place(&a, here)) else { continue };
            if there != i && back == there {
                let message = format!("'{here}' stands at the place of '{name}' of the first part: a UNION goes by the places of columns");
                let at = self.outline.span(here.span);
                let fault = Diagnostic::warning("Q727", at, message);
                self.faults.push(fault.help("give all parts their columns in the same order"));
                return;
            }
        }
    }

    /// An INSERT has as many values as it names columns.
    pub(super) fn values(&mut self, insert: &Insert, table: &Columns) {
        let named = insert.columns.len();
        let Some(source) = &insert.source else { return };
        if named == 0 {
            self.too_many(source, table);
            return;
        }
        match source.body.as_ref() {
            SetExpr::Values(values) => {
                for row in &values.rows {
                    let given = row.len();
                    let (Some(first), Some(last)) = (row.first(), row.last()) else { continue };
                    // A template may stand for several values.
                    if given != named && !row.iter().any(|e| self.may_be_several(e)) {
                        let at = self.outline.span(first.span().union(&last.span()));
                        self.faults.push(misfit(at, named, given));
                        return;
                    }
                }
            }
            body => {
                if let (Some(given), Some(at)) = (self.width(body), first_item(source))
                    && given != named
                {
                    let at = self.outline.span(at);
                    self.faults.push(misfit(at, named, given));
                }
            }
        }
    }

    /// A template that is not known to be one value.
    fn may_be_several(&self, expr: &Expr) -> bool {
        let Expr::Identifier(name) = expr else { return false };
        let written = self.outline.written(name.span);
        let inside = written.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).map(str::trim);
        self.outline.is_computed(name) && !inside.is_some_and(|inside| inside.starts_with("query_value(") && !inside.contains("}}"))
    }

    /// Without names, an INSERT gives no more values than the table has columns.
    fn too_many(&mut self, source: &Query, table: &Columns) {
        // PostgreSQL fills what is missing at the end with defaults.
        let misfits = |given: usize| match self.outline.dialect {
            Dialect::Sqlite => given != table.given(),
            Dialect::Postgres => given > table.list.len(),
        };
        let SetExpr::Values(values) = source.body.as_ref() else {
            if let (true, Some(given), Some(at)) = (table.closed, self.width(&source.body), first_item(source))
                && misfits(given)
            {
                let message = format!("this INSERT gives {}, and the table has {}", values_text(given), columns(table.given()));
                let fault = Diagnostic::error("Q715", self.outline.span(at), message);
                self.faults.push(fault.help(format!("its columns: {}; name those that are given", table.names())));
            }
            return;
        };
        let is_plain = |e: &Expr| !matches!(e, Expr::Identifier(name) if self.outline.is_computed(name));
        let Some(row) = values.rows.iter().find(|row| table.closed && misfits(row.len()) && row.iter().all(is_plain)) else { return };
        if let (Some(first), Some(last)) = (row.first(), row.last()) {
            let at = self.outline.span(first.span().union(&last.span()));
            let message = format!("this INSERT gives {}, and the table has {}", values_text(row.len()), columns(table.given()));
            self.faults.push(Diagnostic::error("Q715", at, message).help(format!("its columns: {}", table.names())));
        }
    }

    /// The columns that `*` gives an INSERT are as many as it wants.
    pub(super) fn width_of_rows(&mut self, insert: &Insert, given: &Columns, table: &Columns) {
        let Some(source) = &insert.source else { return };
        let (Some(at), None, true) = (first_item(source), self.width(&source.body), given.closed) else { return };
        let (named, count) = (insert.columns.len(), given.list.len());
        let at = self.outline.span(at);
        let misfits = if self.outline.dialect == Dialect::Sqlite { count != table.given() } else { count > table.list.len() };
        if named > 0 && named != count {
            self.faults.push(misfit(at, named, count));
        } else if named == 0 && table.closed && misfits {
            let message = format!("this INSERT gives {}, and the table has {}", values_text(count), columns(table.given()));
            let fault = Diagnostic::error("Q715", at, message);
            self.faults.push(fault.help(format!("it gives {}; the table has {}", given.names(), table.names())));
        }
    }

    /// `x IN (SELECT …)` compares one column.
    pub(super) fn one_column(&mut self, expr: &Expr, subquery: &Query) {
        if matches!(expr, Expr::Tuple(_) | Expr::Nested(_) | Expr::Function(_) | Expr::Subquery(_)) {
            return;
        }
        if let (Some(width @ 2..), Some(at)) = (self.width(&subquery.body), first_item(subquery)) {
            let at = self.outline.span(at);
            let fault = Diagnostic::error("Q715", at, format!("IN compares one column, and this subquery gives {width}"));
            self.faults.push(fault.help("select only the column that is compared"));
        }
    }

    /// How many columns a selection gives, where it names them all.
    pub(super) fn width(&self, body: &SetExpr) -> Option<usize> {
        let SetExpr::Select(select) = body else { return None };
        let plain = |item: &SelectItem| match item {
            SelectItem::UnnamedExpr(Expr::Identifier(name)) => !self.outline.is_computed(name),
            SelectItem::UnnamedExpr(_) => true,
            SelectItem::ExprWithAlias { alias, .. } => !self.outline.is_computed(alias),
            _ => false,
        };
        select.projection.iter().all(plain).then_some(select.projection.len())
    }
}

fn misfit(at: crate::diagnostic::Span, named: usize, given: usize) -> Diagnostic {
    Diagnostic::error("Q715", at, format!("this INSERT names {} and gives {}", columns(named), values_text(given)))
        .help("give one value for each column, in the same order")
}

fn columns(n: usize) -> String {
    if n == 1 { "1 column".to_owned() } else { format!("{n} columns") }
}

fn values_text(n: usize) -> String {
    if n == 1 { "1 value".to_owned() } else { format!("{n} values") }
}

fn first_item(query: &Query) -> Option<sqlparser::tokenizer::Span> {
    match query.body.as_ref() {
        SetExpr::Select(select) => Some(select.projection.first()?.span().union(&select.projection.last()?.span())),
        _ => None,
    }
}

/// An aggregate in an expression, but not in the window of another or in a query of its own.
pub(super) fn aggregate_in(expr: &Expr) -> Option<&Function> {
    let mut pending = vec![expr];
    while let Some(expr) = pending.pop() {
        if let Expr::Function(function) = expr {
            if function.over.is_some() {
                continue;
            }
            if is_aggregate(function) {
                return Some(function);
            }
        }
        pending.extend(inner(expr));
    }
    None
}

pub(super) fn is_aggregate(function: &Function) -> bool {
    let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else { return false };
    let FunctionArguments::List(list) = &function.args else { return false };
    match name.value.to_ascii_lowercase().as_str() {
        // With several arguments they are functions of one row in SQLite.
        "count" | "sum" | "avg" | "min" | "max" => list.args.len() == 1,
        "string_agg" | "array_agg" | "group_concat" | "json_agg" | "jsonb_agg" | "bool_or" | "bool_and" | "every" | "bit_and"
        | "bit_or" | "bit_xor" | "corr" | "covar_pop" | "covar_samp" | "json_object_agg" | "jsonb_object_agg" | "stddev" | "stddev_pop"
        | "stddev_samp" | "var_pop" | "var_samp" | "variance" | "xmlagg" | "range_agg" | "any_value" | "grouping" | "total"
        | "json_group_array" | "json_group_object" => true,
        _ => false,
    }
}
