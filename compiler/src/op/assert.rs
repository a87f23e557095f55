//! `assert`: something that must be so.

use sequor_plan_format::op as plan;
use sequor_plan_format::op::assert::Severity;

use super::{Op, sql_query};
use crate::diagnostic::{Diagnostic, Span};
use crate::lower::{Lowering, Unresolved};
use crate::snippet::expression::Expression;
use crate::syntax::fields::{Fields, scalar};
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::value::{self, Scalars, text_of_key};
use crate::syntax::visit::{self, Visitor, Wanted};
use crate::syntax::{BEFORE_REPLY, Reader, SourceRef, table};
use crate::yaml::ScalarValue;

pub static KEYS: Table = Table::new(
    "op 'assert'",
    "Fails or warns where a condition is false, or a query gives something else than expected.",
    &[
        Key::dynamic("condition", Kind::Condition, "what must be true; either this, or 'query' with 'expect'"),
        Key::new("source", Kind::Text, "the database that 'query' asks; absent: the project's default one"),
        Key::dynamic("query", Kind::Text, "one query, whose result is compared with 'expect'").mistaken(&["sql"]),
        Key::dynamic(
            "expect",
            Kind::Any,
            "what 'query' must give: empty (no rows), not_empty, or a value, which the first column of its only row must equal",
        )
        .mistaken(&["expected", "equals"]),
        Key::dynamic("message", Kind::Text, "what the error or warning says; what was found instead follows in brackets"),
        Key::new(
            "severity",
            Kind::Choice(&["error", "warn", "warning"]),
            "error: the step fails, with kind 'assertion'; warn: a line in the log, and the flow goes on",
        )
        .default("error"),
    ],
);

#[derive(Debug)]
pub struct Assert {
    pub check: Check,
    pub message: Option<Expression>,
    pub severity: Severity,
    /// Where it is said.
    pub severity_at: Option<Span>,
}

#[derive(Debug)]
pub enum Check {
    Condition(Expression),
    Query {
        source: SourceRef,
        query: Expression,
        expect: Expect,
        /// The value of `expect`.
        at: Span,
    },
}

#[derive(Debug)]
pub enum Expect {
    Empty,
    NotEmpty,
    Value(Box<Expression>),
}

pub(super) fn read(fields: &Fields<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    let severity = match fields.choice("severity", &mut reader.faults) {
        Some("warn" | "warning") => Severity::Warn,
        _ => Severity::Error,
    };
    let severity_at = fields.filled("severity").map(|field| field.entry.value.span.clone());
    let message = text_of_key(fields, "message", BEFORE_REPLY, &mut reader.faults);
    let check = check(fields, at, reader)?;
    Some(Op::Assert(Box::new(Assert { check, message, severity, severity_at })))
}

fn check(fields: &Fields<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Check> {
    match (fields.filled("condition"), fields.filled("query")) {
        (Some(_), None) => {
            if let Some(expect) = fields.filled("expect") {
                let fault =
                    Diagnostic::error("S105", expect.entry.key_span.clone(), "'expect' belongs to a query, and here is a condition");
                reader.faults.push(fault.help("write the comparison into the condition, or a 'query' instead of it"));
                return None;
            }
            Some(Check::Condition(value::condition(fields, "condition", BEFORE_REPLY, &mut reader.faults)?))
        }
        (None, Some(_)) => {
            let source = table::source(fields, "source", at, &mut reader.faults)?;
            let query = sql_query(fields, "query", &source, reader);
            if fields.is_misspelt("expect") {
                return None;
            }
            let Some(expect) = fields.filled("expect") else {
                let fault = Diagnostic::error("S104", at.clone(), "'expect' is missing in op 'assert'");
                reader.faults.push(fault.help("expect: empty, not_empty, or the value that the query must give"));
                return None;
            };
            let word = scalar(&expect.entry.value).filter(|s| !expect.python && s.value == ScalarValue::Text).map(|s| s.text.trim());
            let at = expect.entry.value.span.clone();
            reader.faults.extend(word.and_then(|word| odd_expect(word, &at)));
            let expect = match word {
                Some("empty") => Expect::Empty,
                Some("not_empty") => Expect::NotEmpty,
                _ => Expect::Value(Box::new(value::of_key(fields, "expect", Scalars::Written, BEFORE_REPLY, &mut reader.faults)?)),
            };
            Some(Check::Query { source, query: query?, expect, at })
        }
        (Some(condition), Some(query)) => {
            let fault = Diagnostic::error("S105", query.entry.key_span.clone(), "'assert' has both a condition and a query");
            reader.faults.push(fault.also(condition.entry.key_span.clone(), "the condition").help("keep one of the two"));
            None
        }
        (None, None) if fields.is_misspelt("condition") || fields.is_misspelt("query") => None,
        (None, None) => {
            let fault = Diagnostic::error("S104", at.clone(), "'condition' or 'query' is missing in op 'assert'");
            reader.faults.push(fault.help("condition_expression: var('n') > 0; or query with expect: empty"));
            None
        }
    }
}

/// Texts that look like more than a text that the query must give.
fn odd_expect(word: &str, at: &Span) -> Option<Diagnostic> {
    const NONE: &[&str] = &["none", "null", "nothing", "no_rows", "no rows", "zero", "is empty", "no"];
    const SOME: &[&str] = &["exists", "any", "some", "rows", "has_rows", "not empty", "notempty", "non_empty", "nonempty", "not-empty"];
    let lower = word.to_lowercase();
    let help = if NONE.contains(&lower.as_str()) {
        "for no rows write `empty`"
    } else if SOME.contains(&lower.as_str()) {
        "for at least one row write `not_empty`"
    } else if lower.starts_with(['>', '<', '=']) || lower.starts_with("!=") {
        "write the comparison into the query and expect what it gives, or use `condition_expression: query_value('…', int) > 0`"
    } else {
        return None;
    };
    Some(Diagnostic::warning("S107", at.clone(), format!("the query must give the text '{word}' for this to hold")).help(help))
}

impl Assert {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        match &self.check {
            Check::Condition(condition) => visitor.expression(condition),
            Check::Query { source, query, expect, .. } => {
                visitor.source(source, Wanted::Database);
                visitor.expression(query);
                match expect {
                    Expect::Empty | Expect::NotEmpty => {}
                    Expect::Value(value) => visitor.expression(value),
                }
            }
        }
        visit::optional(self.message.as_ref(), visitor);
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::Assert, Unresolved> {
        let check = match &self.check {
            Check::Condition(condition) => plan::assert::Check::Condition(lowering.expr(condition)),
            Check::Query { source, query, expect, .. } => plan::assert::Check::Query {
                source: lowering.source(source)?,
                query: lowering.expr(query),
                expect: match expect {
                    Expect::Empty => plan::assert::Expect::Empty,
                    Expect::NotEmpty => plan::assert::Expect::NotEmpty,
                    Expect::Value(value) => plan::assert::Expect::Value(lowering.expr(value)),
                },
            },
        };
        Ok(plan::Assert { check, message: lowering.optional(self.message.as_ref()), severity: self.severity })
    }
}
