//! The native evaluator: a walk over the plan's expression arena.

use std::collections::HashSet;
use std::sync::Arc;

use sequor_plan_format::expr::{Binary, Clause, Comprehension, DictItem, Method, ResponsePart};
use sequor_plan_format::{Expr, ExprId, TextId, Value as Constant};

use super::budget::{Budget, check_bytes, check_members};
use super::fault::{Outcome, did_you_mean, expression, limit, type_error};
use super::{Context, Evaluator, Reply, entries, format, functions, index, members, methods, operators, text_key};
use crate::error::RunError;
use crate::value::number::Number;
use crate::value::{Map, Value};

/// The deepest nesting of expressions. Long chains of operators do not nest.
const MAX_NESTING: usize = 200;

pub(crate) struct Native<'a> {
    evaluator: &'a Evaluator,
    context: &'a dyn Context,
    /// Values of [`Expr::Local`], by slot.
    slots: Vec<Value>,
    /// Slots that hold the reply's headers, whose names are looked up in any case.
    header_slots: HashSet<u32>,
    budget: Budget,
    nesting: usize,
}

impl<'a> Native<'a> {
    pub(crate) fn new(evaluator: &'a Evaluator, context: &'a dyn Context) -> Self {
        Self { evaluator, context, slots: Vec::new(), header_slots: HashSet::new(), budget: Budget::new(), nesting: 0 }
    }

    pub(crate) fn evaluate(&mut self, id: ExprId) -> Outcome {
        self.budget.charge(1)?;
        if self.nesting >= MAX_NESTING {
            return Err(limit(format!("expressions nest deeper than {MAX_NESTING}")));
        }
        self.nesting += 1;
        let value = self.expr(id);
        self.nesting -= 1;
        value
    }

    fn expr(&mut self, id: ExprId) -> Outcome {
        let evaluator = self.evaluator;
        match evaluator.plan.expr(id) {
            Expr::Const(value) => Ok(evaluator.constants.get(value.index()).cloned().unwrap_or(Value::Null)),
            Expr::Var(name) => variable(self.context, self.text(*name)),
            Expr::IsVarDefined(name) => Ok(Value::Bool(is_defined(self.context, self.text(*name)))),
            Expr::Env(name) => environment(self.context, self.text(*name)),
            Expr::Local(slot) => Ok(self.local(*slot)),
            Expr::Response(part) => response_part(self.context, *part),
            Expr::Concat(parts) => self.concat(parts),
            Expr::Format { value, conversion, spec } => {
                let value = self.evaluate(*value)?;
                format::formatted(&value, *conversion, self.text(*spec)).map(Value::text)
            }
            Expr::List(members) => Ok(Value::List(Arc::new(self.all(members)?))),
            Expr::Tuple(members) => Ok(Value::Tuple(Arc::new(self.all(members)?))),
            Expr::Dict(items) => self.dict(items),
            Expr::Index { base, key } => match self.scalar_of_reply(id) {
                Some(value) => Ok(value),
                None => self.index(*base, *key),
            },
            Expr::Slice { base, start, stop, step } => self.slice(*base, *start, *stop, *step),
            Expr::Attribute { base, name } => self.attribute(*base, *name),
            Expr::Method { base, method, arguments } => self.method(*base, *method, arguments),
            Expr::Call { function, arguments } => {
                let arguments = self.all(arguments)?;
                functions::call(*function, &arguments, &mut self.budget)
            }
            Expr::Unary { operator, operand } => {
                let operand = self.evaluate(*operand)?;
                operators::unary(*operator, &operand)
            }
            Expr::Binary { operator, left, right } => self.binary(*operator, *left, *right),
            Expr::Compare { operator, left, right } => {
                let (mut left_value, right_value) = (self.evaluate(*left)?, self.evaluate(*right)?);
                if self.gives_headers(*right) {
                    left_value = lower(left_value);
                }
                operators::compare(*operator, &left_value, &right_value, &mut self.budget).map(Value::Bool)
            }
            Expr::And(operands) => self.first_with(operands, false),
            Expr::Or(operands) => self.first_with(operands, true),
            Expr::If { condition, then, otherwise } => {
                let branch = if self.evaluate(*condition)?.is_true() { *then } else { *otherwise };
                self.evaluate(branch)
            }
            Expr::Let { slot, value, body } => {
                let headers = self.gives_headers(*value);
                let value = self.evaluate(*value)?;
                self.bind(*slot, value, headers)?;
                self.evaluate(*body)
            }
            Expr::Comprehension { kind, key, element, clauses } => self.comprehension(*kind, *key, *element, clauses),
            Expr::QueryValue { source, sql, cast } => {
                let sql = self.evaluate(*sql)?.to_text();
                let rows = self.context.query(*source, &sql)?;
                let value = rows.first().and_then(|row| row.values.first()).cloned().unwrap_or(Value::Null);
                match cast {
                    Some(function) if !matches!(value, Value::Null) => functions::call(*function, &[value], &mut self.budget),
                    _ => Ok(value),
                }
            }
            Expr::Query { source, sql } => {
                let sql = self.evaluate(*sql)?.to_text();
                let rows = self.context.query(*source, &sql)?;
                Ok(Value::List(Arc::new(rows.into_iter().map(Value::Row).collect())))
            }
            Expr::Jinja { code, typed } => evaluator.jinja(id, code, *typed, self.context),
            Expr::Python { code, form, inputs } => {
                let mut given = Vec::with_capacity(inputs.len());
                for input in inputs {
                    given.push((self.text(input.name), self.evaluate(input.value)?));
                }
                evaluator.python(id, code, *form, &given, self.context)
            }
        }
    }

