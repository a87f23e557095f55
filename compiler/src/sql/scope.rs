//! Names of columns in SQL: which columns a query gives, and which names it uses that no table of it has (Q707) or more than one (Q713).
//!
//! Said is only what is certain: where a table, a name or a form of the query is not known, every name that it could explain is taken as right.

mod calls;
mod counts;
mod definitions;
mod distinct;
mod doubts;
mod fault;
mod grouping;
mod mismatch;
mod resolve;
mod select;
mod selection;
mod sets;
mod stored;
mod typed;
mod wanted;

use sqlparser::ast::{
    AssignmentTarget, Expr, FromTable, Ident, ObjectName, ObjectNamePart, OnConflictAction, OnInsert, Query, SelectItem, Statement,
    TableObject, TableWithJoins, UpdateTableFromKind,
};

use super::columns::{Class, Column, Columns, kept};
use super::outline::Outline;
use crate::diagnostic::{Diagnostic, Span};

/// What is known of tables outside of the statement.
pub trait Tables {
    /// The columns of a table: of no schema, or of the one named. Names are as the engine keeps them.
    fn columns(&self, schema: Option<&str>, name: &str) -> Columns;

    /// Whether the project may define a function of that name, in small letters.
    fn may_define(&self, function: &str) -> bool;
}

/// What looking at a statement gave.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// The columns of its rows, if it gives any.
    pub columns: Columns,
    pub faults: Vec<Diagnostic>,
    /// The tables outside of the statement that it names: schema, name, and where.
    pub tables: Vec<(Option<String>, String, Span)>,
}

/// Looks at a statement.
#[must_use]
pub fn look(outline: &Outline, tables: &dyn Tables) -> Looked {
    let Some(statement) = &outline.statement else { return Looked::default() };
    let mut look = Look { outline, tables, faults: Vec::new(), named: Vec::new(), inside: Inside::default() };
    let columns = look.statement(statement, &[]);
    Looked { columns, faults: look.faults, tables: look.named }
}

/// One table, subquery or function after FROM.
#[derive(Debug)]
struct Relation {
    /// The name by which columns are qualified.
    name: Option<String>,
    columns: Columns,
}

/// The names that an expression can see.
#[derive(Debug, Default)]
struct Scope<'s> {
    relations: Vec<Relation>,
    /// Names that the selection gives and that may be used here.
    outputs: Vec<String>,
    /// Names that the selection gives and that may not be used here.
    later: Vec<String>,
    /// Columns that USING or NATURAL made one of two.
    merged: Vec<String>,
    natural: bool,
    /// Something in FROM is not understood.
    open: bool,
    outer: Option<&'s Scope<'s>>,
}

/// A WITH query's name and its columns.
type Cte = (String, Columns);

struct Look<'a> {
    outline: &'a Outline,
    tables: &'a dyn Tables,
    faults: Vec<Diagnostic>,
    named: Vec<(Option<String>, String, Span)>,
    inside: Inside,
}

/// What an expression is part of.
#[derive(Clone, Copy, Debug, Default)]
struct Inside {
    /// The argument of an aggregate.
    aggregate: bool,
    /// A clause that takes no window functions.
    clause: Option<&'static str>,
    /// It takes no aggregates either.
    plain: bool,
}

