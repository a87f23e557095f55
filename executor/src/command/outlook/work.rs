//! What a step does to the world, as far as its plan says.

use sequor_plan_format::op::http_request::HttpRequest;
use sequor_plan_format::op::{self, Rows, WriteMode};
use sequor_plan_format::path::{Field, node_path};
use sequor_plan_format::{BlockId, Expr, ExprId, FlowId, NodeId, Op, Plan, Value as Constant};
use serde::Serialize;

use crate::database;
use crate::journal::effects::LoadedTable;

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
    /// Of statements that are not one transaction: so many were done before.
    pub(super) statements_done: Option<u64>,
    /// Of one transaction that a resume comes to first: it was committed before.
    pub(super) committed: Option<bool>,
    /// What it takes for the step to be done; none where the step before it is enough.
    pub(super) when: Option<When>,
    /// Steps within it, block by block.
    pub(super) inside: Vec<Part>,
}

/// What it takes for a step, or a block of steps, to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum When {
    Always,
    /// Its condition is true, or none before it was.
    Condition,
    /// Once for each member that is left.
    EachMember,
    /// As long as its condition is true.
    WhileTrue,
    /// The step fails.
    Error,
    /// At the end, whether the step fails or not.
    Finally,
}

/// A block of a step.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    pub(super) when: When,
    pub(super) steps: Vec<Work>,
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
    /// Rows of it are there already: under a staging name where it is to be replaced.
    pub(super) filling: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    Create,
    Append,
}

/// Looks at steps one after the other. What a flow does is said where it is called first.
pub(super) struct Worker<'a> {
    plan: &'a Plan,
    /// Flows whose steps were listed.
    listed: Vec<FlowId>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        Self { plan, listed: Vec::new() }
    }

    /// What a step does to the world, with the steps within it.
    pub(super) fn work(&mut self, node: NodeId, when: Option<When>) -> Work {
        let plan = self.plan;
        let inside = match &plan.node(node).op {
            Op::IfElse(op) => {
                let arms = op.arms.iter().map(|arm| arm.then).chain(op.otherwise);
                arms.map(|block| self.part(block, When::Condition)).collect()
            }
            Op::WhileLoop(op) => vec![self.part(op.body, When::WhileTrue)],
            Op::ForEach(op) => vec![self.part(op.body, When::EachMember)],
            Op::TryCatch(op) => {
                let mut parts = vec![self.part(op.body, When::Always)];
                parts.extend(op.catches.iter().map(|catch| self.part(catch.body, When::Error)));
                parts.extend(op.finally.map(|block| self.part(block, When::Finally)));
                parts
            }
            Op::Block(op) => vec![self.part(op.body, When::Always)],
            Op::Parallel(op) => op.branches.iter().map(|branch| self.part(branch.body, When::Always)).collect(),
            Op::RunFlow(op) if !self.listed.contains(&op.flow) => {
                self.listed.push(op.flow);
                vec![self.part(plan.flow(op.flow).body, When::Always)]
            }
            Op::RunFlow(_)
            | Op::HttpRequest(_)
            | Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::Sleep(_)
            | Op::Assert(_)
            | Op::Leave(_) => Vec::new(),
        };
        Work { when, inside, ..work(plan, node) }
    }

    fn part(&mut self, block: BlockId, when: When) -> Part {
        Part { when, steps: self.steps(block, None) }
    }

    /// The steps of a block.
    pub(super) fn steps(&mut self, block: BlockId, when: Option<When>) -> Vec<Work> {
        self.plan.block(block).nodes.iter().map(|node| self.work(*node, when)).collect()
    }

    /// What comes after a block of a running step, in that step: `at` is the block that it is in.
    pub(super) fn rest(&mut self, node: NodeId, at: Field) -> Vec<Work> {
        match (&self.plan.node(node).op, at) {
            (Op::WhileLoop(_), _) => vec![self.work(node, Some(When::WhileTrue))],
            (Op::ForEach(_), _) => vec![self.work(node, Some(When::EachMember))],
            (Op::TryCatch(op), Field::Steps | Field::Catch(_)) => {
                let mut rest = Vec::new();
                if at == Field::Steps {
                    rest.extend(op.catches.iter().flat_map(|catch| self.steps(catch.body, Some(When::Error))));
                }
                rest.extend(op.finally.map(|block| self.steps(block, Some(When::Finally))).unwrap_or_default());
                rest
            }
            (
                Op::TryCatch(_)
                | Op::HttpRequest(_)
                | Op::Parallel(_)
                | Op::Sleep(_)
                | Op::Assert(_)
                | Op::Leave(_)
                | Op::Copy(_)
                | Op::Transform(_)
                | Op::Execute(_)
                | Op::SetVariable(_)
                | Op::Print(_)
                | Op::Fail(_)
                | Op::IfElse(_)
                | Op::Block(_)
                | Op::RunFlow(_),
                _,
            ) => Vec::new(),
        }
    }
}

/// What a step itself does to the world.
fn work(plan: &Plan, node: NodeId) -> Work {
    let nothing = Work {
        step: step(plan, node),
        sends: None,
        for_each: None,
        writes: Vec::new(),
        statements: None,
        transaction: None,
        statements_done: None,
        committed: None,
        when: None,
        inside: Vec::new(),
    };
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

fn loaded(plan: &Plan, op: &HttpRequest) -> Vec<Table> {
    op.response.tables.iter().map(|loaded| table(plan, &loaded.table, loaded.write_mode)).collect()
}

/// The tables of a step that is under way, with those that it has begun to fill. Their names are known.
pub(super) fn filled(plan: &Plan, op: &HttpRequest, begun: &[LoadedTable]) -> Vec<Table> {
    let of = |table: &LoadedTable| Table {
        source: plan.text(plan.source(table.source).name).to_owned(),
        table: Some(table.name.name.clone()),
        mode: match table.mode {
            database::Mode::Create => Mode::Create,
            database::Mode::Append => Mode::Append,
        },
        filling: true,
    };
    let begun: Vec<Table> = begun.iter().map(of).collect();
    let mut tables: Vec<Table> = loaded(plan, op)
        .into_iter()
        .filter(|declared| !begun.iter().any(|table| table.source == declared.source && table.table == declared.table))
        .collect();
    tables.extend(begun);
    tables
}

fn table(plan: &Plan, table: &op::Table, mode: WriteMode) -> Table {
    let mode = match mode {
        WriteMode::Create => Mode::Create,
        WriteMode::Append => Mode::Append,
    };
    Table { source: plan.text(plan.source(table.source).name).to_owned(), table: name(plan, table.name), mode, filling: false }
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
