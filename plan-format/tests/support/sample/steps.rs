//! The other ops, each in its fullest form.

use sequor_plan_format::op::assert::{Check, Expect, Severity};
use sequor_plan_format::op::copy::From;
use sequor_plan_format::op::for_each::OnError;
use sequor_plan_format::op::http_request::Backoff;
use sequor_plan_format::op::if_else::Arm;
use sequor_plan_format::op::parallel::Branch;
use sequor_plan_format::op::print::Level;
use sequor_plan_format::op::try_catch::Catch;
use sequor_plan_format::op::{
    Assert, Copy, Execute, Fail, ForEach, Group, IfElse, Leave, Parallel, Print, Rows, RunFlow, Sleep, Transform, TryCatch, WhileLoop,
    WriteMode,
};
use sequor_plan_format::{Column, ColumnType, Expr, FlowId, NodeId, Op, Replay, Retry, SourceId};

use super::Sample;

impl Sample {
    pub(super) fn transform(&mut self, stage: SourceId, warehouse: SourceId) -> NodeId {
        let query = {
            let select = self.b.text_constant("select *\nfrom customers\nwhere region = '{eu}' and id > ");
            let since = self.b.var("since");
            self.b.expr(Expr::Concat(vec![select, since]))
        };
        let target = self.table(warehouse, "customers_clean");
        let op = Transform { source: stage, query, target, write_mode: WriteMode::Create };
        self.node("transform", Replay::Transactional, Op::Transform(Box::new(op)))
    }

    pub(super) fn execute(&mut self, stage: SourceId) -> NodeId {
        let statements =
            vec![self.b.text_constant("delete from old\nwhere 1 = 1\n"), self.jinja("vacuum {{ var('mode') }}", false, &["mode"])];
        let op = Execute { source: stage, statements, transaction: true };
        self.node("execute", Replay::Idempotent, Op::Execute(op))
    }

    pub(super) fn branches(&mut self) -> NodeId {
        let (say, shout) = (self.print("say", Level::Info), self.print("shout", Level::Error));
        let (then, other) = (self.b.block(vec![say]), self.b.block(vec![shout]));
        let nothing = self.b.block(vec![]);
        let (first, second) = (self.b.var("a"), self.b.var("b"));
        let arms = vec![Arm { condition: first, then }, Arm { condition: second, then: nothing }];
        self.node("branches", Replay::Pure, Op::IfElse(IfElse { arms, otherwise: Some(other) }))
    }

    fn print(&mut self, id: &str, level: Level) -> NodeId {
        let message = self.b.text_constant("done");
        self.node(id, Replay::Pure, Op::Print(Print { message, level }))
    }

    pub(super) fn page_loop(&mut self) -> NodeId {
        let debug = self.print("debug", Level::Debug);
        let body = self.b.block(vec![debug]);
        let condition = self.b.var("more");
        self.node("page_loop", Replay::Pure, Op::WhileLoop(WhileLoop { condition, body, max_iterations: 10_000 }))
    }

    pub(super) fn each(&mut self, stage: SourceId, warehouse: SourceId, notify: FlowId) -> NodeId {
        let customer = self.b.text("customer");
        let row = self.b.var("row");
        let start = Some(self.b.text("send"));
        let call = RunFlow { flow: notify, parameters: vec![(customer, row)], output: Some(customer), start };
        let call = self.node("call", Replay::Pure, Op::RunFlow(call));
        let items = {
            let list = self.b.var("items");
            let body = self.b.block(vec![call]);
            let item = self.b.text("row");
            ForEach { rows: Rows::Items(list), item, index: None, body, on_error: OnError::Fail }
        };
        let items = self.node("items", Replay::Pure, Op::ForEach(items));
        let kinds = ["network", "timeout"].map(|kind| self.b.text(kind)).to_vec();
        let step = &mut self.b.plan_mut().nodes[items.index()];
        step.retry = Some(Retry { attempts: 4, kinds, backoff: Backoff::Linear, delay_ms: 2_000, max_delay_ms: 60_000 });
        step.timeout_ms = Some(3_600_000);
        let queried = {
            let sql = self.b.text_constant("select * from customers");
            let body = self.b.block(vec![items]);
            let (item, index) = (self.b.text("outer"), self.b.text("n"));
            ForEach { rows: Rows::Query { source: stage, sql }, item, index: Some(index), body, on_error: OnError::Skip }
        };
        let queried = self.node("queried", Replay::Pure, Op::ForEach(queried));
        let body = self.b.block(vec![queried]);
        let from = self.table(warehouse, "regions");
        let item = self.b.text("region");
        let op = ForEach { rows: Rows::Table(from), item, index: None, body, on_error: OnError::Fail };
        self.node("each", Replay::Pure, Op::ForEach(op))
    }

