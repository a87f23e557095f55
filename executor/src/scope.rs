//! Variables as one op sees them: loop variables and caught errors, locals of the flow, the source's, the project's, the environment's.

use std::sync::Arc;

use indexmap::IndexMap;
use sequor_plan_format::op;
use sequor_plan_format::op::print::Level;
use sequor_plan_format::{ExprId, SourceId, TextId};

use crate::driver::Limits;
use crate::error::{ErrorKind, RunError};
use crate::eval::{Context, Reply};
use crate::services::Services;
use crate::value::{Map, Row, Value};

mod sight;

use sight::Sight;

/// A variable that an op set.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Assigned {
    pub name: Arc<str>,
    pub scope: op::Scope,
    pub value: Value,
}

/// Variables that the plan gives by expressions, with what came of each.
pub(crate) type Given = IndexMap<Arc<str>, Result<Value, RunError>>;

/// A snapshot of the variables in force, cheap to clone: looked up local, source, project, environment.
#[derive(Clone)]
pub struct Scope {
    services: Arc<Services>,
    bound: Option<Arc<Bound>>,
    locals: Arc<Map>,
    source: Option<Arc<Given>>,
    project: Arc<Map>,
    /// The constants in sight while constants are being evaluated; all of them otherwise.
    constants: Option<Arc<Given>>,
    response: Option<Arc<Reply>>,
    /// What ends an expression that waits in place; nothing outside of commands.
    limits: Option<Arc<Limits>>,
}

/// A variable that lives in a part of the flow: a loop's row, a caught error. The innermost comes first.
struct Bound {
    name: Arc<str>,
    value: Value,
    outer: Option<Arc<Bound>>,
}

impl Scope {
    /// What a flow sees when it starts: `project` holds the values that flows have set.
    #[must_use]
    pub fn new(services: &Arc<Services>, locals: Arc<Map>, project: Arc<Map>) -> Self {
        Self { services: Arc::clone(services), bound: None, locals, source: None, project, constants: None, response: None, limits: None }
    }

    /// The same for a command whose time is limited.
    #[must_use]
    pub(crate) fn within(self, limits: Arc<Limits>) -> Self {
        Self { limits: Some(limits), ..self }
    }

    /// The same with one more local variable: a loop's row, a caught error.
    #[must_use]
    pub fn with_local(&self, name: &str, value: Value) -> Self {
        let bound = Bound { name: name.into(), value, outer: self.bound.clone() };
        Self { bound: Some(Arc::new(bound)), ..self.clone() }
    }

    /// The same with the reply at hand.
    #[must_use]
    pub fn with_response(&self, reply: Arc<Reply>) -> Self {
        Self { response: Some(reply), ..self.clone() }
    }

    /// The same with a source's own variables in sight, before those of sources that are in sight already. They are evaluated here, in the order
    /// of the file; one that fails is an error when it is used.
    #[must_use]
    pub fn in_source(&self, source: SourceId) -> Self {
        let variables = &self.services.plan.source(source).variables;
        if variables.is_empty() {
            return self.clone();
        }
        let mut scope = Self { source: Some(Arc::default()), ..self.clone() };
        scope.evaluate_given(&self.services, variables, "the source's variable", |scope| &mut scope.source);
        if let (Some(given), Some(outer)) = (&mut scope.source, &self.source) {
            let given = Arc::make_mut(given);
            for (name, value) in &**outer {
                given.entry(Arc::clone(name)).or_insert_with(|| value.clone());
            }
        }
        scope
    }

    /// The same without variables of sources: settings of one source must not pick up what another one defines under the same name.
    #[must_use]
    pub(crate) fn outside_sources(&self) -> Self {
        Self { source: None, ..self.clone() }
    }

    /// The same after a variable was set. A local that a loop or `catch` in force has bound changes there.
    #[must_use]
    pub fn with_assigned(&self, assigned: &Assigned) -> Self {
        if assigned.scope == op::Scope::Local && self.bound(&assigned.name).is_some() {
            return self.with_local(&assigned.name, assigned.value.clone());
        }
        let mut scope = self.clone();
        let map = match assigned.scope {
            op::Scope::Local => &mut scope.locals,
            op::Scope::Project => &mut scope.project,
        };
        Arc::make_mut(map).insert(Arc::clone(&assigned.name), assigned.value.clone());
        scope
    }

    /// Evaluates an expression of the plan. Waits in place where the expression does.
    ///
    /// # Errors
    /// The expression's, or that of a variable it uses.
    pub fn evaluate(&self, services: &Services, expr: ExprId) -> Result<Value, RunError> {
        let sight = Sight::new(self);
        let result = if services.evaluator.may_wait(expr) {
            tokio::task::block_in_place(|| services.evaluator.evaluate(expr, &sight))
        } else {
            services.evaluator.evaluate(expr, &sight)
        };
        // A variable that could not be had looks unset to the expression; its own error says more.
        sight.failure().map_or(result, Err)
    }

