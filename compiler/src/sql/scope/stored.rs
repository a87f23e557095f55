//! Values that INSERT and UPDATE put into columns.

use sqlparser::ast::{BinaryOperator, Distinct, DoUpdate, Expr, Ident, Insert, ObjectName, ObjectNamePart, SelectItem, SetExpr, Spanned};

use super::super::Dialect;
use super::super::columns::{Column, Columns};
use super::super::types::Ty;
use super::super::walk::inner;
use super::{Cte, Look, Scope, last};
use crate::diagnostic::Diagnostic;

impl Look<'_> {
    /// The rows of an INSERT, and whether its columns take them.
    pub(super) fn inserted(&mut self, insert: &Insert, table: &Columns, ctes: &[Cte]) {
        let Some(source) = &insert.source else { return };
        let targets: Vec<Option<&Column>> = match (table.closed, insert.columns.is_empty()) {
            (false, _) => Vec::new(),
            (true, true) => table.list.iter().filter(|c| !c.generated).map(Some).collect(),
            (true, false) => insert.columns.iter().map(|name| table.find(last(name)?, self.outline.dialect)).collect(),
        };
        if let (SetExpr::Values(values), None) = (source.body.as_ref(), &source.with) {
            let scope = Scope::default();
            for row in &values.rows {
                for (i, value) in row.iter().enumerate() {
                    let ty = self.expr(value, &scope, ctes);
                    if let Some(Some(column)) = targets.get(i).filter(|_| row.len() <= targets.len()) {
                        self.stored(self.outline.span(value.span()), &ty, column);
                    }
                }
            }
            return;
        }
        let given = self.unsettled(source, None, ctes);
        // What DISTINCT and UNION compare has been given a type before.
        let plain = matches!(source.body.as_ref(), SetExpr::Select(select) if matches!(select.distinct, None | Some(Distinct::All)));
        self.width_of_rows(insert, &given, table);
        if !given.closed || given.list.len() > targets.len() {
            return;
        }
        for (value, column) in given.list.iter().zip(targets) {
            let ty = match &value.literal {
                Some(text) if plain => Ty::Literal(text.clone()),
                Some(_) => Ty::Unknown,
                None => Ty::Known(value.class),
            };
            if let (Some(at), Some(column)) = (value.at.clone(), column) {
                self.stored(at, &ty, column);
            }
        }
    }

    /// A column that is named twice among those that are written.
    pub(super) fn twice<'n>(&mut self, names: impl Iterator<Item = &'n ObjectName>) {
        let mut seen: Vec<String> = Vec::new();
        for name in names {
            let [ObjectNamePart::Identifier(name)] = name.0.as_slice() else { continue };
            let kept = self.kept(name);
            if self.outline.is_computed(name) {
                continue;
            }
            if seen.iter().any(|s| self.equal(s, &kept)) {
                let at = self.outline.span(name.span);
                let message = format!("'{}' is given a value twice", name.value);
                let (fault, help) = match self.outline.dialect {
                    Dialect::Postgres => {
                        (Diagnostic::error("Q722", at, message), "PostgreSQL refuses the statement: leave one of the two out")
                    }
                    Dialect::Sqlite => {
                        (Diagnostic::warning("Q722", at, message), "SQLite takes one of the two without a word: leave the other out")
                    }
                };
                self.faults.push(fault.help(help));
            }
            seen.push(kept);
        }
    }

    /// `SET a = 1 AND b = 2` gives `a` the truth of both.
    pub(super) fn and_in_set(&mut self, value: &Expr, table: &Columns) {
        let Expr::BinaryOp { left, op: BinaryOperator::And, right } = value else { return };
        let Expr::BinaryOp { left: name, op: BinaryOperator::Eq, right: given } = right.as_ref() else { return };
        let is_column = match name.as_ref() {
            Expr::Identifier(name) => !table.closed || table.find(name, self.outline.dialect).is_some(),
            _ => false,
        };
        if is_column && matches!(left.as_ref(), Expr::Value(_)) && !self.outline.is_templated(value.span()) {
            let at = self.outline.span(value.span());
            let message =
                format!("this AND does not set `{name}`: it makes one value of `{left}` and of the comparison `{name} = {given}`");
            self.faults.push(Diagnostic::warning("Q722", at, message).help("put a comma between assignments"));
        }
    }

    /// `SET email = email`
    pub(super) fn kept_as_it_is(&mut self, name: &ObjectName, value: &Expr, scope: &Scope<'_>) {
        let [ObjectNamePart::Identifier(name)] = name.0.as_slice() else { return };
        // Under the name of its table it is meant: a row that stays as it is, for RETURNING.
        let itself = scope.relations.len() == 1 && matches!(value, Expr::Identifier(given) if self.kept(given) == self.kept(name));
        if itself && !self.outline.is_computed(name) {
            let message = format!("'{name}' is given the value that it has");
            let fault = Diagnostic::warning("Q722", self.outline.span(value.span()), message);
            self.faults.push(match scope.outer {
                Some(_) => fault.help(format!("the value of the new row is `excluded.{name}`")),
                None => fault.help("name the column of the other table, or leave the assignment out"),
            });
        }
    }

    /// In PostgreSQL a name in DO UPDATE SET may be that of the row that is there and of the new one.
    pub(super) fn of_which_row(&mut self, update: &DoUpdate, scope: &Scope<'_>) {
        let Some(relation) = scope.relations.first().filter(|_| self.outline.dialect == Dialect::Postgres) else { return };
        let (Some(table), columns) = (&relation.name, &relation.columns) else { return };
        let mut pending: Vec<&Expr> = update.assignments.iter().map(|a| &a.value).chain(&update.selection).collect();
        while let Some(expr) = pending.pop() {
            if let Expr::Identifier(name) = expr
                && !self.outline.is_computed(name)
                && columns.find(name, self.outline.dialect).is_some()
            {
                let message = format!("'{name}' may be that of the row that is there or that of the new one");
                let fault = Diagnostic::error("Q713", self.outline.span(name.span), message);
                self.faults.push(fault.help(format!("write `{table}.{name}` or `excluded.{name}`")));
            }
            pending.extend(inner(expr));
        }
    }

    /// `INSERT INTO t (a, b) SELECT b, a`
    pub(super) fn mixed_up(&mut self, insert: &Insert) {
        let Some(source) = &insert.source else { return };
        let SetExpr::Select(select) = source.body.as_ref() else { return };
        let names: Vec<&Ident> = insert.columns.iter().filter_map(last).collect();
        // Nobody mixes up two of many hundreds.
        if names.len() != select.projection.len() || names.len() != insert.columns.len() || names.len() > 300 {
            return;
        }
        let given = |item: &SelectItem| match item {
            SelectItem::UnnamedExpr(Expr::Identifier(name)) | SelectItem::ExprWithAlias { alias: name, .. } => Some(self.kept(name)),
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => names.last().map(|name| self.kept(name)),
            _ => None,
        };
        let given: Vec<Option<String>> = select.projection.iter().map(given).collect();
        let is_at = |i: usize, j: usize| given[j].as_deref().is_some_and(|g| self.equal(g, &self.kept(names[i])));
        // Each of the two stands where the other one is wanted.
        let swapped =
            (0..names.len()).flat_map(|i| (i + 1..names.len()).map(move |j| (i, j))).find(|(i, j)| is_at(*i, *j) && is_at(*j, *i));
        if let Some((i, j)) = swapped {
            let (first, second) = (names[i], names[j]);
            let at = self.outline.span(select.projection[i].span());
            let message = format!("'{second}' is put into '{first}', and '{first}' into '{second}'");
            let fault = Diagnostic::warning("Q722", at, message).also(self.outline.span(first.span), "the order of the columns");
            self.faults.push(fault.help("an INSERT goes by the order, not by the names: select them in the order of its columns"));
        }
    }

    /// A value that UPDATE gives a column.
    pub(super) fn assigned(&mut self, name: &ObjectName, value: &Expr, ty: &Ty, table: &Columns) {
        if let ([ObjectNamePart::Identifier(name)], true) = (name.0.as_slice(), table.closed)
            && let Some(column) = table.find(name, self.outline.dialect)
        {
            self.stored(self.outline.span(value.span()), ty, &column.clone());
        }
    }
}
