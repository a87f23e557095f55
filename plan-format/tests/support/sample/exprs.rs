//! Expressions of every kind.

use sequor_plan_format::expr::{
    Binary, Clause, Code, Compare, Comprehension, Conversion, DictItem, Function, Input, Method, PythonForm, ResponsePart, Unary,
};
use sequor_plan_format::op::{Assign, Scope, SetVariable};
use sequor_plan_format::{Expr, ExprId, NodeId, Op, Replay, SourceId, TextId, Value};

use super::{FLOW, Sample};

impl Sample {
    /// Every kind of expression that is not used elsewhere, one variable each.
    pub(super) fn set_variables(&mut self, stage: SourceId) -> NodeId {
        let mut values = vec![("constants", self.constants())];
        values.extend(self.operators());
        values.extend(self.calls(stage));
        values.extend(self.bindings());
        let multi_line = self.multi_line_mix();
        values.push(("mix", multi_line));
        let assigns = values.into_iter().map(|(name, value)| Assign { name: self.b.text(name), scope: Scope::Project, value }).collect();
        self.node("set_variables", Replay::Pure, Op::SetVariable(SetVariable { assigns }))
    }

    fn constants(&mut self) -> ExprId {
        let number = self.b.text("123456789012345678901234567890.5e-3");
        let text = self.b.text("\"quoted\"\tand {braced} and \u{202e}turned");
        let scalars = [
            Value::Null,
            Value::Bool(true),
            Value::Bool(false),
            Value::Int(-7),
            Value::Float(1.0),
            Value::Float(-0.0),
            Value::Float(1e300),
            Value::Float(f64::INFINITY),
            Value::Number(number),
            Value::Text(text),
        ];
        let members = scalars.into_iter().map(|scalar| self.b.value(scalar)).collect();
        let list = self.b.list(members);
        let empty = self.b.list(vec![]);
        let map = self.b.map(&[("all", list), ("none", empty)]);
        self.b.expr(Expr::Const(map))
    }

    fn operators(&mut self) -> Vec<(&'static str, ExprId)> {
        let unary = [Unary::Negative, Unary::Positive, Unary::Invert];
        let unary = unary.into_iter().map(|operator| {
            let operand = self.b.var("a");
            self.b.expr(Expr::Unary { operator, operand })
        });
        let unary = unary.collect();
        let binary = [
            Binary::Add,
            Binary::Subtract,
            Binary::Multiply,
            Binary::Divide,
            Binary::FloorDivide,
            Binary::Modulo,
            Binary::Power,
            Binary::BitAnd,
            Binary::BitOr,
            Binary::BitXor,
            Binary::ShiftLeft,
            Binary::ShiftRight,
        ];
        let mut sum = self.b.var("b");
        for operator in binary {
            let right = self.b.constant(Value::Int(2));
            sum = self.b.expr(Expr::Binary { operator, left: sum, right });
        }
        let compare = [
            Compare::Equal,
            Compare::NotEqual,
            Compare::Less,
            Compare::LessEqual,
            Compare::Greater,
            Compare::GreaterEqual,
            Compare::In,
            Compare::NotIn,
            Compare::Is,
            Compare::IsNot,
        ];
        let compare = compare.into_iter().map(|operator| {
            let left = self.b.var("a");
            let right = self.b.var("b");
            self.b.expr(Expr::Compare { operator, left, right })
        });
        let compare = compare.collect();
        let (condition, then, otherwise) = (self.b.expr(Expr::Or(compare)), self.b.var("a"), self.b.constant(Value::Null));
        let choice = self.b.expr(Expr::If { condition, then, otherwise });
        vec![("unary", self.b.expr(Expr::Tuple(unary))), ("sum", sum), ("choice", choice)]
    }

    fn calls(&mut self, stage: SourceId) -> Vec<(&'static str, ExprId)> {
        let methods = [
            Method::Capitalize,
            Method::EndsWith,
            Method::Find,
            Method::IsAlpha,
            Method::IsDigit,
            Method::Join,
            Method::Lower,
            Method::LStrip,
            Method::Replace,
            Method::RSplit,
            Method::RStrip,
            Method::Split,
            Method::SplitLines,
            Method::StartsWith,
            Method::Strip,
            Method::Title,
            Method::Upper,
            Method::ZFill,
            Method::Copy,
            Method::Get,
            Method::Items,
            Method::Keys,
            Method::ToDict,
            Method::Values,
            Method::Count,
            Method::Index,
        ];
        let mut chained = self.b.var("text");
        for method in methods {
            let argument = self.b.text_constant("x");
            chained = self.b.expr(Expr::Method { base: chained, method, arguments: vec![argument] });
        }
        let functions = [
            Function::Abs,
            Function::All,
            Function::Any,
            Function::Bool,
            Function::Dict,
            Function::Enumerate,
            Function::Float,
            Function::Int,
            Function::Len,
            Function::List,
            Function::Max,
            Function::Min,
            Function::Range,
            Function::Repr,
            Function::Reversed,
            Function::Round,
            Function::Sorted,
            Function::Str,
            Function::Sum,
            Function::Tuple,
            Function::Zip,
        ];
        let mut nested = self.b.var("members");
        for function in functions {
            nested = self.b.expr(Expr::Call { function, arguments: vec![nested] });
        }
        let sql = self.b.text_constant("select count(*) from customers");
        let count = self.b.expr(Expr::QueryValue { source: stage, sql, cast: Some(Function::Int) });
        let sql = self.b.text_constant("select id from customers");
        let rows = self.b.expr(Expr::Query { source: stage, sql });
        let base = self.b.var("customer");
        let name = self.b.text("email");
        let attribute = self.b.expr(Expr::Attribute { base, name });
        let base = self.b.var("text");
        let (start, step) = (self.b.constant(Value::Int(1)), self.b.constant(Value::Int(2)));
        let slice = self.b.expr(Expr::Slice { base, start: Some(start), stop: None, step: Some(step) });
        let base = self.b.var("text");
        let stop = self.b.constant(Value::Int(-1));
        let head = self.b.expr(Expr::Slice { base, start: None, stop: Some(stop), step: None });
        let name = self.b.text("it's");
        let home = self.b.expr(Expr::Env(name));
        vec![
            ("chained", chained),
            ("nested", nested),
            ("count", count),
            ("rows", rows),
            ("attribute", attribute),
            ("slices", self.b.expr(Expr::List(vec![slice, head, home]))),
        ]
    }

