//! Expressions evaluated: natively, by minijinja, or by a Python worker.
//!
//! Everything here is synchronous. A caller on the async runtime wraps an expression that may wait (a query, Jinja, Python: see [`Evaluator::may_wait`])
//! in `block_in_place`.

mod budget;
mod children;
pub(crate) mod fault;
pub(crate) mod format;
pub(crate) mod functions;
mod index;
mod jinja;
mod methods;
mod native;
mod operators;
mod place;
mod printf;
pub mod python;
mod reply;
mod sources;
mod text_methods;
mod values;

use std::sync::Arc;

use sequor_plan_format::expr::PythonForm;
use sequor_plan_format::{Code, Expr, ExprId, Plan, SourceId};

use crate::error::RunError;
use crate::value::{MAX_DEPTH, Row, Value};

pub use python::{PythonLimits, PythonPool};
pub use reply::Reply;

use fault::{Outcome, limit};
use values::{entries, members, text_key};

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

/// Evaluates the expressions of one plan.
pub struct Evaluator {
    pub plan: Arc<Plan>,
    /// The plan's constants, by id.
    constants: Vec<Value>,
    /// By expression id.
    traits: Vec<Traits>,
    templates: jinja::Templates,
    python: PythonPool,
}

/// What is known of an expression and all it is made of.
#[derive(Clone, Copy, Default)]
struct Traits {
    /// It may wait for something outside this thread.
    waits: bool,
    /// It may build a value that nests deeper than those it is given.
    builds: bool,
}

impl Evaluator {
    #[must_use]
    pub fn new(plan: Arc<Plan>, python: PythonPool) -> Self {
        let constants = constants(&plan);
        let traits = traits(&plan);
        let templates = jinja::Templates::new(&plan);
        Self { plan, constants, traits, templates, python }
    }

    /// Starts a Python worker ahead of its first use, where the plan has Python at all.
    pub fn warm(&self) {
        if self.plan.exprs.iter().any(|expr| matches!(expr, Expr::Python { .. })) {
            self.python.warm();
        }
    }

    /// Whether evaluating may wait for something outside this thread.
    #[must_use]
    pub fn may_wait(&self, expr: ExprId) -> bool {
        self.traits.get(expr.index()).is_none_or(|traits| traits.waits)
    }

    /// # Errors
    /// Of kind `Expression` or `Limit` with the snippet's place, or what a query reported.
    pub fn evaluate(&self, expr: ExprId, context: &dyn Context) -> Result<Value, RunError> {
        let value = native::Native::new(self, context).evaluate(expr)?;
        let builds = self.traits.get(expr.index()).is_none_or(|traits| traits.builds);
        if builds && !value.is_shallow() {
            return Err(limit(format!("the expression builds lists and maps that nest deeper than {MAX_DEPTH}")));
        }
        Ok(value)
    }

    fn jinja(&self, id: ExprId, code: &Code, typed: bool, context: &dyn Context) -> Outcome {
        self.templates.render(&self.plan, id, code, typed, context)
    }

    fn python(&self, id: ExprId, code: &Code, form: PythonForm, inputs: &[(&str, Value)], context: &dyn Context) -> Outcome {
        self.python.call(&self.plan, id, code, form, inputs, context)
    }
}

/// Every constant as a value. A constant's members have smaller ids than itself.
fn constants(plan: &Plan) -> Vec<Value> {
    use sequor_plan_format::Value as Constant;
    let mut values: Vec<Value> = Vec::with_capacity(plan.values.len());
    for constant in &plan.values {
        let known = |id: &sequor_plan_format::ValueId| values.get(id.index()).cloned().unwrap_or(Value::Null);
        let value = match constant {
            Constant::Null => Value::Null,
            Constant::Bool(b) => Value::Bool(*b),
            Constant::Int(i) => Value::Int(*i),
            Constant::Float(f) => Value::Float(*f),
            Constant::Number(text) => Value::Number(plan.text(*text).into()),
            Constant::Text(text) => Value::text(plan.text(*text)),
            Constant::List(members) => Value::List(Arc::new(members.iter().map(known).collect())),
            Constant::Map(pairs) => Value::Map(Arc::new(pairs.iter().map(|(key, value)| (plan.text(*key).into(), known(value))).collect())),
        };
        values.push(value);
    }
    values
}

fn traits(plan: &Plan) -> Vec<Traits> {
    let mut all: Vec<Traits> = Vec::with_capacity(plan.exprs.len());
    for expr in &plan.exprs {
        let mut own = Traits {
            waits: match expr {
                Expr::QueryValue { .. } | Expr::Query { .. } | Expr::Python { .. } => true,
                Expr::Jinja { code, .. } => code.queries,
                _ => false,
            },
            builds: matches!(
                expr,
                Expr::List(_)
                    | Expr::Tuple(_)
                    | Expr::Dict(_)
                    | Expr::Comprehension { .. }
                    | Expr::Call { .. }
                    | Expr::Method { .. }
                    | Expr::Jinja { .. }
                    | Expr::Python { .. }
            ),
        };
        children::each_child(expr, &mut |child| {
            let child = all.get(child.index()).copied().unwrap_or(Traits { waits: true, builds: true });
            own.waits |= child.waits;
            own.builds |= child.builds;
        });
        all.push(own);
    }
    all
}
