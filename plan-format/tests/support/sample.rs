//! A plan that uses every op, every kind of expression and every kind of source. Not a sensible integration, but one that a flow could describe.

use sequor_plan_format::expr::{
    Binary, Clause, Code, Compare, Comprehension, Conversion, DictItem, Function, Input, Method, PythonForm, ResponsePart, Unary,
};
use sequor_plan_format::manifest::{Access, Manifest, TableUse};
use sequor_plan_format::op::for_each::OnError;
use sequor_plan_format::op::http_request::{
    self, Backoff, Body, BodyFormat, Columns, ForEachRow, Pairs, PathStep, ReplyFormat, Request, Response, ResponseTable, RetryPolicy,
    StatusRange, SuccessStatus, TableData,
};
use sequor_plan_format::op::if_else::Arm;
use sequor_plan_format::op::print::Level;
use sequor_plan_format::op::try_catch::Catch;
use sequor_plan_format::op::{
    Assign, Execute, Fail, ForEach, Group, HttpRequest, IfElse, Print, Rows, RunFlow, Scope, SetVariable, Table, Transform, TryCatch,
    WhileLoop, WriteMode,
};
use sequor_plan_format::plan::SourceLine;
use sequor_plan_format::source::{Auth, Http, KeyPlace, Postgres, Sqlite};
use sequor_plan_format::{
    BlockId, Column, ColumnType, Expr, ExprId, Flow, FlowId, Node, NodeId, Op, Parameter, Plan, PlanBuilder, Replay, Source, SourceId,
    SourceKind, Span, SpanId, TextId, Value,
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

    // Sources.

    /// One source for each way to authenticate; gives the first one.
    fn http_sources(&mut self) -> SourceId {
        let token = self.b.var("api_token");
        let base_url = self.b.text_constant("https://api.example.com/v3");
        let accept = self.b.text_constant("application/json");
        let headers = vec![(self.b.text("Accept"), accept)];
        let store = self.b.text_constant("s-1");
        let variables = vec![(self.b.text("store"), store)];
        let allow_hosts = vec![self.b.text("localhost:8080")];
        let retry = RetryPolicy {
            attempts: 3,
            statuses: vec![StatusRange { first: 429, last: 429 }, StatusRange { first: 502, last: 504 }],
            network: false,
            backoff: Backoff::Linear,
            delay_ms: 100,
            max_delay_ms: 1000,
        };
        let main = Http { base_url: Some(base_url), headers, auth: Auth::Bearer { token }, timeout_ms: Some(30_000), retry, allow_hosts };
        let main = self.source("api", variables, SourceKind::Http(Box::new(main)));

        let username = self.b.text_constant("user");
        let password = self.b.var("basic_password");
        self.http_with("basic", Auth::Basic { username, password });
        for (name, place) in [("key_header", KeyPlace::Header), ("key_query", KeyPlace::Query), ("key_cookie", KeyPlace::Cookie)] {
            let key = self.b.text_constant("X-Key");
            let value = self.b.var("api_key");
            self.http_with(name, Auth::ApiKey { name: key, value, place });
        }
        self.http_with("open", Auth::None);
        main
    }

    fn http_with(&mut self, name: &str, auth: Auth) -> SourceId {
        let http = Http { base_url: None, headers: vec![], auth, timeout_ms: None, retry: RetryPolicy::default(), allow_hosts: vec![] };
        self.source(name, vec![], SourceKind::Http(Box::new(http)))
    }

    fn sqlite(&mut self) -> SourceId {
        let path = self.b.text_constant("stage.db");
        self.source("stage", vec![], SourceKind::Sqlite(Sqlite { path }))
    }

    fn postgres(&mut self) -> SourceId {
        let name = self.b.text("DATABASE_URL");
        let conn_str = self.b.expr(Expr::Env(name));
        let username = self.b.text_constant("loader");
        let password = self.b.var("db_password");
        let schema = self.b.text_constant("public");
        let postgres = Postgres { conn_str, username: Some(username), password: Some(password), schema: Some(schema) };
        self.source("warehouse", vec![], SourceKind::Postgres(postgres))
    }

    fn source(&mut self, name: &str, variables: Vec<(TextId, ExprId)>, kind: SourceKind) -> SourceId {
        let span = self.span(&format!("sources/{name}.yaml"), 1);
        let name = self.b.text(name);
        self.b.source(Source { name, span, variables, kind })
    }

    // Flows.

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
        };
        let op = HttpRequest { init: vec![], for_each: None, request: send, response: self.plain_response() };
        let send = self.node("send", Replay::Once, Op::HttpRequest(Box::new(op)));
        let body = self.b.block(vec![send]);
        self.flow("notify/customer", None, parameters, body)
    }

    fn plain_response(&mut self) -> Response {
        Response {
            success: SuccessStatus::Default,
            format: ReplyFormat::Auto,
            tables: vec![],
            parser: None,
            variables: vec![],
            repeat: None,
        }
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

    // Nodes.

    fn node(&mut self, id: &str, replay: Replay, op: Op) -> NodeId {
        self.line += 3;
        let span = self.span(FLOW, self.line);
        let id = self.b.text(id);
        self.b.node(Node { id, title: None, span, when: None, replay, op })
    }

    fn span(&mut self, file: &str, line: u32) -> SpanId {
        let file = self.b.text(file);
        self.b.span(Span { file, line, column: 3, end_line: line + 2, end_column: 1 })
    }

    /// Pages of customers into a table by path, another by an expression, a third one by a parser.
    fn fetch(&mut self, api: SourceId, stage: SourceId) -> NodeId {
        let next = self.b.text("page");
        let one = self.b.constant(Value::Int(1));
        let init = vec![Assign { name: next, scope: Scope::Local, value: one }];
        let url = {
            let base = self.b.var("base");
            let rest = self.b.text_constant("/customers/{id}");
            self.b.expr(Expr::Concat(vec![base, rest]))
        };
        let limit = self.b.constant(Value::Int(250));
        let page = self.b.var("page");
        let ids = self.b.text("id:in");
        let ids_value = self.jinja("{{ var('ids') | join(',') }}", true, &["ids"]);
        let parameters = Pairs::Listed(vec![(self.b.text("limit"), limit), (next, page), (ids, ids_value)]);
        let headers = self.python("{'X-Trace': str(len(var('ids')))}", PythonForm::Expression, &["ids"], vec![]);
        let request = Request {
            source: Some(api),
            url,
            method: http_request::Method::Get,
            parameters,
            headers: Pairs::Computed(headers),
            body: None,
            timeout_ms: Some(10_000),
            retry: Some(RetryPolicy { statuses: vec![], backoff: Backoff::Constant, ..RetryPolicy::default() }),
            idempotent: true,
        };

        let tables = vec![self.by_path(stage), self.by_value(stage), self.by_parser(stage)];
        let parser = self.python(
            "def evaluate(context, response):\n    rows = response.json()['data']\n\n    return {'tables': {'addresses': rows}}\n",
            PythonForm::Evaluate,
            &[],
            vec![],
        );
        let status = self.b.expr(Expr::Response(ResponsePart::StatusCode));
        let variables = vec![Assign { name: self.b.text("status"), scope: Scope::Project, value: status }];
        let repeat = self.response_parts();
        let success = SuccessStatus::Listed(vec![
            StatusRange { first: 200, last: 200 },
            StatusRange { first: 400, last: 499 },
            StatusRange { first: 201, last: 204 },
        ]);
        let response = Response { success, format: ReplyFormat::Json, tables, parser: Some(parser), variables, repeat: Some(repeat) };
        let op = HttpRequest { init, for_each: None, request, response };
        let id = self.node("fetch", Replay::Transactional, Op::HttpRequest(Box::new(op)));
        let title = self.b.text("Fetch \u{1b}[31mall\u{1b}[0m customers");
        let when = self.b.text("since");
        let when = self.b.expr(Expr::IsVarDefined(when));
        let node = &mut self.b.plan_mut().nodes[id.index()];
        node.title = Some(title);
        node.when = Some(when);
        id
    }

    fn response_parts(&mut self) -> ExprId {
        let parts = [ResponsePart::Headers, ResponsePart::Text, ResponsePart::Json, ResponsePart::Url, ResponsePart::Elapsed];
        let parts = parts.into_iter().map(|part| self.b.expr(Expr::Response(part))).collect();
        self.b.expr(Expr::And(parts))
    }

    fn table(&mut self, source: SourceId, name: &str) -> Table {
        let name = self.b.text_constant(name);
        Table { source, database: None, namespace: None, name }
    }

    fn by_path(&mut self, stage: SourceId) -> ResponseTable {
        let kinds = [
            ("id", ColumnType::BigInt),
            ("name", ColumnType::Text),
            ("code", ColumnType::Varchar(10)),
            ("small", ColumnType::SmallInt),
            ("whole", ColumnType::Integer),
            ("amount", ColumnType::Numeric(Some((10, 2)))),
            ("any_amount", ColumnType::Numeric(None)),
            ("ratio", ColumnType::Real),
            ("ratio2", ColumnType::Double),
            ("active", ColumnType::Boolean),
            ("born", ColumnType::Date),
            ("at", ColumnType::Time),
            ("seen", ColumnType::Timestamp),
            ("created at", ColumnType::TimestampTz),
            ("extra", ColumnType::Json),
            ("key", ColumnType::Uuid),
            ("photo", ColumnType::Binary),
        ];
        let columns = kinds.into_iter().map(|(name, kind)| Column { name: self.b.text(name), kind }).collect();
        let (data, odd) = (self.b.text("data"), self.b.text("odd key"));
        let path = vec![PathStep::Key(data), PathStep::Index(0), PathStep::Each, PathStep::Key(odd)];
        ResponseTable {
            table: self.table(stage, "customers"),
            columns: Columns::Declared(columns),
            write_mode: WriteMode::Create,
            data: TableData::Path(path),
        }
    }

    fn by_value(&mut self, stage: SourceId) -> ResponseTable {
        let orders = self.comprehension();
        ResponseTable {
            table: self.table(stage, "orders"),
            columns: Columns::Auto,
            write_mode: WriteMode::Append,
            data: TableData::Value(orders),
        }
    }

    fn by_parser(&mut self, stage: SourceId) -> ResponseTable {
        let columns = vec![Column { name: self.b.text("city"), kind: ColumnType::Text }];
        ResponseTable {
            table: self.table(stage, "addresses"),
            columns: Columns::Declared(columns),
            write_mode: WriteMode::Append,
            data: TableData::Parser,
        }
    }

    /// `[{**_0, "total": round(_1["total"], 2)} for _0 in response.json()["data"] for _1 in _0["orders"] if not _1["void"]]`.
    fn comprehension(&mut self) -> ExprId {
        let customers = {
            let json = self.b.expr(Expr::Response(ResponsePart::Json));
            self.index(json, "data")
        };
        let orders = {
            let customer = self.b.expr(Expr::Local(0));
            self.index(customer, "orders")
        };
        let kept = {
            let order = self.b.expr(Expr::Local(1));
            let void = self.index(order, "void");
            self.b.expr(Expr::Unary { operator: Unary::Not, operand: void })
        };
        let spread = self.b.expr(Expr::Local(0));
        let total = {
            let order = self.b.expr(Expr::Local(1));
            let total = self.index(order, "total");
            let two = self.b.constant(Value::Int(2));
            self.b.expr(Expr::Call { function: Function::Round, arguments: vec![total, two] })
        };
        let key = self.b.text_constant("total");
        let element = self.b.expr(Expr::Dict(vec![DictItem::Spread(spread), DictItem::Pair(key, total)]));
        let clauses = vec![
            Clause { slots: vec![0], iterable: customers, conditions: vec![] },
            Clause { slots: vec![1], iterable: orders, conditions: vec![kept] },
        ];
        self.b.expr(Expr::Comprehension { kind: Comprehension::List, key: None, element, clauses })
    }

    fn index(&mut self, base: ExprId, key: &str) -> ExprId {
        let key = self.b.text_constant(key);
        self.b.expr(Expr::Index { base, key })
    }

    /// A request per row, with everything computed that can be.
    fn create(&mut self, api: SourceId, stage: SourceId) -> NodeId {
        let database = self.b.text_constant("main");
        let namespace = self.b.var("namespace");
        let name = self.b.text_constant("to_insert");
        let rows = Rows::Table(Table { source: stage, database: Some(database), namespace: Some(namespace), name });
        let for_each = ForEachRow { rows, item: self.b.text("customer"), key: vec![self.b.text("id"), self.b.text("email")] };
        let url = self.b.text_constant("/customers");
        let input = self.b.var("region");
        let input = Input { name: self.b.text("_in0"), value: input };
        let body =
            self.python("row = var('customer')\nreturn [dict(row), '{}'.format(_in0)]", PythonForm::Body, &["customer"], vec![input]);
        let parameters = self.b.var("query");
        let request = Request {
            source: Some(api),
            url,
            method: http_request::Method::Post,
            parameters: Pairs::Computed(parameters),
            headers: Pairs::Listed(vec![]),
            body: Some(Body { format: BodyFormat::Json, value: body }),
            timeout_ms: None,
            retry: None,
            idempotent: false,
        };
        let mut response = self.plain_response();
        response.success = SuccessStatus::Any;
        response.format = ReplyFormat::JsonLines;
        let op = HttpRequest { init: vec![], for_each: Some(for_each), request, response };
        self.node("create", Replay::Once, Op::HttpRequest(Box::new(op)))
    }

    fn transform(&mut self, stage: SourceId, warehouse: SourceId) -> NodeId {
        let query = {
            let select = self.b.text_constant("select *\nfrom customers\nwhere region = '{eu}' and id > ");
            let since = self.b.var("since");
            self.b.expr(Expr::Concat(vec![select, since]))
        };
        let target = self.table(warehouse, "customers_clean");
        let op = Transform { source: stage, query, target, write_mode: WriteMode::Create };
        self.node("transform", Replay::Transactional, Op::Transform(Box::new(op)))
    }

    fn execute(&mut self, stage: SourceId) -> NodeId {
        let statements =
            vec![self.b.text_constant("delete from old\nwhere 1 = 1\n"), self.jinja("vacuum {{ var('mode') }}", false, &["mode"])];
        let op = Execute { source: stage, statements, transaction: true };
        self.node("execute", Replay::Idempotent, Op::Execute(op))
    }

    /// Every kind of expression that is not used elsewhere, one variable each.
    fn set_variables(&mut self, stage: SourceId) -> NodeId {
        let mut values = vec![("constants", self.constants())];
        values.extend(self.operators());
        values.extend(self.calls(stage));
        values.extend(self.bindings());
        let multi_line = self.multi_line_mix();
        values.push(("mix", multi_line));
        let assigns = values.into_iter().map(|(name, value)| Assign { name: self.b.text(name), scope: Scope::Project, value }).collect();
        self.node("set_variables", Replay::Pure, Op::SetVariable(SetVariable { assigns }))
    }

    fn constants(&mut self) -> ExprId {
        let number = self.b.text("123456789012345678901234567890.5e-3");
        let text = self.b.text("\"quoted\"\tand {braced} and \u{202e}turned");
        let scalars = [
            Value::Null,
            Value::Bool(true),
            Value::Bool(false),
            Value::Int(-7),
            Value::Float(1.0),
            Value::Float(-0.0),
            Value::Float(1e300),
            Value::Float(f64::INFINITY),
            Value::Number(number),
            Value::Text(text),
        ];
        let members = scalars.into_iter().map(|scalar| self.b.value(scalar)).collect();
        let list = self.b.list(members);
        let empty = self.b.list(vec![]);
        let map = self.b.map(&[("all", list), ("none", empty)]);
        self.b.expr(Expr::Const(map))
    }

    fn operators(&mut self) -> Vec<(&'static str, ExprId)> {
        let unary = [Unary::Negative, Unary::Positive, Unary::Invert];
        let unary = unary.into_iter().map(|operator| {
            let operand = self.b.var("a");
            self.b.expr(Expr::Unary { operator, operand })
        });
        let unary = unary.collect();
        let binary = [
            Binary::Add,
            Binary::Subtract,
            Binary::Multiply,
            Binary::Divide,
            Binary::FloorDivide,
            Binary::Modulo,
            Binary::Power,
            Binary::BitAnd,
            Binary::BitOr,
            Binary::BitXor,
            Binary::ShiftLeft,
            Binary::ShiftRight,
        ];
        let mut sum = self.b.var("b");
        for operator in binary {
            let right = self.b.constant(Value::Int(2));
            sum = self.b.expr(Expr::Binary { operator, left: sum, right });
        }
        let compare = [
            Compare::Equal,
            Compare::NotEqual,
            Compare::Less,
            Compare::LessEqual,
            Compare::Greater,
            Compare::GreaterEqual,
            Compare::In,
            Compare::NotIn,
            Compare::Is,
            Compare::IsNot,
        ];
        let compare = compare.into_iter().map(|operator| {
            let left = self.b.var("a");
            let right = self.b.var("b");
            self.b.expr(Expr::Compare { operator, left, right })
        });
        let compare = compare.collect();
        let (condition, then, otherwise) = (self.b.expr(Expr::Or(compare)), self.b.var("a"), self.b.constant(Value::Null));
        let choice = self.b.expr(Expr::If { condition, then, otherwise });
        vec![("unary", self.b.expr(Expr::Tuple(unary))), ("sum", sum), ("choice", choice)]
    }

    fn calls(&mut self, stage: SourceId) -> Vec<(&'static str, ExprId)> {
        let methods = [
            Method::Capitalize,
            Method::EndsWith,
            Method::Find,
            Method::IsAlpha,
            Method::IsDigit,
            Method::Join,
            Method::Lower,
            Method::LStrip,
            Method::Replace,
            Method::RSplit,
            Method::RStrip,
            Method::Split,
            Method::SplitLines,
            Method::StartsWith,
            Method::Strip,
            Method::Title,
            Method::Upper,
            Method::ZFill,
            Method::Copy,
            Method::Get,
            Method::Items,
            Method::Keys,
            Method::ToDict,
            Method::Values,
            Method::Count,
            Method::Index,
        ];
        let mut chained = self.b.var("text");
        for method in methods {
            let argument = self.b.text_constant("x");
            chained = self.b.expr(Expr::Method { base: chained, method, arguments: vec![argument] });
        }
        let functions = [
            Function::Abs,
            Function::All,
            Function::Any,
            Function::Bool,
            Function::Dict,
            Function::Enumerate,
            Function::Float,
            Function::Int,
            Function::Len,
            Function::List,
            Function::Max,
            Function::Min,
            Function::Range,
            Function::Repr,
            Function::Reversed,
            Function::Round,
            Function::Sorted,
            Function::Str,
            Function::Sum,
            Function::Tuple,
            Function::Zip,
        ];
        let mut nested = self.b.var("members");
        for function in functions {
            nested = self.b.expr(Expr::Call { function, arguments: vec![nested] });
        }
        let sql = self.b.text_constant("select count(*) from customers");
        let count = self.b.expr(Expr::QueryValue { source: stage, sql, cast: Some(Function::Int) });
        let sql = self.b.text_constant("select id from customers");
        let rows = self.b.expr(Expr::Query { source: stage, sql });
        let base = self.b.var("customer");
        let name = self.b.text("email");
        let attribute = self.b.expr(Expr::Attribute { base, name });
        let base = self.b.var("text");
        let (start, step) = (self.b.constant(Value::Int(1)), self.b.constant(Value::Int(2)));
        let slice = self.b.expr(Expr::Slice { base, start: Some(start), stop: None, step: Some(step) });
        let base = self.b.var("text");
        let stop = self.b.constant(Value::Int(-1));
        let head = self.b.expr(Expr::Slice { base, start: None, stop: Some(stop), step: None });
        let name = self.b.text("it's");
        let home = self.b.expr(Expr::Env(name));
        vec![
            ("chained", chained),
            ("nested", nested),
            ("count", count),
            ("rows", rows),
            ("attribute", attribute),
            ("slices", self.b.expr(Expr::List(vec![slice, head, home]))),
        ]
    }

    fn bindings(&mut self) -> Vec<(&'static str, ExprId)> {
        let value = self.b.var("a");
        let parts = [(Conversion::None, ".2f"), (Conversion::Str, ""), (Conversion::Repr, ">10"), (Conversion::Ascii, "")];
        let mut parts: Vec<ExprId> = parts
            .into_iter()
            .map(|(conversion, spec)| {
                let value = self.b.expr(Expr::Local(0));
                let spec = self.b.text(spec);
                self.b.expr(Expr::Format { value, conversion, spec })
            })
            .collect();
        parts.push(self.b.text_constant(" in {braces} and \"quotes\""));
        let body = self.b.expr(Expr::Concat(parts));
        let bound = self.b.expr(Expr::Let { slot: 0, value, body });

        let mut made = vec![("bound", bound)];
        for (name, kind) in [("set", Comprehension::Set), ("dict", Comprehension::Dict)] {
            let iterable = self.b.var("pairs");
            let key = match kind {
                Comprehension::Dict => Some(self.b.expr(Expr::Local(0))),
                Comprehension::Set | Comprehension::List => None,
            };
            let element = self.b.expr(Expr::Local(1));
            let clauses = vec![Clause { slots: vec![0, 1], iterable, conditions: vec![] }];
            made.push((name, self.b.expr(Expr::Comprehension { kind, key, element, clauses })));
        }
        made
    }

    /// A map built by YAML that holds all three kinds of snippets.
    fn multi_line_mix(&mut self) -> ExprId {
        let (a, b, c) = (self.b.text_constant("native"), self.b.text_constant("jinja"), self.b.text_constant("python"));
        let native = self.b.var("a");
        let jinja = self.jinja("{% for x in var(name) %}\n{{ x }}{% endfor %}", false, &[]);
        let python = self.python("import math\nreturn math.pi", PythonForm::Body, &[], vec![]);
        self.b.expr(Expr::Dict(vec![DictItem::Pair(a, native), DictItem::Pair(b, jinja), DictItem::Pair(c, python)]))
    }

    fn code(&mut self, text: &str, variables: &[&str]) -> Code {
        self.line += 1;
        let span = self.span(FLOW, self.line);
        let variables: Vec<TextId> = variables.iter().map(|name| self.b.text(name)).collect();
        Code {
            text: self.b.text(text),
            span,
            indent: if text.contains('\n') { 8 } else { 0 },
            variables,
            computed_variables: text.contains("var(name)"),
            response: text.contains("response"),
            queries: text.contains("query"),
        }
    }

    fn jinja(&mut self, text: &str, typed: bool, variables: &[&str]) -> ExprId {
        let code = self.code(text, variables);
        self.b.expr(Expr::Jinja { code, typed })
    }

    fn python(&mut self, text: &str, form: PythonForm, variables: &[&str], inputs: Vec<Input>) -> ExprId {
        let code = self.code(text, variables);
        self.b.expr(Expr::Python { code, form, inputs })
    }

    fn branches(&mut self) -> NodeId {
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

    fn page_loop(&mut self) -> NodeId {
        let debug = self.print("debug", Level::Debug);
        let body = self.b.block(vec![debug]);
        let condition = self.b.var("more");
        self.node("page_loop", Replay::Pure, Op::WhileLoop(WhileLoop { condition, body, max_iterations: 10_000 }))
    }

    fn each(&mut self, stage: SourceId, warehouse: SourceId, notify: FlowId) -> NodeId {
        let customer = self.b.text("customer");
        let row = self.b.var("row");
        let call = RunFlow { flow: notify, parameters: vec![(customer, row)] };
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

    fn guarded(&mut self) -> NodeId {
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

    fn group(&mut self) -> NodeId {
        let inner = self.print("inner", Level::Info);
        let body = self.b.block(vec![inner]);
        self.node("group", Replay::Pure, Op::Block(Group { body }))
    }

    // What stands outside of the arenas.

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
        let effects: Vec<(NodeId, Replay)> = ["send", "fetch", "create", "transform", "execute"].map(|id| node(plan, id)).into();
        let python = ["fetch", "create", "set_variables"].map(|id| node(plan, id).0).into();
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
