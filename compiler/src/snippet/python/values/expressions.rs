//! Expressions: what each gives, and what no value of its parts allows.

use std::collections::BTreeMap;
use std::rc::Rc;

use ruff_text_size::{Ranged, TextRange};
use rustpython_compiler::ast::{
    BoolOp, CmpOp, Comprehension, Expr, ExprCompare, ExprDict, ExprSubscript, InterpolatedStringElement, Number, Operator as Op, UnaryOp,
};

use super::super::literal;
use super::names::Read;
use super::{Detail, Look, Value};
use crate::kinds::value::{operate, order_help};
use crate::kinds::{Kinds, Operator, never_equal};
use crate::snippet::python::embedded::BLANK;

impl<'a> Look<'a> {
    /// What an expression gives.
    pub(super) fn value(&mut self, expr: &'a Expr) -> Value {
        if self.tired() {
            return Value::UNKNOWN;
        }
        match expr {
            Expr::StringLiteral(_) => match literal(expr) {
                Some(text) if !text.contains(BLANK) && !text.contains("{{") => Value::text(text),
                _ => Value::of(Kinds::TEXT),
            },
            Expr::NumberLiteral(n) => match &n.value {
                Number::Int(i) => i.as_i64().map_or(Value::of(Kinds::INT), Value::int),
                Number::Float(_) => Value::of(Kinds::FLOAT),
                Number::Complex { .. } => Value::UNKNOWN,
            },
            Expr::BooleanLiteral(_) => Value::of(Kinds::BOOL),
            Expr::NoneLiteral(_) => Value::NONE,
            Expr::BytesLiteral(_) => Value::of(Kinds::BYTES),
            Expr::FString(f) => {
                for element in f.value.elements() {
                    if let InterpolatedStringElement::Interpolation(i) = element {
                        self.value(&i.expression);
                    }
                }
                Value::of(Kinds::TEXT)
            }
            Expr::Name(name) => self.name(name.id.as_str(), name.range),
            Expr::List(list) => {
                let items: Vec<Value> = list.elts.iter().map(|e| self.value(e)).collect();
                let all = !list.elts.iter().any(|e| matches!(e, Expr::Starred(_)));
                if all { Value::list(items) } else { Value::of(Kinds::LIST) }
            }
            Expr::Tuple(tuple) => {
                let items: Vec<Value> = tuple.elts.iter().map(|e| self.value(e)).collect();
                let all = !tuple.elts.iter().any(|e| matches!(e, Expr::Starred(_)));
                if all { Value::tuple(items) } else { Value::of(Kinds::TUPLE) }
            }
            Expr::Set(set) => {
                set.elts.iter().for_each(|e| {
                    self.value(e);
                });
                Value::of(Kinds::SET)
            }
            Expr::Dict(dict) => self.dict(dict),
            Expr::BinOp(b) => {
                let (left, right) = (self.value(&b.left), self.value(&b.right));
                if b.op == Op::Mod {
                    self.percent(&b.left, &b.right, &right, expr.range());
                }
                let kinds = self.operate(operator_of(b.op), &left, &right, expr.range());
                Value::of(if kinds.is_nothing() { Kinds::UNKNOWN } else { kinds })
            }
            Expr::UnaryOp(u) => {
                if u.op == UnaryOp::Not {
                    self.value(&u.operand);
                    self.always(&u.operand);
                    return Value::of(Kinds::BOOL);
                }
                let operand = self.value(&u.operand);
                match (u.op, &operand.detail) {
                    (UnaryOp::USub, Detail::Int(n)) => return Value::int(n.wrapping_neg()),
                    _ if operand.kinds.within(Kinds::NULL.or(Kinds::TEXT).or(Kinds::LIST).or(Kinds::MAP).or(Kinds::TUPLE)) => {
                        let message = format!("`{}` needs a number, and this is {}", u.op.as_str(), operand.kinds);
                        self.fault("P619", u.operand.range(), message, "make a number of it first: `int(…)`");
                        return Value::UNKNOWN;
                    }
                    _ => {}
                }
                Value::of(if operand.kinds == Kinds::BOOL { Kinds::INT } else { operand.kinds })
            }
            Expr::BoolOp(b) => self.either(b.op, &b.values),
            Expr::Compare(c) => self.compare(c),
            Expr::If(i) => {
                self.value(&i.test);
                self.always(&i.test);
                let names = self.env.clone();
                self.widen_tested(&i.test);
                self.conditions += 1;
                let value = self.value(&i.body).or(self.value(&i.orelse));
                self.conditions -= 1;
                self.env = names;
                value
            }
            Expr::Call(call) => self.call(call),
            Expr::Attribute(a) => {
                let base = self.value(&a.value);
                self.attribute(a, base)
            }
            Expr::Subscript(s) => self.subscript(s),
            Expr::ListComp(c) => Value::list_of(self.comprehension(&c.generators, &[&c.elt])),
            Expr::SetComp(c) => {
                self.comprehension(&c.generators, &[&c.elt]);
                Value::of(Kinds::SET)
            }
            Expr::DictComp(c) => {
                self.comprehension(&c.generators, &[&c.key, &c.value]);
                Value::of(Kinds::MAP)
            }
            Expr::Generator(c) => Value::iterator_of(self.comprehension(&c.generators, &[&c.elt])),
            Expr::Lambda(_) => self.lambda(expr),
            Expr::Named(n) => {
                let value = self.value(&n.value);
                self.bind(&n.target, &value);
                value
            }
            Expr::Starred(s) => {
                let value = self.value(&s.value);
                self.iterates(&value, &s.value);
                Value::UNKNOWN
            }
            Expr::Slice(s) => {
                for part in [&s.lower, &s.upper, &s.step].into_iter().flatten() {
                    self.value(part);
                }
                Value::UNKNOWN
            }
            Expr::Yield(y) => {
                y.value.iter().for_each(|v| {
                    self.value(v);
                });
                Value::UNKNOWN
            }
            Expr::Await(_) | Expr::YieldFrom(_) | Expr::TString(_) | Expr::EllipsisLiteral(_) | Expr::IpyEscapeCommand(_) => Value::UNKNOWN,
        }
    }

