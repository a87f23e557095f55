//! A small project as a plan: an API, a SQLite file, one `http_request`.

use std::sync::Arc;

use indexmap::IndexMap;
use sequor_executor::database::{Database, TableName};
use sequor_executor::error::RunError;
use sequor_executor::machine::Activation;
use sequor_executor::op::http_request::Active;
use sequor_executor::scope::{Assigned, Scope};
use sequor_executor::services::network::Network;
use sequor_executor::services::{Services, Surroundings};
use sequor_executor::value::Value;
use sequor_plan_format::op::http_request::{
    Backoff, Body, BodyFormat, Columns, ForEachRow, HttpRequest, InDoubt, Method, Pairs, PathStep, ReplyFormat, Request, Response,
    ResponseTable, RetryPolicy, SuccessStatus, TableData,
};
use sequor_plan_format::op::{Assign, Rows, Scope as VariableScope, Table, WriteMode};
use sequor_plan_format::source::{Auth, Http, SourceKind, Sqlite};
use sequor_plan_format::{Column, Expr, ExprId, Node, NodeId, Op, PlanBuilder, Replay, Source, SourceId, Span, SpanId, Value as Constant};
use tempfile::TempDir;

/// Everything of the project that a test may want to change, with expressions made by [`Project::json`] and its companions.
pub(crate) struct Project {
    pub(crate) plan: PlanBuilder,
    pub(crate) op: HttpRequest,
    pub(crate) api: Http,
    pub(crate) network: Network,
    folder: Arc<TempDir>,
}

pub(crate) const API: SourceId = SourceId(0);
pub(crate) const STAGE: SourceId = SourceId(1);

impl Project {
    /// `GET url` of a source with that base URL.
    pub(crate) fn get(base: &str, url: &str) -> Self {
        let mut plan = PlanBuilder::new();
        let base_url = Some(plan.text_constant(base));
        let url = plan.text_constant(url);
        let retry = RetryPolicy { attempts: 2, delay_ms: 10, backoff: Backoff::Constant, ..RetryPolicy::default() };
        Self {
            plan,
            op: HttpRequest {
                init: Vec::new(),
                for_each: None,
                request: Request {
                    source: Some(API),
                    url,
                    method: Method::Get,
                    parameters: Pairs::Listed(Vec::new()),
                    headers: Pairs::Listed(Vec::new()),
                    body: None,
                    timeout_ms: None,
                    retry: None,
                    idempotent: false,
                    key: None,
                },
                response: Response {
                    success: SuccessStatus::Default,
                    format: ReplyFormat::Auto,
                    tables: Vec::new(),
                    parser: None,
                    variables: Vec::new(),
                    repeat: None,
                },
                verify: None,
                in_doubt: InDoubt::Stop,
            },
            api: Http { base_url, headers: Vec::new(), auth: Auth::None, timeout_ms: None, retry, allow_hosts: Vec::new() },
            network: Network::default(),
            folder: Arc::new(tempfile::tempdir().unwrap()),
        }
    }

    /// A constant, written as JSON.
    pub(crate) fn json(&mut self, text: &str) -> ExprId {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let id = self.constant(&value);
        self.plan.expr(Expr::Const(id))
    }

    fn constant(&mut self, value: &serde_json::Value) -> sequor_plan_format::ValueId {
        let value = match value {
            serde_json::Value::Null => Constant::Null,
            serde_json::Value::Bool(b) => Constant::Bool(*b),
            serde_json::Value::Number(n) => n.as_i64().map_or_else(|| Constant::Float(n.as_f64().unwrap()), Constant::Int),
            serde_json::Value::String(text) => Constant::Text(self.plan.text(text)),
            serde_json::Value::Array(list) => Constant::List(list.iter().map(|v| self.constant(v)).collect()),
            serde_json::Value::Object(map) => Constant::Map(map.iter().map(|(k, v)| (self.plan.text(k), self.constant(v))).collect()),
        };
        self.plan.value(value)
    }

