//! `copy`: rows of a table or query become rows of a table elsewhere.

use sequor_plan_format::manifest::Access;
use sequor_plan_format::op::WriteMode;
use sequor_plan_format::op::copy::{Copy as Lowered, From};
use sequor_plan_format::{Column, op as plan};

use super::transform::{WRITE_MODE, access, write_mode};
use super::{Op, sql_query};
use crate::diagnostic::{Diagnostic, Span};
use crate::lower::{Lowering, Unresolved};
use crate::snippet::expression::Expression;
use crate::syntax::columns::{self, Columns};
use crate::syntax::fields::Fields;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::table::{self, Keys};
use crate::syntax::visit::{self, Visitor, Wanted};
use crate::syntax::{BEFORE_REPLY, Reader, SourceRef, TableRef};

pub static KEYS: Table = Table::new(
    "op 'copy'",
    "Copies rows into a table, in the same database or another.",
    &[
        Key::new("source", Kind::Text, "the database that is read; absent: the project's default one"),
        Key::dynamic(
            "database",
            Kind::Text,
            "the database of the table that is read, as the server names it; absent: the one that the source connects to",
        ),
        Key::dynamic("namespace", Kind::Text, "the schema of the table that is read; absent: the source's").aliases(&["schema"]),
        Key::dynamic("table", Kind::Text, "the table that is read; either this or 'query'"),
        Key::dynamic("query", Kind::Text, "one query that gives the rows; either this or 'table'").mistaken(&[
            "sql",
            "statement",
            "select",
        ]),
        Key::new("target_source", Kind::Text, "the database that is written; absent: the one that is read"),
        Key::dynamic("target_database", Kind::Text, "the database of the table that is written, as the server names it"),
        Key::dynamic("target_namespace", Kind::Text, "the schema of the table that is written; absent: the source's")
            .aliases(&["target_schema"]),
        Key::dynamic("target_table", Kind::Text, "the table that is written").mistaken(&["target"]).required(),
        Key::new(
            "columns",
            Kind::Columns,
            "the columns that are taken, with the types that they get; absent or auto: all, with the types they have",
        ),
        WRITE_MODE,
        Key::later("key", "the columns of write_mode merge"),
    ],
);

#[derive(Debug)]
pub struct Copy {
    pub from: Origin,
    pub target: TableRef,
    pub columns: Columns,
    pub write_mode: WriteMode,
    /// Where it is said.
    pub write_mode_at: Option<Span>,
}

/// What is read.
#[derive(Debug)]
pub enum Origin {
    Table(Box<TableRef>),
    Query { source: SourceRef, sql: Expression },
}

pub(super) fn read(fields: &Fields<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    let write_mode = write_mode(fields, reader);
    let columns = match fields.node("columns") {
        Some(node) => columns::read(node, &mut reader.faults)?,
        None => None,
    };
    let from = origin(fields, at, reader);
    let keys = if fields.has("target_source") { Keys::TARGET } else { Keys { source: "source", ..Keys::TARGET } };
    let target = table::read(fields, &keys, at, BEFORE_REPLY, reader)?;
    Some(Op::Copy(Box::new(Copy { from: from?, target, columns, write_mode, write_mode_at: fields.key_span("write_mode") })))
}

fn origin(fields: &Fields<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Origin> {
    match (fields.filled("table"), fields.filled("query")) {
        (Some(table), Some(query)) => {
            let (first, second) = if table.entry.key_span.start < query.entry.key_span.start { (table, query) } else { (query, table) };
            reader.faults.push(
                Diagnostic::error("S105", second.entry.key_span.clone(), "'table' and 'query' both say what is copied")
                    .also(first.entry.key_span.clone(), "the other one")
                    .help("keep one of the two"),
            );
            None
        }
        (Some(_), None) => table::read(fields, &Keys::PLAIN, at, BEFORE_REPLY, reader).map(|table| Origin::Table(Box::new(table))),
        (None, Some(_)) => {
            let source = table::source(fields, "source", at, &mut reader.faults)?;
            let sql = sql_query(fields, "query", &source, reader)?;
            Some(Origin::Query { source, sql })
        }
        (None, None) => {
            reader.faults.push(
                Diagnostic::error("S104", at.clone(), "'table' or 'query' is missing in op 'copy'")
                    .help("one of the two says what is copied"),
            );
            None
        }
    }
}

impl Copy {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        match &self.from {
            Origin::Table(from) => visit::table(from, Access::Read, visitor),
            Origin::Query { source, sql } => {
                visitor.source(source, Wanted::Database);
                visitor.expression(sql);
            }
        }
        visit::table(&self.target, access(self.write_mode), visitor);
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::Copy, Unresolved> {
        let from = match &self.from {
            Origin::Table(from) => From::Table(lowering.table(from)?),
            Origin::Query { source, sql } => From::Query { source: lowering.source(source)?, sql: lowering.expr(sql) },
        };
        let columns = self.columns.iter().flatten().map(|c| Column { name: lowering.text(&c.name.name), kind: c.kind }).collect();
        Ok(Lowered { from, target: lowering.table(&self.target)?, columns, write_mode: self.write_mode })
    }
}
