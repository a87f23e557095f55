//! What expressions give, as far as their parts are known.

mod members;
mod operations;

use std::collections::BTreeMap;

use sequor_plan_format::expr::{Compare, Comprehension, Function, ResponsePart, Unary};

use operations::operator_of;

use super::sight::{Origin, Sight};
use crate::diagnostic::Span;
use crate::kinds::Kinds;
use crate::kinds::value::{Detail, Problem, Value};
use crate::snippet::expression::{DictItem, Expression, Kind, Named};
use crate::snippet::python::{self, Surroundings};

pub(super) struct Infer<'i, 's, 'p> {
    sight: Option<&'i Sight<'s, 'p>>,
    locals: BTreeMap<u32, Value>,
    /// The expression is a template's.
    pub(super) template: bool,
    /// It is for minijinja.
    jinja: bool,
    /// Each with its place, and where the value comes from.
    pub(super) problems: Vec<(Span, Problem, Option<Origin>)>,
}

impl<'i, 's, 'p> Infer<'i, 's, 'p> {
    pub(super) fn new(sight: &'i Sight<'s, 'p>) -> Self {
        Self { sight: Some(sight), locals: BTreeMap::new(), template: false, jinja: false, problems: Vec::new() }
    }

    /// What an expression gives where no variable is known.
    pub(super) fn blind(expression: &Expression) -> Value {
        Self { sight: None, locals: BTreeMap::new(), template: false, jinja: false, problems: Vec::new() }.value(expression)
    }

    fn origin(&self, expression: &Expression) -> Option<Origin> {
        self.sight.and_then(|sight| sight.origin(expression))
    }

    fn problem(&mut self, at: &Expression, part: &Expression, problem: Problem) {
        let origin = self.origin(at);
        self.problems.push((part.span.clone(), problem, origin));
    }

