//! Walks over everything in a step, in the order it is evaluated at run time.

use sequor_plan_format::manifest::Access;

use super::{Assign, Flow, Rows, SourceRef, Step, TableRef};
use crate::op::run_flow::RunFlow;
use crate::snippet::expression::{Expression, Named};
use crate::source::Kind;

/// What a source is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Http,
    Database,
}

impl Wanted {
    #[must_use]
    pub fn accepts(self, kind: Kind) -> bool {
        match self {
            Self::Http => kind == Kind::Http,
            Self::Database => kind != Kind::Http,
        }
    }
}

/// Called for each part of a step. A method that is not overridden ignores its part.
pub trait Visitor<'a> {
    fn enter_step(&mut self, _step: &'a Step) {}
    fn leave_step(&mut self, _step: &'a Step) {}
    fn source(&mut self, _source: &'a SourceRef, _wanted: Wanted) {}
    /// Called after the table's source and before its expressions.
    fn table(&mut self, _table: &'a TableRef, _access: Access) {}
    fn expression(&mut self, _expression: &'a Expression) {}
    /// A response parser, after it went through [`Visitor::expression`]. `declared` where `response.tables` names the tables it fills.
    fn parser(&mut self, _parser: &'a Expression, _declared: bool) {}
    /// Called after the expression of the value.
    fn assign(&mut self, _assign: &'a Assign) {}
    fn call(&mut self, _call: &'a RunFlow) {}
    /// A name that exists until the matching [`Visitor::unbind`].
    fn bind(&mut self, _name: &'a Named) {}
    fn unbind(&mut self) {}
}

/// Everything in a flow: the defaults of its parameters, then its steps.
pub fn flow<'a>(flow: &'a Flow, visitor: &mut dyn Visitor<'a>) {
    flow.parameters.iter().flatten().for_each(|parameter| optional(parameter.default.as_ref(), visitor));
    steps(&flow.steps, visitor);
}

pub fn steps<'a>(steps: &'a [Step], visitor: &mut dyn Visitor<'a>) {
    for step in steps {
        visitor.enter_step(step);
        optional(step.when.as_ref(), visitor);
        step.op.visit(visitor);
        visitor.leave_step(step);
    }
}

pub fn optional<'a>(expression: Option<&'a Expression>, visitor: &mut dyn Visitor<'a>) {
    if let Some(expression) = expression {
        visitor.expression(expression);
    }
}

pub fn table<'a>(table: &'a TableRef, access: Access, visitor: &mut dyn Visitor<'a>) {
    visitor.source(&table.source, Wanted::Database);
    visitor.table(table, access);
    optional(table.database.as_ref(), visitor);
    optional(table.namespace.as_ref(), visitor);
    visitor.expression(&table.name);
}

pub fn rows<'a>(rows: &'a Rows, visitor: &mut dyn Visitor<'a>) {
    match rows {
        Rows::Table(t) => table(t, Access::Read, visitor),
        Rows::Query { source, sql } => {
            visitor.source(source, Wanted::Database);
            visitor.expression(sql);
        }
        Rows::Items(items) => visitor.expression(items),
    }
}

pub fn assigns<'a>(assigns: &'a [Assign], visitor: &mut dyn Visitor<'a>) {
    for assign in assigns {
        visitor.expression(&assign.value);
        visitor.assign(assign);
    }
}