    /// The same where nothing is to be reported.
    pub(super) fn value_quietly(&mut self, expr: &'a Expr) -> Value {
        self.quiet += 1;
        let value = self.value(expr);
        self.quiet -= 1;
        value
    }

    pub(super) fn name(&mut self, name: &'a str, at: TextRange) -> Value {
        let value = match self.env.read(name) {
            Read::Set(value) => value,
            Read::Perhaps(value, conditions) => {
                if self.conditions <= conditions && self.tells(name) {
                    self.warn(
                        "P607",
                        at,
                        format!("`{name}` is not set on every way to this line"),
                        format!("give it a value before the condition or loop that sets it: `{name} = None`"),
                    );
                }
                value
            }
            Read::Never if !self.tells(name) => Value::UNKNOWN,
            Read::Never => {
                self.fault("P604", at, format!("`{name}` is read before it is set"), format!("set it before this line: `{name} = …`"));
                Value::UNKNOWN
            }
            Read::Elsewhere => match self.outer.get(name) {
                Some(value) => value.clone(),
                None if self.names.bound.contains(name) => Value::UNKNOWN,
                None => match super::calls::BUILTINS.iter().find(|b| b.name == name) {
                    Some(builtin) => Value { kinds: Kinds::FUNCTION, detail: Detail::Builtin(builtin.name) },
                    None if matches!(name, "id" | "type" | "hash" | "input" | "format" | "object" | "filter" | "next" | "vars" | "dir") => {
                        Value::of(Kinds::FUNCTION)
                    }
                    None => Value::UNKNOWN,
                },
            },
        };
        if self.mutated.is(name) { value.loosened() } else { value }
    }

    /// Whether the name is to be reported: once is enough.
    fn tells(&mut self, name: &'a str) -> bool {
        self.quiet == 0 && self.told.insert(name)
    }

    fn dict(&mut self, dict: &'a ExprDict) -> Value {
        let mut keys = Some(BTreeMap::new());
        for item in &dict.items {
            let value = self.value(&item.value);
            let key = item.key.as_ref().map(|key| self.value(key));
            if let Some(Value { kinds, .. }) = &key
                && kinds.within(Kinds::LIST.or(Kinds::MAP).or(Kinds::SET))
                && let Some(at) = &item.key
            {
                self.fault("P619", at.range(), format!("{kinds} cannot be a key of a map"), "keys are text or numbers");
            }
            match (key.map(|k| k.detail), &mut keys) {
                (Some(Detail::Text(text)), Some(keys)) => {
                    keys.insert(text.to_string(), value);
                }
                _ => keys = None,
            }
        }
        Value { kinds: Kinds::MAP, detail: keys.map_or(Detail::Nothing, |keys| Detail::Keys(Rc::new(keys))) }
    }