    /// The depth of expressions is bounded by their readers.
    pub(super) fn value(&mut self, e: &Expression) -> Value {
        match &e.kind {
            Kind::Null => Value::NONE,
            Kind::Bool(_) | Kind::IsVarDefined(_) => Value::of(Kinds::BOOL),
            Kind::Int(n) => Value::int(*n),
            Kind::Float(_) => Value::of(Kinds::FLOAT),
            Kind::Number(_) => Value::of(Kinds::INT.or(Kinds::FLOAT)),
            Kind::Text(text) => Value::text(text),
            Kind::Var(name) => self.sight.map_or(Value::UNKNOWN, |sight| sight.variable(name)),
            Kind::Env(_) => Value::of(Kinds::TEXT),
            Kind::Local(slot) => self.locals.get(slot).cloned().unwrap_or(Value::UNKNOWN),
            Kind::Response(part) => match part {
                ResponsePart::StatusCode => Value::of(Kinds::INT),
                ResponsePart::Elapsed => Value::of(Kinds::FLOAT),
                ResponsePart::Text | ResponsePart::Url => Value::of(Kinds::TEXT),
                ResponsePart::Headers => Value::map_of(Value::of(Kinds::TEXT)),
                ResponsePart::Json => Value::DATA,
            },
            Kind::Concat(parts) => {
                parts.iter().for_each(|part| {
                    self.value(part);
                });
                Value::of(Kinds::TEXT)
            }
            Kind::Format { value, .. } => {
                self.value(value);
                Value::of(Kinds::TEXT)
            }
            Kind::List(items) => Value::list(items.iter().map(|item| self.value(item)).collect()),
            Kind::Tuple(items) => Value::tuple(items.iter().map(|item| self.value(item)).collect()),
            Kind::Dict(items) => self.dict(items),
            Kind::Index { base, key } => {
                let (of, by) = (self.value(base), self.value(key));
                of.index(&by).unwrap_or_else(|problem| {
                    let part = if problem.of_key { key.as_ref() } else { e };
                    self.problem(base, part, problem);
                    Value::UNKNOWN
                })
            }
            Kind::Slice { base, start, stop, step } => {
                for part in [start, stop, step].into_iter().flatten() {
                    self.value(part);
                }
                Value::of(self.value(base).kinds)
            }
            Kind::Attribute { base, name } => self.attribute(e, base, name),
            Kind::Method { base, method, arguments } => self.method(e, base, *method, arguments),
            Kind::Call { function, arguments } => self.call(e, *function, arguments),
            Kind::Unary { operator, operand } => {
                let value = self.value(operand);
                match operator {
                    Unary::Not => {
                        if let (Detail::Text(text), Kind::Var(_)) = (&value.detail, &operand.kind)
                            && !text.is_empty()
                        {
                            let message = format!("the text '{text}' is true, so that `not` makes false of it in every run");
                            let problem =
                                Problem::new(message, "write `true` or `false` without quotes where it is set, or compare the text");
                            self.problem(operand, e, problem);
                        }
                        Value::of(Kinds::BOOL)
                    }
                    _ if value.kinds.within(Kinds::NUMBER) => Value::of(if value.kinds == Kinds::BOOL { Kinds::INT } else { value.kinds }),
                    _ => Value::UNKNOWN,
                }
            }
            Kind::Binary { operator, left, right } => {
                let operator = operator_of(*operator);
                Value::of(self.operate(e, operator, left, right))
            }
            Kind::Compare { operator, left, right } => {
                self.compare(e, *operator, left, right);
                Value::of(Kinds::BOOL)
            }
            Kind::And(parts) | Kind::Or(parts) => {
                let mut given = Value::of(Kinds::NOTHING);
                let mut guarded = false;
                for part in parts {
                    let problems = self.problems.len();
                    let next = self.value(part);
                    // `x is None or len(x) > 1`
                    if guarded {
                        self.problems.truncate(problems);
                    }
                    guarded |= guards(part);
                    if matches!(e.kind, Kind::Or(_)) {
                        given.kinds = given.kinds.without(Kinds::NULL);
                    }
                    given = given.or(next);
                }
                given
            }
            Kind::If { condition, then, otherwise } => {
                self.value(condition);
                self.default_of_null(condition, then);
                let problems = self.problems.len();
                let value = self.value(then).or(self.value(otherwise));
                if guards(condition) {
                    self.problems.truncate(problems);
                }
                value
            }
            Kind::Let { slot, value, body } => {
                let value = self.value(value);
                self.locals.insert(*slot, value);
                self.value(body)
            }
            Kind::Comprehension { kind, key, element, clauses } => {
                for clause in clauses {
                    let iterated = self.value(&clause.iterable);
                    match clause.slots.as_slice() {
                        [only] => {
                            self.locals.insert(*only, iterated.element());
                        }
                        several => {
                            several.iter().for_each(|slot| {
                                self.locals.insert(*slot, Value::UNKNOWN);
                            });
                        }
                    }
                    clause.conditions.iter().for_each(|condition| {
                        self.value(condition);
                    });
                }
                if let Some(key) = key {
                    self.value(key);
                }
                let element = self.value(element);
                match kind {
                    Comprehension::List => Value::list_of(element),
                    Comprehension::Set => Value::of(Kinds::SET),
                    Comprehension::Dict => Value::of(Kinds::MAP),
                }
            }
            Kind::QueryValue { sql, cast, source } => {
                self.value(sql);
                if matches!(cast, Some(Function::Int | Function::Float)) {
                    self.largest_text(source.as_ref(), sql);
                }
                match cast {
                    Some(Function::Int) => Value::of(Kinds::INT.or(Kinds::NULL)),
                    Some(Function::Float) => Value::of(Kinds::FLOAT.or(Kinds::NULL)),
                    Some(Function::Str) => Value::of(Kinds::TEXT.or(Kinds::NULL)),
                    Some(Function::Bool) => Value::of(Kinds::BOOL.or(Kinds::NULL)),
                    _ => match self.queried(source.as_ref(), sql).detail {
                        Detail::Row(row) => row.columns.first().map_or(Value::DATA, |(_, value)| value.clone()),
                        _ => Value::DATA,
                    },
                }
            }
            Kind::Query { source, sql } => {
                self.value(sql);
                Value::list_of(self.queried(source.as_ref(), sql))
            }
            Kind::Jinja { code, typed } => {
                let around = (std::mem::replace(&mut self.jinja, true), std::mem::replace(&mut self.template, true));
                let value = code.outline.as_ref().map_or(Value::UNKNOWN, |outline| self.value(outline));
                (self.jinja, self.template) = around;
                if *typed { value } else { Value::of(Kinds::TEXT) }
            }
            Kind::Python { inputs, code, .. } => {
                inputs.iter().for_each(|(_, value)| {
                    self.value(value);
                });
                match (&code.written, self.sight) {
                    (Some(written), Some(sight)) => python::result(written, sight),
                    _ => Value::UNKNOWN,
                }
            }
        }
    }

    /// A row of a query whose text is literal.
    fn queried(&self, source: Option<&Named>, sql: &Expression) -> Value {
        match (&sql.kind, self.sight) {
            (Kind::Text(text), Some(sight)) => Surroundings::row(sight, source.map(|s| s.name.as_str()), text, &sql.span),
            _ => Value::map_of(Value::DATA),
        }
    }

    fn dict(&mut self, items: &[DictItem]) -> Value {
        let mut keys = Some(BTreeMap::new());
        for item in items {
            match item {
                DictItem::Pair(key, value) => {
                    let value = self.value(value);
                    match (&key.kind, &mut keys) {
                        (Kind::Text(name), Some(keys)) => {
                            keys.insert(name.clone(), value);
                        }
                        _ => keys = None,
                    }
                }
                DictItem::Spread(mapping) => {
                    self.value(mapping);
                    keys = None;
                }
            }
        }
        let detail = keys.map_or(Detail::Nothing, |keys| Detail::Keys(std::rc::Rc::new(keys)));
        Value { kinds: Kinds::MAP, detail }
    }
}

/// Whether a condition may ask whether there is a value, and of which kind: then its branches cannot be judged by themselves.
fn guards(condition: &Expression) -> bool {
    match &condition.kind {
        Kind::Compare { operator: Compare::Is | Compare::IsNot, .. } => true,
        Kind::Compare { left, right, .. } => matches!(left.kind, Kind::Null) || matches!(right.kind, Kind::Null),
        Kind::And(parts) | Kind::Or(parts) => parts.iter().any(guards),
        Kind::Unary { operand, .. } => guards(operand),
        _ => true,
    }
}
