//! A folder with a plan in it, and the binary that runs it.

use std::path::PathBuf;
use std::process::{Command, Output};

use sequor_plan_format::op::print::Level;
use sequor_plan_format::op::{Assign, Execute, Print, Scope, SetVariable, Table, Transform, WriteMode};
use sequor_plan_format::plan::SourceLine;
use sequor_plan_format::source::Sqlite;
use sequor_plan_format::{
    BlockId, Expr, ExprId, FlowId, Node, NodeId, Op, Parameter, PlanBuilder, Replay, Source, SourceId, SourceKind, Span, SpanId, Value,
    codec,
};

/// Plans in a few words. A node's line in `flows/main.yaml` is its number.
pub(crate) struct Script {
    pub(crate) b: PlanBuilder,
    pub(crate) db: SourceId,
}

impl Script {
    /// With the SQLite source `db` in the file `data.db`.
    pub(crate) fn new() -> Self {
        let mut b = PlanBuilder::new();
        let name = b.text("shop");
        b.plan_mut().project.name = name;
        let mut script = Self { b, db: SourceId(0) };
        script.db = script.sqlite("db", "data.db");
        script
    }

    pub(crate) fn sqlite(&mut self, name: &str, path: &str) -> SourceId {
        let path = self.b.text_constant(path);
        let (name, span) = (self.b.text(name), self.span("sources/db.yaml", 1));
        self.b.source(Source { name, span, variables: Vec::new(), kind: SourceKind::Sqlite(Sqlite { path }) })
    }

    pub(crate) fn span(&mut self, file: &str, line: u32) -> SpanId {
        let file = self.b.text(file);
        self.b.span(Span { file, line, column: 5, end_line: line, end_column: 7 })
    }

    pub(crate) fn node(&mut self, id: &str, op: Op) -> NodeId {
        let line = u32::try_from(self.b.plan().nodes.len()).unwrap() + 1;
        let (span, id) = (self.span("flows/main.yaml", line), self.b.text(id));
        let replay = match op {
            Op::HttpRequest(_) | Op::Transform(_) | Op::Execute(_) => Replay::Once,
            _ => Replay::Pure,
        };
        self.b.node(Node { id, title: None, span, when: None, retry: None, timeout_ms: None, replay, op })
    }

    pub(crate) fn text(&mut self, text: &str) -> ExprId {
        self.b.text_constant(text)
    }

    pub(crate) fn var(&mut self, name: &str) -> ExprId {
        let name = self.b.text(name);
        self.b.expr(Expr::Var(name))
    }

    pub(crate) fn execute(&mut self, id: &str, statements: &[&str]) -> NodeId {
        let statements = statements.iter().map(|sql| self.text(sql)).collect();
        let op = Execute { source: self.db, statements, transaction: true };
        self.node(id, Op::Execute(op))
    }

    pub(crate) fn execute_expr(&mut self, id: &str, statement: ExprId) -> NodeId {
        self.node(id, Op::Execute(Execute { source: self.db, statements: vec![statement], transaction: true }))
    }

    pub(crate) fn transform(&mut self, id: &str, query: &str, target: SourceId, table: &str, write_mode: WriteMode) -> NodeId {
        let (query, name) = (self.text(query), self.text(table));
        let target = Table { source: target, database: None, namespace: None, name };
        let op = Transform { source: self.db, query, target, write_mode };
        self.node(id, Op::Transform(Box::new(op)))
    }

    pub(crate) fn print(&mut self, id: &str, message: ExprId) -> NodeId {
        self.node(id, Op::Print(Print { message, level: Level::Info }))
    }

    pub(crate) fn set(&mut self, id: &str, name: &str, scope: Scope, value: ExprId) -> NodeId {
        let name = self.b.text(name);
        self.node(id, Op::SetVariable(SetVariable { assigns: vec![Assign { name, scope, value }] }))
    }

    pub(crate) fn block(&mut self, nodes: &[NodeId]) -> BlockId {
        self.b.block(nodes.to_vec())
    }

    pub(crate) fn flow(&mut self, name: &str, parameters: &[(&str, Option<ExprId>)], nodes: &[NodeId]) -> FlowId {
        let parameters = parameters.iter().map(|(name, default)| Parameter { name: self.b.text(name), default: *default }).collect();
        let (body, span) = (self.block(nodes), self.span(&format!("flows/{name}.yaml"), 1));
        let name = self.b.text(name);
        self.b.flow(sequor_plan_format::Flow { name, description: None, parameters, body, span })
    }

    pub(crate) fn constant(&mut self, value: Value) -> ExprId {
        self.b.constant(value)
    }

    /// A line that run-time errors can quote.
    pub(crate) fn line(&mut self, line: u32, text: &str) {
        let (file, text) = (self.b.text("flows/main.yaml"), self.b.text(text));
        self.b.plan_mut().lines.push(SourceLine { file, line, text });
    }

    /// The plan with a single flow made of these nodes.
    pub(crate) fn project(mut self, nodes: &[NodeId]) -> Project {
        let main = self.flow("main", &[], nodes);
        self.project_of(main)
    }

    pub(crate) fn project_of(mut self, main: FlowId) -> Project {
        let plan = self.b.plan_mut();
        plan.project.entries = vec![main];
        let effects = (0u32..).zip(&plan.nodes).filter(|(_, node)| node.replay != Replay::Pure);
        plan.manifest.effects = effects.map(|(id, node)| (NodeId(id), node.replay)).collect();
        let bytes = codec::encode(&self.b.finish()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("main.plan"), bytes).unwrap();
        Project { folder }
    }
}

/// The folder that a plan is run in.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// `sequor-executor run main.plan …`, in an environment of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sequor-executor"));
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path());
        command.args(["run", "main.plan"]).args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// The rows of a query, one line each, with `|` between columns.
    pub(crate) fn rows(&self, file: &str, sql: &str) -> String {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.path(file));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            use sqlx::{ConnectOptions as _, Row as _};
            let mut connection = options.connect().await.unwrap();
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
            let cell = |row: &sqlx::sqlite::SqliteRow, i| {
                let text = row.try_get_unchecked::<Option<String>, _>(i).unwrap();
                text.unwrap_or("NULL".to_owned())
            };
            let line = |row: &sqlx::sqlite::SqliteRow| (0..row.len()).map(|i| cell(row, i)).collect::<Vec<_>>().join("|");
            rows.iter().map(line).collect::<Vec<_>>().join("\n")
        })
    }
}

/// What a run left on the screen.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            status: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.status, Some(0), "{}{}", self.out, self.err);
        self
    }

    /// Ended with this status, and standard error says each of these.
    #[track_caller]
    pub(crate) fn ended(self, status: i32, says: &[&str]) -> Self {
        assert_eq!(self.status, Some(status), "{}{}", self.out, self.err);
        for part in says {
            assert!(self.err.contains(part), "'{part}' is not in:\n{}", self.err);
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }
}
