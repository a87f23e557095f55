//! What a statement does to tables: which it creates or changes, and with which columns.

use sqlparser::ast::{
    AlterTableOperation, ColumnDef, CreateTable, Expr, Ident, ObjectName, ObjectNamePart, Query, RenameTableNameKind, SetExpr, Statement,
};

use super::columns::{Class, Column, Columns, class, kept};
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
                What::Create { columns: Columns { list, closed: true }, if_missing: false }
            };
            Some(vec![change(&create.name, what, outline)?])
        }
        Statement::AlterTable(alter) => {
            let mut found = Vec::new();
            let mut added = Columns { list: Vec::new(), closed: true };
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
        Statement::Drop { .. }
        | Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::CreateIndex(_)
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
            let list = create.columns.iter().map(|c| defined(c, outline)).collect::<Option<Vec<_>>>()?;
            let closed = !inherits && !list.is_empty();
            What::Create { columns: Columns { list, closed }, if_missing }
        }
    };
    change(&create.name, what, outline)
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
    let computed = outline.is_computed(&definition.name);
    (!computed).then(|| column(&definition.name, class(&definition.data_type), outline))
}

fn column(name: &Ident, class: Class, outline: &Outline) -> Column {
    Column::new(kept(name, outline.dialect), class, Some(outline.span(name.span)))
}
