//! Calls: functions of the run, built-in functions, methods of values.

use ruff_text_size::Ranged;
use rustpython_compiler::ast::{Expr, ExprCall};
use sequor_plan_format::expr::{self as plan, Function, Method, ResponsePart};

use super::super::super::expression::{Clause, DictItem, Expression, Kind, Named};
use super::super::super::{fold, methods};
use super::super::literal;
use super::Lowering;

impl Lowering<'_> {
    pub(super) fn call(&mut self, call: &ExprCall) -> Option<Kind> {
        let arguments = &call.arguments.args;
        if arguments.iter().any(|a| matches!(a, Expr::Starred(_))) {
            return None;
        }
        let keywords = !call.arguments.keywords.is_empty();
        match call.func.as_ref() {
            Expr::Name(name) if self.is_global(name.id.as_str()) => match name.id.as_str() {
                "dict" if keywords => self.dict_of_keywords(call),
                _ if keywords => None,
                name => self.run_function(name, arguments).or_else(|| self.builtin(name, arguments)),
            },
            Expr::Attribute(_) if keywords => None,
            Expr::Attribute(a) if self.is_context(&a.value) => self.run_function(a.attr.as_str(), arguments),
            Expr::Attribute(a) if self.is_response(&a.value) => self.response_method(a.attr.as_str(), arguments),
            Expr::Attribute(a) => match a.value.as_ref() {
                Expr::Attribute(sources) if sources.attr.as_str() == "sources" && self.is_context(&sources.value) => {
                    (a.attr.as_str() == "query").then(|| self.run_function("query", arguments))?
                }
                base => self.method(base, a.attr.as_str(), arguments),
            },
            _ => None,
        }
    }

    /// `var`, `query_value` and so on, of the run or of `context`.
    fn run_function(&mut self, name: &str, arguments: &[Expr]) -> Option<Kind> {
        match (name, arguments) {
            ("var", [name]) => Some(Kind::Var(literal(name)?.to_owned())),
            ("is_var_defined", [name]) => Some(Kind::IsVarDefined(literal(name)?.to_owned())),
            ("query", [sql]) => Some(Kind::Query { source: None, sql: self.sql(sql)? }),
            ("query", [source, sql]) => Some(Kind::Query { source: Some(self.source_name(source)?), sql: self.sql(sql)? }),
            ("query_scalar", [sql]) => Some(Kind::QueryValue { source: None, sql: self.sql(sql)?, cast: None }),
            ("query_scalar", [source, sql]) => {
                Some(Kind::QueryValue { source: Some(self.source_name(source)?), sql: self.sql(sql)?, cast: None })
            }
            ("query_value", _) => self.query_value(arguments),
            _ => None,
        }
    }

    /// `query_value([source,] sql [, type])`.
    fn query_value(&mut self, arguments: &[Expr]) -> Option<Kind> {
        let (arguments, cast) = match arguments.split_last() {
            Some((Expr::Name(name), rest)) if !rest.is_empty() && self.is_global(name.id.as_str()) => {
                let cast = match name.id.as_str() {
                    "int" => Function::Int,
                    "float" => Function::Float,
                    "str" => Function::Str,
                    "bool" => Function::Bool,
                    _ => return None,
                };
                (rest, Some(cast))
            }
            _ => (arguments, None),
        };
        match arguments {
            [sql] => Some(Kind::QueryValue { source: None, sql: self.sql(sql)?, cast }),
            [source, sql] => Some(Kind::QueryValue { source: Some(self.source_name(source)?), sql: self.sql(sql)?, cast }),
            _ => None,
        }
    }

    fn sql(&mut self, sql: &Expr) -> Option<Box<Expression>> {
        self.value(sql).map(Box::new)
    }

    fn source_name(&self, source: &Expr) -> Option<Named> {
        Some(Named { name: literal(source)?.to_owned(), span: self.source.span(source.range()) })
    }

    fn response_method(&mut self, name: &str, arguments: &[Expr]) -> Option<Kind> {
        match (name, arguments) {
            ("json", []) => Some(Kind::Response(ResponsePart::Json)),
            ("status_code" | "headers" | "text", []) => fold::response_part(name).map(Kind::Response),
            _ => None,
        }
    }

    fn method(&mut self, base: &Expr, name: &str, arguments: &[Expr]) -> Option<Kind> {
        let base = self.any(base)?;
        let arguments = match (name, arguments) {
            ("join", [parts]) => vec![self.iterable(parts)?],
            _ => self.all(arguments)?,
        };
        if name == "join" && !self.is_text(&base) {
            return None;
        }
        methods::method(base, name, arguments)
    }

    fn dict_of_keywords(&mut self, call: &ExprCall) -> Option<Kind> {
        let mut items = Vec::new();
        match call.arguments.args.as_ref() {
            [] => {}
            [mapping] => items.push(DictItem::Spread(self.value(mapping)?)),
            _ => return None,
        }
        for keyword in &call.arguments.keywords {
            // `**mapping` with a key that is there already is an error in Python.
            let name = keyword.arg.as_ref()?;
            let value = self.value(&keyword.value)?;
            items.push(DictItem::Pair(self.at(name.range, Kind::Text(name.to_string())), value));
        }
        Some(Kind::Dict(items))
    }

    fn builtin(&mut self, name: &str, arguments: &[Expr]) -> Option<Kind> {
        let (function, arguments) = match (name, arguments) {
            ("str", []) => return Some(Kind::Text(String::new())),
            ("list", []) => return Some(Kind::List(Vec::new())),
            ("dict", []) => return Some(Kind::Dict(Vec::new())),
            ("tuple", []) => return Some(Kind::Tuple(Vec::new())),
            ("bool", []) => return Some(Kind::Bool(false)),
            ("int", []) => return Some(Kind::Int(0)),
            ("set", [members]) => return self.set(members),
            ("abs", [_]) => (Function::Abs, self.all(arguments)?),
            ("bool", [_]) => (Function::Bool, self.all(arguments)?),
            ("float", [_]) => (Function::Float, self.all(arguments)?),
            ("int", [_]) => (Function::Int, self.all(arguments)?),
            ("repr", [_]) => (Function::Repr, self.all(arguments)?),
            ("round", [_] | [_, _]) => (Function::Round, self.all(arguments)?),
            ("str", [_]) => (Function::Str, self.all(arguments)?),
            ("range", [_] | [_, _] | [_, _, _]) => (Function::Range, self.all(arguments)?),
            ("len", [members]) => (Function::Len, vec![self.sized(members)?]),
            ("all", [members]) => (Function::All, vec![self.members(members)?]),
            ("any", [members]) => (Function::Any, vec![self.members(members)?]),
            ("max", [members]) => (Function::Max, vec![self.members(members)?]),
            ("min", [members]) => (Function::Min, vec![self.members(members)?]),
            ("sorted", [members]) => (Function::Sorted, vec![self.members(members)?]),
            ("sum", [members]) => (Function::Sum, vec![self.members(members)?]),
            ("sum", [members, start]) => (Function::Sum, vec![self.members(members)?, self.value(start)?]),
            ("max", [_, _, ..]) => (Function::Max, self.all(arguments)?),
            ("min", [_, _, ..]) => (Function::Min, self.all(arguments)?),
            ("enumerate", [members]) => (Function::Enumerate, vec![self.iterable(members)?]),
            ("enumerate", [members, start]) => (Function::Enumerate, vec![self.iterable(members)?, self.value(start)?]),
            ("list", [members]) => (Function::List, vec![self.iterable(members)?]),
            ("tuple", [members]) => (Function::Tuple, vec![self.iterable(members)?]),
            ("reversed", [members]) => (Function::Reversed, vec![self.value(members)?]),
            ("zip", [_, _, ..]) => (Function::Zip, arguments.iter().map(|a| self.iterable(a)).collect::<Option<_>>()?),
            ("dict", [mapping]) => (Function::Dict, vec![self.value(mapping)?]),
            _ => return None,
        };
        // Headers are no plain map.
        let plain = !arguments.iter().any(|a| matches!(a.kind, Kind::Response(ResponsePart::Headers)));
        plain.then_some(Kind::Call { function, arguments })
    }

    /// What `len` takes: no iterators, but views, ranges and sets.
    fn sized(&mut self, expr: &Expr) -> Option<Expression> {
        let sized = self.any(expr)?;
        let iterator = matches!(sized.kind, Kind::Call { function: Function::Zip | Function::Enumerate | Function::Reversed, .. });
        (!iterator).then_some(sized)
    }

    /// `set(members)`, as a comprehension.
    fn set(&mut self, members: &Expr) -> Option<Kind> {
        let iterable = self.members(members)?;
        let slot = self.slots;
        self.slots += 1;
        let element = Box::new(self.at(members.range(), Kind::Local(slot)));
        let clauses = vec![Clause { slots: vec![slot], iterable, conditions: Vec::new() }];
        let views = |e: &Expression| matches!(e.kind, Kind::Method { method: Method::Items, .. });
        (!clauses.iter().any(|c| views(&c.iterable))).then_some(Kind::Comprehension {
            kind: plan::Comprehension::Set,
            key: None,
            element,
            clauses,
        })
    }
}
