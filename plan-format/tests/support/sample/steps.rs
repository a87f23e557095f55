//! The other ops, each in its fullest form.

use sequor_plan_format::op::for_each::OnError;
use sequor_plan_format::op::if_else::Arm;
use sequor_plan_format::op::print::Level;
use sequor_plan_format::op::try_catch::Catch;
use sequor_plan_format::op::{Execute, Fail, ForEach, Group, IfElse, Print, Rows, RunFlow, Transform, TryCatch, WhileLoop, WriteMode};
use sequor_plan_format::{Expr, FlowId, NodeId, Op, Replay, SourceId};

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
        let call = RunFlow { flow: notify, parameters: vec![(customer, row)], output: Some(customer) };
        let call = self.node("call", Replay::Pure, Op::RunFlow(call));
        let items = {
            let list = self.b.var("items");
            let body = self.b.block(vec![call]);
            let item = self.b.text("row");
            ForEach { rows: Rows::Items(list), item, index: None, body, on_error: OnError::Fail }
        };
        let items = self.node("items", Replay::Pure, Op::ForEach(items));
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

    pub(super) fn group(&mut self) -> NodeId {
        let inner = self.print("inner", Level::Info);
        let body = self.b.block(vec![inner]);
        self.node("group", Replay::Pure, Op::Block(Group { body }))
    }
}
