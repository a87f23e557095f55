//! What a statement does to tables: which it creates or changes, and with which columns.

use sqlparser::ast::{
    AlterColumnOperation, AlterTableOperation, ColumnDef, ColumnOption, CreateTable, Expr, Ident, ObjectName, ObjectNamePart, Query,
    RenameTableNameKind, SetExpr, Statement, TableConstraint,
};

use super::Dialect;
use super::columns::{Class, Column, Columns, Keys, class, kept};
use super::outline::Outline;
use crate::diagnostic::Span;

/// One table that a statement creates or changes.
#[derive(Debug)]
pub struct Change {
    pub schema: Option<String>,
    pub name: String,
    pub at: Span,
    pub what: What,
}

#[derive(Debug)]
pub enum What {
    /// With these columns.
    Create { columns: Columns, if_missing: bool },
    /// With the columns of its query.
    CreateAs { if_missing: bool },
    /// Columns are added or renamed.
    Add(Columns),
    /// Other columns may be unique now.
    Keys,
}

/// What a statement does.
#[derive(Debug)]
pub enum Effect {
    Changes(Vec<Change>),
    /// It may do something to the tables that its text names.
    Hidden,
    /// It may do something to any table.
    Anything,
}

/// Statements that leave the columns of all tables as they are.
const HARMLESS: [&str; 27] = [
    "SELECT",
    "WITH",
    "VALUES",
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
    "REPLACE",
    "TRUNCATE",
    "VACUUM",
    "ANALYZE",
    "ANALYSE",
    "PRAGMA",
    "REINDEX",
    "BEGIN",
    "COMMIT",
    "END",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "EXPLAIN",
    "GRANT",
    "REVOKE",
    "COMMENT",
    "REFRESH",
    "LOCK",
    "NOTIFY",
];

#[must_use]
pub fn effect(outline: &Outline) -> Effect {
    let changes = outline.statement.as_ref().and_then(|statement| changes(statement, outline));
    if let Some(changes) = changes {
        return Effect::Changes(changes);
    }
    let first = outline.text.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("").to_ascii_uppercase();
    // More than one statement may be in a text that was not read.
    let one = outline.statement.is_some() || !outline.text.trim_end().trim_end_matches(';').contains(';');
    match (HARMLESS.contains(&first.as_str()) && one && !outline.text.contains("{%"), outline.has_templates()) {
        (true, _) => Effect::Changes(Vec::new()),
        (false, true) => Effect::Anything,
        (false, false) => Effect::Hidden,
    }
}

/// `None` where it is not sure.
fn changes(statement: &Statement, outline: &Outline) -> Option<Vec<Change>> {
    match statement {
        Statement::CreateTable(create) => Some(vec![create_table(create, outline)?]),
        Statement::CreateView(create) => {
            let what = if create.columns.is_empty() {
                What::CreateAs { if_missing: false }
            } else {
                let list = create.columns.iter().map(|c| column(&c.name, Class::Unknown, outline)).collect();
                What::Create { columns: Columns { list, closed: true, keys: Some(Keys::default()) }, if_missing: false }
            };
            Some(vec![change(&create.name, what, outline)?])
        }
        Statement::AlterTable(alter) => {
            let mut found = Vec::new();
            let mut added = Columns { closed: true, ..Columns::default() };
            for operation in &alter.operations {
                match operation {
                    AlterTableOperation::AddColumn { column_def, .. } => added.list.push(defined(column_def, outline)?),
                    AlterTableOperation::RenameColumn { new_column_name, .. } => {
                        added.list.push(column(new_column_name, Class::Unknown, outline));
                    }
                    AlterTableOperation::RenameTable { table_name } => {
                        let (RenameTableNameKind::As(name) | RenameTableNameKind::To(name)) = table_name;
                        let what = What::Create { columns: Columns::default(), if_missing: false };
                        found.push(change(name, what, outline)?);
                    }
                    AlterTableOperation::AlterColumn { column_name, op: AlterColumnOperation::SetDataType { .. } } => {
                        added.list.push(column(column_name, Class::Unknown, outline));
                    }
                    AlterTableOperation::AddConstraint { .. }
                    | AlterTableOperation::DropConstraint { .. }
                    | AlterTableOperation::AlterColumn { .. } => {
                        found.push(change(&alter.name, What::Keys, outline)?);
                    }
                    _ => {}
                }
            }
            found.push(change(&alter.name, What::Add(added), outline)?);
            Some(found)
        }
        Statement::Query(query) => match into(query) {
            Some(names) => Some(vec![named(&names, What::CreateAs { if_missing: false }, outline)?]),
            None => Some(Vec::new()),
        },
        Statement::CreateIndex(index) if index.unique => Some(vec![change(&index.table_name, What::Keys, outline)?]),
        Statement::CreateIndex(_)
        | Statement::Drop { .. }
        | Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Truncate(_)
        | Statement::CreateSchema { .. } => Some(Vec::new()),
        _ => None,
    }
}

