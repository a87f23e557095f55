//! Expression trees into a plan's flat arena.
//!
//! Children are added before their owners and every expression has one owner. Lists and maps of constants become constants; neighbouring texts of a
//! concatenation become one. There are no faults here: names have been resolved and depths checked before.

use sequor_plan_format::expr as plan;
use sequor_plan_format::{Expr, ExprId, PlanBuilder, SourceId, SpanId, TextId, Value, ValueId};

use super::Names;
use super::expression::{Code, DictItem, Expression, Kind, Named};
use crate::diagnostic::Span;

/// Adds an expression to a plan. Names it uses have been resolved before.
pub fn lower(expression: &Expression, builder: &mut PlanBuilder, names: &dyn Names) -> ExprId {
    let mut lowering = Lowering { builder, names, done: Vec::new() };
    let mut pending = vec![Step::Enter(expression)];
    while let Some(step) = pending.pop() {
        match step {
            Step::Enter(e) => {
                let children = e.children();
                pending.push(Step::Leave(e, children.len()));
                pending.extend(children.into_iter().rev().map(Step::Enter));
            }
            Step::Leave(e, parts) => {
                let first = lowering.done.len() - parts;
                let parts = lowering.done.split_off(first);
                let lowered = lowering.finish(e, parts);
                lowering.done.push(lowered);
            }
        }
    }
    match lowering.done.pop() {
        Some(lowered) => lowering.expr(lowered),
        None => lowering.builder.constant(Value::Null),
    }
}

/// The plan's form of a place in the project.
pub fn span(span: &Span, builder: &mut PlanBuilder) -> SpanId {
    let (line, column) = span.file.position(span.start);
    let (end_line, end_column) = span.file.position(span.end);
    let file = builder.text(&span.file.path);
    builder.span(sequor_plan_format::Span { file, line, column, end_line, end_column })
}

enum Step<'a> {
    Enter(&'a Expression),
    Leave(&'a Expression, usize),
}

/// A part that is ready: constants wait to see whether their owner is constant too.
#[derive(Clone, Copy)]
enum Lowered {
    Constant(ValueId),
    Expr(ExprId),
}

struct Lowering<'a> {
    builder: &'a mut PlanBuilder,
    names: &'a dyn Names,
    done: Vec<Lowered>,
}

/// The parts of an expression, taken one after the other in the order of [`Expression::children`].
type Parts = std::vec::IntoIter<Lowered>;

