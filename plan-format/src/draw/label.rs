//! What a step says of itself in a line or two.

use crate::op::assert::{Check, Expect};
use crate::op::copy::From;
use crate::op::{Leave, Rows, Table};
use crate::render::brief;
use crate::{ExprId, Node, Op, Plan};

/// Longer texts are cut.
const LONGEST: usize = 72;

/// The effect in a few words; empty where the op's name says it all.
pub(super) fn says(plan: &Plan, op: &Op) -> String {
    let words = match op {
        Op::HttpRequest(op) => {
            let request = format!("{} {}", op.request.method.name(), brief(plan, op.request.url));
            match &op.for_each {
                Some(each) => format!("{request}, for each of {}", rows(plan, &each.rows)),
                None => request,
            }
        }
        Op::Transform(op) => format!("{} → {}", source(plan, op.source), table(plan, &op.target)),
        Op::Copy(op) => {
            let from = match &op.from {
                From::Table(from) => table(plan, from),
                From::Query { source: id, sql: _ } => source(plan, *id),
            };
            format!("{from} → {}", table(plan, &op.target))
        }
        Op::Execute(op) => {
            let first = op.statements.first().map(|sql| brief(plan, *sql)).unwrap_or_default();
            format!("{}: {first}", source(plan, op.source))
        }
        Op::SetVariable(op) => op.assigns.iter().map(|set| plan.text(set.name)).collect::<Vec<_>>().join(", "),
        Op::Print(op) => brief(plan, op.message),
        Op::Fail(op) => brief(plan, op.message),
        Op::Sleep(op) => format!("{} s", brief(plan, op.seconds)),
        Op::Assert(op) => match &op.check {
            Check::Condition(condition) => brief(plan, *condition),
            Check::Query { source: id, query, expect } => {
                let expected = match expect {
                    Expect::Empty => "no row".to_owned(),
                    Expect::NotEmpty => "rows".to_owned(),
                    Expect::Value(value) => brief(plan, *value),
                };
                format!("{}: {expected} from {}", source(plan, *id), brief(plan, *query))
            }
        },
        Op::Leave(Leave::Return(Some(value))) => brief(plan, *value),
        Op::Leave(Leave::Return(None) | Leave::Break | Leave::Continue) | Op::IfElse(_) | Op::TryCatch(_) | Op::Block(_) => String::new(),
        Op::WhileLoop(op) => brief(plan, op.condition),
        Op::ForEach(op) => format!("{} in {}", plan.text(op.item), rows(plan, &op.rows)),
        Op::Parallel(op) if (op.max_concurrency as usize) < op.branches.len() => format!("{} at a time", op.max_concurrency),
        Op::Parallel(_) => String::new(),
        Op::RunFlow(op) => {
            let start = op.start.map(|start| format!(", from {}", plan.text(start))).unwrap_or_default();
            format!("{}{start}", plan.text(plan.flow(op.flow).name))
        }
    };
    cut(&words)
}

/// What decides whether, how often and how long a step runs.
pub(super) fn terms(plan: &Plan, node: &Node) -> Vec<String> {
    let when = node.when.map(|when| cut(&format!("when {}", brief(plan, when))));
    let retry = node.retry.as_ref().map(|retry| format!("up to {} attempts", retry.attempts));
    let timeout = node.timeout_ms.map(|milliseconds| format!("at most {:?}", std::time::Duration::from_millis(milliseconds)));
    when.into_iter().chain(retry).chain(timeout).collect()
}

/// A condition or another expression, cut.
pub(super) fn expression(plan: &Plan, id: ExprId) -> String {
    cut(&brief(plan, id))
}

fn rows(plan: &Plan, rows: &Rows) -> String {
    match rows {
        Rows::Table(from) => table(plan, from),
        Rows::Query { source: id, sql } => format!("{}: {}", source(plan, *id), brief(plan, *sql)),
        Rows::Items(items) => brief(plan, *items),
    }
}

fn table(plan: &Plan, table: &Table) -> String {
    let parts = [table.database, table.namespace, Some(table.name)].into_iter().flatten().map(|part| brief(plan, part));
    std::iter::once(source(plan, table.source)).chain(parts).collect::<Vec<_>>().join(".")
}

fn source(plan: &Plan, id: crate::SourceId) -> String {
    plan.text(plan.source(id).name).to_owned()
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let start: String = text.chars().take(LONGEST - 1).collect();
    format!("{}…", start.trim_end())
}
