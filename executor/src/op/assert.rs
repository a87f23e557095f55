//! `assert`: looks whether something is so.

use sequor_plan_format::op::Assert;
use sequor_plan_format::op::assert::{Check, Expect, Severity};
use sequor_plan_format::op::print::Level;
use sequor_plan_format::{ExprId, SourceId};

use super::http_request::{one_line, shown};
use crate::error::{ErrorKind, RunError};
use crate::machine::holds;
use crate::scope::Scope;
use crate::services::Services;
use crate::value::Value;

pub(super) async fn run(services: &Services, op: &Assert, scope: &Scope) -> Result<(), RunError> {
    let found = match &op.check {
        Check::Condition(condition) => match holds(&scope.evaluate(services, *condition)?)? {
            true => return Ok(()),
            false => "the condition is false".to_owned(),
        },
        Check::Query { source, query, expect } => match look(services, *source, *query, *expect, scope).await? {
            None => return Ok(()),
            Some(found) => found,
        },
    };
    let message = match op.message {
        Some(message) => format!("{} ({found})", scope.evaluate(services, message)?.to_text()),
        None => found,
    };
    match op.severity {
        Severity::Error => Err(RunError::new(ErrorKind::Failed("assertion".to_owned()), message)),
        Severity::Warn => {
            services.reporter.log(Level::Warning, &services.redactor.redact(&format!("assert: {message}")));
            Ok(())
        }
    }
}

/// What is wrong with the result of a query; nothing where it is as expected.
async fn look(services: &Services, source: SourceId, query: ExprId, expect: Expect, scope: &Scope) -> Result<Option<String>, RunError> {
    let expected = match expect {
        Expect::Empty | Expect::NotEmpty => None,
        Expect::Value(value) => Some(scope.evaluate(services, value)?),
    };
    let scope = scope.in_source(source);
    let sql = scope.evaluate(services, query)?.to_text();
    let mut rows = services.database(source, &scope).await?.query(&sql).await?;
    let mut found = Vec::new();
    while found.len() < 2
        && let Some(batch) = rows.next_batch().await?
    {
        found.extend(batch.into_iter().take(2));
    }
    let mut found = found.into_iter();
    let first = found.next();
    let Some(expected) = expected else {
        return Ok(match (expect, first) {
            (Expect::Empty, Some(row)) => {
                Some(format!("the query gives rows, and none is expected; the first one is {}", shown(&Value::Row(row))))
            }
            (Expect::NotEmpty, None) => Some("the query gives no row, and some are expected".to_owned()),
            (Expect::Empty | Expect::NotEmpty | Expect::Value(_), _) => None,
        });
    };
    let Some(row) = first else { return Ok(Some(format!("the query gives no row instead of {}", quoted(&expected)))) };
    if found.next().is_some() {
        return Ok(Some(format!("the query gives several rows instead of the one value {}", quoted(&expected))));
    }
    let found = row.values.first().cloned().unwrap_or(Value::Null);
    // A database may give a number as a decimal, or as text.
    let same = found == expected || (!matches!(found, Value::Null) && found.to_text() == expected.to_text());
    if same {
        return Ok(None);
    }
    // Values are compared as text, so their kinds are no part of what differs.
    let found = if matches!(found, Value::Null) { "null".to_owned() } else { quoted(&found) };
    Ok(Some(format!("the query gives {found} instead of {}", quoted(&expected))))
}

/// A value as it is compared, for a message.
fn quoted(value: &Value) -> String {
    format!("'{}'", one_line(&value.to_text(), 60))
}