fn create_table(create: &CreateTable, outline: &Outline) -> Option<Change> {
    let if_missing = create.if_not_exists;
    let inherits = create.like.is_some() || create.clone.is_some() || create.inherits.is_some() || create.partition_of.is_some();
    let what = match &create.query {
        Some(_) if create.columns.is_empty() => What::CreateAs { if_missing },
        Some(_) => What::Create { columns: Columns::default(), if_missing },
        None => {
            let mut columns = listed(create, outline)?;
            columns.closed = !inherits && !columns.list.is_empty();
            What::Create { columns, if_missing }
        }
    };
    change(&create.name, what, outline)
}

/// The columns that CREATE TABLE lists; `None` where one is computed.
pub(super) fn listed(create: &CreateTable, outline: &Outline) -> Option<Columns> {
    let mut list = create.columns.iter().map(|c| defined(c, outline)).collect::<Option<Vec<_>>>()?;
    let keys = keys(create, outline);
    // SQLite numbers the rows of an `integer primary key`, and takes NULL in other keys.
    if let (Dialect::Postgres, Some(key)) = (outline.dialect, keys.as_ref().and_then(|k| k.primary.as_ref())) {
        for (column, definition) in list.iter_mut().zip(&create.columns) {
            column.required |= key.contains(&column.name) && !fills_itself(definition);
        }
    }
    Some(Columns { list, closed: true, keys })
}

/// Whether a column has a value where an INSERT gives none.
fn fills_itself(definition: &ColumnDef) -> bool {
    let serial = definition.data_type.to_string().to_ascii_lowercase().contains("serial");
    serial
        || definition.options.iter().any(|o| {
            matches!(
                o.option,
                ColumnOption::Default(_) | ColumnOption::Generated { .. } | ColumnOption::Identity(_) | ColumnOption::DialectSpecific(_)
            )
        })
}

/// What a new table keeps unique; `None` where a part of it is not plain.
fn keys(create: &CreateTable, outline: &Outline) -> Option<Keys> {
    let mut keys = Keys::default();
    let keep = |ident: &Ident| (!outline.is_computed(ident)).then(|| kept(ident, outline.dialect));
    for definition in &create.columns {
        for option in &definition.options {
            match &option.option {
                ColumnOption::PrimaryKey(_) => keys.primary = Some(vec![keep(&definition.name)?]),
                ColumnOption::Unique(_) => keys.unique.push(vec![keep(&definition.name)?]),
                _ => {}
            }
        }
    }
    for constraint in &create.constraints {
        let columns = match constraint {
            TableConstraint::PrimaryKey(key) => &key.columns,
            TableConstraint::Unique(key) => &key.columns,
            TableConstraint::ForeignKey(_) | TableConstraint::Check(_) => continue,
            _ => return None,
        };
        let names = columns.iter().map(|c| match &c.column.expr {
            Expr::Identifier(name) => keep(name),
            _ => None,
        });
        let names = names.collect::<Option<Vec<String>>>()?;
        match constraint {
            TableConstraint::PrimaryKey(_) => keys.primary = Some(names),
            _ => keys.unique.push(names),
        }
    }
    Some(keys)
}

/// The table of `SELECT … INTO`.
fn into(query: &Query) -> Option<Vec<&Ident>> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    match select.into.as_ref()?.targets.first()? {
        Expr::Identifier(name) => Some(vec![name]),
        Expr::CompoundIdentifier(names) => Some(names.iter().collect()),
        _ => None,
    }
}

fn change(name: &ObjectName, what: What, outline: &Outline) -> Option<Change> {
    let mut parts = Vec::new();
    for part in &name.0 {
        match part {
            ObjectNamePart::Identifier(ident) if !outline.is_computed(ident) => parts.push(ident),
            ObjectNamePart::Identifier(_) | ObjectNamePart::Function(_) => return None,
        }
    }
    named(&parts, what, outline)
}

fn named(parts: &[&Ident], what: What, outline: &Outline) -> Option<Change> {
    let keep = |ident: &Ident| kept(ident, outline.dialect);
    if parts.iter().any(|p| outline.is_computed(p)) {
        return None;
    }
    let (schema, name) = match parts {
        [name] => (None, *name),
        [schema, name] => (Some(keep(schema)), *name),
        _ => return None,
    };
    Some(Change { schema, name: keep(name), at: outline.span(name.span), what })
}

fn defined(definition: &ColumnDef, outline: &Outline) -> Option<Column> {
    if outline.is_computed(&definition.name) {
        return None;
    }
    let generated = definition.options.iter().any(|o| matches!(&o.option, ColumnOption::Generated { generation_expr: Some(_), .. }));
    let not_null = definition.options.iter().any(|o| matches!(o.option, ColumnOption::NotNull));
    let primary = definition.options.iter().any(|o| matches!(o.option, ColumnOption::PrimaryKey(_)));
    let required = not_null && !fills_itself(definition) && !(primary && outline.dialect == Dialect::Sqlite);
    Some(Column { generated, required, nullable: !not_null && !primary, ..column(&definition.name, class(&definition.data_type), outline) })
}

fn column(name: &Ident, class: Class, outline: &Outline) -> Column {
    Column::new(kept(name, outline.dialect), class, Some(outline.span(name.span)))
}
