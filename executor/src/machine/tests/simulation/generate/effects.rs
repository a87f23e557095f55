//! Steps of random plans that have an effect or set variables.

use sequor_plan_format as plan;
use sequor_plan_format::expr::ResponsePart;
use sequor_plan_format::op::http_request::{
    Columns, ForEachRow, HttpRequest, InDoubt, Method, Pairs, ReplyFormat, Request, Response, ResponseTable, SuccessStatus, TableData,
};
use sequor_plan_format::op::print::{Level, Print};
use sequor_plan_format::op::{Assign, Execute, Fail, Scope, SetVariable, Table, WriteMode};
use sequor_plan_format::{Expr, ExprId, Op, SourceId};

use super::{Generator, KINDS, NAMES, Place};

impl Generator {
    pub(super) fn effect(&mut self, place: &Place, budget: u64) -> (&'static str, Op) {
        let kinds = if self.branching { 7 } else { 16 };
        if self.branching && self.random.one_in(8) {
            return ("fail", self.failure(place));
        }
        match self.random.below(kinds) {
            0..3 => ("print", Op::Print(Print { message: self.anything(place), level: Level::Info })),
            3..7 => ("set", self.set(place)),
            7..11 => ("execute", self.execute()),
            11 if self.random.one_in(6) => ("fail", self.failure(place)),
            _ if budget >= 2 => ("request", self.request(place)),
            _ => ("execute", self.execute()),
        }
    }

    fn set(&mut self, place: &Place) -> Op {
        let assigns = (0..self.random.between(1, 2)).map(|_| self.assign(place)).collect();
        Op::SetVariable(SetVariable { assigns })
    }

    fn assign(&mut self, place: &Place) -> Assign {
        let value = self.integer(place);
        self.assigned(place, value)
    }

    /// A loop variable may be set too.
    fn assigned(&mut self, place: &Place, value: ExprId) -> Assign {
        let (name, scope) = match place.bound.last() {
            Some(name) if self.random.one_in(6) => (*name, Scope::Local),
            _ => *self.random.pick(&NAMES),
        };
        Assign { name: self.script.text(name), scope, value }
    }

    fn execute(&mut self) -> Op {
        let source = *self.random.pick(&self.databases);
        let statements = (0..self.random.between(1, 2)).map(|_| self.script.builder.text_constant("insert into written …")).collect();
        Op::Execute(Execute { source, statements, transaction: self.random.one_in(2) })
    }

    fn failure(&mut self, place: &Place) -> Op {
        let kind = self.random.one_in(2).then(|| *self.random.pick(&KINDS));
        let message = self.anything(place);
        Op::Fail(Fail { message, kind: kind.map(|kind| self.script.builder.text_constant(kind)) })
    }

    fn request(&mut self, place: &Place) -> Op {
        let init = (0..self.random.below(2)).map(|_| self.assign(place)).collect();
        let mut inner = place.clone();
        let for_each = self.random.one_in(2).then(|| {
            let rows = self.rows(place);
            inner.bound.push("customer");
            ForEachRow { rows, item: self.script.text("customer"), key: Vec::new(), concurrency: 1 }
        });
        let method = if self.random.one_in(2) { Method::Post } else { Method::Get };
        let request = Request {
            source: None,
            url: self.script.builder.text_constant("https://api.example.com"),
            method,
            parameters: Pairs::Listed(Vec::new()),
            headers: Pairs::Listed(Vec::new()),
            body: None,
            timeout_ms: None,
            retry: None,
            idempotent: false,
            key: None,
        };
        let write_mode = if self.random.one_in(2) { WriteMode::Create } else { WriteMode::Append };
        let targets = usize::try_from(*self.random.pick(&[0, 1, 1, 2])).unwrap();
        let tables = (0..targets).map(|i| self.table(self.databases[i], write_mode)).collect();
        let variables = (0..self.random.below(3)).map(|_| self.replied(&inner)).collect();
        let repeat = self.random.one_in(2).then(|| self.part_of_reply("more"));
        let response = Response { success: SuccessStatus::Default, format: ReplyFormat::Auto, tables, parser: None, variables, repeat };
        let op = HttpRequest { init, for_each, request, response, verify: None, in_doubt: InDoubt::Stop };
        Op::HttpRequest(Box::new(op))
    }

    fn table(&mut self, source: SourceId, write_mode: WriteMode) -> ResponseTable {
        let name = self.script.builder.text_constant("received");
        let table = Table { source, database: None, namespace: None, name };
        ResponseTable { table, columns: Columns::Auto, write_mode, data: TableData::Path(Vec::new()) }
    }

    fn replied(&mut self, place: &Place) -> Assign {
        let mut value = self.part_of_reply("value");
        if self.random.one_in(3) {
            // Without queries: what they give depends on how many pages are in a table by then.
            let (name, _) = *self.random.pick(&NAMES);
            let old = self.script.var(name);
            value = self.sum(old, value);
        }
        self.assigned(place, value)
    }

    fn part_of_reply(&mut self, name: &str) -> ExprId {
        let base = self.script.builder.expr(Expr::Response(ResponsePart::Json));
        let text = self.script.text(name);
        let key = self.script.builder.constant(plan::Value::Text(text));
        self.script.builder.expr(Expr::Index { base, key })
    }
}
