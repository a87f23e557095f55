//! Python to native trees, where both mean the same.
//!
//! `None` means that the snippet stays Python. Native values cannot change, so whatever changes one (item assignment, `append`, `for` statements,
//! `+=`) stays Python; so does everything whose meaning here is not surely Python's.

mod call;
mod statements;

use ruff_text_size::{Ranged, TextRange};
use rustpython_compiler::ast::{
    BoolOp, CmpOp, Comprehension, ConversionFlag, Expr, ExprCompare, ExprDict, ExprFString, FString, FStringPart, InterpolatedElement,
    InterpolatedStringElement, Number, Operator, UnaryOp,
};
use sequor_plan_format::expr as plan;

use super::super::Place;
use super::super::expression::{Clause, DictItem, Expression, Kind};
use super::super::fold;
use super::super::stack::MAX_NATIVE_DEPTH;
use super::Source;
use super::embedded::Embedded;
use super::form::Form;
use super::names::Names;

/// The native tree of a snippet without faults.
pub(super) fn lower(form: &Form<'_>, names: &Names, embedded: &Embedded, source: Source<'_>, place: Place) -> Option<Expression> {
    let mut lowering = Lowering { names, embedded, source, scope: Vec::new(), slots: 0, depth: 0 };
    let expression = match form {
        Form::Expression(expr) => lowering.value(expr)?,
        Form::Body(statements) => lowering.block(statements, &[])?,
        Form::Evaluate { module, function } => lowering.evaluate(module, function, form.parameters(place))?,
    };
    (expression.depth() <= MAX_NATIVE_DEPTH && expression.is_native()).then(|| Expression::new(source.origin.text_span(), expression.kind))
}

/// What a name stands for.
#[derive(Clone)]
enum Meaning {
    Slot {
        slot: u32,
        text: bool,
    },
    /// Another spelling of an expression without effect.
    Alias(Kind),
    Context,
    Response,
}

struct Lowering<'a> {
    names: &'a Names,
    embedded: &'a Embedded,
    source: Source<'a>,
    /// Inner names come later.
    scope: Vec<(String, Meaning)>,
    slots: u32,
    depth: usize,
}