impl Look<'_> {
    fn statement(&mut self, statement: &Statement, ctes: &[Cte]) -> Columns {
        match statement {
            Statement::Query(query) => return self.query(query, None, ctes),
            Statement::AlterTable(alter) => self.altered(alter),
            Statement::CreateTable(create) => {
                self.created(create);
                if let Some(query) = &create.query {
                    let columns = self.query(query, None, ctes);
                    // Names in parentheses rename them.
                    return if create.columns.is_empty() { columns } else { Columns::default() };
                }
            }
            Statement::CreateView(create) => {
                let columns = self.query(&create.query, None, ctes);
                return if create.columns.is_empty() { columns } else { Columns::default() };
            }
            Statement::Insert(insert) => {
                let TableObject::TableName(name) = &insert.table else { return Columns::default() };
                let columns = self.table(name, &[]);
                self.values(insert, &columns);
                for column in insert.columns.iter().filter_map(last) {
                    self.target(column, &columns, name);
                }
                self.twice(insert.columns.iter());
                self.conflict(insert, &columns);
                self.left_out(insert, &columns);
                self.mixed_up(insert);
                self.inserted(insert, &columns, ctes);
                let mut scope = Scope::default();
                scope.relations.push(Relation { name: last(name).map(|n| self.kept(n)), columns });
                if let Some(alias) = &insert.table_alias {
                    scope.relations[0].name = Some(self.kept(&alias.alias));
                }
                if let Some(OnInsert::OnConflict(conflict)) = &insert.on
                    && let OnConflictAction::DoUpdate(update) = &conflict.action
                {
                    // The row that was refused: its columns are not meant where none is named.
                    let mut excluded = Scope::default();
                    let columns = scope.relations[0].columns.clone();
                    excluded.relations.push(Relation { name: Some("excluded".to_owned()), columns });
                    let inner = Scope { relations: std::mem::take(&mut scope.relations), outer: Some(&excluded), ..Scope::default() };
                    self.of_which_row(update, &inner);
                    self.assignments(&update.assignments, name, &inner, ctes);
                    self.where_clause(update.selection.as_ref(), &inner, ctes);
                    scope.relations = inner.relations;
                }
                return self.returning(insert.returning.as_deref(), &scope, ctes);
            }
            Statement::CreateIndex(index) => {
                let columns = self.table(&index.table_name, &[]);
                let mut scope = Scope::default();
                scope.relations.push(Relation { name: last(&index.table_name).map(|n| self.kept(n)), columns });
                for column in &index.columns {
                    self.expr(&column.column.expr, &scope, ctes);
                }
                self.where_clause(index.predicate.as_ref(), &scope, ctes);
            }
            Statement::Update(update) => {
                let mut scope = Scope::default();
                self.joined(&update.table, &mut scope, ctes);
                if let Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) = &update.from {
                    from.iter().for_each(|t| self.joined(t, &mut scope, ctes));
                }
                if let sqlparser::ast::TableFactor::Table { name, .. } = &update.table.relation {
                    self.assignments(&update.assignments, name, &scope, ctes);
                }
                self.where_clause(update.selection.as_ref(), &scope, ctes);
                self.emptied(update);
                return self.returning(update.returning.as_deref(), &scope, ctes);
            }
            Statement::Delete(delete) => {
                let mut scope = Scope::default();
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
                from.iter().chain(delete.using.iter().flatten()).for_each(|t| self.joined(t, &mut scope, ctes));
                self.where_clause(delete.selection.as_ref(), &scope, ctes);
                return self.returning(delete.returning.as_deref(), &scope, ctes);
            }
            _ => {}
        }
        Columns::default()
    }

    fn joined(&mut self, table: &TableWithJoins, scope: &mut Scope<'_>, ctes: &[Cte]) {
        self.from(table, scope, ctes);
    }

    fn assignments(&mut self, assignments: &[sqlparser::ast::Assignment], table: &ObjectName, scope: &Scope<'_>, ctes: &[Cte]) {
        let mut targets = Vec::new();
        for assignment in assignments {
            let names: Vec<&ObjectName> = match &assignment.target {
                AssignmentTarget::ColumnName(name) => vec![name],
                AssignmentTarget::Tuple(names) => names.iter().collect(),
            };
            for name in &names {
                // `SET a.b = …` sets a part of a composite column.
                if let ([ObjectNamePart::Identifier(column)], Some(target)) = (name.0.as_slice(), scope.relations.first()) {
                    self.target(column, &target.columns, table);
                }
            }
            let before = self.enter("SET", true);
            let ty = self.expr(&assignment.value, scope, ctes);
            self.inside = before;
            if let ([name], Some(target)) = (names.as_slice(), scope.relations.first()) {
                self.assigned(name, &assignment.value, &ty, &target.columns);
                self.kept_as_it_is(name, &assignment.value, scope);
                self.and_in_set(&assignment.value, &target.columns);
            }
            targets.extend(names);
        }
        self.twice(targets.into_iter());
    }

    fn where_clause(&mut self, expr: Option<&Expr>, scope: &Scope<'_>, ctes: &[Cte]) {
        if let Some(expr) = expr {
            let before = self.enter("WHERE", false);
            self.condition(expr, "WHERE", scope, ctes);
            self.inside = before;
            self.doubtful(expr);
        }
    }

    /// Comes into a clause that takes no window functions; gives back where that was.
    fn enter(&mut self, clause: &'static str, plain: bool) -> Inside {
        std::mem::replace(&mut self.inside, Inside { aggregate: false, clause: Some(clause), plain })
    }

    fn returning(&mut self, items: Option<&[SelectItem]>, scope: &Scope<'_>, ctes: &[Cte]) -> Columns {
        items.map_or_else(Columns::default, |items| self.selection(items, scope, ctes))
    }

    /// The columns of a table that is named in the statement.
    fn table(&mut self, name: &ObjectName, ctes: &[Cte]) -> Columns {
        let mut parts = Vec::new();
        let Some(at) = last(name) else { return Columns::default() };
        for part in &name.0 {
            match part {
                ObjectNamePart::Identifier(ident) if !self.outline.is_computed(ident) => parts.push(self.kept(ident)),
                ObjectNamePart::Identifier(_) | ObjectNamePart::Function(_) => return Columns::default(),
            }
        }
        match parts.as_slice() {
            [name] => match ctes.iter().rev().find(|(cte, _)| self.equal(cte, name)) {
                Some((_, columns)) => columns.clone(),
                None => {
                    let columns = self.tables.columns(None, name);
                    let near = ctes.iter().rev().find(|(cte, _)| crate::tables::is_slip(cte, name));
                    if let (Some((cte, _)), true) = (near, columns.list.is_empty()) {
                        let message = format!("no step creates the table '{name}', and WITH gives one of nearly that name");
                        let fault = Diagnostic::warning("Q706", self.outline.span(at.span), message);
                        self.faults.push(fault.help(format!("did you mean '{cte}'?")));
                        return Columns::default();
                    }
                    self.named.push((None, name.clone(), self.outline.span(at.span)));
                    columns
                }
            },
            [schema, name] => {
                self.named.push((Some(schema.clone()), name.clone(), self.outline.span(at.span)));
                self.tables.columns(Some(schema), name)
            }
            _ => Columns::default(),
        }
    }

    fn kept(&self, name: &Ident) -> String {
        kept(name, self.outline.dialect)
    }

    /// Whether two names as the engine keeps them are one.
    fn equal(&self, a: &str, b: &str) -> bool {
        match self.outline.dialect {
            super::Dialect::Sqlite => a.eq_ignore_ascii_case(b),
            super::Dialect::Postgres => a == b,
        }
    }

    fn with<'c>(&mut self, query: &Query, outer: Option<&Scope<'_>>, ctes: &'c [Cte]) -> std::borrow::Cow<'c, [Cte]> {
        let Some(with) = &query.with else { return std::borrow::Cow::Borrowed(ctes) };
        let mut known = ctes.to_vec();
        for cte in &with.cte_tables {
            let name = self.kept(&cte.alias.name);
            let named = self.renamed(&cte.alias, Columns::default());
            if with.recursive {
                // What it says of itself is looked at with the columns of its first part.
                let columns = if named.list.is_empty() {
                    known.push((name.clone(), Columns::default()));
                    let faults = self.faults.len();
                    let columns = self.query(&cte.query, outer, &known);
                    self.faults.truncate(faults);
                    known.pop();
                    columns
                } else {
                    named
                };
                known.push((name.clone(), columns));
            }
            let columns = self.query(&cte.query, outer, &known);
            if with.recursive {
                known.pop();
            }
            self.named_columns(&cte.alias, &columns, Some(&cte.query), true);
            let mut columns = self.renamed(&cte.alias, columns);
            // SQLite wants as many names as there are columns.
            columns.closed |= !cte.alias.columns.is_empty() && self.outline.dialect == super::Dialect::Sqlite;
            known.push((name, columns));
        }
        std::borrow::Cow::Owned(known)
    }

    /// The columns under the names that an alias gives them: `AS t (a, b)`.
    fn renamed(&self, alias: &sqlparser::ast::TableAlias, columns: Columns) -> Columns {
        if alias.columns.is_empty() {
            return columns;
        }
        if alias.columns.iter().any(|c| self.outline.is_computed(&c.name)) {
            return Columns::default();
        }
        let mut renamed = columns;
        // Without names of their own, the others would be unknown.
        let complete = renamed.list.is_empty() || (renamed.closed && renamed.list.len() == alias.columns.len());
        if !complete {
            renamed.list.clear();
        }
        for (i, column) in alias.columns.iter().enumerate() {
            let name = self.kept(&column.name);
            match renamed.list.get_mut(i) {
                Some(old) if complete => old.name = name,
                _ => renamed.list.push(Column::new(name, Class::Unknown, None)),
            }
        }
        Columns { closed: complete, list: renamed.list, keys: renamed.keys }
    }
}

/// The last part of a name.
fn last(name: &ObjectName) -> Option<&Ident> {
    match name.0.last()? {
        ObjectNamePart::Identifier(ident) => Some(ident),
        ObjectNamePart::Function(_) => None,
    }
}
