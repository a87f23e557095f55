//! CREATE TABLE, ALTER TABLE and ON CONFLICT: the columns that they name are there, and unique where they must be (Q707, Q719, Q724, Q725).

use sqlparser::ast::{
    AlterTable, AlterTableOperation, ColumnOption, ConflictTarget, CreateTable, Expr, Ident, Insert, ObjectName, OnConflictAction,
    OnInsert, SetExpr, Spanned, TableConstraint,
};

use super::super::Dialect;
use super::super::columns::Columns;
use super::super::types::Ty;
use super::{Look, Relation, Scope, last};
use crate::diagnostic::{Diagnostic, Severity};

impl Look<'_> {
    /// The constraints of a new table.
    pub(super) fn created(&mut self, create: &CreateTable) {
        let inherits = create.like.is_some() || create.clone.is_some() || create.inherits.is_some() || create.partition_of.is_some();
        if inherits || create.columns.is_empty() || create.columns.iter().any(|c| self.outline.is_computed(&c.name)) {
            return;
        }
        let Some(columns) = super::super::schema::listed(create, self.outline) else { return };
        let mut scope = Scope::default();
        scope.relations.push(Relation { name: last(&create.name).map(|n| self.kept(n)), columns: columns.clone() });
        for definition in &create.columns {
            for option in &definition.options {
                match &option.option {
                    ColumnOption::Default(value) => {
                        let ty = self.expr(value, &Scope::default(), &[]);
                        if let (Some(column), Ty::Literal(_)) = (columns.find(&definition.name, self.outline.dialect), &ty) {
                            self.stored(self.outline.span(value.span()), &ty, column);
                        }
                    }
                    ColumnOption::Check(check) => self.condition(&check.expr, "CHECK", &scope, &[]),
                    ColumnOption::ForeignKey(key) => self.referred(&key.foreign_table, &key.referred_columns),
                    _ => {}
                }
            }
        }
        for constraint in &create.constraints {
            match constraint {
                TableConstraint::PrimaryKey(key) => self.constrained(key.columns.iter().map(|c| &c.column.expr), &columns, &create.name),
                TableConstraint::Unique(key) => self.constrained(key.columns.iter().map(|c| &c.column.expr), &columns, &create.name),
                TableConstraint::Check(check) => self.condition(&check.expr, "CHECK", &scope, &[]),
                TableConstraint::ForeignKey(key) => {
                    key.columns.iter().for_each(|c| self.target(c, &columns, &create.name));
                    self.referred(&key.foreign_table, &key.referred_columns);
                }
                _ => {}
            }
        }
    }

    fn constrained<'e>(&mut self, exprs: impl Iterator<Item = &'e Expr>, columns: &Columns, table: &ObjectName) {
        for expr in exprs {
            if let Expr::Identifier(name) = expr {
                self.target(name, columns, table);
            }
        }
    }

    /// The columns that REFERENCES names. SQLite looks at them when rows are written.
    fn referred(&mut self, table: &ObjectName, names: &[Ident]) {
        if names.is_empty() {
            return;
        }
        let columns = self.table(table, &[]);
        let before = self.faults.len();
        names.iter().for_each(|name| self.target(name, &columns, table));
        if self.outline.dialect == Dialect::Sqlite {
            self.faults.iter_mut().skip(before).for_each(|f| f.severity = Severity::Warning);
        }
    }

    /// The columns that ALTER TABLE drops, renames or changes.
    pub(super) fn altered(&mut self, alter: &AlterTable) {
        let columns = self.table(&alter.name, &[]);
        for operation in &alter.operations {
            match operation {
                AlterTableOperation::DropColumn { column_names, if_exists: false, .. } => {
                    column_names.iter().for_each(|name| self.target(name, &columns, &alter.name));
                }
                AlterTableOperation::RenameColumn { old_column_name: name, .. }
                | AlterTableOperation::AlterColumn { column_name: name, .. } => {
                    self.target(name, &columns, &alter.name);
                }
                _ => {}
            }
        }
    }

    /// ON CONFLICT names columns that are unique together.
    pub(super) fn conflict(&mut self, insert: &Insert, table: &Columns) {
        let Some(OnInsert::OnConflict(conflict)) = &insert.on else { return };
        if let (None, OnConflictAction::DoUpdate(update), Dialect::Postgres) =
            (&conflict.conflict_target, &conflict.action, self.outline.dialect)
            && let Some(first) = update.assignments.first()
        {
            let at = self.outline.span(first.span());
            let fault = Diagnostic::error("Q724", at, "PostgreSQL wants to know which columns are there twice before it updates the row");
            let key = table.keys.as_ref().and_then(|keys| keys.primary.as_ref()).map_or_else(|| "…".to_owned(), |key| key.join(", "));
            self.faults.push(fault.help(format!("write `ON CONFLICT ({key}) DO UPDATE SET …`")));
            return;
        }
        let Some(ConflictTarget::Columns(names)) = &conflict.conflict_target else { return };
        names.iter().for_each(|name| {
            if let Some(table_name) = match &insert.table {
                sqlparser::ast::TableObject::TableName(name) => Some(name),
                _ => None,
            } {
                self.target(name, table, table_name);
            }
        });
        let (Some(keys), true, (Some(first), Some(end))) = (&table.keys, table.closed, (names.first(), names.last())) else { return };
        if names.iter().any(|n| self.outline.is_computed(n) || table.find(n, self.outline.dialect).is_none()) {
            return;
        }
        let is_key = |key: &Vec<String>| {
            key.len() == names.len() && names.iter().all(|n| key.iter().any(|k| super::super::columns::same(n, k, self.outline.dialect)))
        };
        if keys.primary.iter().chain(&keys.unique).any(is_key) {
            return;
        }
        let at = self.outline.span(first.span.union(&end.span));
        let list: Vec<String> = names.iter().map(|n| n.value.clone()).collect();
        let list = list.join(", ");
        let fault = Diagnostic::error("Q724", at, format!("nothing makes ({list}) unique in this table"));
        self.faults
            .push(fault.help(format!("create the table with `PRIMARY KEY ({list})`, or run `CREATE UNIQUE INDEX … ON … ({list})` before")));
    }

    /// Columns that must have a value and get none.
    pub(super) fn left_out(&mut self, insert: &Insert, table: &Columns) {
        let plain = insert.or.is_none() && !insert.replace_into && !insert.columns.is_empty() && table.closed;
        let gives = insert.source.as_ref().is_some_and(|s| matches!(s.body.as_ref(), SetExpr::Values(_) | SetExpr::Select(_)));
        let names: Vec<&Ident> = insert.columns.iter().filter_map(last).collect();
        if !plain || !gives || names.iter().any(|n| self.outline.is_computed(n)) {
            return;
        }
        let given = |column: &&super::super::columns::Column| {
            names.iter().any(|n| super::super::columns::same(n, &column.name, self.outline.dialect))
        };
        let Some(column) = table.list.iter().find(|c| c.required && !given(c)) else { return };
        if let (Some(first), Some(end)) = (names.first(), names.last()) {
            let at = self.outline.span(first.span.union(&end.span));
            let fault = Diagnostic::error(
                "Q725",
                at,
                format!("'{}' is NOT NULL without a default, and this INSERT gives it no value", column.name),
            );
            let fault = column.at.clone().into_iter().fold(fault, |fault, at| fault.also(at, "it is declared here"));
            self.faults.push(fault.help("add the column and its value"));
        }
    }
}
