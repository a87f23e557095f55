//! Requests with everything that they can have.

use sequor_plan_format::expr::{Input, PythonForm, ResponsePart};
use sequor_plan_format::op::http_request::{
    self, Backoff, Body, BodyFormat, Columns, ForEachRow, InDoubt, Key, KeyIn, KeyValue, Pairs, PathStep, ReplyFormat, Request, Response,
    ResponseTable, RetryPolicy, StatusRange, SuccessStatus, TableData, Verify,
};
use sequor_plan_format::op::{Assign, HttpRequest, Rows, Scope, Table, WriteMode};
use sequor_plan_format::{Column, ColumnType, Expr, ExprId, NodeId, Op, Replay, SourceId, Value};

use super::Sample;

impl Sample {
    /// Pages of customers into a table by path, another by an expression, a third one by a parser.
    pub(super) fn fetch(&mut self, api: SourceId, stage: SourceId) -> NodeId {
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
            key: None,
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
        let op = HttpRequest { init, for_each: None, request, response, verify: None, in_doubt: InDoubt::Stop };
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

    /// A request per row, with everything computed that can be.
    pub(super) fn create(&mut self, api: SourceId, stage: SourceId) -> NodeId {
        let database = self.b.text_constant("main");
        let namespace = self.b.var("namespace");
        let name = self.b.text_constant("to_insert");
        let rows = Rows::Table(Table { source: stage, database: Some(database), namespace: Some(namespace), name });
        let key = vec![self.b.text("id"), self.b.text("email")];
        let for_each = ForEachRow { rows, item: self.b.text("customer"), key, concurrency: 4 };
        let url = self.b.text_constant("/customers");
        let input = self.b.var("region");
        let input = Input { name: self.b.text("_in0"), value: input };
        let body =
            self.python("row = var('customer')\nreturn [dict(row), '{}'.format(_in0)]", PythonForm::Body, &["customer"], vec![input]);
        let parameters = self.b.var("query");
        let (given, field) = (self.b.var("customer"), self.b.text("reference"));
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
            key: Some(Key { value: KeyValue::Given(given), place: KeyIn::Field(field), quoted: false, validity_ms: None }),
        };
        let verify = self.verify(api);
        let mut response = self.plain_response();
        response.success = SuccessStatus::Any;
        response.format = ReplyFormat::JsonLines;
        let op = HttpRequest { init: vec![], for_each: Some(for_each), request, response, verify: Some(verify), in_doubt: InDoubt::Done };
        self.node("create", Replay::Keyed, Op::HttpRequest(Box::new(op)))
    }

    fn verify(&mut self, api: SourceId) -> Verify {
        let url = self.b.text_constant("/customers/by-reference");
        let reference = self.b.text("reference");
        let customer = self.b.var("customer");
        let request = Request {
            source: Some(api),
            url,
            method: http_request::Method::Get,
            parameters: Pairs::Listed(vec![(reference, customer)]),
            headers: Pairs::Listed(vec![]),
            body: None,
            timeout_ms: None,
            retry: None,
            idempotent: false,
            key: None,
        };
        let arrived = self.b.expr(Expr::Response(ResponsePart::StatusCode));
        let reply = self.b.expr(Expr::Response(ResponsePart::Json));
        Verify { request, arrived, reply: Some(reply) }
    }

    pub(super) fn plain_response(&mut self) -> Response {
        Response {
            success: SuccessStatus::Default,
            format: ReplyFormat::Auto,
            tables: vec![],
            parser: None,
            variables: vec![],
            repeat: None,
        }
    }
}