    /// The constants of project.yaml. They see the environment and the constants before them.
    pub(crate) fn evaluate_constants(&self, services: &Services) -> Arc<Given> {
        let mut scope = Self {
            bound: None,
            locals: Arc::default(),
            source: None,
            project: Arc::default(),
            constants: Some(Arc::default()),
            response: None,
            limits: self.limits.clone(),
            services: Arc::clone(&self.services),
        };
        scope.evaluate_given(services, &services.plan.project.variables, "the project's variable", |scope| &mut scope.constants);
        scope.constants.unwrap_or_default()
    }

    /// Adds one variable after the other to the place that `into` names, so that each sees those before it.
    fn evaluate_given(
        &mut self,
        services: &Services,
        variables: &[(TextId, ExprId)],
        what: &str,
        into: impl Fn(&mut Self) -> &mut Option<Arc<Given>>,
    ) {
        for (name, expr) in variables {
            let name: Arc<str> = services.plan.text(*name).into();
            let value = self.evaluate(services, *expr).map_err(|mut error| {
                error.message = format!("{what} '{name}' cannot be evaluated: {}", error.message);
                error
            });
            if let Some(given) = into(self) {
                Arc::make_mut(given).insert(name, value);
            }
        }
    }

    fn lookup(&self, name: &str) -> Result<Option<Value>, RunError> {
        if let Some(value) = self.bound(name).or_else(|| self.locals.get(name)) {
            return Ok(Some(value.clone()));
        }
        if let Some(given) = self.source.as_ref().and_then(|source| source.get(name)) {
            return given.clone().map(Some);
        }
        if let Some(value) = self.project.get(name) {
            return Ok(Some(value.clone()));
        }
        let environment = &self.services.environment;
        if let Some(value) = environment.overriding(name) {
            return Ok(Some(value.clone()));
        }
        if let Some(given) = self.constants().get(name) {
            return given.clone().map(Some);
        }
        environment.lookup(name, &self.services.redactor)
    }

    fn bound(&self, name: &str) -> Option<&Value> {
        let mut next = self.bound.as_deref();
        while let Some(bound) = next {
            if &*bound.name == name {
                return Some(&bound.value);
            }
            next = bound.outer.as_deref();
        }
        None
    }

    fn constants(&self) -> Arc<Given> {
        self.constants.clone().unwrap_or_else(|| self.services.constants(self))
    }

    /// Waits in place for what an expression needs, or whoever reads a reply, until the time of a step is over.
    ///
    /// # Errors
    /// That of `needed`, or that the time is over.
    pub(crate) fn wait<T>(&self, needed: impl Future<Output = Result<T, RunError>>) -> Result<T, RunError> {
        let runtime = tokio::runtime::Handle::try_current()
            .map_err(|_| RunError::new(ErrorKind::Database, "what waits in place needs the run's own thread"))?;
        let in_time = async {
            match &self.limits {
                None => needed.await,
                Some(limits) => tokio::select! {
                    biased;
                    outcome = needed => outcome,
                    error = limits.over(&self.services.plan) => Err(error),
                },
            }
        };
        tokio::task::block_in_place(|| runtime.block_on(in_time))
    }

    async fn rows(&self, source: SourceId, sql: &str) -> Result<Vec<Arc<Row>>, RunError> {
        let database = self.services.database(source, self).await?;
        let mut stream = database.query(sql).await?;
        let mut rows = Vec::new();
        while let Some(batch) = stream.next_batch().await? {
            rows.extend(batch);
        }
        Ok(rows)
    }
}

impl Context for Scope {
    fn variable(&self, name: &str) -> Option<Value> {
        self.lookup(name).ok().flatten()
    }

    fn variable_names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = Vec::new();
        let mut next = self.bound.as_deref();
        while let Some(bound) = next {
            names.push(Arc::clone(&bound.name));
            next = bound.outer.as_deref();
        }
        names.extend(self.locals.keys().cloned());
        names.extend(self.source.iter().flat_map(|given| given.keys().cloned()));
        names.extend(self.project.keys().cloned());
        names.extend(self.constants().keys().cloned());
        names.extend(self.services.environment.names());
        names.sort_unstable();
        names.dedup();
        names
    }

    fn environment(&self, name: &str) -> Option<Value> {
        self.services.environment.env(name, &self.services.redactor).ok().flatten()
    }

    fn response(&self) -> Option<&Reply> {
        self.response.as_deref()
    }

    fn query(&self, source: SourceId, sql: &str) -> Result<Vec<Arc<Row>>, RunError> {
        self.wait(self.rows(source, sql))
    }

    fn log(&self, line: &str) {
        self.services.reporter.log(Level::Info, line);
    }
}
