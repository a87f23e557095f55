//! Members, methods and calls.

use sequor_plan_format::expr::{Function, Method};

use super::Infer;
use crate::kinds::Kinds;
use crate::kinds::value::{Detail, Problem, Value};
use crate::snippet::expression::{Expression, Kind};

impl Infer<'_, '_, '_> {
    /// `base.name` in a template: a key of a map, a column of a row.
    pub(super) fn attribute(&mut self, e: &Expression, base: &Expression, name: &str) -> Value {
        let of = self.value(base);
        if of.kinds.is_nothing() {
            return of;
        }
        if of.kinds.within(Kinds::TEXT.or(Kinds::NUMBER).or(Kinds::LIST)) {
            let help = if of.kinds == Kinds::LIST {
                "take one of its members first: `[0]`, or go over it with for_each".to_owned()
            } else {
                format!("only maps and rows have a field '{name}'")
            };
            let problem = Problem::new(format!("{} has no field '{name}'", of.kinds), help);
            self.named_problem(e, base, problem);
            return Value::UNKNOWN;
        }
        match of.detail {
            Detail::Keys(_) | Detail::Row(_) if of.kinds == Kinds::MAP => of.field(name).unwrap_or_else(|problem| {
                self.named_problem(e, base, problem);
                Value::UNKNOWN
            }),
            Detail::Data => Value::DATA,
            Detail::Fields(fields) => fields.get(name).cloned().unwrap_or(Value::UNKNOWN),
            Detail::Each(element) if of.kinds == Kinds::MAP => element.as_ref().clone(),
            _ => Value::UNKNOWN,
        }
    }

    /// At the name behind the dot.
    fn named_problem(&mut self, e: &Expression, base: &Expression, problem: Problem) {
        let origin = self.origin(base);
        self.problems.push((crate::snippet::behind(&base.span, &e.span), problem, origin));
    }

    pub(super) fn method(&mut self, e: &Expression, base: &Expression, method: Method, arguments: &[Expression]) -> Value {
        let of = self.value(base);
        let given: Vec<Value> = arguments.iter().map(|a| self.value(a)).collect();
        if of.kinds.is_nothing() {
            return of;
        }
        if let (Method::Join, Some(list), Some(written)) = (method, given.first(), arguments.first()) {
            let element = if list.kinds == Kinds::MAP { Value::UNKNOWN } else { list.element() };
            // Templates print what they join; Python does not.
            if matches!(base.kind, Kind::Text(_))
                && element.kinds.within(Kinds::NUMBER.or(Kinds::NULL).or(Kinds::MAP))
                && self.joins_texts(e)
            {
                let message = format!("`.join(…)` puts texts together, and these are {}", element.kinds);
                let problem = Problem::new(message, "make text of each: `','.join(str(x) for x in …)`");
                self.problem(written, written, problem);
            }
        }
        let textual = !matches!(
            method,
            Method::Copy | Method::Get | Method::Items | Method::Keys | Method::ToDict | Method::Values | Method::Count | Method::Index
        );
        if textual && of.kinds.within(Kinds::NUMBER.or(Kinds::NULL).or(Kinds::LIST).or(Kinds::MAP)) {
            let problem = Problem::new(format!("{} has no methods of text", of.kinds), "make text of it first: `str(…)`, `| string`");
            self.named_problem(e, base, problem);
            return Value::UNKNOWN;
        }
        match method {
            Method::Get => match (given.first().map(|key| &key.detail), &of.detail) {
                (Some(Detail::Text(name)), Detail::Row(_)) => {
                    let found = of.field(name).unwrap_or_else(|problem| {
                        let part = arguments.first().unwrap_or(e);
                        self.problem(base, part, problem);
                        Value::UNKNOWN
                    });
                    given.get(1).map_or(found.clone(), |default| found.or(default.clone()))
                }
                (_, Detail::Data) => given.get(1).map_or(Value::DATA, |default| Value::DATA.or(default.clone())),
                (_, Detail::Each(element)) if of.kinds == Kinds::MAP => {
                    element.as_ref().clone().or(given.get(1).cloned().unwrap_or(Value::NONE))
                }
                _ => Value::UNKNOWN,
            },
            _ if method.gives_text() => Value::of(Kinds::TEXT),
            Method::Split | Method::RSplit | Method::SplitLines => Value::list_of(Value::of(Kinds::TEXT)),
            Method::EndsWith | Method::StartsWith | Method::IsAlpha | Method::IsDigit => Value::of(Kinds::BOOL),
            Method::Count | Method::Find | Method::Index => Value::of(Kinds::INT),
            _ => Value::UNKNOWN,
        }
    }

    /// Whether it is Python's own method, not a template's filter.
    fn joins_texts(&self, e: &Expression) -> bool {
        let text = e.span.file.text.get(e.span.start as usize..e.span.end as usize).unwrap_or_default();
        text.contains(".join(")
    }

    pub(super) fn call(&mut self, e: &Expression, function: Function, arguments: &[Expression]) -> Value {
        let given: Vec<Value> = arguments.iter().map(|a| self.value(a)).collect();
        let first = given.first();
        let kinds = first.map_or(Kinds::UNKNOWN, |v| v.kinds);
        let refused = match function {
            Function::Len => !kinds.meets(Kinds::SIZED),
            Function::Int | Function::Float => kinds.within(Kinds::LIST.or(Kinds::MAP).or(Kinds::TUPLE).or(Kinds::NULL)),
            Function::Sum | Function::Sorted | Function::Enumerate | Function::Reversed | Function::List => !kinds.meets(Kinds::ITERABLE),
            Function::Range => {
                given.iter().any(|v| v.kinds.within(Kinds::TEXT.or(Kinds::FLOAT).or(Kinds::LIST).or(Kinds::MAP).or(Kinds::NULL)))
            }
            Function::Round | Function::Abs => kinds.within(Kinds::TEXT.or(Kinds::LIST).or(Kinds::MAP).or(Kinds::NULL)),
            _ => false,
        };
        if let (true, false, Some(argument)) = (refused, kinds.is_nothing(), arguments.first()) {
            let message = format!("`{}` of {kinds} fails", function.name());
            let help = if function == Function::Len { "lists, maps and text have a length" } else { "look at what gives the value" };
            let problem = Problem::new(message, help);
            let origin = self.origin(argument);
            self.problems.push((e.span.clone(), problem, origin));
        }
        match function {
            Function::Bool | Function::All | Function::Any => Value::of(Kinds::BOOL),
            Function::Float => Value::of(Kinds::FLOAT),
            Function::Int | Function::Len => Value::of(Kinds::INT),
            Function::Str | Function::Repr => Value::of(Kinds::TEXT),
            Function::Sorted | Function::List => Value::list_of(first.map_or(Value::UNKNOWN, Value::element)),
            Function::Range => Value::list_of(Value::of(Kinds::INT)),
            Function::Dict => Value::of(Kinds::MAP),
            Function::Round if kinds.within(Kinds::NUMBER) => Value::of(Kinds::INT.or(Kinds::FLOAT)),
            Function::Abs if kinds.within(Kinds::NUMBER) => Value::of(kinds),
            _ => Value::UNKNOWN,
        }
    }
}