impl Lowering<'_> {
    /// An expression whose value may go anywhere.
    fn value(&mut self, expr: &Expr) -> Option<Expression> {
        self.any(expr).filter(|e| !e.is_lazy())
    }

    /// An expression that is iterated in its order.
    fn iterable(&mut self, expr: &Expr) -> Option<Expression> {
        self.members(expr).filter(|e| !e.is_set() && !matches!(e.kind, Kind::Response(plan::ResponsePart::Headers)))
    }

    /// An expression whose members count, in whatever order.
    fn members(&mut self, expr: &Expr) -> Option<Expression> {
        match expr {
            Expr::Generator(g) => {
                let kind = self.comprehension(plan::Comprehension::List, None, &g.elt, &g.generators)?;
                Some(self.at(g.range, kind))
            }
            other => self.any(other),
        }
    }

    fn any(&mut self, expr: &Expr) -> Option<Expression> {
        if self.depth > MAX_NATIVE_DEPTH {
            return None;
        }
        self.depth += 1;
        let kind = self.kind(expr);
        self.depth -= 1;
        kind.map(|kind| self.at(expr.range(), kind))
    }

    fn kind(&mut self, expr: &Expr) -> Option<Kind> {
        match expr {
            Expr::NoneLiteral(_) => Some(Kind::Null),
            Expr::BooleanLiteral(b) => Some(Kind::Bool(b.value)),
            Expr::NumberLiteral(n) => number(&n.value),
            Expr::StringLiteral(s) => match self.embedded.value(s.range) {
                Some(value) => Some(value.kind.clone()),
                None => Some(Kind::Text(s.value.to_str().to_owned())),
            },
            Expr::FString(f) => self.f_string(f),
            Expr::Name(name) => match self.meaning(name.id.as_str())? {
                Meaning::Slot { slot, .. } => Some(Kind::Local(slot)),
                Meaning::Alias(kind) => Some(kind),
                Meaning::Context | Meaning::Response => None,
            },
            Expr::Attribute(a) if self.is_response(&a.value) => fold::response_part(a.attr.as_str()).map(Kind::Response),
            Expr::Subscript(s) => self.subscript(&s.value, &s.slice),
            Expr::Call(c) => self.call(c),
            Expr::List(l) => Some(Kind::List(self.all(&l.elts)?)),
            Expr::Tuple(t) => Some(Kind::Tuple(self.all(&t.elts)?)),
            Expr::Dict(d) => self.dict(d),
            Expr::ListComp(c) => self.comprehension(plan::Comprehension::List, None, &c.elt, &c.generators),
            Expr::SetComp(c) => self.comprehension(plan::Comprehension::Set, None, &c.elt, &c.generators),
            Expr::DictComp(c) => self.comprehension(plan::Comprehension::Dict, Some(&c.key), &c.value, &c.generators),
            Expr::BoolOp(b) => {
                let operands = self.all(&b.values)?;
                Some(match b.op {
                    BoolOp::And => Kind::And(operands),
                    BoolOp::Or => Kind::Or(operands),
                })
            }
            Expr::UnaryOp(u) => {
                let operand = self.value(&u.operand)?;
                let operator = match u.op {
                    UnaryOp::USub => return Some(fold::negative(operand)),
                    UnaryOp::Not => plan::Unary::Not,
                    UnaryOp::UAdd => plan::Unary::Positive,
                    UnaryOp::Invert => plan::Unary::Invert,
                };
                Some(Kind::Unary { operator, operand: Box::new(operand) })
            }
            Expr::BinOp(b) => {
                let operator = binary(b.op)?;
                let (left, right) = (self.value(&b.left)?, self.value(&b.right)?);
                // `'%s' % value` formats.
                if operator == plan::Binary::Modulo && self.is_text(&left) {
                    return None;
                }
                if operator == plan::Binary::Add && self.is_text(&left) && self.is_text(&right) {
                    return Some(fold::concat(vec![left, right], self.source.span(b.range)).kind);
                }
                Some(Kind::Binary { operator, left: Box::new(left), right: Box::new(right) })
            }
            Expr::Compare(c) => self.compare(c),
            Expr::If(i) => Some(Kind::If {
                condition: Box::new(self.value(&i.test)?),
                then: Box::new(self.value(&i.body)?),
                otherwise: Box::new(self.value(&i.orelse)?),
            }),
            Expr::Attribute(_)
            | Expr::BytesLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::Named(_)
            | Expr::Lambda(_)
            | Expr::Set(_)
            | Expr::Generator(_)
            | Expr::Await(_)
            | Expr::Yield(_)
            | Expr::YieldFrom(_)
            | Expr::TString(_)
            | Expr::Starred(_)
            | Expr::Slice(_)
            | Expr::IpyEscapeCommand(_) => None,
        }
    }

    /// `None` for a name that is not known here or not surely the built-in one.
    fn meaning(&self, name: &str) -> Option<Meaning> {
        self.scope.iter().rev().find(|(n, _)| n == name).map(|(_, meaning)| meaning.clone())
    }

    /// Whether a name means what it means without the snippet.
    fn is_global(&self, name: &str) -> bool {
        self.meaning(name).is_none() && !self.names.bound.contains(name)
    }

    fn is_response(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Name(name) => match self.meaning(name.id.as_str()) {
                Some(meaning) => matches!(meaning, Meaning::Response),
                None => name.id.as_str() == "response" && self.is_global("response"),
            },
            _ => false,
        }
    }

    fn is_context(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Name(name) => match self.meaning(name.id.as_str()) {
                Some(meaning) => matches!(meaning, Meaning::Context),
                None => name.id.as_str() == "context" && self.is_global("context"),
            },
            _ => false,
        }
    }

    fn all(&mut self, exprs: &[Expr]) -> Option<Vec<Expression>> {
        exprs.iter().map(|e| self.value(e)).collect()
    }

    /// Keys must surely be text: native maps have no others.
    fn dict(&mut self, dict: &ExprDict) -> Option<Kind> {
        let mut items = Vec::with_capacity(dict.items.len());
        for item in &dict.items {
            items.push(match &item.key {
                Some(key) => DictItem::Pair(self.text_key(key)?, self.value(&item.value)?),
                None => DictItem::Spread(self.value(&item.value)?),
            });
        }
        Some(Kind::Dict(items))
    }

    fn text_key(&mut self, key: &Expr) -> Option<Expression> {
        let key = self.value(key)?;
        self.is_text(&key).then_some(key)
    }

    /// Whether the value is text, whatever the data.
    fn is_text(&self, e: &Expression) -> bool {
        match e.kind {
            Kind::Local(slot) => self.scope.iter().any(|(_, m)| matches!(m, Meaning::Slot { slot: s, text: true } if *s == slot)),
            _ => e.is_text(),
        }
    }

    fn subscript(&mut self, base: &Expr, key: &Expr) -> Option<Kind> {
        let base = self.any(base)?;
        if base.is_lazy() && !matches!(base.kind, Kind::Response(plan::ResponsePart::Headers)) {
            return None;
        }
        let base = Box::new(base);
        if let Expr::Slice(slice) = key {
            let mut part = |e: &Option<Box<Expr>>| match e {
                None => Some(None),
                Some(e) => self.value(e).map(|e| Some(Box::new(e))),
            };
            return Some(Kind::Slice { base, start: part(&slice.lower)?, stop: part(&slice.upper)?, step: part(&slice.step)? });
        }
        if matches!(key, Expr::Tuple(_)) {
            return None;
        }
        Some(Kind::Index { base, key: Box::new(self.value(key)?) })
    }

    /// `a < b < c` is `a < b and b < c`, where `b` is computed once.
    fn compare(&mut self, compare: &ExprCompare) -> Option<Kind> {
        let (operators, rights) = (&compare.ops, &compare.comparators);
        let mut left = self.compared(&compare.left)?;
        let mut parts = Vec::with_capacity(operators.len());
        for (i, (operator, right)) in operators.iter().zip(rights.iter()).enumerate() {
            let right = match operator {
                CmpOp::In | CmpOp::NotIn => self.searched(right)?,
                _ => self.compared(right)?,
            };
            if i + 1 < operators.len() && !right.is_simple() {
                return None;
            }
            let operator = comparison(*operator);
            if matches!(operator, plan::Compare::Is | plan::Compare::IsNot) && !is_singleton(&left) && !is_singleton(&right) {
                return None;
            }
            let span = self.source.span(compare.range);
            parts.push(Expression::new(span, fold::compare(operator, &left, &right)));
            left = right;
        }
        match parts.len() {
            1 => parts.pop().map(|p| p.kind),
            _ => Some(Kind::And(parts)),
        }
    }

    fn compared(&mut self, expr: &Expr) -> Option<Expression> {
        self.value(expr)
    }

    /// The right side of `in`.
    fn searched(&mut self, expr: &Expr) -> Option<Expression> {
        match expr {
            Expr::Set(set) => {
                let members = self.all(&set.elts)?;
                members.iter().all(Expression::is_constant).then(|| self.at(set.range, Kind::Tuple(members)))
            }
            // An iterator is used up by the search.
            Expr::Generator(_) => None,
            other => self.any(other).filter(|e| {
                !matches!(e.kind, Kind::Call { function: plan::Function::Zip | plan::Function::Enumerate | plan::Function::Reversed, .. })
            }),
        }
    }

    fn comprehension(
        &mut self,
        kind: plan::Comprehension,
        key: Option<&Expr>,
        element: &Expr,
        generators: &[Comprehension],
    ) -> Option<Kind> {
        let outer = self.scope.len();
        let comprehension = self.clauses(generators).and_then(|clauses| {
            let key = match key {
                Some(key) => Some(Box::new(self.text_key(key)?)),
                None => None,
            };
            Some(Kind::Comprehension { kind, key, element: Box::new(self.value(element)?), clauses })
        });
        self.scope.truncate(outer);
        comprehension
    }

    fn clauses(&mut self, generators: &[Comprehension]) -> Option<Vec<Clause>> {
        let mut clauses = Vec::with_capacity(generators.len());
        for generator in generators {
            if generator.is_async {
                return None;
            }
            let iterable = self.iterable(&generator.iter)?;
            let names: Vec<&str> = match &generator.target {
                Expr::Name(name) => vec![name.id.as_str()],
                Expr::Tuple(t) if t.elts.len() > 1 => t.elts.iter().map(name_of).collect::<Option<_>>()?,
                Expr::List(l) if l.elts.len() > 1 => l.elts.iter().map(name_of).collect::<Option<_>>()?,
                _ => return None,
            };
            // The keys of a native map are text.
            let first_is_text = match &iterable.kind {
                Kind::Method { method: plan::Method::Items, .. } => names.len() == 2,
                Kind::Method { method: plan::Method::Keys, .. } => names.len() == 1,
                _ => false,
            };
            let slots = names.iter().enumerate().map(|(i, name)| self.bind(name, i == 0 && first_is_text)).collect();
            let conditions = self.all(&generator.ifs)?;
            clauses.push(Clause { slots, iterable, conditions });
        }
        Some(clauses)
    }

    /// A new slot for a name.
    fn bind(&mut self, name: &str, text: bool) -> u32 {
        let slot = self.slots;
        self.slots += 1;
        self.scope.push((name.to_owned(), Meaning::Slot { slot, text }));
        slot
    }

    fn f_string(&mut self, f: &ExprFString) -> Option<Kind> {
        let mut parts = Vec::new();
        for part in &f.value {
            match part {
                FStringPart::Literal(text) => parts.push(self.at(text.range, Kind::Text(text.value.to_string()))),
                FStringPart::FString(f) => self.f_string_elements(f, &mut parts)?,
            }
        }
        Some(fold::concat(parts, self.source.span(f.range)).kind)
    }

    fn f_string_elements(&mut self, f: &FString, parts: &mut Vec<Expression>) -> Option<()> {
        for element in &f.elements {
            parts.push(match element {
                InterpolatedStringElement::Literal(text) => self.at(text.range, Kind::Text(text.value.to_string())),
                InterpolatedStringElement::Interpolation(e) => self.interpolation(e)?,
            });
        }
        Some(())
    }

    fn interpolation(&mut self, e: &InterpolatedElement) -> Option<Expression> {
        if e.debug_text.is_some() {
            return None;
        }
        let value = self.value(&e.expression)?;
        let mut spec = String::new();
        for element in e.format_spec.iter().flat_map(|s| &s.elements) {
            match element {
                InterpolatedStringElement::Literal(text) => spec.push_str(&text.value),
                InterpolatedStringElement::Interpolation(_) => return None,
            }
        }
        let conversion = match e.conversion {
            ConversionFlag::None => plan::Conversion::None,
            ConversionFlag::Str => plan::Conversion::Str,
            ConversionFlag::Repr => plan::Conversion::Repr,
            ConversionFlag::Ascii => plan::Conversion::Ascii,
        };
        if spec.is_empty() && matches!(conversion, plan::Conversion::None | plan::Conversion::Str) {
            // A lone part of a concatenation is printed, not kept as it is.
            let kind = if self.is_text(&value) { value.kind } else { Kind::Call { function: plan::Function::Str, arguments: vec![value] } };
            return Some(self.at(e.range, printed(kind)));
        }
        is_simple_format(&spec).then(|| self.at(e.range, Kind::Format { value: Box::new(value), conversion, spec }))
    }

    fn at(&self, range: TextRange, kind: Kind) -> Expression {
        Expression::new(self.source.span(range), kind)
    }
}

