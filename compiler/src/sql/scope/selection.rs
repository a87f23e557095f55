//! What a selection gives: the names and types of its columns.

use sqlparser::ast::{Expr, Ident, ObjectNamePart, SelectItem, SelectItemQualifiedWildcardKind, Spanned, Value};

use super::super::Dialect;
use super::super::columns::{Class, Column, Columns, Keys};
use super::super::types::Ty;
use super::{Cte, Look, Relation, Scope};

impl Look<'_> {
    /// What a selection or RETURNING gives.
    pub(super) fn selection(&mut self, items: &[SelectItem], scope: &Scope<'_>, ctes: &[Cte]) -> Columns {
        let mut columns = Columns { list: Vec::new(), closed: true, keys: Some(Keys::default()) };
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let (class, literal) = parts_of(self.expr(expr, scope, ctes));
                    let name = match expr {
                        Expr::Identifier(name) => Some(name),
                        Expr::CompoundIdentifier(parts) => parts.last(),
                        _ => None,
                    };
                    // How the engine calls other expressions is its own affair.
                    match name.filter(|n| !self.outline.is_computed(n)) {
                        Some(name) => {
                            let class = self.class_or(class, expr, scope);
                            columns.list.push(self.output(name, class, None));
                        }
                        None => match self.unnamed(expr) {
                            Some(name) => {
                                let at = self.outline.span(expr.span());
                                columns.list.push(Column { literal, ..Column::new(name, class, Some(at)) });
                            }
                            None => columns.closed = false,
                        },
                    }
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let (class, literal) = parts_of(self.expr(expr, scope, ctes));
                    if self.outline.is_computed(alias) {
                        columns.closed = false;
                    } else {
                        let class = self.class_or(class, expr, scope);
                        columns.list.push(self.output(alias, class, literal));
                    }
                }
                SelectItem::ExprWithAliases { .. } => columns.closed = false,
                SelectItem::Wildcard(options) => {
                    columns.closed &= !scope.open && is_plain(options) && !scope.natural;
                    let at = self.outline.span(options.span());
                    for relation in &scope.relations {
                        self.expand(relation, scope, &at, &mut columns);
                    }
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    columns.closed &= is_plain(options);
                    let Some(ObjectNamePart::Identifier(table)) = name.0.last() else {
                        columns.closed = false;
                        continue;
                    };
                    match self.relation(table, scope) {
                        Some(relation) => {
                            let at = self.outline.span(table.span);
                            self.expand(relation, &Scope::default(), &at, &mut columns);
                        }
                        None => {
                            columns.closed = false;
                            self.unknown_qualifier(table, scope);
                        }
                    }
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(_), _) => columns.closed = false,
            }
        }
        columns
    }

    fn expand(&self, relation: &Relation, scope: &Scope<'_>, at: &crate::diagnostic::Span, columns: &mut Columns) {
        columns.closed &= relation.columns.closed;
        for column in &relation.columns.list {
            let merged = scope.merged.iter().any(|m| self.equal(m, &column.name));
            if !merged || !columns.list.iter().any(|c| self.equal(&c.name, &column.name)) {
                columns.list.push(Column { at: Some(at.clone()), generated: false, required: false, ..column.clone() });
            }
        }
    }

    /// How the engine calls a function without an alias: SQLite by its text, PostgreSQL by its name.
    fn unnamed(&self, expr: &Expr) -> Option<String> {
        if self.outline.has_templates() {
            return None;
        }
        let Expr::Function(function) = expr else {
            let nameless = match expr {
                Expr::BinaryOp { .. } => true,
                Expr::Value(value) => matches!(value.value, Value::Number(..) | Value::SingleQuotedString(_) | Value::Null),
                _ => false,
            };
            return (nameless && self.outline.dialect == Dialect::Postgres).then(|| "?column?".to_owned());
        };
        match (self.outline.dialect, function.name.0.as_slice()) {
            (Dialect::Sqlite, _) => Some(expr.to_string()).filter(|text| self.outline.text.contains(text.as_str())),
            (Dialect::Postgres, [ObjectNamePart::Identifier(name)]) => Some(self.kept(name)),
            (Dialect::Postgres, _) => None,
        }
    }

    fn output(&self, name: &Ident, class: Class, literal: Option<String>) -> Column {
        Column { literal, ..Column::new(self.kept(name), class, Some(self.outline.span(name.span))) }
    }

    /// What is known of a column's type even where not all of its table is.
    fn class_or(&mut self, class: Class, expr: &Expr, scope: &Scope<'_>) -> Class {
        if class == Class::Unknown { self.class_of(expr, scope) } else { class }
    }
}

fn parts_of(ty: Ty) -> (Class, Option<String>) {
    match ty {
        Ty::Known(class) => (class, None),
        Ty::Literal(text) => (Class::Unknown, Some(text)),
        Ty::Unknown => (Class::Unknown, None),
    }
}

/// `*` and nothing behind it.
fn is_plain(options: &sqlparser::ast::WildcardAdditionalOptions) -> bool {
    options.opt_ilike.is_none()
        && options.opt_exclude.is_none()
        && options.opt_except.is_none()
        && options.opt_replace.is_none()
        && options.opt_rename.is_none()
        && options.opt_alias.is_none()
}