    pub(crate) fn var(&mut self, name: &str) -> ExprId {
        let name = self.plan.text(name);
        self.plan.expr(Expr::Var(name))
    }

    /// `base[key]…`
    pub(crate) fn index(&mut self, base: ExprId, keys: &[&str]) -> ExprId {
        keys.iter().fold(base, |base, key| {
            let key = self.plan.text_constant(key);
            self.plan.expr(Expr::Index { base, key })
        })
    }

    /// `var(name)[key]`
    pub(crate) fn column(&mut self, name: &str, key: &str) -> ExprId {
        let row = self.var(name);
        self.index(row, &[key])
    }

    /// `response.json()[key]…`
    pub(crate) fn reply(&mut self, keys: &[&str]) -> ExprId {
        let root = self.plan.expr(Expr::Response(sequor_plan_format::expr::ResponsePart::Json));
        self.index(root, keys)
    }

    pub(crate) fn dict(&mut self, pairs: &[(&str, ExprId)]) -> ExprId {
        let items = pairs.iter().map(|(k, v)| sequor_plan_format::expr::DictItem::Pair(self.plan.text_constant(k), *v)).collect();
        self.plan.expr(Expr::Dict(items))
    }

    pub(crate) fn assign(&mut self, name: &str, value: ExprId) -> Assign {
        Assign { name: self.plan.text(name), scope: VariableScope::Local, value }
    }

    pub(crate) fn parameters(&mut self, pairs: &[(&str, ExprId)]) {
        self.op.request.parameters = self.pairs(pairs);
    }

    pub(crate) fn headers(&mut self, pairs: &[(&str, ExprId)]) {
        self.op.request.headers = self.pairs(pairs);
    }

    fn pairs(&mut self, pairs: &[(&str, ExprId)]) -> Pairs {
        Pairs::Listed(pairs.iter().map(|(name, value)| (self.plan.text(name), *value)).collect())
    }

    pub(crate) fn post(&mut self, value: ExprId) {
        self.op.request.method = Method::Post;
        self.op.request.body = Some(Body { format: BodyFormat::Json, value });
    }

    fn table(&mut self, name: &str) -> Table {
        Table { source: STAGE, database: None, namespace: None, name: self.plan.text_constant(name) }
    }

    /// `tables: [{source: stage, table, columns: {name: type, …}, …}]`; no columns are `auto`.
    pub(crate) fn fills(&mut self, name: &str, columns: &[(&str, &str)], write_mode: WriteMode, data: TableData) {
        let table = self.table(name);
        self.declare(table, columns, write_mode, data);
    }

    /// The same for a table whose name is computed.
    pub(crate) fn fills_named(&mut self, name: ExprId, columns: &[(&str, &str)], data: TableData) {
        let table = Table { source: STAGE, database: None, namespace: None, name };
        self.declare(table, columns, WriteMode::Create, data);
    }

    fn declare(&mut self, table: Table, columns: &[(&str, &str)], write_mode: WriteMode, data: TableData) {
        let columns = columns.iter().map(|(name, kind)| Column { name: self.plan.text(name), kind: kind.parse().unwrap() });
        let columns: Vec<Column> = columns.collect();
        let columns = if columns.is_empty() { Columns::Auto } else { Columns::Declared(columns) };
        self.op.response.tables.push(ResponseTable { table, columns, write_mode, data });
    }

    /// A `data_path` of keys.
    pub(crate) fn path(&mut self, keys: &[&str]) -> TableData {
        TableData::Path(keys.iter().map(|key| PathStep::Key(self.plan.text(key))).collect())
    }

    /// `for_each: {source: stage, table, as: row, key}`
    pub(crate) fn for_each_row_of(&mut self, table: &str, key: &[&str]) {
        let rows = Rows::Table(self.table(table));
        let key = key.iter().map(|k| self.plan.text(k)).collect();
        self.op.for_each = Some(ForEachRow { rows, item: self.plan.text("row"), key, concurrency: 1 });
    }

    pub(crate) async fn database(&self) -> Database {
        let settings = sequor_executor::database::Settings::Sqlite { path: self.folder.path().join("stage.db") };
        Database::connect(&settings).await.unwrap()
    }