    fn text(&self, id: TextId) -> &'a str {
        self.evaluator.plan.text(id)
    }

    fn local(&self, slot: u32) -> Value {
        self.slots.get(slot as usize).cloned().unwrap_or(Value::Null)
    }

    fn bind(&mut self, slot: u32, value: Value, headers: bool) -> Outcome<()> {
        let at = slot as usize;
        if at >= self.slots.len() {
            check_members(at)?;
            self.slots.resize(at + 1, Value::Null);
        }
        if let Some(place) = self.slots.get_mut(at) {
            *place = value;
        }
        if headers {
            self.header_slots.insert(slot);
        } else if !self.header_slots.is_empty() {
            self.header_slots.remove(&slot);
        }
        Ok(())
    }

    fn gives_headers(&self, id: ExprId) -> bool {
        match self.evaluator.plan.expr(id) {
            Expr::Response(ResponsePart::Headers) => true,
            Expr::Local(slot) => self.header_slots.contains(slot),
            _ => false,
        }
    }

    fn all(&mut self, ids: &[ExprId]) -> Outcome<Vec<Value>> {
        let mut values = Vec::with_capacity(ids.len());
        for id in ids {
            values.push(self.evaluate(*id)?);
        }
        Ok(values)
    }

    fn concat(&mut self, parts: &[ExprId]) -> Outcome {
        let mut out = String::new();
        for part in parts {
            let value = self.evaluate(*part)?;
            value.print_into(&mut out);
            check_bytes(out.len())?;
        }
        self.budget.charge(out.len() / 64)?;
        Ok(Value::text(out))
    }

    fn dict(&mut self, items: &[DictItem]) -> Outcome {
        let mut map = Map::with_capacity(items.len());
        for item in items {
            match item {
                DictItem::Pair(key, value) => {
                    let key = text_key(&self.evaluate(*key)?)?;
                    map.insert(key, self.evaluate(*value)?);
                }
                DictItem::Spread(mapping) => {
                    let mapping = self.evaluate(*mapping)?;
                    let entries =
                        entries(&mapping).ok_or_else(|| type_error(format!("'{}' object is not a mapping", mapping.type_name())))?;
                    self.budget.charge(entries.len())?;
                    map.extend(entries);
                }
            }
        }
        Ok(Value::Map(Arc::new(map)))
    }

    fn index(&mut self, base: ExprId, key: ExprId) -> Outcome {
        let headers = self.gives_headers(base);
        let base = self.used(base)?;
        let key = self.evaluate(key)?;
        if let Value::Text(text) = &base {
            self.budget.charge(text.len() / 64)?;
        }
        index::index(&base, &if headers { lower(key) } else { key })
    }

    /// `response.json()['a']['b']` where that is a scalar: read from the body without building the whole reply.
    fn scalar_of_reply(&self, id: ExprId) -> Option<Value> {
        let plan = &self.evaluator.plan;
        let (mut path, mut id) = (Vec::new(), id);
        while let Expr::Index { base, key } = plan.expr(id) {
            let Expr::Const(key) = plan.expr(*key) else { return None };
            let Constant::Text(key) = plan.value(*key) else { return None };
            path.push(plan.text(*key));
            id = *base;
        }
        let Expr::Response(ResponsePart::Json) = plan.expr(id) else { return None };
        path.reverse();
        // A reply that has been read whole is not read again.
        let reply = self.context.response().filter(|reply| reply.json.get().is_none())?;
        crate::json::scalar_at(&reply.body, &path)
    }

    fn slice(&mut self, base: ExprId, start: Option<ExprId>, stop: Option<ExprId>, step: Option<ExprId>) -> Outcome {
        let base = self.used(base)?;
        let mut bound = |id: Option<ExprId>| id.map(|id| self.evaluate(id)).transpose();
        let (start, stop, step) = (bound(start)?, bound(stop)?, bound(step)?);
        if let Ok(length) = functions::length(&base) {
            self.budget.charge(length / 8)?;
        }
        index::slice(&base, start.as_ref(), stop.as_ref(), step.as_ref())
    }

    fn attribute(&mut self, base: ExprId, name: TextId) -> Outcome {
        // Undefined prints as nothing, is false and equals the empty text as far as a plan's expressions can tell.
        Ok(self.found_attribute(base, name)?.unwrap_or_else(|| Value::text("")))
    }

    /// Follows a chain of attributes from its root. The last one may be undefined (`None`), those before it may not.
    fn found_attribute(&mut self, base: ExprId, name: TextId) -> Outcome<Option<Value>> {
        let plan = &self.evaluator.plan;
        let (mut root, mut names) = (base, vec![name]);
        while let Expr::Attribute { base, name } = plan.expr(root) {
            names.push(*name);
            root = *base;
        }
        let headers = self.gives_headers(root);
        let mut value = self.evaluate(root)?;
        let Some(first) = names.pop() else { return Ok(Some(value)) };
        let first = plan.text(first);
        let mut found = if headers { index::attribute(&value, &first.to_lowercase())? } else { index::attribute(&value, first)? };
        let mut path = first.to_owned();
        while let Some(name) = names.pop() {
            let name = plan.text(name);
            value = found.ok_or_else(|| undefined(&path))?;
            found = index::attribute(&value, name)?;
            path = format!("{path}.{name}");
        }
        Ok(found)
    }

    /// A value that is looked into: an attribute that is missing is an error.
    fn used(&mut self, id: ExprId) -> Outcome {
        match self.evaluator.plan.expr(id) {
            Expr::Attribute { base, name } => self.found_attribute(*base, *name)?.ok_or_else(|| undefined(self.evaluator.plan.text(*name))),
            _ => self.evaluate(id),
        }
    }

    fn method(&mut self, base: ExprId, method: Method, arguments: &[ExprId]) -> Outcome {
        let headers = method == Method::Get && self.gives_headers(base);
        let base = self.used(base)?;
        let mut arguments = self.all(arguments)?;
        if headers && let Some(name) = arguments.first_mut() {
            *name = lower(std::mem::replace(name, Value::Null));
        }
        methods::call(&base, method, &arguments, &mut self.budget)
    }

    /// Operators of one chain (`a + b + c + …`) are worked off from the left without nesting.
    fn binary(&mut self, operator: Binary, left: ExprId, right: ExprId) -> Outcome {
        let mut chain = vec![(operator, right)];
        let mut first = left;
        while let Expr::Binary { operator, left, right } = self.evaluator.plan.expr(first) {
            chain.push((*operator, *right));
            first = *left;
        }
        let mut value = self.evaluate(first)?;
        while let Some((operator, right)) = chain.pop() {
            let right = self.evaluate(right)?;
            value = operators::binary(operator, &value, &right, &mut self.budget)?;
        }
        Ok(value)
    }

    /// The first operand whose truth is `wanted`, else the last one.
    fn first_with(&mut self, operands: &[ExprId], wanted: bool) -> Outcome {
        let mut value = Value::Bool(!wanted);
        for operand in operands {
            value = self.evaluate(*operand)?;
            if value.is_true() == wanted {
                break;
            }
        }
        Ok(value)
    }

    fn comprehension(&mut self, kind: Comprehension, key: Option<ExprId>, element: ExprId, clauses: &[Clause]) -> Outcome {
        let mut gathered = match kind {
            Comprehension::List => Gathered::List(Vec::new()),
            Comprehension::Set => Gathered::Set(Vec::new(), HashSet::new()),
            Comprehension::Dict => Gathered::Map(Map::new()),
        };
        self.clauses(clauses, key, element, &mut gathered)?;
        Ok(match gathered {
            Gathered::List(list) | Gathered::Set(list, _) => Value::List(Arc::new(list)),
            Gathered::Map(map) => Value::Map(Arc::new(map)),
        })
    }

    fn clauses(&mut self, clauses: &[Clause], key: Option<ExprId>, element: ExprId, gathered: &mut Gathered) -> Outcome<()> {
        let Some((clause, inner)) = clauses.split_first() else {
            let key = key.map(|key| self.evaluate(key)).transpose()?;
            let element = self.evaluate(element)?;
            return gathered.add(key, element);
        };
        let iterable = self.evaluate(clause.iterable)?;
        for member in members(&iterable)?.iter() {
            self.budget.charge(1)?;
            self.bind_member(&clause.slots, member)?;
            let mut passes = true;
            for condition in &clause.conditions {
                passes = self.evaluate(*condition)?.is_true();
                if !passes {
                    break;
                }
            }
            if passes {
                self.clauses(inner, key, element, gathered)?;
            }
        }
        Ok(())
    }

    fn bind_member(&mut self, slots: &[u32], member: &Value) -> Outcome<()> {
        if let [slot] = slots {
            return self.bind(*slot, member.clone(), false);
        }
        let parts = members(member).map_err(|_| type_error(format!("cannot unpack non-iterable {} object", member.type_name())))?;
        if parts.len() != slots.len() {
            let word = if parts.len() < slots.len() { "not enough" } else { "too many" };
            return Err(super::fault::value_error(format!("{word} values to unpack (expected {}, got {})", slots.len(), parts.len())));
        }
        for (slot, part) in slots.iter().zip(parts.iter()) {
            self.bind(*slot, part.clone(), false)?;
        }
        Ok(())
    }
}

