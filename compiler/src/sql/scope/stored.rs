//! Values that INSERT and UPDATE put into columns.

use sqlparser::ast::{BinaryOperator, Distinct, Expr, Insert, ObjectName, ObjectNamePart, SetExpr, Spanned};

use super::super::Dialect;
use super::super::columns::{Column, Columns};
use super::super::types::Ty;
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

    /// A value that UPDATE gives a column.
    pub(super) fn assigned(&mut self, name: &ObjectName, value: &Expr, ty: &Ty, table: &Columns) {
        if let ([ObjectNamePart::Identifier(name)], true) = (name.0.as_slice(), table.closed)
            && let Some(column) = table.find(name, self.outline.dialect)
        {
            self.stored(self.outline.span(value.span()), ty, &column.clone());
        }
    }
}