impl Lowering<'_> {
    fn finish(&mut self, expression: &Expression, parts: Vec<Lowered>) -> Lowered {
        let expr = match &expression.kind {
            Kind::Null => return self.constant(Value::Null),
            Kind::Bool(b) => return self.constant(Value::Bool(*b)),
            Kind::Int(i) => return self.constant(Value::Int(*i)),
            Kind::Float(f) => return self.constant(Value::Float(*f)),
            Kind::Number(text) => {
                let text = self.builder.text(text);
                return self.constant(Value::Number(text));
            }
            Kind::Text(text) => return self.text(text),
            Kind::Concat(of) => return self.concat(of, parts),
            Kind::List(_) => match constants(&parts) {
                Some(values) => return self.constant(Value::List(values)),
                None => Expr::List(self.rest(parts.into_iter())),
            },
            Kind::Dict(items) => match constants(&parts).and_then(|values| self.constant_map(items, &values)) {
                Some(map) => return self.constant(map),
                None => self.dict(items, parts.into_iter()),
            },
            Kind::Var(name) => Expr::Var(self.builder.text(name)),
            Kind::IsVarDefined(name) => Expr::IsVarDefined(self.builder.text(name)),
            Kind::Env(name) => Expr::Env(self.builder.text(name)),
            Kind::Local(slot) => Expr::Local(*slot),
            Kind::Response(part) => Expr::Response(*part),
            Kind::Jinja { code, typed } => Expr::Jinja { code: self.code(code, &expression.span), typed: *typed },
            Kind::Format { .. }
            | Kind::Tuple(_)
            | Kind::Index { .. }
            | Kind::Slice { .. }
            | Kind::Attribute { .. }
            | Kind::Method { .. }
            | Kind::Call { .. }
            | Kind::Unary { .. }
            | Kind::Binary { .. }
            | Kind::Compare { .. }
            | Kind::And(_)
            | Kind::Or(_)
            | Kind::If { .. }
            | Kind::Let { .. }
            | Kind::Comprehension { .. }
            | Kind::QueryValue { .. }
            | Kind::Query { .. }
            | Kind::Python { .. } => self.compound(expression, parts.into_iter()),
        };
        Lowered::Expr(self.builder.expr(expr))
    }

    /// An expression that is never a constant.
    fn compound(&mut self, expression: &Expression, mut parts: Parts) -> Expr {
        let p = &mut parts;
        match &expression.kind {
            Kind::Format { conversion, spec, .. } => {
                Expr::Format { value: self.next(p), conversion: *conversion, spec: self.builder.text(spec) }
            }
            Kind::Index { .. } => Expr::Index { base: self.next(p), key: self.next(p) },
            Kind::Slice { start, stop, step, .. } => Expr::Slice {
                base: self.next(p),
                start: start.as_ref().map(|_| self.next(p)),
                stop: stop.as_ref().map(|_| self.next(p)),
                step: step.as_ref().map(|_| self.next(p)),
            },
            Kind::Attribute { name, .. } => Expr::Attribute { base: self.next(p), name: self.builder.text(name) },
            Kind::Method { method, .. } => Expr::Method { base: self.next(p), method: *method, arguments: self.rest(parts) },
            Kind::Call { function, .. } => Expr::Call { function: *function, arguments: self.rest(parts) },
            Kind::Unary { operator, .. } => Expr::Unary { operator: *operator, operand: self.next(p) },
            Kind::Binary { operator, .. } => Expr::Binary { operator: *operator, left: self.next(p), right: self.next(p) },
            Kind::Compare { operator, .. } => Expr::Compare { operator: *operator, left: self.next(p), right: self.next(p) },
            Kind::And(_) => Expr::And(self.rest(parts)),
            Kind::Or(_) => Expr::Or(self.rest(parts)),
            Kind::If { .. } => Expr::If { condition: self.next(p), then: self.next(p), otherwise: self.next(p) },
            Kind::Let { slot, .. } => Expr::Let { slot: *slot, value: self.next(p), body: self.next(p) },
            Kind::Comprehension { kind, key, clauses, .. } => Expr::Comprehension {
                kind: *kind,
                key: key.as_ref().map(|_| self.next(p)),
                element: self.next(p),
                clauses: clauses
                    .iter()
                    .map(|c| plan::Clause {
                        slots: c.slots.clone(),
                        iterable: self.next(p),
                        conditions: c.conditions.iter().map(|_| self.next(p)).collect(),
                    })
                    .collect(),
            },
            Kind::QueryValue { source, cast, .. } => {
                Expr::QueryValue { source: self.source(source.as_ref()), sql: self.next(p), cast: *cast }
            }
            Kind::Query { source, .. } => Expr::Query { source: self.source(source.as_ref()), sql: self.next(p) },
            Kind::Python { code, form, inputs } => Expr::Python {
                inputs: inputs.iter().map(|(name, _)| plan::Input { name: self.builder.text(name), value: self.next(p) }).collect(),
                code: self.code(code, &expression.span),
                form: *form,
            },
            // The kinds that `finish` deals with itself, and tuples.
            Kind::Tuple(_)
            | Kind::Null
            | Kind::Bool(_)
            | Kind::Int(_)
            | Kind::Float(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::Concat(_)
            | Kind::List(_)
            | Kind::Dict(_)
            | Kind::Var(_)
            | Kind::IsVarDefined(_)
            | Kind::Env(_)
            | Kind::Local(_)
            | Kind::Response(_)
            | Kind::Jinja { .. } => Expr::Tuple(self.rest(parts)),
        }
    }

    fn dict(&mut self, items: &[DictItem], mut parts: Parts) -> Expr {
        let p = &mut parts;
        let items = items.iter().map(|item| match item {
            DictItem::Pair(..) => plan::DictItem::Pair(self.next(p), self.next(p)),
            DictItem::Spread(_) => plan::DictItem::Spread(self.next(p)),
        });
        Expr::Dict(items.collect())
    }

    /// A map whose keys are literal texts; a later key replaces an earlier one in its place.
    fn constant_map(&mut self, items: &[DictItem], values: &[ValueId]) -> Option<Value> {
        let mut map: Vec<(TextId, ValueId)> = Vec::new();
        for (item, pair) in items.iter().zip(values.chunks(2)) {
            let (DictItem::Pair(Expression { kind: Kind::Text(key), .. }, _), [_, value]) = (item, pair) else { return None };
            let key = self.builder.text(key);
            match map.iter_mut().find(|(k, _)| *k == key) {
                Some(entry) => entry.1 = *value,
                None => map.push((key, *value)),
            }
        }
        Some(Value::Map(map))
    }

    fn concat(&mut self, of: &[Expression], parts: Vec<Lowered>) -> Lowered {
        let mut ids = Vec::new();
        let mut text = String::new();
        let mut only_text = true;
        for (part, lowered) in of.iter().zip(parts) {
            if let Kind::Text(t) = &part.kind {
                text.push_str(t);
                continue;
            }
            only_text = false;
            self.flush(&mut text, &mut ids);
            ids.push(self.expr(lowered));
        }
        if only_text {
            return self.text(&text);
        }
        self.flush(&mut text, &mut ids);
        Lowered::Expr(self.builder.expr(Expr::Concat(ids)))
    }

    fn flush(&mut self, text: &mut String, ids: &mut Vec<ExprId>) {
        if !text.is_empty() {
            ids.push(self.builder.text_constant(text));
            text.clear();
        }
    }

    fn code(&mut self, code: &Code, place: &Span) -> sequor_plan_format::Code {
        let uses = &code.uses;
        let mut variables: Vec<&str> = uses.variables.iter().chain(&uses.tested).map(|n| n.name.as_str()).collect();
        variables.sort_unstable();
        variables.dedup();
        sequor_plan_format::Code {
            text: self.builder.text(&code.text),
            span: span(place, self.builder),
            indent: code.indent,
            variables: variables.into_iter().map(|v| self.builder.text(v)).collect(),
            computed_variables: uses.computed_variables,
            response: uses.response,
            queries: uses.computed_sources || !uses.query_sources.is_empty(),
        }
    }

    /// An id that no plan has stands for a name that resolve let through, so that validation refuses the plan.
    fn source(&self, name: Option<&Named>) -> SourceId {
        self.names.source(name.map(|n| n.name.as_str())).unwrap_or(SourceId(u32::MAX))
    }

    fn text(&mut self, text: &str) -> Lowered {
        let text = self.builder.text(text);
        self.constant(Value::Text(text))
    }

    fn constant(&mut self, value: Value) -> Lowered {
        Lowered::Constant(self.builder.value(value))
    }

    fn expr(&mut self, lowered: Lowered) -> ExprId {
        match lowered {
            Lowered::Constant(value) => self.builder.expr(Expr::Const(value)),
            Lowered::Expr(id) => id,
        }
    }

    fn next(&mut self, parts: &mut Parts) -> ExprId {
        match parts.next() {
            Some(part) => self.expr(part),
            None => self.builder.constant(Value::Null),
        }
    }

    fn rest(&mut self, parts: Parts) -> Vec<ExprId> {
        parts.map(|part| self.expr(part)).collect()
    }
}

fn constants(parts: &[Lowered]) -> Option<Vec<ValueId>> {
    parts
        .iter()
        .map(|part| match part {
            Lowered::Constant(value) => Some(*value),
            Lowered::Expr(_) => None,
        })
        .collect()
}