/// The parts of a concatenation are printed anyway, so `str()` around one says nothing.
fn printed(kind: Kind) -> Kind {
    match kind {
        Kind::Call { function: plan::Function::Str, arguments } => Kind::Concat(arguments),
        kind => kind,
    }
}

fn number(number: &Number) -> Option<Kind> {
    match number {
        Number::Int(i) => i.as_i64().map(Kind::Int).or_else(|| {
            let text = i.to_string();
            text.bytes().all(|b| b.is_ascii_digit()).then_some(Kind::Number(text))
        }),
        Number::Float(f) => f.is_finite().then_some(Kind::Float(*f)),
        Number::Complex { .. } => None,
    }
}

fn name_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        _ => None,
    }
}

fn is_singleton(e: &Expression) -> bool {
    matches!(e.kind, Kind::Null | Kind::Bool(_))
}

fn binary(operator: Operator) -> Option<plan::Binary> {
    Some(match operator {
        Operator::Add => plan::Binary::Add,
        Operator::Sub => plan::Binary::Subtract,
        Operator::Mult => plan::Binary::Multiply,
        Operator::Div => plan::Binary::Divide,
        Operator::FloorDiv => plan::Binary::FloorDivide,
        Operator::Mod => plan::Binary::Modulo,
        Operator::Pow => plan::Binary::Power,
        Operator::BitAnd => plan::Binary::BitAnd,
        Operator::BitOr => plan::Binary::BitOr,
        Operator::BitXor => plan::Binary::BitXor,
        Operator::LShift => plan::Binary::ShiftLeft,
        Operator::RShift => plan::Binary::ShiftRight,
        Operator::MatMult => return None,
    })
}

