//! What a step does, in a few short lines.

use std::time::Duration;

use crate::op::assert::{Check, Expect};
use crate::op::copy::From;
use crate::op::http_request::{HttpRequest, ResponseTable};
use crate::op::try_catch::Catch;
use crate::op::{Assign, Leave, Rows, Table};
use crate::render::expr::{bare, inline};
use crate::render::op::texts;
use crate::render::text::{listed, name};
use crate::{Node, Op, Plan, SourceId, TextId};

pub(super) fn does(plan: &Plan, op: &Op) -> Vec<String> {
    match op {
        Op::HttpRequest(op) => request(plan, op),
        Op::Transform(op) => vec![format!("query on {}", source(plan, op.source)), into(plan, &op.target)],
        Op::Copy(op) => {
            let from = match &op.from {
                From::Table(from) => table(plan, from),
                From::Query { source: id, .. } => format!("query on {}", source(plan, *id)),
            };
            vec![from, into(plan, &op.target)]
        }
        Op::Execute(op) => {
            let count = op.statements.len();
            let what = if count == 1 { "statement" } else { "statements" };
            vec![format!("{count} {what} on {}", source(plan, op.source))]
        }
        Op::SetVariable(op) => op.assigns.iter().map(|assign| set(plan, assign)).collect(),
        Op::Print(op) => vec![inline(plan, op.message)],
        Op::Fail(op) => {
            let kind = op.kind.map(|kind| format!("{}: ", bare(plan, kind))).unwrap_or_default();
            vec![format!("{kind}{}", inline(plan, op.message))]
        }
        Op::Sleep(op) => vec![format!("{} seconds", inline(plan, op.seconds))],
        Op::Assert(op) => vec![match &op.check {
            Check::Condition(checked) => inline(plan, *checked),
            Check::Query { source: id, query: _, expect } => {
                let expected = match expect {
                    Expect::Empty => "no row".to_owned(),
                    Expect::NotEmpty => "rows".to_owned(),
                    Expect::Value(value) => inline(plan, *value),
                };
                format!("query on {} gives {expected}", source(plan, *id))
            }
        }],
        Op::Leave(Leave::Break) => vec!["ends the loop".to_owned()],
        Op::Leave(Leave::Continue) => vec!["goes on with the next round".to_owned()],
        Op::Leave(Leave::Return(value)) => {
            let value = value.map(|value| format!(" with {}", inline(plan, value))).unwrap_or_default();
            vec![format!("ends the flow{value}")]
        }
        Op::IfElse(_) | Op::TryCatch(_) | Op::Block(_) => Vec::new(),
        Op::WhileLoop(op) => vec![format!("at most {} rounds", op.max_iterations)],
        Op::ForEach(op) => vec![format!("{} in {}", named(plan, op.item), rows(plan, &op.rows))],
        Op::Parallel(op) => vec![format!("at most {} at a time", op.max_concurrency)],
        Op::RunFlow(op) => {
            let output = op.output.map(|output| format!("{} = ", named(plan, output))).unwrap_or_default();
            let parameters: Vec<String> =
                op.parameters.iter().map(|(parameter, value)| format!("{}: {}", named(plan, *parameter), inline(plan, *value))).collect();
            let call = format!("{output}flow {}({})", named(plan, plan.flow(op.flow).name), parameters.join(", "));
            let start = op.start.map(|start| format!("from step {}", named(plan, start)));
            std::iter::once(call).chain(start).collect()
        }
    }
}

/// What bounds the attempts of a step.
pub(super) fn limits(node: &Node) -> Vec<String> {
    let retry = node.retry.as_ref().map(|retry| format!("up to {} attempts", retry.attempts));
    let timeout = node.timeout_ms.map(|milliseconds| format!("at most {:?}", Duration::from_millis(milliseconds)));
    retry.into_iter().chain(timeout).collect()
}

fn request(plan: &Plan, op: &HttpRequest) -> Vec<String> {
    let mut lines = vec![format!("{} {}", op.request.method.name(), bare(plan, op.request.url))];
    if let Some(id) = op.request.source {
        lines.push(format!("at {}", source(plan, id)));
    }
    if let Some(each) = &op.for_each {
        lines.push(format!("for each {} in {}", named(plan, each.item), rows(plan, &each.rows)));
    }
    if let Some(repeat) = op.response.repeat {
        lines.push(format!("page after page while {}", inline(plan, repeat)));
    }
    lines.extend(op.response.tables.iter().map(|ResponseTable { table, .. }| into(plan, table)));
    lines
}

/// `catch broken, network as error`.
pub(super) fn caught(plan: &Plan, catch: &Catch) -> String {
    let kinds = if catch.kinds.is_empty() { "every error".to_owned() } else { listed(&texts(plan, &catch.kinds)) };
    let error = catch.error.map(|error| format!(" as {}", named(plan, error))).unwrap_or_default();
    format!("catch {kinds}{error}")
}

pub(super) fn named(plan: &Plan, id: TextId) -> String {
    name(plan.text(id))
}

fn source(plan: &Plan, id: SourceId) -> String {
    named(plan, plan.source(id).name)
}

fn set(plan: &Plan, assign: &Assign) -> String {
    format!("{} = {}", named(plan, assign.name), inline(plan, assign.value))
}

fn into(plan: &Plan, target: &Table) -> String {
    format!("→ {}", table(plan, target))
}

fn table(plan: &Plan, table: &Table) -> String {
    let parts = table.database.into_iter().chain(table.namespace).chain([table.name]);
    let parts: Vec<String> = parts.map(|part| bare(plan, part)).collect();
    format!("{} {}", source(plan, table.source), parts.join("."))
}

fn rows(plan: &Plan, rows: &Rows) -> String {
    match rows {
        Rows::Table(from) => table(plan, from),
        Rows::Query { source: id, sql: _ } => format!("query on {}", source(plan, *id)),
        Rows::Items(items) => inline(plan, *items),
    }
}