    /// What an operator gives; nothing where it has been reported.
    pub(super) fn operate(&mut self, operator: Operator, left: &Value, right: &Value, at: TextRange) -> Kinds {
        operate(operator, left, right).unwrap_or_else(|problem| {
            self.problem(at, at, problem);
            Kinds::NOTHING
        })
    }

    fn either(&mut self, op: BoolOp, values: &'a [Expr]) -> Value {
        let Some((first, rest)) = values.split_first() else { return Value::UNKNOWN };
        let mut given = self.value(first);
        let names = self.env.clone();
        self.widen_tested(first);
        self.conditions += 1;
        for value in rest {
            let next = self.value(value);
            // `x or 5` gives no None.
            if op == BoolOp::Or {
                given.kinds = given.kinds.without(Kinds::NULL);
            }
            given = given.or(next);
            self.widen_tested(value);
        }
        self.conditions -= 1;
        self.env = names;
        given
    }

    fn compare(&mut self, c: &'a ExprCompare) -> Value {
        let mut left_expr = c.left.as_ref();
        let mut left = self.value(left_expr);
        for (op, right_expr) in c.ops.iter().zip(&c.comparators) {
            let right = self.value(right_expr);
            let at = TextRange::new(left_expr.start(), right_expr.end());
            match op {
                CmpOp::Lt | CmpOp::LtE | CmpOp::Gt | CmpOp::GtE => {
                    self.operate(Operator::Order, &left, &right, at);
                }
                CmpOp::Eq | CmpOp::NotEq if never_equal(left.kinds, right.kinds) => {
                    // A comparison with None is how it is asked whether there is something.
                    if left.kinds != Kinds::NULL && right.kinds != Kinds::NULL {
                        let message = format!("{} is never equal to {}", left.kinds, right.kinds);
                        self.warn("P622", at, message, order_help(left.kinds, right.kinds));
                    }
                }
                CmpOp::Is | CmpOp::IsNot => {
                    if let Some(other) =
                        [left_expr, right_expr].into_iter().find(|e| matches!(e, Expr::StringLiteral(_) | Expr::NumberLiteral(_)))
                    {
                        let sign = if *op == CmpOp::Is { "==" } else { "!=" };
                        let message = format!("`{}` asks whether both are one object, not whether they are equal", op.as_str());
                        self.warn("P622", at, message, format!("write `{sign} {}`", self.source.text(other.range())));
                    }
                }
                CmpOp::In | CmpOp::NotIn => self.contains(&left, &right, at, right_expr),
                CmpOp::Eq | CmpOp::NotEq => {}
            }
            (left, left_expr) = (right, right_expr);
        }
        Value::of(Kinds::BOOL)
    }

    fn contains(&mut self, left: &Value, right: &Value, at: TextRange, container: &Expr) {
        if right.kinds.within(Kinds::NULL.or(Kinds::NUMBER).or(Kinds::FUNCTION).or(Kinds::DATE).or(Kinds::MOMENT)) {
            self.fault(
                "P619",
                container.range(),
                format!("{} has no members to look through", right.kinds),
                "`in` wants a list, a map or text behind it",
            );
        } else if right.kinds == Kinds::TEXT && left.kinds.within(Kinds::UNKNOWN.without(Kinds::TEXT.or(Kinds::OTHER))) {
            self.fault("P619", at, format!("text is looked through for text, and this is {}", left.kinds), "make text of it: `str(…)`");
        }
    }

    /// P619 where a map is gone over for its keys and values.
    pub(super) fn pairs(&mut self, target: &Expr, iterated: &Value, expr: &Expr) {
        let several = matches!(target, Expr::Tuple(t) if t.elts.len() > 1) || matches!(target, Expr::List(l) if l.elts.len() > 1);
        let text_keys = match &iterated.detail {
            Detail::Keys(keys) => !keys.is_empty(),
            Detail::Row(_) => true,
            _ => false,
        };
        if several && iterated.kinds == Kinds::MAP && text_keys {
            let message = "going over a map gives its keys, not pairs";
            self.fault("P619", expr.range(), message, format!("write `{}.items()`", self.source.text(expr.range())));
        }
    }

