//! A plan that uses every op, every kind of expression and every kind of source. Not a sensible integration, but one that a flow could describe.

#[path = "sample/exprs.rs"]
mod exprs;
#[path = "sample/requests.rs"]
mod requests;
#[path = "sample/sources.rs"]
mod sources;
#[path = "sample/steps.rs"]
mod steps;

use sequor_plan_format::expr::DictItem;
use sequor_plan_format::manifest::{Access, Manifest, TableUse};
use sequor_plan_format::op::http_request::{self, Body, BodyFormat, InDoubt, Key, KeyIn, KeyValue, Pairs, Request};
use sequor_plan_format::op::{HttpRequest, Table};
use sequor_plan_format::plan::SourceLine;
use sequor_plan_format::{
    BlockId, Expr, Flow, FlowId, Node, NodeId, Op, Parameter, Plan, PlanBuilder, Replay, SourceId, Span, SpanId, Value,
};

/// The plan of the tests.
pub(crate) fn plan() -> Plan {
    plan_after(|_| {})
}

/// The same plan behind what `before` adds, so that it gets other ids.
pub(crate) fn plan_after(before: impl FnOnce(&mut PlanBuilder)) -> Plan {
    let mut sample = Sample { b: PlanBuilder::new(), line: 0 };
    before(&mut sample.b);
    sample.build();
    sample.b.finish()
}

struct Sample {
    b: PlanBuilder,
    line: u32,
}

const FLOW: &str = "flows/main.yaml";

impl Sample {
    fn build(&mut self) {
        let project = self.b.text("shop");
        let api = self.http_sources();
        let stage = self.sqlite();
        let warehouse = self.postgres();

        let notify = self.notify_flow(api);
        let main = self.main_flow(api, stage, warehouse, notify);

        let version = self.b.text_constant("v3");
        let version = (self.b.text("api_version"), version);
        let base = self.b.var("host");
        let base = (self.b.text("base"), base);
        self.b.plan_mut().project.name = project;
        self.b.plan_mut().project.variables = vec![version, base];
        self.b.plan_mut().project.entries = vec![main];
        self.lines();
        self.manifest(stage, warehouse);
    }

    fn notify_flow(&mut self, api: SourceId) -> FlowId {
        let customer = self.b.text("customer");
        let text = self.b.text("text");
        let hello = self.b.text_constant("hello");
        let parameters = vec![Parameter { name: customer, default: None }, Parameter { name: text, default: Some(hello) }];

        let url = self.b.text_constant("/messages");
        let to = self.b.text_constant("to");
        let customer = self.b.var("customer");
        let body_key = self.b.text_constant("text");
        let body_text = self.b.var("text");
        let body = self.b.expr(Expr::Dict(vec![DictItem::Pair(to, customer), DictItem::Pair(body_key, body_text)]));
        let header = self.b.text("Idempotency-Key");
        let send = Request {
            source: Some(api),
            url,
            method: http_request::Method::Post,
            parameters: Pairs::Listed(vec![]),
            headers: Pairs::Listed(vec![]),
            body: Some(Body { format: BodyFormat::Form, value: body }),
            timeout_ms: None,
            retry: None,
            idempotent: false,
            key: Some(Key { value: KeyValue::Auto, place: KeyIn::Header(header), quoted: true, validity_ms: Some(86_400_000) }),
        };
        let response = self.plain_response();
        let op = HttpRequest { init: vec![], for_each: None, request: send, response, verify: None, in_doubt: InDoubt::Stop };
        let send = self.node("send", Replay::Keyed, Op::HttpRequest(Box::new(op)));
        let body = self.b.block(vec![send]);
        self.flow("notify/customer", None, parameters, body)
    }

    fn main_flow(&mut self, api: SourceId, stage: SourceId, warehouse: SourceId, notify: FlowId) -> FlowId {
        let fetch = self.fetch(api, stage);
        let create = self.create(api, stage);
        let nodes = vec![
            fetch,
            create,
            self.transform(stage, warehouse),
            self.execute(stage),
            self.set_variables(stage),
            self.branches(),
            self.page_loop(),
            self.each(stage, warehouse, notify),
            self.guarded(),
            self.group(),
            self.side_by_side(),
            self.copy(stage, warehouse),
            self.checks(stage),
            self.leave(),
        ];
        let body = self.b.block(nodes);
        let since = self.b.text("since");
        let limit = self.b.text("limit");
        let default = self.b.constant(Value::Int(100));
        let parameters = vec![Parameter { name: since, default: Some(default) }, Parameter { name: limit, default: None }];
        self.flow("main", Some("Customers in, messages out.\nRuns nightly."), parameters, body)
    }

    fn flow(&mut self, name: &str, description: Option<&str>, parameters: Vec<Parameter>, body: BlockId) -> FlowId {
        let span = self.span(&format!("flows/{name}.yaml"), 1);
        let name = self.b.text(name);
        let description = description.map(|text| self.b.text(text));
        self.b.flow(Flow { name, description, parameters, body, span })
    }

    fn node(&mut self, id: &str, replay: Replay, op: Op) -> NodeId {
        self.line += 3;
        let span = self.span(FLOW, self.line);
        let id = self.b.text(id);
        self.b.node(Node { id, title: None, span, when: None, retry: None, timeout_ms: None, replay, op })
    }

    fn span(&mut self, file: &str, line: u32) -> SpanId {
        let file = self.b.text(file);
        self.b.span(Span { file, line, column: 3, end_line: line + 2, end_column: 1 })
    }

    fn table(&mut self, source: SourceId, name: &str) -> Table {
        let name = self.b.text_constant(name);
        Table { source, database: None, namespace: None, name }
    }

    fn lines(&mut self) {
        let file = self.b.text(FLOW);
        let texts = ["steps:", "  - op: http_request", ""];
        let lines: Vec<SourceLine> = (1u32..).zip(texts).map(|(line, text)| SourceLine { file, line, text: self.b.text(text) }).collect();
        self.b.plan_mut().lines = lines;
    }

    fn manifest(&mut self, stage: SourceId, warehouse: SourceId) {
        let node = |plan: &Plan, id: &str| {
            let found = plan.nodes.iter().position(|node| plan.text(node.id) == id).unwrap();
            (NodeId(u32::try_from(found).unwrap()), plan.nodes[found].replay)
        };
        let plan = self.b.plan();
        let effects: Vec<(NodeId, Replay)> =
            ["send", "fetch", "create", "transform", "execute", "copy", "copy_query"].map(|id| node(plan, id)).into();
        let python = ["fetch", "fetch", "create", "set_variables"].map(|id| node(plan, id).0).into();
        let used = |source, table, access| TableUse { source, table, access };
        let clean = self.b.text("customers_clean");
        let customers = self.b.text("customers");
        let manifest = Manifest {
            hosts: vec![self.b.text("api.example.com")],
            computed_hosts: true,
            methods: vec![self.b.text("GET"), self.b.text("POST")],
            tables: vec![
                used(stage, None, Access::Sql),
                used(stage, Some(customers), Access::Create),
                used(stage, Some(customers), Access::Read),
                used(stage, Some(customers), Access::Append),
                used(warehouse, Some(clean), Access::Create),
            ],
            variables: ["api_key", "api_token", "basic_password", "db_password", "host"].map(|name| self.b.text(name)).into(),
            python,
            effects,
        };
        self.b.plan_mut().manifest = manifest;
    }
}