/// What a comprehension has gathered so far.
enum Gathered {
    List(Vec<Value>),
    Set(Vec<Value>, HashSet<String>),
    Map(Map),
}

impl Gathered {
    fn add(&mut self, key: Option<Value>, element: Value) -> Outcome<()> {
        match self {
            Self::List(list) => {
                check_members(list.len())?;
                list.push(element);
            }
            Self::Set(list, seen) => {
                check_members(list.len())?;
                if seen.insert(identity(&element)?) {
                    list.push(element);
                }
            }
            Self::Map(map) => {
                check_members(map.len())?;
                map.insert(text_key(&key.unwrap_or(Value::Null))?, element);
            }
        }
        Ok(())
    }
}

/// A text that is the same for values that are equal, for members of sets.
fn identity(value: &Value) -> Outcome<String> {
    if let Some(number) = Number::of(value) {
        let whole = match &number {
            Number::Float(f) if f.fract() == 0.0 => Number::truncated(*f),
            _ => None,
        };
        return Ok(Value::from(whole.unwrap_or(number)).to_repr());
    }
    match value {
        Value::List(_) | Value::Map(_) | Value::Row(_) => Err(type_error(format!("unhashable type: '{}'", value.type_name()))),
        Value::Tuple(members) => {
            let parts = members.iter().map(identity).collect::<Outcome<Vec<_>>>()?;
            Ok(format!("({})", parts.join(",")))
        }
        _ => Ok(value.to_repr()),
    }
}

