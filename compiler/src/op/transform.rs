//! `transform`: a query whose result becomes a table.

use sequor_plan_format::manifest::Access;
use sequor_plan_format::op::{self as plan, WriteMode};

use super::{Op, sql_query};
use crate::diagnostic::Span;
use crate::lower::{Lowering, Unresolved};
use crate::snippet::expression::Expression;
use crate::syntax::fields::Fields;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::visit::{self, Visitor, Wanted};
use crate::syntax::{BEFORE_REPLY, Reader, SourceRef, TableRef, table, value};

pub static KEYS: Table = Table::new(
    "op 'transform'",
    "Runs a query and makes a table of its result.",
    &[
        Key::new("source", Kind::Text, "the database that is asked; absent: the project's default one"),
        Key::dynamic("query", Kind::Text, "one query; it may read the table that it replaces")
            .mistaken(&["sql", "statement", "select"])
            .required(),
        Key::dynamic("target_table", Kind::Text, "the table that is written").mistaken(&["table", "target"]).required(),
        Key::new("target_source", Kind::Text, "the database that is written; absent: the one that is asked"),
        Key::dynamic("target_database", Kind::Text, "the target table's database, as the server names it"),
        Key::dynamic("target_namespace", Kind::Text, "the target table's schema; absent: the source's").aliases(&["target_schema"]),
        WRITE_MODE,
        Key::later("key", "the columns of write_mode merge"),
    ],
);

/// `write_mode`, wherever a table is written.
pub const WRITE_MODE: Key =
    Key::new("write_mode", Kind::Choice(&["create", "replace", "append"]), "create (or replace): a new table, which takes the place of the old one when the step succeeds; append: rows are added, the table is made where it is missing")
        .default("create")
        .mistaken(&["mode"])
        .later_values(&["merge", "upsert", "truncate"]);

#[derive(Debug)]
pub struct Transform {
    pub source: SourceRef,
    pub query: Expression,
    pub target: TableRef,
    pub write_mode: WriteMode,
    /// Where it is said.
    pub write_mode_at: Option<Span>,
}

pub(super) fn read(fields: &Fields<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    let write_mode = write_mode(fields, reader);
    let name = table::name(fields, "target_table", BEFORE_REPLY, reader);
    let database = value::text_of_key(fields, "target_database", BEFORE_REPLY, &mut reader.faults);
    let namespace = value::text_of_key(fields, "target_namespace", BEFORE_REPLY, &mut reader.faults);
    let source = table::source(fields, "source", at, &mut reader.faults)?;
    let target_source =
        if fields.has("target_source") { table::source(fields, "target_source", at, &mut reader.faults)? } else { source.clone() };
    let query = sql_query(fields, "query", &source, reader)?;
    let target = TableRef { source: target_source, database, namespace, name: name? };
    Some(Op::Transform(Box::new(Transform { source, query, target, write_mode, write_mode_at: fields.key_span("write_mode") })))
}

pub(super) fn write_mode(fields: &Fields<'_>, reader: &mut Reader<'_>) -> WriteMode {
    match fields.choice("write_mode", &mut reader.faults) {
        Some("append") => WriteMode::Append,
        _ => WriteMode::Create,
    }
}

/// How a table is used that is written so.
pub(super) fn access(mode: WriteMode) -> Access {
    match mode {
        WriteMode::Create => Access::Create,
        WriteMode::Append => Access::Append,
    }
}

impl Transform {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        visitor.source(&self.source, Wanted::Database);
        visitor.expression(&self.query);
        visit::table(&self.target, access(self.write_mode), visitor);
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::Transform, Unresolved> {
        Ok(plan::Transform {
            source: lowering.source(&self.source)?,
            query: lowering.expr(&self.query),
            target: lowering.table(&self.target)?,
            write_mode: self.write_mode,
        })
    }
}
