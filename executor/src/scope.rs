//! Variables as one op sees them.

use std::sync::Arc;

use sequor_plan_format::op;
use sequor_plan_format::{ExprId, SourceId};

use crate::error::RunError;
use crate::eval::{Context, Reply};
use crate::services::Services;
use crate::value::{Row, Value};

/// A variable that an op set.
#[derive(Clone, Debug)]
pub struct Assigned {
    pub name: Arc<str>,
    pub scope: op::Scope,
    pub value: Value,
}

/// A snapshot of the variables in force, cheap to clone: looked up local, source, project, environment.
#[derive(Clone)]
pub struct Scope {}

impl Scope {
    /// The same with one more local variable: a loop's row, a caught error.
    #[must_use]
    pub fn with_local(&self, name: &str, value: Value) -> Self {
        let _ = (name, value);
        self.clone()
    }

    /// The same with the reply at hand.
    #[must_use]
    pub fn with_response(&self, reply: Arc<Reply>) -> Self {
        let _ = reply;
        self.clone()
    }

    /// The same with a source's own variables in sight.
    #[must_use]
    pub fn in_source(&self, source: SourceId) -> Self {
        let _ = source;
        self.clone()
    }

    /// The same after a variable was set.
    #[must_use]
    pub fn with_assigned(&self, assigned: &Assigned) -> Self {
        let _ = assigned;
        self.clone()
    }

    /// Evaluates an expression of the plan. Waits in place where the expression does.
    ///
    /// # Errors
    /// The expression's.
    pub fn evaluate(&self, services: &Services, expr: ExprId) -> Result<Value, RunError> {
        services.evaluator.evaluate(expr, self)
    }
}

impl Context for Scope {
    fn variable(&self, name: &str) -> Option<Value> {
        let _ = name;
        None
    }
    fn variable_names(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
    fn environment(&self, name: &str) -> Option<Value> {
        let _ = name;
        None
    }
    fn response(&self) -> Option<&Reply> {
        None
    }
    fn query(&self, source: SourceId, sql: &str) -> Result<Vec<Arc<Row>>, RunError> {
        let _ = (source, sql);
        Ok(Vec::new())
    }
    fn log(&self, line: &str) {
        let _ = line;
    }
}
