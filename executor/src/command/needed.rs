//! Values that a run needs for certain and that nothing gives: found before its first step, so that it does not end in the middle for want of one.
//!
//! What counts is read on every way through the steps that are to come, by an expression that this program evaluates itself: not behind a condition, not in a loop that may have
//! no round, not where an error would be caught. Of variables only those that the plan's manifest has: nothing in the project sets them, and nothing asks whether they are defined.

use std::collections::{BTreeMap, BTreeSet};

use sequor_plan_format::op::assert::{Check, Expect};
use sequor_plan_format::op::copy::From;
use sequor_plan_format::op::http_request::{HttpRequest, KeyValue, Pairs, TableData};
use sequor_plan_format::op::{Leave, Rows, RunFlow, Table};
use sequor_plan_format::path::node_path;
use sequor_plan_format::{BlockId, ExprId, FlowId, NodeId, Op, Plan, SourceId, TextId};

use super::Refusal;
use crate::environment::Environment;
use crate::journal::progress::Progress;
use crate::value::Map;

mod reads;

use reads::{Reads, Sight};

/// What a run is given beside its plan.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) environment: &'a Environment,
    /// Project variables that earlier runs have set.
    pub(super) kept: &'a Map,
}

/// # Errors
/// All values that a run of the flow lacks, and how to give them.
pub(super) fn by_flow(plan: &Plan, flow: FlowId, given: Given<'_>) -> Result<(), Refusal> {
    of_steps(plan, &plan.block(plan.flow(flow).body).nodes, given)
}

/// The same for a run of the flow that goes on, behind the step that it is in.
///
/// # Errors
/// As `by_flow`.
pub(super) fn by_rest(plan: &Plan, flow: FlowId, progress: &Progress, environment: &Environment) -> Result<(), Refusal> {
    let state = &progress.state;
    let given = Given { environment, kept: &state.visible().project };
    if progress.pending.is_none() && !state.is_over() {
        return by_flow(plan, flow, given);
    }
    let Some((current, ..)) = state.position().first().copied().filter(|_| !state.is_failing()) else { return Ok(()) };
    let Some(block) = plan.blocks.iter().find(|block| block.nodes.contains(&current)) else { return Ok(()) };
    if leaves(plan, current, false) {
        return Ok(());
    }
    let rest = block.nodes.iter().skip_while(|node| **node != current).skip(1).copied();
    of_steps(plan, &rest.collect::<Vec<_>>(), given)
}

fn of_steps(plan: &Plan, steps: &[NodeId], given: Given<'_>) -> Result<(), Refusal> {
    let mut search = Search { plan, reads: Reads::new(plan, given), called: BTreeSet::new(), first: BTreeMap::new() };
    search.steps(steps);
    let Search { first, .. } = search;
    if first.is_empty() {
        return Ok(());
    }
    let lines = first.iter().map(|(what, node)| format!("  {what} (step {})", node_path(plan, *node))).collect::<Vec<_>>();
    Err(Refusal(format!(
        "the run needs values that nothing gives, so it does not begin:\n{}\ngive a variable with --var NAME=…, as SEQUOR_VAR_NAME or in an environment (--env); what env(…) reads, \
         in an environment or in the process",
        lines.join("\n")
    )))
}

/// Whether the steps that follow may be left out because of this one.
fn leaves(plan: &Plan, node: NodeId, in_loop: bool) -> bool {
    let op = &plan.node(node).op;
    let in_loop = in_loop || matches!(op, Op::WhileLoop(_) | Op::ForEach(_));
    match op {
        Op::Leave(Leave::Return(_)) => true,
        Op::Leave(Leave::Break | Leave::Continue) => !in_loop,
        op => op.blocks().iter().any(|block| plan.block(*block).nodes.iter().any(|node| leaves(plan, *node, in_loop))),
    }
}

/// Goes through steps that run for certain.
struct Search<'a> {
    plan: &'a Plan,
    reads: Reads<'a>,
    /// Calls that were looked at.
    called: BTreeSet<(FlowId, Option<TextId>)>,
    /// What is missing, with the first step that reads it.
    first: BTreeMap<String, NodeId>,
}

