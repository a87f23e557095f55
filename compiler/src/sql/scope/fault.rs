//! The messages about names of columns.

use sqlparser::ast::{BinaryOperator, Expr, Ident};

use super::super::Dialect;
use super::Relation;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};

/// Q707: no table of the query has the column.
pub(super) fn unknown(at: Span, name: &Ident, relations: &[&Relation], dialect: Dialect) -> Diagnostic {
    let written = &name.value;
    let message = match relations {
        [only] => match &only.name {
            Some(table) => format!("'{table}' has no column '{written}'"),
            None => format!("the subquery has no column '{written}'"),
        },
        several => format!("no table of this query has a column '{written}' ({})", names(several)),
    };
    let fault = Diagnostic::error("Q707", at, message);
    let columns = || relations.iter().flat_map(|r| &r.columns.list);
    if dialect == Dialect::Postgres
        && let Some(cased) = columns().find(|c| c.name.eq_ignore_ascii_case(written))
    {
        return fault.help(format!("the column is called \"{}\": PostgreSQL keeps its case only in double quotes", cased.name));
    }
    let help = match (did_you_mean(written, columns().map(|c| c.name.as_str())), relations) {
        (Some(near), [only]) => format!("did you mean '{near}'? Its columns: {}", only.columns.names()),
        (Some(near), _) => format!("did you mean '{near}'?"),
        (None, [only]) => format!("its columns: {}", only.columns.names()),
        (None, several) => {
            let lists: Vec<String> =
                several.iter().filter_map(|r| Some(format!("{} has {}", r.name.as_ref()?, r.columns.names()))).collect();
            lists.join("; ")
        }
    };
    let fault = fault.help(help);
    let declared = relations.iter().flat_map(|r| &r.columns.list).find_map(|c| c.at.clone());
    match (declared, relations.len()) {
        (Some(declared), 1) => fault.also(declared, "its columns come from here"),
        _ => fault,
    }
}

/// Q707: what stands before the dot is no table of the query.
pub(super) fn unknown_qualifier(at: Span, name: &Ident, known: &[&str]) -> Diagnostic {
    let fault = Diagnostic::error("Q707", at, format!("no table of this query is called '{}'", name.value));
    let list = known.join(", ");
    fault.help(match did_you_mean(&name.value, known.iter().copied()).filter(|near| near.len() > 1) {
        Some(near) => format!("did you mean '{near}'? The tables here: {list}"),
        None => format!("the tables here, by their aliases: {list}"),
    })
}

/// Q713: two tables have the column.
pub(super) fn ambiguous(at: Span, name: &Ident, relations: &[&Relation]) -> Diagnostic {
    let tables: Vec<&str> = relations.iter().filter_map(|r| r.name.as_deref()).collect();
    let message = format!("'{}' is ambiguous: {} each have such a column", name.value, tables.join(" and "));
    let fault = Diagnostic::error("Q713", at, message);
    match tables.first() {
        Some(table) => fault.help(format!("say which one is meant: {table}.{}", name.value)),
        None => fault,
    }
}

/// Q711: a text in arithmetic.
pub(super) fn text_arithmetic(at: Span, side: &Expr, operator: &BinaryOperator, dialect: Dialect) -> Diagnostic {
    let fault = Diagnostic::warning("Q711", at, format!("'{side}' is a text, and `{operator}` computes with numbers"));
    fault.help(match dialect {
        Dialect::Sqlite => format!("write `CAST({side} AS REAL)`, or declare the column as a number: a text that is no number counts as 0"),
        Dialect::Postgres => format!("write `{side}::numeric`, or declare the column as a number: PostgreSQL refuses the statement"),
    })
}

fn names(relations: &[&Relation]) -> String {
    relations.iter().filter_map(|r| r.name.as_deref()).collect::<Vec<_>>().join(", ")
}