fn lower(name: Value) -> Value {
    match name {
        Value::Text(text) => Value::text(text.to_lowercase()),
        other => other,
    }
}

fn undefined(path: &str) -> RunError {
    expression(format!("'{path}' is undefined, so nothing in it can be read"))
}

/// `var(name)`.
pub(crate) fn variable(context: &dyn Context, name: &str) -> Outcome {
    context.variable(name).ok_or_else(|| {
        let known = context.variable_names();
        let hint = did_you_mean(name, known.iter().map(|n| &**n));
        let hint = if hint.is_empty() { " — set it in the environment, with --var, or in an earlier step".to_owned() } else { hint };
        expression(format!("variable '{name}' is not defined{hint}"))
    })
}

/// `is_var_defined(name)`: set, and not to null.
pub(crate) fn is_defined(context: &dyn Context, name: &str) -> bool {
    context.variable(name).is_some_and(|value| !matches!(value, Value::Null))
}

/// `env(name)`.
pub(crate) fn environment(context: &dyn Context, name: &str) -> Outcome {
    context.environment(name).ok_or_else(|| {
        expression(format!(
            "env('{name}'): neither the chosen environment nor the process has '{name}' — set it, or choose an environment with --env"
        ))
    })
}

/// The reply at hand.
pub(crate) fn reply(context: &dyn Context) -> Outcome<&Reply> {
    context.response().ok_or_else(|| expression("there is no response here: it exists only in the `response:` part of an http_request"))
}

fn response_part(context: &dyn Context, part: ResponsePart) -> Outcome {
    let reply = reply(context)?;
    match part {
        ResponsePart::StatusCode => Ok(Value::Int(i64::from(reply.status))),
        ResponsePart::Headers => Ok(reply.header_map()),
        ResponsePart::Text => Ok(Value::text(reply.text())),
        ResponsePart::Json => reply.json().cloned(),
        ResponsePart::Url => Ok(Value::text(reply.url.as_str())),
        ResponsePart::Elapsed => Ok(Value::Float(reply.elapsed.as_secs_f64())),
    }
}
