//! Ids in constants and expressions.

use super::{Ref, Refs};
use crate::expr::{Clause, DictItem, Input};
use crate::{Code, Expr, Value};

impl Refs for Value {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) => {}
            Self::Number(text) | Self::Text(text) => text.refs(visit),
            Self::List(members) => members.refs(visit),
            Self::Map(members) => members.refs(visit),
        }
    }
}

impl Refs for Expr {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        match self {
            Self::Const(value) => value.refs(visit),
            Self::Var(name) | Self::IsVarDefined(name) | Self::Env(name) => name.refs(visit),
            Self::Local(_slot) => {}
            Self::Response(_part) => {}
            Self::Concat(parts) | Self::List(parts) | Self::Tuple(parts) | Self::And(parts) | Self::Or(parts) => parts.refs(visit),
            Self::Format { value, conversion: _, spec } => {
                value.refs(visit);
                spec.refs(visit);
            }
            Self::Dict(items) => items.refs(visit),
            Self::Index { base, key } => {
                base.refs(visit);
                key.refs(visit);
            }
            Self::Slice { base, start, stop, step } => {
                base.refs(visit);
                start.refs(visit);
                stop.refs(visit);
                step.refs(visit);
            }
            Self::Attribute { base, name } => {
                base.refs(visit);
                name.refs(visit);
            }
            Self::Method { base, method: _, arguments } => {
                base.refs(visit);
                arguments.refs(visit);
            }
            Self::Call { function: _, arguments } => arguments.refs(visit),
            Self::Unary { operator: _, operand } => operand.refs(visit),
            Self::Binary { operator: _, left, right } => {
                left.refs(visit);
                right.refs(visit);
            }
            Self::Compare { operator: _, left, right } => {
                left.refs(visit);
                right.refs(visit);
            }
            Self::If { condition, then, otherwise } => {
                condition.refs(visit);
                then.refs(visit);
                otherwise.refs(visit);
            }
            Self::Let { slot: _, value, body } => {
                value.refs(visit);
                body.refs(visit);
            }
            Self::Comprehension { kind: _, key, element, clauses } => {
                key.refs(visit);
                element.refs(visit);
                clauses.refs(visit);
            }
            Self::QueryValue { source, sql, cast: _ } | Self::Query { source, sql } => {
                source.refs(visit);
                sql.refs(visit);
            }
            Self::Jinja { code, typed: _ } => code.refs(visit),
            Self::Python { code, form: _, inputs } => {
                code.refs(visit);
                inputs.refs(visit);
            }
        }
    }
}

impl Refs for Code {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { text, span, indent: _, variables, computed_variables: _, response: _, queries: _ } = self;
        text.refs(visit);
        span.refs(visit);
        variables.refs(visit);
    }
}

impl Refs for Input {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { name, value } = self;
        name.refs(visit);
        value.refs(visit);
    }
}

impl Refs for DictItem {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        match self {
            Self::Pair(key, value) => {
                key.refs(visit);
                value.refs(visit);
            }
            Self::Spread(mapping) => mapping.refs(visit),
        }
    }
}

impl Refs for Clause {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { slots: _, iterable, conditions } = self;
        iterable.refs(visit);
        conditions.refs(visit);
    }
}
