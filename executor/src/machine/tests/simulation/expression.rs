//! Expressions, as few kinds as the generator uses. Shared by model and simulation: what an expression means is not the machine's affair.

use sequor_plan_format as plan;
use sequor_plan_format::expr::{Binary, Compare, ResponsePart};
use sequor_plan_format::op::{Assign, Rows};
use sequor_plan_format::{Expr, ExprId, Plan};

use super::answers::Reply;
use super::trace::Variables;
use crate::error::{ErrorKind, RunError};
use crate::scope::Assigned;
use crate::value::Value;

/// What an expression sees.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    pub(super) plan: &'a Plan,
    pub(super) variables: &'a Variables,
    /// Rows that statements have written, by database: what a query gives.
    pub(super) rows: [usize; 2],
    pub(super) reply: Option<&'a Reply>,
}

impl Sight<'_> {
    pub(super) fn evaluate(self, expr: ExprId) -> Result<Value, RunError> {
        let plan = self.plan;
        match plan.expr(expr) {
            Expr::Const(value) => Ok(constant(plan, *value)),
            Expr::Var(name) => {
                let name = plan.text(*name);
                self.variables.get(name).cloned().ok_or_else(|| fault(format!("'{name}' is not set")))
            }
            Expr::IsVarDefined(name) => Ok(Value::Bool(self.variables.get(plan.text(*name)).is_some())),
            Expr::Response(ResponsePart::Json) => self.reply.map(Reply::json).ok_or_else(|| fault("no reply")),
            Expr::Index { base, key } => match (self.evaluate(*base)?, self.evaluate(*key)?) {
                (Value::Map(map), Value::Text(key)) => map.get(&key).cloned().ok_or_else(|| fault(format!("no '{key}'"))),
                (base, _) => Err(fault(format!("{} has no members", base.kind()))),
            },
            Expr::List(members) => members.iter().map(|member| self.evaluate(*member)).collect::<Result<_, _>>().map(list),
            Expr::Binary { operator: Binary::Add, left, right } => self.integers(*left, *right).map(|(a, b)| Value::Int(a.wrapping_add(b))),
            Expr::Compare { operator: Compare::Less, left, right } => self.integers(*left, *right).map(|(a, b)| Value::Bool(a < b)),
            Expr::QueryValue { source, .. } => Ok(Value::Int(i64::try_from(self.rows[source.index()]).unwrap())),
            other => panic!("the generator makes no {other:?}"),
        }
    }

    fn integers(self, left: ExprId, right: ExprId) -> Result<(i64, i64), RunError> {
        match (self.evaluate(left)?, self.evaluate(right)?) {
            (Value::Int(a), Value::Int(b)) => Ok((a, b)),
            (a, b) => Err(fault(format!("{} and {} are not two integers", a.kind(), b.kind()))),
        }
    }

    /// Members of a loop. A query gives up to three of the rows that statements have written.
    pub(super) fn members(self, rows: &Rows) -> Result<Vec<Value>, RunError> {
        match rows {
            Rows::Items(expr) => match self.evaluate(*expr)? {
                Value::List(members) => Ok(members.to_vec()),
                other => Err(fault(format!("{} is no list", other.kind()))),
            },
            Rows::Query { source, .. } => {
                Ok((0..self.rows[source.index()].min(3)).map(|i| Value::Int(i64::try_from(i).unwrap())).collect())
            }
            Rows::Table(_) => panic!("the generator makes no loop over a table"),
        }
    }

    /// Values for variables, each in sight of the next.
    pub(super) fn assignments(self, assigns: &[Assign]) -> Result<Vec<Assigned>, RunError> {
        let mut variables = self.variables.clone();
        let mut all = Vec::new();
        for assign in assigns {
            let value = Sight { variables: &variables, ..self }.evaluate(assign.value)?;
            let name = self.plan.text(assign.name);
            variables.set(name, assign.scope, value.clone());
            all.push(Assigned { name: name.into(), scope: assign.scope, value });
        }
        Ok(all)
    }
}

fn constant(plan: &Plan, value: plan::ValueId) -> Value {
    match plan.value(value) {
        plan::Value::Null => Value::Null,
        plan::Value::Bool(value) => Value::Bool(*value),
        plan::Value::Int(value) => Value::Int(*value),
        plan::Value::Text(text) => Value::text(plan.text(*text)),
        plan::Value::List(members) => list(members.iter().map(|member| constant(plan, *member)).collect()),
        other => panic!("the generator makes no {other:?}"),
    }
}

fn list(members: Vec<Value>) -> Value {
    Value::List(std::sync::Arc::new(members))
}

fn fault(message: impl Into<String>) -> RunError {
    RunError::new(ErrorKind::Expression, message)
}
