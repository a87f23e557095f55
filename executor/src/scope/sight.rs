//! A scope as one evaluation sees it, which remembers why a variable could not be had.

use std::sync::{Arc, Mutex, PoisonError};

use sequor_plan_format::SourceId;

use super::Scope;
use crate::error::RunError;
use crate::eval::{Context, Reply};
use crate::value::{Row, Value};

/// [`Context::variable`] can only say that a variable is not set. The reason is kept here.
pub(super) struct Sight<'a> {
    scope: &'a Scope,
    failure: Mutex<Option<RunError>>,
}

impl<'a> Sight<'a> {
    pub(super) fn new(scope: &'a Scope) -> Self {
        Self { scope, failure: Mutex::new(None) }
    }

    /// The first failure.
    pub(super) fn failure(self) -> Option<RunError> {
        self.failure.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, result: Result<Option<Value>, RunError>) -> Option<Value> {
        result.unwrap_or_else(|error| {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            None
        })
    }
}

impl Context for Sight<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        self.keep(self.scope.lookup(name))
    }

    fn variable_names(&self) -> Vec<Arc<str>> {
        self.scope.variable_names()
    }

    fn environment(&self, name: &str) -> Option<Value> {
        self.keep(self.scope.services.environment.env(name, &self.scope.services.redactor))
    }

    fn response(&self) -> Option<&Reply> {
        self.scope.response()
    }

    fn query(&self, source: SourceId, sql: &str) -> Result<Vec<Arc<Row>>, RunError> {
        self.scope.query(source, sql)
    }

    fn log(&self, line: &str) {
        self.scope.log(line);
    }
}
