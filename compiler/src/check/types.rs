//! T904 for types: those of CREATE TABLE and of a parser's tables. The types of `columns:` in a flow have been read before.
//!
//! Engines let users define types, and SQLite takes any word for one, so that only slips of known types and types of other engines are reported.

use sqlparser::ast::{ColumnDef, DataType, Statement};

use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::op::Op;
use crate::resolve::Resolved;
use crate::sql::Dialect;
use crate::sql::outline::Outline;
use crate::syntax::Step;
use crate::syntax::visit::{self, Visitor};

/// Types that both engines understand, with what is often written for them.
#[rustfmt::skip]
const TYPES: [&str; 27] = [
    "text", "varchar", "char", "character", "smallint", "integer", "int", "bigint", "numeric", "decimal", "real", "float", "double",
    "boolean", "bool", "date", "time", "timestamp", "timestamptz", "interval", "json", "jsonb", "uuid", "bytea", "blob", "serial", "bigserial",
];

/// Types of other engines that PostgreSQL does not have, and what it has instead.
#[rustfmt::skip]
const FOREIGN_TO_POSTGRES: [(&str, &str); 17] = [
    ("datetime", "timestamp"), ("datetime2", "timestamp"), ("nvarchar", "varchar"), ("varchar2", "varchar"), ("nvarchar2", "varchar"),
    ("tinyint", "smallint"), ("mediumint", "integer"), ("double", "double precision"), ("blob", "bytea"), ("longtext", "text"),
    ("mediumtext", "text"), ("string", "text"), ("clob", "text"), ("number", "numeric"), ("int64", "bigint"), ("float64", "double precision"),
    ("varbinary", "bytea"),
];

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        for outline in flow.sql.values() {
            if let Some(Statement::CreateTable(create)) = outline.statement.as_deref() {
                create.columns.iter().for_each(|c| column(c, outline, faults));
            }
        }
        visit::steps(&flow.steps, &mut Walk { faults });
    }
}

fn column(column: &ColumnDef, outline: &Outline, faults: &mut Vec<Diagnostic>) {
    let DataType::Custom(name, _) = &column.data_type else {
        foreign(&column.data_type.to_string(), column, outline, faults);
        return;
    };
    let written = name.to_string();
    if name.0.len() != 1 || written.starts_with('"') {
        return;
    }
    let lower = written.to_ascii_lowercase();
    if foreign(&lower, column, outline, faults) || TYPES.contains(&lower.as_str()) {
        return;
    }
    // Longer words of one letter's difference, so that a type of the user's own is left alone.
    let near = did_you_mean(&lower, TYPES).filter(|near| near.len() >= 4 && crate::tables::is_slip(&lower, near));
    if let Some(near) = near {
        let engine = match outline.dialect {
            Dialect::Sqlite => "SQLite takes any word for a type, and guesses from its letters what it means",
            Dialect::Postgres => "PostgreSQL refuses it unless a type of that name has been made",
        };
        faults.push(
            Diagnostic::warning("T904", at(column, outline), format!("unknown type '{written}' of column '{}'", column.name.value))
                .help(format!("did you mean '{near}'? {engine}")),
        );
    }
}

/// A type that only other engines have. SQLite has a rule for each.
fn foreign(kind: &str, column: &ColumnDef, outline: &Outline, faults: &mut Vec<Diagnostic>) -> bool {
    let lower = kind.to_ascii_lowercase();
    let base = lower.split('(').next().unwrap_or("").trim();
    let found = FOREIGN_TO_POSTGRES.iter().find(|(name, _)| *name == base).filter(|_| outline.dialect == Dialect::Postgres);
    if let Some((name, instead)) = found {
        faults.push(
            Diagnostic::warning("T904", at(column, outline), format!("PostgreSQL has no type '{name}' (column '{}')", column.name.value))
                .help(format!("write '{instead}'")),
        );
    }
    found.is_some()
}

/// The type, which stands behind the column's name.
fn at(column: &ColumnDef, outline: &Outline) -> Span {
    let name = outline.span(column.name.span);
    let rest = name.file.text.get(name.end as usize..).unwrap_or("");
    let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let word = rest[blank..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(0);
    match (u32::try_from(blank), u32::try_from(word)) {
        (Ok(blank), Ok(word)) if word > 0 => Span { start: name.end + blank, end: name.end + blank + word, ..name },
        _ => name,
    }
}

struct Walk<'w> {
    faults: &'w mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Walk<'_> {
    fn enter_step(&mut self, step: &'p Step) {
        let Op::HttpRequest(op) = &step.op else { return };
        let Some(parser) = &op.response.parser else { return };
        for table in &parser.expression.uses().tables {
            for (column, kind) in table.columns.iter().flatten() {
                if kind.parse::<sequor_plan_format::ColumnType>().is_ok() {
                    continue;
                }
                let message = format!("unknown type '{kind}' of column '{}'", column.name);
                let fault = Diagnostic::error("T904", column.span.clone(), message);
                self.faults.push(match did_you_mean(kind, TYPES) {
                    Some(near) => fault.help(format!("did you mean '{near}'?")),
                    None => fault.help("known types: text, varchar(n), smallint, integer, bigint, numeric(p,s), real, double, boolean, date, time, timestamp, timestamptz, json, uuid, binary"),
                });
            }
        }
    }
}
