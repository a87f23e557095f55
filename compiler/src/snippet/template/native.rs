//! Templates to native trees, where both mean the same.
//!
//! `None` means that the template is for minijinja. Jinja's undefined (a missing key or attribute) prints as nothing, is falsy and equal to no
//! value; a native tree only has it as the value of an attribute, so an attribute is lowered only where undefined and null act alike or where
//! it is printed.

use minijinja::machinery::ast::{self, CallArg, CompareOpKind, Expr, Stmt, UnaryOpKind};
use minijinja::value::{Value, ValueKind};
use sequor_plan_format::expr::{Binary, Compare, Function, Method, ResponsePart, Unary};

use super::super::expression::{DictItem, Expression, Kind, Named};
use super::super::fold::{self, response_part};
use super::super::methods;
use super::super::place::Origin;
use super::super::stack::MAX_NATIVE_DEPTH;
use super::operators::Operator;

/// A whole template. A `typed` one keeps the value of its only expression.
pub(super) fn template(statements: &[Stmt<'_>], typed: bool, origin: Origin<'_>) -> Option<Expression> {
    let native = Native { origin };
    let expression = match statements {
        [Stmt::EmitExpr(e)] if typed => native.expr(&e.expr, 0).filter(|e| !e.is_lazy())?,
        _ => native.printed(statements, 0)?,
    };
    (expression.depth() <= MAX_NATIVE_DEPTH).then_some(Expression::new(origin.text_span(), expression.kind))
}

struct Native<'a> {
    origin: Origin<'a>,
}