impl Search<'_> {
    /// Whether what follows runs for certain, too.
    fn steps(&mut self, nodes: &[NodeId]) -> bool {
        nodes.iter().all(|node| self.step(*node))
    }

    fn block(&mut self, block: BlockId) -> bool {
        self.steps(&self.plan.block(block).nodes)
    }

    fn step(&mut self, id: NodeId) -> bool {
        let plan = self.plan;
        let node = plan.node(id);
        let goes_on = match node.when {
            Some(when) => {
                self.reads.expr(when, Sight::Flow(None));
                true
            }
            None => self.op(&node.op),
        };
        for missing in self.reads.take() {
            self.first.entry(missing).or_insert(id);
        }
        goes_on && !leaves(plan, id, false)
    }

    fn op(&mut self, op: &Op) -> bool {
        let here = Sight::Flow(None);
        match op {
            Op::SetVariable(op) => op.assigns.iter().for_each(|assign| self.reads.expr(assign.value, here)),
            Op::Print(op) => self.reads.expr(op.message, here),
            Op::Sleep(op) => self.reads.expr(op.seconds, here),
            Op::Fail(op) => {
                self.reads.expr(op.message, here);
                return false;
            }
            Op::Assert(op) => match &op.check {
                Check::Condition(condition) => self.reads.expr(*condition, here),
                Check::Query { source, query, expect } => {
                    if let Expect::Value(value) = expect {
                        self.reads.expr(*value, here);
                    }
                    self.sql(*source, *query);
                }
            },
            Op::Execute(op) => op.statements.iter().for_each(|statement| self.sql(op.source, *statement)),
            Op::Transform(op) => {
                self.sql(op.source, op.query);
                self.table(&op.target);
            }
            Op::Copy(op) => {
                match &op.from {
                    From::Table(table) => self.table(table),
                    From::Query { source, sql } => self.sql(*source, *sql),
                }
                self.table(&op.target);
            }
            Op::HttpRequest(op) => self.http(op),
            Op::ForEach(op) => self.rows(&op.rows, None),
            Op::IfElse(op) => op.arms.iter().take(1).for_each(|arm| self.reads.expr(arm.condition, here)),
            Op::WhileLoop(op) => self.reads.expr(op.condition, here),
            Op::Leave(Leave::Return(Some(value))) => self.reads.expr(*value, here),
            Op::Leave(Leave::Return(None) | Leave::Break | Leave::Continue) => {}
            Op::Block(op) => return self.block(op.body),
            // A branch that ends early ends no other.
            Op::Parallel(op) => {
                let mut goes_on = true;
                for branch in &op.branches {
                    goes_on &= self.block(branch.body);
                }
                return goes_on;
            }
            Op::TryCatch(op) => {
                // An error within may be caught.
                let body = !op.catches.is_empty() || self.block(op.body);
                let finally = op.finally.is_none_or(|finally| self.block(finally));
                return body && finally;
            }
            Op::RunFlow(op) => return self.call(op),
        }
        true
    }

    fn call(&mut self, op: &RunFlow) -> bool {
        let plan = self.plan;
        op.parameters.iter().for_each(|(_, value)| self.reads.expr(*value, Sight::Flow(None)));
        let flow = plan.flow(op.flow);
        let given = |name: TextId| op.parameters.iter().any(|(given, _)| *given == name);
        let defaults = flow.parameters.iter().filter(|parameter| !given(parameter.name)).filter_map(|parameter| parameter.default);
        defaults.for_each(|default| self.reads.expr(default, Sight::Flow(None)));
        if self.called.insert((op.flow, op.start)) {
            let nodes = &plan.block(flow.body).nodes;
            let start = op.start.and_then(|start| nodes.iter().position(|node| plan.node(*node).id == start)).unwrap_or_default();
            self.steps(nodes.get(start..).unwrap_or_default());
        }
        // What a flow leaves out is its own; one that fails for certain is not worth the look.
        true
    }

    fn http(&mut self, op: &HttpRequest) {
        let source = op.request.source;
        let here = Sight::Flow(source);
        op.init.iter().for_each(|assign| self.reads.expr(assign.value, here));
        if let Some(for_each) = &op.for_each {
            self.rows(&for_each.rows, source);
            return;
        }
        let request = &op.request;
        self.reads.expr(request.url, here);
        for pairs in [&request.parameters, &request.headers] {
            match pairs {
                Pairs::Listed(listed) => listed.iter().for_each(|(_, value)| self.reads.expr(*value, here)),
                Pairs::Computed(map) => self.reads.expr(*map, here),
            }
        }
        request.body.iter().for_each(|body| self.reads.expr(body.value, here));
        if let Some(KeyValue::Given(key)) = request.key.map(|key| key.value) {
            self.reads.expr(key, here);
        }
        self.reads.server(request);
        for table in &op.response.tables {
            self.table_in(&table.table, here);
            if let TableData::Value(rows) = &table.data {
                self.reads.expr(*rows, here);
            }
        }
        op.response.variables.iter().for_each(|assign| self.reads.expr(assign.value, here));
    }

    fn rows(&mut self, rows: &Rows, source: Option<SourceId>) {
        match rows {
            Rows::Table(table) => self.table(table),
            Rows::Query { source, sql } => self.sql(*source, *sql),
            Rows::Items(items) => self.reads.expr(*items, Sight::Flow(source)),
        }
    }

    fn table(&mut self, table: &Table) {
        self.table_in(table, Sight::Flow(Some(table.source)));
    }

    fn table_in(&mut self, table: &Table, sight: Sight) {
        [table.database, table.namespace, Some(table.name)].into_iter().flatten().for_each(|part| self.reads.expr(part, sight));
        self.reads.database(table.source);
    }

    fn sql(&mut self, source: SourceId, sql: ExprId) {
        self.reads.expr(sql, Sight::Flow(Some(source)));
        self.reads.database(source);
    }
}