    fn bindings(&mut self) -> Vec<(&'static str, ExprId)> {
        let value = self.b.var("a");
        let parts = [(Conversion::None, ".2f"), (Conversion::Str, ""), (Conversion::Repr, ">10"), (Conversion::Ascii, "")];
        let mut parts: Vec<ExprId> = parts
            .into_iter()
            .map(|(conversion, spec)| {
                let value = self.b.expr(Expr::Local(0));
                let spec = self.b.text(spec);
                self.b.expr(Expr::Format { value, conversion, spec })
            })
            .collect();
        parts.push(self.b.text_constant(" in {braces} and \"quotes\""));
        let body = self.b.expr(Expr::Concat(parts));
        let bound = self.b.expr(Expr::Let { slot: 0, value, body });

        let mut made = vec![("bound", bound)];
        for (name, kind) in [("set", Comprehension::Set), ("dict", Comprehension::Dict)] {
            let iterable = self.b.var("pairs");
            let key = match kind {
                Comprehension::Dict => Some(self.b.expr(Expr::Local(0))),
                Comprehension::Set | Comprehension::List => None,
            };
            let element = self.b.expr(Expr::Local(1));
            let clauses = vec![Clause { slots: vec![0, 1], iterable, conditions: vec![] }];
            made.push((name, self.b.expr(Expr::Comprehension { kind, key, element, clauses })));
        }
        made
    }

    /// `[{**_0, "total": round(_1["total"], 2)} for _0 in response.json()["data"] for _1 in _0["orders"] if not _1["void"]]`.
    pub(super) fn comprehension(&mut self) -> ExprId {
        let customers = {
            let json = self.b.expr(Expr::Response(ResponsePart::Json));
            self.index(json, "data")
        };
        let orders = {
            let customer = self.b.expr(Expr::Local(0));
            self.index(customer, "orders")
        };
        let kept = {
            let order = self.b.expr(Expr::Local(1));
            let void = self.index(order, "void");
            self.b.expr(Expr::Unary { operator: Unary::Not, operand: void })
        };
        let spread = self.b.expr(Expr::Local(0));
        let total = {
            let order = self.b.expr(Expr::Local(1));
            let total = self.index(order, "total");
            let two = self.b.constant(Value::Int(2));
            self.b.expr(Expr::Call { function: Function::Round, arguments: vec![total, two] })
        };
        let key = self.b.text_constant("total");
        let element = self.b.expr(Expr::Dict(vec![DictItem::Spread(spread), DictItem::Pair(key, total)]));
        let clauses = vec![
            Clause { slots: vec![0], iterable: customers, conditions: vec![] },
            Clause { slots: vec![1], iterable: orders, conditions: vec![kept] },
        ];
        self.b.expr(Expr::Comprehension { kind: Comprehension::List, key: None, element, clauses })
    }

    fn index(&mut self, base: ExprId, key: &str) -> ExprId {
        let key = self.b.text_constant(key);
        self.b.expr(Expr::Index { base, key })
    }

    /// A map built by YAML that holds all three kinds of snippets.
    fn multi_line_mix(&mut self) -> ExprId {
        let (a, b, c) = (self.b.text_constant("native"), self.b.text_constant("jinja"), self.b.text_constant("python"));
        let native = self.b.var("a");
        let jinja = self.jinja("{% for x in var(name) %}\n{{ x }}{% endfor %}", false, &[]);
        let python = self.python("import math\nreturn math.pi", PythonForm::Body, &[], vec![]);
        self.b.expr(Expr::Dict(vec![DictItem::Pair(a, native), DictItem::Pair(b, jinja), DictItem::Pair(c, python)]))
    }

    fn code(&mut self, text: &str, variables: &[&str]) -> Code {
        self.line += 1;
        let span = self.span(FLOW, self.line);
        let variables: Vec<TextId> = variables.iter().map(|name| self.b.text(name)).collect();
        Code {
            text: self.b.text(text),
            span,
            indent: if text.contains('\n') { 8 } else { 0 },
            variables,
            computed_variables: text.contains("var(name)"),
            response: text.contains("response"),
            queries: text.contains("query"),
        }
    }

    pub(super) fn jinja(&mut self, text: &str, typed: bool, variables: &[&str]) -> ExprId {
        let code = self.code(text, variables);
        self.b.expr(Expr::Jinja { code, typed })
    }

    pub(super) fn python(&mut self, text: &str, form: PythonForm, variables: &[&str], inputs: Vec<Input>) -> ExprId {
        let code = self.code(text, variables);
        self.b.expr(Expr::Python { code, form, inputs })
    }
}
