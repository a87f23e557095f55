//! A small run for expressions: variables, a reply and a database that answers from a table.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use sequor_executor::error::{ErrorKind, RunError};
use sequor_executor::eval::{Context, Evaluator, PythonLimits, PythonPool, Reply};
use sequor_executor::json;
use sequor_executor::value::{Row, Value};
use sequor_plan_format::expr::{Input, PythonForm};
use sequor_plan_format::{Code, Expr, ExprId, PlanBuilder, Source, SourceId, SourceKind, Span, source};

#[derive(Default)]
pub struct Run {
    pub variables: BTreeMap<String, Value>,
    pub environment: BTreeMap<String, Value>,
    pub reply: Option<Reply>,
    /// SQL and its rows as JSON.
    pub queries: BTreeMap<String, String>,
    pub log: Mutex<Vec<String>>,
}

impl Run {
    pub fn with(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect();
        Self { variables, ..Self::default() }
    }

    pub fn replied(mut self, body: &str) -> Self {
        self.reply = Some(Reply {
            status: 201,
            url: "https://api.example/items?page=1".to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned()), ("x-next".to_owned(), "2".to_owned())],
            body: body.as_bytes().to_vec().into(),
            elapsed: Duration::from_millis(1500),
            json: OnceLock::new(),
        });
        self
    }

    pub fn logged(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

pub fn value(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap()
}

/// A row with columns in the order given.
pub fn row(columns: &[(&str, &str)]) -> Value {
    Value::Row(Arc::new(Row {
        columns: columns.iter().map(|(name, _)| Arc::from(*name)).collect(),
        values: columns.iter().map(|(_, text)| value(text)).collect(),
    }))
}

impl Context for Run {
    fn variable(&self, name: &str) -> Option<Value> {
        self.variables.get(name).cloned()
    }
    fn variable_names(&self) -> Vec<Arc<str>> {
        self.variables.keys().map(|name| Arc::from(name.as_str())).collect()
    }
    fn environment(&self, name: &str) -> Option<Value> {
        self.environment.get(name).cloned()
    }
    fn response(&self) -> Option<&Reply> {
        self.reply.as_ref()
    }
    fn query(&self, _: SourceId, sql: &str) -> Result<Vec<Arc<Row>>, RunError> {
        let found = self.queries.get(sql).ok_or_else(|| RunError::new(ErrorKind::Sql, format!("no such table: {sql}")))?;
        let Value::List(rows) = value(found) else { panic!("rows are a list") };
        let rows = rows.iter().map(|row| match row {
            Value::Map(map) => Arc::new(Row { columns: map.keys().cloned().collect(), values: map.values().cloned().collect() }),
            other => panic!("a row is a map, not {other:?}"),
        });
        Ok(rows.collect())
    }
    fn log(&self, line: &str) {
        self.log.lock().unwrap().push(line.to_owned());
    }
}

/// What a snippet needs to be told besides its text.
#[derive(Clone, Copy, Default)]
pub struct Uses<'a> {
    pub variables: &'a [&'a str],
    pub response: bool,
}

/// A plan that is being made for a test.
pub struct Snippets {
    pub builder: PlanBuilder,
}

impl Snippets {
    pub fn new() -> Self {
        let mut builder = PlanBuilder::new();
        let (name, file, path) = (builder.text("stage"), builder.text("sources/stage.yaml"), builder.text_constant("stage.db"));
        let span = builder.span(Span { file, line: 1, column: 1, end_line: 1, end_column: 2 });
        let kind = SourceKind::Sqlite(source::Sqlite { path });
        builder.source(Source { name, span, variables: Vec::new(), kind });
        Self { builder }
    }

    fn code(&mut self, text: &str, uses: Uses<'_>) -> Code {
        let file = self.builder.text("flows/test.yaml");
        let span = self.builder.span(Span { file, line: 10, column: 7, end_line: 20, end_column: 1 });
        Code {
            text: self.builder.text(text),
            span,
            indent: 6,
            variables: uses.variables.iter().map(|name| self.builder.text(name)).collect(),
            computed_variables: false,
            response: uses.response,
            queries: true,
        }
    }

    pub fn python(&mut self, text: &str, form: PythonForm, uses: Uses<'_>) -> ExprId {
        let code = self.code(text, uses);
        self.builder.expr(Expr::Python { code, form, inputs: Vec::new() })
    }

    pub fn python_with(&mut self, text: &str, inputs: &[(&str, &str)]) -> ExprId {
        let inputs =
            inputs.iter().map(|(name, text)| Input { value: self.builder.text_constant(text), name: self.builder.text(name) }).collect();
        let code = self.code(text, Uses::default());
        self.builder.expr(Expr::Python { code, form: PythonForm::Expression, inputs })
    }

    pub fn jinja(&mut self, text: &str, typed: bool) -> ExprId {
        let code = self.code(text, Uses { response: true, ..Uses::default() });
        self.builder.expr(Expr::Jinja { code, typed })
    }

    pub fn evaluator(self, limits: PythonLimits) -> Evaluator {
        Evaluator::new(Arc::new(self.builder.finish()), PythonPool::new(worker(), limits))
    }
}

/// The program that is its own Python worker.
pub fn worker() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_sequor-executor"))
}