    /// P619 where nothing can be gone over.
    pub(super) fn iterates(&mut self, value: &Value, expr: &Expr) {
        if value.kinds.meets(Kinds::ITERABLE) || value.kinds.is_nothing() {
            return;
        }
        let is_length = matches!(expr, Expr::Call(c) if matches!(c.func.as_ref(), Expr::Name(n) if n.id.as_str() == "len"));
        let help = if is_length || value.kinds.meets(Kinds::INT) {
            format!("write `range({})`", self.source.text(expr.range()))
        } else {
            "only lists, maps, text and the like can be gone over".to_owned()
        };
        self.fault("P619", expr.range(), format!("{} is nothing to go over", value.kinds), help);
    }

    fn subscript(&mut self, s: &'a ExprSubscript) -> Value {
        let base = self.value(&s.value);
        let key = self.value(&s.slice);
        let at = s.range;
        if matches!(s.slice.as_ref(), Expr::Slice(_)) {
            if base.kinds.within(Kinds::NULL.or(Kinds::NUMBER).or(Kinds::MAP).or(Kinds::SET).or(Kinds::ITERATOR).or(Kinds::FUNCTION)) {
                self.fault("P619", at, format!("no part can be cut out of {}", base.kinds), "only lists and text have an order to cut by");
                return Value::UNKNOWN;
            }
            return Value::of(base.kinds);
        }
        if base.kinds == Kinds::FUNCTION && matches!(base.detail, Detail::Function(_) | Detail::Method(..)) {
            self.fault("P619", at, "a function has no members", "call it first, with parentheses behind its name");
            return Value::UNKNOWN;
        }
        if key.kinds == Kinds::FUNCTION && base.kinds.within(Kinds::DATA) && !matches!(base.detail, Detail::Nothing) {
            let name = self.source.text(s.slice.range());
            let message = format!("`{name}` is a function here, and no key");
            let help = format!("a key is text, in quotes: `['{name}']`");
            self.fault("P619", s.slice.range(), message, help);
            return Value::UNKNOWN;
        }
        let asked = matches!(base.detail, Detail::Keys(_) | Detail::Row(_) | Detail::Items(_))
            && self.asked.contains(self.source.text(s.value.range()));
        base.index(&key).unwrap_or_else(|problem| {
            if !asked {
                self.problem(at, s.slice.range(), problem);
            }
            Value::UNKNOWN
        })
    }

    /// The elements of a comprehension.
    fn comprehension(&mut self, generators: &'a [Comprehension], parts: &[&'a Expr]) -> Value {
        let env = self.env.clone();
        self.conditions += 1;
        for (i, generator) in generators.iter().enumerate() {
            let iterated = self.value(&generator.iter);
            self.iterates(&iterated, &generator.iter);
            self.pairs(&generator.target, &iterated, &generator.iter);
            // The first one is looked at outside of the comprehension's names.
            if i == 0 {
                generators.iter().for_each(|g| self.bind(&g.target, &Value::UNKNOWN));
            }
            self.bind(&generator.target, &iterated.element());
            for condition in &generator.ifs {
                self.value(condition);
                self.always(condition);
                self.widen_tested(condition);
            }
        }
        let mut last = Value::UNKNOWN;
        for part in parts {
            last = self.value(part);
        }
        self.conditions -= 1;
        self.env = env;
        last
    }
}

pub(super) const fn operator_of(op: Op) -> Operator {
    match op {
        Op::Add => Operator::Add,
        Op::Sub => Operator::Subtract,
        Op::Mult => Operator::Multiply,
        Op::Div => Operator::Divide,
        Op::FloorDiv => Operator::FloorDivide,
        Op::Mod => Operator::Modulo,
        Op::Pow => Operator::Power,
        Op::LShift | Op::RShift => Operator::Shift,
        Op::BitOr | Op::BitXor | Op::BitAnd => Operator::Bits,
        Op::MatMult => Operator::Other,
    }
}
