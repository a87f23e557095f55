//! A template as a tree for the rules: everything that has a meaning in the tree, and unknown values for the rest. It is never run.

use std::cell::Cell;

use minijinja::machinery::ast::{self, CallArg, Expr, Stmt, UnaryOpKind};
use sequor_plan_format::expr::{Comprehension, Function, Method, ResponsePart, Unary};

use super::super::expression::{Clause, DictItem, Expression, Kind, Named};
use super::super::fold::response_part;
use super::super::methods;
use super::super::place::Origin;
use super::super::stack::MAX_NATIVE_DEPTH;
use super::native::{cast, compare, constant};
use super::operators::Operator;

/// A slot that nothing fills: a value of which nothing is known.
const UNKNOWN: Kind = Kind::Local(u32::MAX);

pub(super) fn of(statements: &[Stmt<'_>], typed: bool, origin: Origin<'_>) -> Expression {
    let outline = Outline { origin, slots: Cell::new(0) };
    let names = Vec::new();
    match statements {
        [Stmt::EmitExpr(e)] if typed => outline.expr(&e.expr, &names, 0),
        _ => outline.printed(statements, &names, 0),
    }
}

/// A member of `response`, called or not.
fn of_reply(name: &str) -> Kind {
    match name {
        "json" => Kind::Response(ResponsePart::Json),
        other => response_part(other).map_or(UNKNOWN, Kind::Response),
    }
}

struct Outline<'a> {
    origin: Origin<'a>,
    slots: Cell<u32>,
}

/// Names that the template binds, with their slots; the last one counts.
type Names<'t> = Vec<(&'t str, u32)>;

