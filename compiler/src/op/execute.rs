//! `execute`: SQL statements run for their effect.

use sequor_plan_format::{Replay, op as plan};

use super::Op;
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::lower::{Lowering, Unresolved};
use crate::snippet::expression::Expression;
use crate::sql;
use crate::sql::outline::Outline;
use crate::syntax::fields::{Fields, scalar, wrong_kind};
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::visit::{Visitor, Wanted};
use crate::syntax::{BEFORE_REPLY, Reader, SourceRef, table, value};
use crate::yaml::{self, ScalarValue};

pub static KEYS: Table = Table::new(
    "op 'execute'",
    "Runs SQL statements in a database.",
    &[
        Key::new("source", Kind::Text, "the database; absent: the project's default one"),
        Key::dynamic("statement", Kind::Text, "SQL: one statement or several, ended by semicolons or by lines that say just go")
            .aliases(&["sql", "statements"])
            .mistaken(&["query"])
            .required(),
        Key::new(
            "transaction",
            Kind::Bool,
            "true: all statements in one transaction, all or nothing; false: each on its own, for statements that refuse a transaction",
        )
        .default("true"),
    ],
);

#[derive(Debug)]
pub struct Execute {
    pub source: SourceRef,
    pub statements: Vec<Expression>,
    pub transaction: bool,
}

pub(super) fn read(fields: &Fields<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    let transaction = fields.bool("transaction", &mut reader.faults).unwrap_or(true);
    let source = table::source(fields, "source", at, &mut reader.faults)?;
    let statements = statements(fields, &source, transaction, reader)?;
    Some(Op::Execute(Execute { source, statements, transaction }))
}

fn statements(fields: &Fields<'_>, source: &SourceRef, transaction: bool, reader: &mut Reader<'_>) -> Option<Vec<Expression>> {
    let field = fields.filled("statement")?;
    let node = &field.entry.value;
    if field.python {
        return Some(vec![value::python(node, BEFORE_REPLY, &mut reader.faults)]);
    }
    let Some(scalar) = scalar(node).filter(|s| s.value == ScalarValue::Text) else {
        let fault = wrong_kind(node, "'statement'", "SQL text");
        reader.faults.push(fault.help("write all statements as one text, each ended by `;`: `statement: |` and the SQL below it"));
        return None;
    };
    let before = reader.faults.len();
    let whole = value::template(scalar, &node.span, BEFORE_REPLY, &mut reader.faults);
    let Some(dialect) = reader.sources.dialect(source) else { return Some(vec![whole]) };
    reader.faults.extend(yaml::folded_code(node, yaml::Language::Sql));
    let (found, faults) = sql::statements(scalar, &node.span, dialect);
    if transaction {
        reader.faults.extend(sql::transactions::check(scalar, &node.span, dialect));
    }
    let broken = faults.iter().chain(&reader.faults[before..]).any(|f| f.severity == Severity::Error);
    reader.faults.extend(faults);
    reader.sql.insert(whole.span.start, Outline::unread(scalar.clone(), &node.span, dialect));
    if broken {
        return Some(vec![whole]);
    }
    if found.is_empty() {
        reader
            .faults
            .push(Diagnostic::error("S106", node.span.clone(), "'statement' has no SQL statement in it").help("write at least one"));
    }
    let mut faults = Vec::new();
    let mut outlines = Vec::new();
    let parts: Vec<Expression> = found
        .into_iter()
        .enumerate()
        .map(|(i, s)| {
            let part = value::slice(scalar, s.start, s.end);
            let span = scalar.span_of(&node.span, s.start, s.end);
            let expression = value::template(&part, &span, BEFORE_REPLY, &mut faults);
            if i < sql::MOST_TREES {
                outlines.push((expression.span.start, Outline::of(part, s, &node.span, dialect)));
            }
            expression
        })
        .collect();
    // A template that spans statements (`{% for %} … ; {% endfor %}`) cannot be cut: it stays one text.
    let cut = !faults.iter().any(|f| f.severity == Severity::Error);
    if !cut {
        return Some(vec![whole]);
    }
    reader.sql.extend(outlines);
    Some(parts)
}

impl Execute {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        visitor.source(&self.source, Wanted::Database);
        for statement in &self.statements {
            visitor.expression(statement);
        }
    }

    pub(super) fn replay(&self) -> Replay {
        if self.transaction { Replay::Transactional } else { Replay::Once }
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::Execute, Unresolved> {
        let source = lowering.source(&self.source)?;
        let statements = self.statements.iter().map(|s| lowering.expr(s)).collect();
        Ok(plan::Execute { source, statements, transaction: self.transaction })
    }
}