impl Native<'_> {
    /// Statements as the text that they print.
    fn printed(&self, statements: &[Stmt<'_>], depth: usize) -> Option<Expression> {
        let mut parts = Vec::new();
        for statement in statements {
            parts.push(match statement {
                Stmt::EmitRaw(raw) => self.at(raw.span(), Kind::Text(raw.raw.to_owned())),
                Stmt::EmitExpr(e) => self.part(&e.expr, depth + 1)?,
                Stmt::IfCond(i) => {
                    let kind = Kind::If {
                        condition: Box::new(self.expr(&i.expr, depth + 1)?),
                        then: Box::new(self.printed(&i.true_body, depth + 1)?),
                        otherwise: Box::new(self.printed(&i.false_body, depth + 1)?),
                    };
                    self.at(i.span(), kind)
                }
                _ => return None,
            });
        }
        Some(fold::concat(parts, self.origin.text_span()))
    }

    /// An expression that is printed: one without `else` prints nothing where its condition is false.
    fn part(&self, expr: &Expr<'_>, depth: usize) -> Option<Expression> {
        let part = match expr {
            Expr::IfExpr(i) if i.false_expr.is_none() => {
                let kind = Kind::If {
                    condition: Box::new(self.expr(&i.test_expr, depth + 1)?),
                    then: Box::new(self.defined(&i.true_expr, depth + 1)?),
                    otherwise: Box::new(self.at(i.span(), Kind::Text(String::new()))),
                };
                self.at(i.span(), kind)
            }
            other => self.expr(other, depth)?,
        };
        let prints_alike = matches!(part.kind, Kind::Attribute { .. }) || !may_be_undefined(&part);
        (prints_alike && !part.is_lazy()).then_some(part)
    }

    /// An expression that has a value, whatever the data.
    fn defined(&self, expr: &Expr<'_>, depth: usize) -> Option<Expression> {
        self.expr(expr, depth).filter(|e| !may_be_undefined(e) && !e.is_lazy())
    }

    fn expr(&self, expr: &Expr<'_>, depth: usize) -> Option<Expression> {
        if depth > MAX_NATIVE_DEPTH {
            return None;
        }
        let next = depth + 1;
        let kind = match expr {
            Expr::Var(_) => return None,
            Expr::Const(c) => constant(&c.value)?,
            Expr::Slice(s) => Kind::Slice {
                base: Box::new(self.defined(&s.expr, next)?),
                start: self.optional(s.start.as_ref(), next)?,
                stop: self.optional(s.stop.as_ref(), next)?,
                step: self.optional(s.step.as_ref(), next)?,
            },
            Expr::UnaryOp(u) => {
                let operand = self.expr(&u.expr, next)?;
                match u.op {
                    UnaryOpKind::Not => Kind::Unary { operator: Unary::Not, operand: Box::new(operand) },
                    UnaryOpKind::Neg => fold::negative(operand),
                }
            }
            Expr::BinOp(b) => self.binary(b, next)?,
            Expr::Compare(c) => {
                let mut operands = vec![self.defined(&c.expr, next)?];
                for op in &c.ops {
                    operands.push(self.defined(&op.expr, next)?);
                }
                // A repeated operand would be computed twice.
                if !operands.iter().skip(1).rev().skip(1).all(Expression::is_simple) {
                    return None;
                }
                Kind::And(
                    c.ops
                        .iter()
                        .zip(operands.windows(2))
                        .map(|(op, pair)| Expression::new(pair[0].span.clone(), fold::compare(compare(op.op), &pair[0], &pair[1])))
                        .collect(),
                )
            }
            Expr::IfExpr(i) => Kind::If {
                condition: Box::new(self.expr(&i.test_expr, next)?),
                then: Box::new(self.expr(&i.true_expr, next)?),
                otherwise: Box::new(self.expr(i.false_expr.as_ref()?, next)?),
            },
            Expr::Filter(f) => self.filter(f, next)?,
            Expr::Test(t) => {
                if t.name != "none" || !t.args.is_empty() {
                    return None;
                }
                let left = Box::new(self.defined(&t.expr, next)?);
                let right = Box::new(self.at(t.span(), Kind::Null));
                Kind::Compare { operator: Compare::Is, left, right }
            }
            Expr::GetAttr(g) => match (&g.expr, g.name) {
                (Expr::Var(v), name) if v.id == "response" => Kind::Response(response_part(name)?),
                _ => Kind::Attribute { base: Box::new(self.expr(&g.expr, next)?), name: g.name.to_owned() },
            },
            Expr::GetItem(g) => self.item(g, next)?,
            Expr::Call(c) => self.call(c, next)?,
            Expr::List(l) => Kind::List(self.all(&l.items, next)?),
            Expr::Tuple(t) => Kind::Tuple(self.all(&t.items, next)?),
            Expr::Map(m) => {
                let mut items = Vec::new();
                for (key, value) in m.keys.iter().zip(&m.values) {
                    let key = self.defined(key, next).filter(Expression::is_text)?;
                    items.push(DictItem::Pair(key, self.defined(value, next)?));
                }
                Kind::Dict(items)
            }
        };
        Some(self.at(expr.span(), kind))
    }

    /// A key that is literal text is looked up like an attribute: a missing one is undefined.
    fn item(&self, g: &ast::GetItem<'_>, depth: usize) -> Option<Kind> {
        let base = Box::new(self.expr(&g.expr, depth)?);
        let Expr::Const(key) = &g.subscript_expr else { return None };
        match constant(&key.value)? {
            Kind::Text(name) => Some(Kind::Attribute { base, name }),
            position @ Kind::Int(_) => Some(Kind::Index { base, key: Box::new(self.at(key.span(), position)) }),
            _ => None,
        }
    }

    fn binary(&self, b: &ast::BinOp<'_>, depth: usize) -> Option<Kind> {
        let operator = match Operator::from(&b.op) {
            Operator::And => return Some(Kind::And(vec![self.expr(&b.left, depth)?, self.expr(&b.right, depth)?])),
            Operator::Or => return Some(Kind::Or(vec![self.expr(&b.left, depth)?, self.expr(&b.right, depth)?])),
            Operator::Concat => {
                let parts = vec![self.part(&b.left, depth)?, self.part(&b.right, depth)?];
                return Some(fold::concat(parts, self.origin.text_span()).kind);
            }
            Operator::Compare(operator) => return self.compared(operator, b, depth),
            Operator::Binary(operator) => operator,
        };
        let (left, right) = (self.defined(&b.left, depth)?, self.defined(&b.right, depth)?);
        // `'%s' % value` formats.
        if operator == Binary::Modulo && left.is_text() {
            return None;
        }
        Some(Kind::Binary { operator, left: Box::new(left), right: Box::new(right) })
    }

    /// Undefined equals nothing, so it may be compared with a constant that is neither null nor empty text.
    fn compared(&self, operator: Compare, b: &ast::BinOp<'_>, depth: usize) -> Option<Kind> {
        let (left, right) = (self.expr(&b.left, depth)?, self.expr(&b.right, depth)?);
        let plain = |e: &Expression| match &e.kind {
            Kind::Text(text) => !text.is_empty(),
            other => e.is_constant() && !matches!(other, Kind::Null),
        };
        let exact = match operator {
            Compare::Equal | Compare::NotEqual => {
                (!may_be_undefined(&left) || plain(&right)) && (!may_be_undefined(&right) || plain(&left))
            }
            _ => !may_be_undefined(&left) && !may_be_undefined(&right),
        };
        (exact && !left.is_lazy() && !right.is_lazy()).then(|| Kind::Compare { operator, left: Box::new(left), right: Box::new(right) })
    }

    /// The filters whose meaning in Jinja2 is exactly one of Python's functions or methods.
    fn filter(&self, f: &ast::Filter<'_>, depth: usize) -> Option<Kind> {
        let value = self.defined(f.expr.as_ref()?, depth)?;
        let arguments = self.positional(&f.args, depth)?;
        if !arguments.iter().all(Expression::is_text) {
            return None;
        }
        let method = match (f.name, arguments.len()) {
            ("upper", 0) => Method::Upper,
            ("lower", 0) => Method::Lower,
            ("capitalize", 0) => Method::Capitalize,
            ("trim", 0 | 1) => Method::Strip,
            ("replace", 2) => Method::Replace,
            ("length" | "count", 0) => return Some(call(Function::Len, value)),
            ("string", 0) => return Some(call(Function::Str, value)),
            ("list", 0) => return Some(call(Function::List, value)),
            ("abs", 0) => return Some(call(Function::Abs, value)),
            _ => return None,
        };
        let base = if value.is_text() { value } else { Expression::new(value.span.clone(), call(Function::Str, value)) };
        Some(Kind::Method { base: Box::new(base), method, arguments })
    }

    fn call(&self, c: &ast::Call<'_>, depth: usize) -> Option<Kind> {
        match &c.expr {
            Expr::Var(function) => self.function(function.id, &c.args, depth),
            Expr::GetAttr(g) => match &g.expr {
                Expr::Var(v) if v.id == "response" && c.args.is_empty() => Some(Kind::Response(match g.name {
                    "json" => ResponsePart::Json,
                    "status_code" | "headers" | "text" => response_part(g.name)?,
                    _ => return None,
                })),
                base => {
                    let base = self.expr(base, depth)?;
                    let arguments = self.positional(&c.args, depth)?;
                    methods::method(base, g.name, arguments)
                }
            },
            _ => None,
        }
    }

    fn function(&self, name: &str, arguments: &[CallArg<'_>], depth: usize) -> Option<Kind> {
        let literal = |argument: &CallArg<'_>| match argument {
            CallArg::Pos(Expr::Const(c)) => {
                let span = self.origin.span(c.span().start_offset as usize, c.span().end_offset as usize);
                c.value.as_str().map(|name| Named { name: name.to_owned(), span })
            }
            _ => None,
        };
        match (name, arguments) {
            ("var", [name]) => Some(Kind::Var(literal(name)?.name)),
            ("is_var_defined", [name]) => Some(Kind::IsVarDefined(literal(name)?.name)),
            ("env", [name]) => Some(Kind::Env(literal(name)?.name)),
            ("query", [CallArg::Pos(sql)]) => Some(Kind::Query { source: None, sql: Box::new(self.defined(sql, depth)?) }),
            ("query", [source, CallArg::Pos(sql)]) => {
                Some(Kind::Query { source: Some(literal(source)?), sql: Box::new(self.defined(sql, depth)?) })
            }
            ("query_value", _) => {
                let (arguments, cast) = match arguments.split_last() {
                    Some((CallArg::Pos(Expr::Var(v)), rest)) => (rest, Some(cast(v.id)?)),
                    _ => (arguments, None),
                };
                let (source, sql) = match arguments {
                    [CallArg::Pos(sql)] => (None, sql),
                    [source, CallArg::Pos(sql)] => (Some(literal(source)?), sql),
                    _ => return None,
                };
                Some(Kind::QueryValue { source, sql: Box::new(self.defined(sql, depth)?), cast })
            }
            _ => None,
        }
    }

    fn positional(&self, arguments: &[CallArg<'_>], depth: usize) -> Option<Vec<Expression>> {
        arguments
            .iter()
            .map(|a| match a {
                CallArg::Pos(e) => self.defined(e, depth),
                CallArg::Kwarg(..) | CallArg::PosSplat(_) | CallArg::KwargSplat(_) => None,
            })
            .collect()
    }

    fn all(&self, items: &[Expr<'_>], depth: usize) -> Option<Vec<Expression>> {
        items.iter().map(|i| self.defined(i, depth)).collect()
    }

    /// The outer option says whether the expression is native.
    #[allow(clippy::option_option, reason = "absent and not native are different things")]
    fn optional(&self, expr: Option<&Expr<'_>>, depth: usize) -> Option<Option<Box<Expression>>> {
        match expr {
            None => Some(None),
            Some(e) => self.defined(e, depth).map(|e| Some(Box::new(e))),
        }
    }

    fn at(&self, span: minijinja::machinery::Span, kind: Kind) -> Expression {
        Expression::new(self.origin.span(span.start_offset as usize, span.end_offset as usize), kind)
    }
}

/// The type that `query_value` converts its result to.
pub(super) fn cast(name: &str) -> Option<Function> {
    match name {
        "int" => Some(Function::Int),
        "float" => Some(Function::Float),
        "str" => Some(Function::Str),
        "bool" => Some(Function::Bool),
        _ => None,
    }
}

fn call(function: Function, argument: Expression) -> Kind {
    Kind::Call { function, arguments: vec![argument] }
}

pub(super) fn constant(value: &Value) -> Option<Kind> {
    match value.kind() {
        ValueKind::None => Some(Kind::Null),
        ValueKind::Bool => Some(Kind::Bool(value.is_true())),
        ValueKind::Number if value.is_integer() => Some(value.as_i64().map_or_else(|| Kind::Number(value.to_string()), Kind::Int)),
        ValueKind::Number => f64::try_from(value.clone()).ok().filter(|f| f.is_finite()).map(Kind::Float),
        ValueKind::String => value.as_str().map(|t| Kind::Text(t.to_owned())),
        _ => None,
    }
}

pub(super) fn compare(operator: CompareOpKind) -> Compare {
    match operator {
        CompareOpKind::Eq => Compare::Equal,
        CompareOpKind::Ne => Compare::NotEqual,
        CompareOpKind::Lt => Compare::Less,
        CompareOpKind::Lte => Compare::LessEqual,
        CompareOpKind::Gt => Compare::Greater,
        CompareOpKind::Gte => Compare::GreaterEqual,
        CompareOpKind::In => Compare::In,
        CompareOpKind::NotIn => Compare::NotIn,
    }
}

/// Whether Jinja could take the value for undefined.
fn may_be_undefined(e: &Expression) -> bool {
    match &e.kind {
        Kind::Attribute { .. } => true,
        Kind::If { then, otherwise, .. } => may_be_undefined(then) || may_be_undefined(otherwise),
        Kind::And(operands) => operands.iter().any(may_be_undefined),
        Kind::Or(operands) => operands.last().is_some_and(may_be_undefined),
        _ => false,
    }
}