impl Outline<'_> {
    fn slot(&self) -> u32 {
        self.slots.set(self.slots.get() + 1);
        self.slots.get()
    }

    fn at(&self, span: minijinja::machinery::Span, kind: Kind) -> Expression {
        Expression::new(self.origin.span(span.start_offset as usize, span.end_offset as usize), kind)
    }

    fn printed<'t>(&self, statements: &[Stmt<'t>], names: &Names<'t>, depth: usize) -> Expression {
        let whole = |parts| Expression::new(self.origin.text_span(), Kind::Concat(parts));
        let mut parts = Vec::new();
        if depth > MAX_NATIVE_DEPTH {
            return whole(parts);
        }
        for (i, statement) in statements.iter().enumerate() {
            match statement {
                Stmt::EmitRaw(raw) => parts.push(self.at(raw.span(), Kind::Text(raw.raw.to_owned()))),
                Stmt::EmitExpr(e) => parts.push(self.expr(&e.expr, names, depth + 1)),
                Stmt::IfCond(c) => {
                    parts.push(self.at(
                        c.span(),
                        Kind::If {
                            condition: Box::new(self.expr(&c.expr, names, depth + 1)),
                            then: Box::new(self.printed(&c.true_body, names, depth + 1)),
                            otherwise: Box::new(self.printed(&c.false_body, names, depth + 1)),
                        },
                    ));
                }
                Stmt::ForLoop(f) => {
                    let mut inner = names.clone();
                    let slots = self.bind(&f.target, &mut inner);
                    inner.push(("loop", self.slot()));
                    let clause = Clause {
                        slots,
                        iterable: self.expr(&f.iter, names, depth + 1),
                        conditions: f.filter_expr.iter().map(|c| self.expr(c, &inner, depth + 1)).collect(),
                    };
                    let element = Box::new(self.printed(&f.body, &inner, depth + 1));
                    parts.push(
                        self.at(f.span(), Kind::Comprehension { kind: Comprehension::List, key: None, element, clauses: vec![clause] }),
                    );
                    parts.push(self.printed(&f.else_body, names, depth + 1));
                }
                Stmt::Set(s) => {
                    let mut inner = names.clone();
                    let value = self.expr(&s.expr, names, depth + 1);
                    if let Expr::Var(v) = &s.target {
                        let slot = self.slot();
                        inner.push((v.id, slot));
                        let body = Box::new(self.printed(statements.get(i + 1..).unwrap_or(&[]), &inner, depth + 1));
                        parts.push(self.at(s.span(), Kind::Let { slot, value: Box::new(value), body }));
                    } else {
                        self.bind(&s.target, &mut inner);
                        parts.push(self.printed(statements.get(i + 1..).unwrap_or(&[]), &inner, depth + 1));
                    }
                    break;
                }
                // What else there is may bind any name.
                _ => break,
            }
        }
        whole(parts)
    }

    fn bind<'t>(&self, target: &Expr<'t>, names: &mut Names<'t>) -> Vec<u32> {
        match target {
            Expr::Var(v) => {
                let slot = self.slot();
                names.push((v.id, slot));
                vec![slot]
            }
            Expr::List(l) => l.items.iter().flat_map(|item| self.bind(item, names)).collect(),
            Expr::Tuple(t) => t.items.iter().flat_map(|item| self.bind(item, names)).collect(),
            _ => vec![self.slot()],
        }
    }

    fn expr<'t>(&self, expr: &Expr<'t>, names: &Names<'t>, depth: usize) -> Expression {
        if depth > MAX_NATIVE_DEPTH {
            return self.at(expr.span(), UNKNOWN);
        }
        let next = depth + 1;
        let inner = |e: &Expr<'t>| self.expr(e, names, next);
        let boxed = |e: &Expr<'t>| Box::new(self.expr(e, names, next));
        let kind = match expr {
            Expr::Var(v) => names.iter().rev().find(|(name, _)| *name == v.id).map_or(UNKNOWN, |(_, slot)| Kind::Local(*slot)),
            Expr::Const(c) => constant(&c.value).unwrap_or(UNKNOWN),
            Expr::Slice(s) => {
                Kind::Slice { base: boxed(&s.expr), start: s.start.as_ref().map(boxed), stop: s.stop.as_ref().map(boxed), step: None }
            }
            Expr::UnaryOp(u) => match u.op {
                UnaryOpKind::Not => Kind::Unary { operator: Unary::Not, operand: boxed(&u.expr) },
                UnaryOpKind::Neg => Kind::Unary { operator: Unary::Negative, operand: boxed(&u.expr) },
            },
            Expr::BinOp(b) => self.binary(b, names, next),
            Expr::Compare(c) => {
                let mut parts = Vec::new();
                let mut left = &c.expr;
                for op in &c.ops {
                    let kind = Kind::Compare { operator: compare(op.op), left: boxed(left), right: boxed(&op.expr) };
                    parts.push(self.at(expr.span(), kind));
                    left = &op.expr;
                }
                match parts.len() {
                    1 => return parts.remove(0),
                    _ => Kind::And(parts),
                }
            }
            Expr::IfExpr(i) => Kind::If {
                condition: boxed(&i.test_expr),
                then: boxed(&i.true_expr),
                otherwise: i.false_expr.as_ref().map_or_else(|| Box::new(self.at(i.span(), UNKNOWN)), boxed),
            },
            Expr::Filter(f) => self.filter(f, names, next),
            // Tests ask for what may be missing.
            Expr::Test(_) => Kind::Unary { operator: Unary::Not, operand: Box::new(self.at(expr.span(), UNKNOWN)) },
            Expr::GetAttr(g) => match &g.expr {
                Expr::Var(v) if v.id == "response" => of_reply(g.name),
                base => Kind::Attribute { base: boxed(base), name: g.name.to_owned() },
            },
            Expr::GetItem(g) => match &g.subscript_expr {
                Expr::Const(key) if key.value.as_str().is_some() => {
                    Kind::Attribute { base: boxed(&g.expr), name: key.value.as_str().unwrap_or_default().to_owned() }
                }
                Expr::Const(key) if key.value.is_integer() => Kind::Index { base: boxed(&g.expr), key: boxed(&g.subscript_expr) },
                // A slice, or a key that is computed.
                _ => UNKNOWN,
            },
            Expr::Call(c) => self.call(c, names, next),
            Expr::List(l) => Kind::List(l.items.iter().map(inner).collect()),
            Expr::Tuple(t) => Kind::Tuple(t.items.iter().map(inner).collect()),
            Expr::Map(m) => Kind::Dict(m.keys.iter().zip(&m.values).map(|(key, value)| DictItem::Pair(inner(key), inner(value))).collect()),
        };
        self.at(expr.span(), kind)
    }

    fn binary<'t>(&self, b: &ast::BinOp<'t>, names: &Names<'t>, depth: usize) -> Kind {
        let left = Box::new(self.expr(&b.left, names, depth));
        let right = Box::new(self.expr(&b.right, names, depth));
        match Operator::from(&b.op) {
            Operator::And => Kind::And(vec![*left, *right]),
            Operator::Or => Kind::Or(vec![*left, *right]),
            Operator::Concat => Kind::Concat(vec![*left, *right]),
            Operator::Compare(operator) => Kind::Compare { operator, left, right },
            Operator::Binary(operator) => Kind::Binary { operator, left, right },
        }
    }

    fn filter<'t>(&self, f: &ast::Filter<'t>, names: &Names<'t>, depth: usize) -> Kind {
        let Some(value) = f.expr.as_ref().map(|e| Box::new(self.expr(e, names, depth))) else { return UNKNOWN };
        let positional: Vec<&Expr<'t>> = f.args.iter().filter_map(|a| if let CallArg::Pos(e) = a { Some(e) } else { None }).collect();
        let first = || positional.first().map(|e| self.expr(e, names, depth));
        let call = |function, value: Box<Expression>| Kind::Call { function, arguments: vec![*value] };
        let place = value.span.clone();
        let position = |at| Box::new(Expression::new(place.clone(), Kind::Int(at)));
        match f.name {
            "upper" | "lower" | "title" | "capitalize" | "trim" | "replace" | "string" | "urlencode" | "tojson" | "escape" | "e"
            | "safe" => Kind::Concat(vec![*value]),
            "length" | "count" => call(Function::Len, value),
            "int" => either(value, [Kind::Int(0), Kind::Int(1)]),
            "float" => either(value, [Kind::Float(0.0), Kind::Float(1.0)]),
            "list" => call(Function::List, value),
            "sort" | "unique" | "reverse" => call(Function::List, value),
            "sum" if f.args.is_empty() => call(Function::Sum, value),
            "abs" => call(Function::Abs, value),
            "first" => Kind::Index { base: value, key: position(0) },
            "last" => Kind::Index { base: value, key: position(-1) },
            "join" => {
                let separator = first().unwrap_or_else(|| Expression::new(place.clone(), Kind::Text(String::new())));
                Kind::Method { base: Box::new(separator), method: Method::Join, arguments: vec![*value] }
            }
            // What is missing is what it is for.
            "default" | "d" => {
                let otherwise = Box::new(first().unwrap_or_else(|| Expression::new(place.clone(), UNKNOWN)));
                // With `true` behind it, null and nothing are replaced, too.
                if f.args.len() > 1 {
                    return Kind::If { condition: Box::new(Expression::new(place.clone(), UNKNOWN)), then: value, otherwise };
                }
                Kind::If { condition: Box::new(Expression::new(place.clone(), Kind::Bool(true))), then: value, otherwise }
            }
            "map" => self.mapped(f, *value),
            _ => either(value, [UNKNOWN, UNKNOWN]),
        }
    }

    /// `list | map(attribute='name')`
    fn mapped(&self, f: &ast::Filter<'_>, value: Expression) -> Kind {
        let attribute = f.args.iter().find_map(|a| match a {
            CallArg::Kwarg("attribute", Expr::Const(c)) => Some((c.value.as_str()?.to_owned(), c.span())),
            _ => None,
        });
        let Some((name, at)) = attribute.filter(|(name, _)| !name.contains('.')) else { return UNKNOWN };
        let slot = self.slot();
        let base = Box::new(self.at(at, Kind::Local(slot)));
        let element = Box::new(self.at(at, Kind::Attribute { base, name }));
        let clause = Clause { slots: vec![slot], iterable: value, conditions: Vec::new() };
        Kind::Comprehension { kind: Comprehension::List, key: None, element, clauses: vec![clause] }
    }

    fn call<'t>(&self, c: &ast::Call<'t>, names: &Names<'t>, depth: usize) -> Kind {
        let positional: Option<Vec<Expression>> =
            c.args.iter().map(|a| if let CallArg::Pos(e) = a { Some(self.expr(e, names, depth)) } else { None }).collect();
        let Some(arguments) = positional else { return UNKNOWN };
        match &c.expr {
            Expr::Var(function) if names.iter().all(|(name, _)| *name != function.id) => self.function(function.id, &c.args, arguments),
            Expr::GetAttr(g) => match &g.expr {
                Expr::Var(v) if v.id == "response" => of_reply(g.name),
                base => methods::method(self.expr(base, names, depth), g.name, arguments).unwrap_or(UNKNOWN),
            },
            _ => UNKNOWN,
        }
    }

    fn function(&self, name: &str, written: &[CallArg<'_>], mut arguments: Vec<Expression>) -> Kind {
        let literal = |e: &Expression| match &e.kind {
            Kind::Text(text) => Some(Named { name: text.clone(), span: e.span.clone() }),
            _ => None,
        };
        match (name, arguments.as_slice()) {
            ("var", [only]) => literal(only).map_or(UNKNOWN, |name| Kind::Var(name.name)),
            ("is_var_defined", [only]) => literal(only).map_or(UNKNOWN, |name| Kind::IsVarDefined(name.name)),
            ("env", [..]) => Kind::Concat(Vec::new()),
            ("range", [_, ..]) => Kind::Call { function: Function::Range, arguments },
            ("query" | "query_value", [_, ..]) => {
                let cast = match written.last() {
                    Some(CallArg::Pos(Expr::Var(v))) if name == "query_value" => cast(v.id),
                    _ => None,
                };
                if cast.is_some() {
                    arguments.pop();
                }
                let Some(sql) = arguments.pop() else { return UNKNOWN };
                let source = match arguments.pop() {
                    None => None,
                    Some(source) => match literal(&source) {
                        Some(source) => Some(source),
                        None => return UNKNOWN,
                    },
                };
                let sql = Box::new(sql);
                if name == "query" { Kind::Query { source, sql } } else { Kind::QueryValue { source, sql, cast } }
            }
            _ => UNKNOWN,
        }
    }
}

/// Looks at a value, and gives one of the kind of two others.
fn either(value: Box<Expression>, [one, other]: [Kind; 2]) -> Kind {
    let at = value.span.clone();
    let new = |kind| Box::new(Expression::new(at.clone(), kind));
    Kind::If { condition: value, then: new(one), otherwise: new(other) }
}