fn comparison(operator: CmpOp) -> plan::Compare {
    match operator {
        CmpOp::Eq => plan::Compare::Equal,
        CmpOp::NotEq => plan::Compare::NotEqual,
        CmpOp::Lt => plan::Compare::Less,
        CmpOp::LtE => plan::Compare::LessEqual,
        CmpOp::Gt => plan::Compare::Greater,
        CmpOp::GtE => plan::Compare::GreaterEqual,
        CmpOp::Is => plan::Compare::Is,
        CmpOp::IsNot => plan::Compare::IsNot,
        CmpOp::In => plan::Compare::In,
        CmpOp::NotIn => plan::Compare::NotIn,
    }
}

/// `[[fill]align][sign][0][width][,][.precision][type]` with the types of text and numbers.
fn is_simple_format(spec: &str) -> bool {
    let mut rest = spec;
    let mut letters = rest.char_indices();
    let (first, second) = (letters.next(), letters.next());
    if let Some((i, c)) = second.filter(|(_, c)| matches!(c, '<' | '>' | '^')) {
        rest = &rest[i + c.len_utf8()..];
    } else if first.is_some_and(|(_, c)| matches!(c, '<' | '>' | '^')) {
        rest = &rest[1..];
    }
    rest = rest.strip_prefix(['+', '-', ' ']).unwrap_or(rest);
    rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    rest = rest.strip_prefix(',').unwrap_or(rest);
    if let Some(precision) = rest.strip_prefix('.') {
        let end = precision.trim_start_matches(|c: char| c.is_ascii_digit());
        if end.len() == precision.len() {
            return false;
        }
        rest = end;
    }
    spec.len() < 16 && matches!(rest, "" | "d" | "f" | "s" | "%" | "x" | "X" | "e")
}