    pub(super) fn guarded(&mut self) -> NodeId {
        let message = self.b.text_constant("no customers");
        let kind = self.b.text_constant("empty");
        let fail = self.node("fail", Replay::Pure, Op::Fail(Fail { message, kind: Some(kind) }));
        let (warn, last) = (self.print("warn", Level::Warning), self.print("last", Level::Info));
        let body = self.b.block(vec![fail]);
        let caught = self.b.block(vec![warn]);
        let caught_all = self.b.block(vec![]);
        let finally = self.b.block(vec![last]);
        let catches = vec![
            Catch { kinds: vec![self.b.text("http"), self.b.text("empty")], error: Some(self.b.text("error")), body: caught },
            Catch { kinds: vec![], error: None, body: caught_all },
        ];
        self.node("guarded", Replay::Pure, Op::TryCatch(TryCatch { body, catches, finally: Some(finally) }))
    }

    pub(super) fn side_by_side(&mut self) -> NodeId {
        let pause = self.b.text_constant("0.5");
        let sleep = self.node("sleep", Replay::Pure, Op::Sleep(Sleep { seconds: pause }));
        let (first, second) = (self.b.block(vec![sleep]), self.b.block(vec![]));
        let branches = vec![Branch { name: self.b.text("first"), body: first }, Branch { name: self.b.text("second"), body: second }];
        self.node("side_by_side", Replay::Pure, Op::Parallel(Parallel { branches, max_concurrency: 2 }))
    }

    pub(super) fn copy(&mut self, stage: SourceId, warehouse: SourceId) -> NodeId {
        let columns = vec![Column { name: self.b.text("id"), kind: ColumnType::BigInt }];
        let (from, target) = (self.table(stage, "customers"), self.table(warehouse, "customers_copy"));
        let op = Copy { from: From::Table(from), target, columns, write_mode: WriteMode::Create };
        let all = self.node("copy", Replay::Transactional, Op::Copy(Box::new(op)));
        let sql = self.b.text_constant("select id from customers");
        let target = self.table(warehouse, "customers_copy");
        let op = Copy { from: From::Query { source: stage, sql }, target, columns: vec![], write_mode: WriteMode::Append };
        let queried = self.node("copy_query", Replay::Transactional, Op::Copy(Box::new(op)));
        let body = self.b.block(vec![all, queried]);
        self.node("copies", Replay::Pure, Op::Block(Group { body }))
    }

    pub(super) fn checks(&mut self, stage: SourceId) -> NodeId {
        let mut nodes = Vec::new();
        let condition = self.b.var("a");
        let op = Assert { check: Check::Condition(condition), message: None, severity: Severity::Error };
        nodes.push(self.node("holds", Replay::Pure, Op::Assert(op)));
        let three = self.b.text_constant("3");
        for (id, expect) in [("empty", Expect::Empty), ("not_empty", Expect::NotEmpty), ("three", Expect::Value(three))] {
            let why = self.b.text_constant("rows");
            let query = self.b.text_constant("select * from customers");
            let op = Assert { check: Check::Query { source: stage, query, expect }, message: Some(why), severity: Severity::Warn };
            nodes.push(self.node(id, Replay::Pure, Op::Assert(op)));
        }
        let body = self.b.block(nodes);
        self.node("checks", Replay::Pure, Op::Block(Group { body }))
    }

    pub(super) fn leave(&mut self) -> NodeId {
        let (next, out) =
            (self.node("next", Replay::Pure, Op::Leave(Leave::Continue)), self.node("out", Replay::Pure, Op::Leave(Leave::Break)));
        let condition = self.b.var("more");
        let (then, other) = (self.b.block(vec![next]), self.b.block(vec![out]));
        let choice = IfElse { arms: vec![Arm { condition, then }], otherwise: Some(other) };
        let choice = self.node("choice", Replay::Pure, Op::IfElse(choice));
        let body = self.b.block(vec![choice]);
        let condition = self.b.var("more");
        let turns = self.node("turns", Replay::Pure, Op::WhileLoop(WhileLoop { condition, body, max_iterations: 3 }));
        let value = self.b.var("a");
        let end = self.node("end", Replay::Pure, Op::Leave(Leave::Return(Some(value))));
        let body = self.b.block(vec![turns, end]);
        self.node("leaving", Replay::Pure, Op::Block(Group { body }))
    }

    pub(super) fn group(&mut self) -> NodeId {
        let inner = self.print("inner", Level::Info);
        let body = self.b.block(vec![inner]);
        self.node("group", Replay::Pure, Op::Block(Group { body }))
    }
}