    pub(crate) async fn execute(&self, statements: &[&str]) {
        let statements: Vec<String> = statements.iter().map(|s| (*s).to_owned()).collect();
        self.database().await.execute(&statements, true, None).await.unwrap();
    }

    pub(crate) async fn execute_alone(&self, statement: &str) {
        self.database().await.execute(&[statement.to_owned()], false, None).await.unwrap();
    }

    /// The table's rows, each as its values separated by bars.
    pub(crate) async fn rows(&self, table: &str) -> Vec<String> {
        let table = TableName { database: None, namespace: None, name: table.to_owned() };
        let rows = self.database().await.read_table(&table).await.unwrap().read_all().await.unwrap();
        rows.iter().map(|row| row.values.iter().map(Value::to_text).collect::<Vec<_>>().join("|")).collect()
    }

    /// Runs the op as a flow would, and gives the variables that it left.
    pub(crate) async fn run(&self) -> Result<IndexMap<String, String>, RunError> {
        let (services, node) = self.services();
        let mut scope = Scope::new(&services, Arc::default(), Arc::default());
        let mut variables = IndexMap::new();
        let (mut active, assigned) = Active::open(&services, node, Activation(1), &scope).await?;
        set(&mut scope, &mut variables, assigned);
        match pages(&mut active, scope.clone(), &mut variables).await {
            Ok(read) => {
                let closed = active.close(&scope, read + 1).await;
                active.discard().await;
                closed?;
            }
            Err(error) => {
                active.settle().await?;
                active.discard().await;
                return Err(error);
            }
        }
        Ok(variables)
    }

    fn services(&self) -> (Arc<Services>, NodeId) {
        // The builder cannot be cloned: its plan can.
        let mut plan = PlanBuilder::new();
        *plan.plan_mut() = self.plan.plan().clone();
        let mut text = |text: &str| {
            plan.plan_mut().texts.push(text.to_owned());
            sequor_plan_format::TextId(u32::try_from(plan.plan().texts.len()).unwrap() - 1)
        };
        let (api, stage, path, id) = (text("api"), text("stage"), text("stage.db"), text("call"));
        let value = plan.value(Constant::Text(path));
        let path = plan.expr(Expr::Const(value));
        let file = api;
        plan.span(Span { file, line: 1, column: 1, end_line: 1, end_column: 1 });
        let source = |name, kind| Source { name, span: SpanId(0), variables: Vec::new(), kind };
        plan.source(source(api, SourceKind::Http(Box::new(self.api.clone()))));
        plan.source(source(stage, SourceKind::Sqlite(Sqlite { path })));
        let op = Op::HttpRequest(Box::new(self.op.clone()));
        let node =
            plan.node(Node { id, title: None, span: SpanId(0), when: None, retry: None, timeout_ms: None, replay: Replay::Once, op });
        let surroundings = Surroundings {
            network: self.network.clone(),
            folder: self.folder.path().to_owned(),
            run_tag: "test".to_owned(),
            ..Surroundings::default()
        };
        (Services::new(Arc::new(plan.finish()), surroundings), node)
    }
}

/// Gives the number of replies that were read.
async fn pages(active: &mut Active, mut scope: Scope, variables: &mut IndexMap<String, String>) -> Result<u64, RunError> {
    let mut read = 0;
    while let Some((_, row)) = active.next_item().await? {
        for page in 1.. {
            let inner = scope.with_local("row", row.clone());
            active.exchange(&inner, page).await?;
            read += 1;
            let absorbed = active.absorb(&inner, page, read).await?;
            set(&mut scope, variables, absorbed.assigned);
            if !absorbed.again {
                break;
            }
        }
    }
    Ok(read)
}

fn set(scope: &mut Scope, variables: &mut IndexMap<String, String>, assigned: Vec<Assigned>) {
    for one in assigned {
        *scope = scope.with_assigned(&one);
        variables.insert(one.name.to_string(), one.value.to_text());
    }
}
