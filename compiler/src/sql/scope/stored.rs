//! Values that INSERT and UPDATE put into columns.

use sqlparser::ast::{Distinct, Expr, Insert, ObjectName, ObjectNamePart, SetExpr, Spanned};

use super::super::columns::{Column, Columns};
use super::super::types::Ty;
use super::{Cte, Look, Scope, last};

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

    /// A value that UPDATE gives a column.
    pub(super) fn assigned(&mut self, name: &ObjectName, value: &Expr, ty: &Ty, table: &Columns) {
        if let ([ObjectNamePart::Identifier(name)], true) = (name.0.as_slice(), table.closed)
            && let Some(column) = table.find(name, self.outline.dialect)
        {
            self.stored(self.outline.span(value.span()), ty, &column.clone());
        }
    }
}
