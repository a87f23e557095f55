//! What a step does to the world, as far as its plan says.

use sequor_plan_format::op::http_request::HttpRequest;
use sequor_plan_format::op::{self, Rows, WriteMode};
use sequor_plan_format::path::node_path;
use sequor_plan_format::{Expr, ExprId, NodeId, Op, Plan, Value as Constant};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) step: String,
    pub(super) op: &'static str,
    pub(super) file: String,
    pub(super) line: u32,
}

/// A step with what it does to the world.
#[derive(Debug, Serialize)]
pub(super) struct Work {
    #[serde(flatten)]
    pub(super) step: Step,
    /// The method of its requests.
    pub(super) sends: Option<&'static str>,
    pub(super) for_each: Option<Each>,
    pub(super) writes: Vec<Table>,
    /// How many it runs.
    pub(super) statements: Option<u64>,
    /// Of statements: all of them are one transaction, so they happen exactly once.
    pub(super) transaction: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum From {
    Table,
    Query,
    Items,
}

/// What a step is done for each of.
#[derive(Debug, Serialize)]
pub(super) struct Each {
    pub(super) from: From,
    /// None where its name is computed.
    pub(super) table: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Table {
    pub(super) source: String,
    /// None where it is computed.
    pub(super) table: Option<String>,
    pub(super) mode: Mode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    Create,
    Append,
}

/// What a step does to the world.
pub(super) fn work(plan: &Plan, node: NodeId) -> Work {
    let nothing = Work { step: step(plan, node), sends: None, for_each: None, writes: Vec::new(), statements: None, transaction: None };
    match &plan.node(node).op {
        Op::HttpRequest(op) => Work {
            sends: Some(op.request.method.name()),
            for_each: op.for_each.as_ref().map(|for_each| each(plan, &for_each.rows)),
            writes: loaded(plan, op),
            ..nothing
        },
        Op::Transform(op) => Work { writes: vec![table(plan, &op.target, op.write_mode)], transaction: Some(true), ..nothing },
        Op::Copy(op) => Work { writes: vec![table(plan, &op.target, op.write_mode)], transaction: Some(true), ..nothing },
        Op::Execute(op) => Work { statements: Some(op.statements.len() as u64), transaction: Some(op.transaction), ..nothing },
        Op::ForEach(op) => Work { for_each: Some(each(plan, &op.rows)), ..nothing },
        Op::SetVariable(_)
        | Op::Print(_)
        | Op::Fail(_)
        | Op::Sleep(_)
        | Op::Assert(_)
        | Op::Leave(_)
        | Op::IfElse(_)
        | Op::WhileLoop(_)
        | Op::TryCatch(_)
        | Op::Parallel(_)
        | Op::Block(_)
        | Op::RunFlow(_) => nothing,
    }
}

fn each(plan: &Plan, rows: &Rows) -> Each {
    match rows {
        Rows::Table(table) => Each { from: From::Table, table: name(plan, table.name) },
        Rows::Query { .. } => Each { from: From::Query, table: None },
        Rows::Items(_) => Each { from: From::Items, table: None },
    }
}

pub(super) fn loaded(plan: &Plan, op: &HttpRequest) -> Vec<Table> {
    op.response.tables.iter().map(|loaded| table(plan, &loaded.table, loaded.write_mode)).collect()
}

fn table(plan: &Plan, table: &op::Table, mode: WriteMode) -> Table {
    let mode = match mode {
        WriteMode::Create => Mode::Create,
        WriteMode::Append => Mode::Append,
    };
    Table { source: plan.text(plan.source(table.source).name).to_owned(), table: name(plan, table.name), mode }
}

/// None where it is computed.
fn name(plan: &Plan, expr: ExprId) -> Option<String> {
    let Expr::Const(value) = plan.expr(expr) else { return None };
    let Constant::Text(text) = plan.value(*value) else { return None };
    Some(plan.text(*text).to_owned())
}

pub(super) fn step(plan: &Plan, node: NodeId) -> Step {
    let span = plan.span(plan.node(node).span);
    Step { step: node_path(plan, node), op: plan.node(node).op.name(), file: plan.text(span.file).to_owned(), line: span.line }
}
