//! What a parser returns, as far as its text shows it: the literal maps behind `return`, what is set in them later, and the rows that are appended to a list of
//! that name.

use std::collections::BTreeMap;

use ruff_text_size::Ranged;
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, ExprCall, ExprDict, ExprFString, FStringPart, InterpolatedStringElement, Stmt};
use sequor_plan_format::expr::{Conversion, Function};

use super::super::expression::{DictItem, Expression, Kind};
use super::form::Form;
use super::{Source, literal};

/// Stands for what is not literal: nothing is known about a slot that nothing fills.
const UNKNOWN: Kind = Kind::Local(u32::MAX);

/// The results that are literal, in the order of the text.
pub(super) fn of(form: &Form<'_>, source: Source<'_>) -> Vec<Expression> {
    let mut lists = Lists::default();
    form.visit(&mut lists);
    let mut returns = Returns { source, lists: &lists, found: Vec::new() };
    match form {
        Form::Expression(expr) => returns.result(expr),
        Form::Body(_) => returns.visit_body(form.statements()),
        Form::Evaluate { .. } => {
            for stmt in form.statements() {
                if let Stmt::FunctionDef(function) = stmt
                    && function.name.as_str() == "evaluate"
                {
                    returns.visit_body(&function.body);
                }
            }
        }
    }
    returns.found
}

/// The lists of a snippet that begin empty, by name, with what is appended to each.
#[derive(Default)]
struct Lists<'e> {
    appended: BTreeMap<&'e str, Vec<&'e Expr>>,
    /// How often anything is stored under the name.
    stored: BTreeMap<&'e str, usize>,
    begun: BTreeMap<&'e str, usize>,
    /// Maps and lists under a name.
    given: BTreeMap<&'e str, &'e Expr>,
    /// How often a name is read.
    read: BTreeMap<&'e str, usize>,
    /// What is set by key in something under a name, the outermost key first.
    set: Vec<(&'e str, Vec<&'e Expr>, &'e Expr)>,
    /// Names that are returned as they are, and how often.
    returned: BTreeMap<&'e str, usize>,
    /// How often something is set by key, in whatever way.
    by_key: usize,
    /// Rows are changed later, and nobody can tell which.
    changed: bool,
}

impl<'e> Lists<'e> {
    /// What is in the list, if nothing else can be.
    fn rows(&self, name: &str) -> Option<&[&'e Expr]> {
        let begins_once = self.begun.get(name) == Some(&1) && self.stored.get(name) == Some(&1);
        if self.is_changed() || !begins_once { None } else { self.appended.get(name).map(Vec::as_slice) }
    }

    /// What a name holds that is bound once, if it is a list that is made from another.
    fn made(&self, name: &str) -> Option<&'e Expr> {
        let list = self.given.get(name).filter(|given| matches!(given, Expr::ListComp(_)))?;
        (self.stored.get(name) == Some(&1) && !self.appended.contains_key(name) && !self.is_changed()).then_some(*list)
    }

    /// The map that a name holds, if all that is set in it later is known: it is read only to be returned, or to set a key.
    fn result(&self, name: &str) -> Option<&'e ExprDict> {
        let Some(Expr::Dict(dict)) = self.given.get(name) else { return None };
        let set = self.set.iter().filter(|(root, ..)| *root == name).count();
        let known = set + self.returned.get(name).copied().unwrap_or_default();
        (self.stored.get(name) == Some(&1) && self.read.get(name) == Some(&known)).then_some(dict)
    }

    /// Keys are set in something that is no result.
    fn is_changed(&self) -> bool {
        self.changed || self.by_key != self.set.len() || self.set.iter().any(|(root, ..)| self.result(root).is_none())
    }

    /// `root['a']['b'] = value`
    fn sets(&mut self, target: &'e Expr, value: &'e Expr) -> bool {
        let mut keys = Vec::new();
        let mut base = target;
        while let Expr::Subscript(s) = base {
            keys.push(s.slice.as_ref());
            base = &s.value;
        }
        keys.reverse();
        let Expr::Name(root) = base else { return false };
        self.set.push((root.id.as_str(), keys, value));
        true
    }
}

impl<'e> Visitor<'e> for Lists<'e> {
    fn visit_stmt(&mut self, stmt: &'e Stmt) {
        match stmt {
            Stmt::Assign(assign) => {
                if let ([Expr::Name(name)], Expr::List(list)) = (assign.targets.as_slice(), assign.value.as_ref())
                    && list.elts.is_empty()
                {
                    *self.begun.entry(name.id.as_str()).or_default() += 1;
                }
                match assign.targets.as_slice() {
                    [Expr::Name(name)] if matches!(assign.value.as_ref(), Expr::Dict(_) | Expr::ListComp(_)) => {
                        self.given.insert(name.id.as_str(), &assign.value);
                    }
                    [target @ Expr::Subscript(_)] => self.changed |= !self.sets(target, &assign.value),
                    _ => {}
                }
            }
            Stmt::Return(returned) => {
                if let Some(Expr::Name(name)) = returned.value.as_deref() {
                    *self.returned.entry(name.id.as_str()).or_default() += 1;
                }
            }
            // `rows += more`
            Stmt::AugAssign(assign) => self.changed |= matches!(assign.target.as_ref(), Expr::Name(_)),
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'e Expr) {
        match expr {
            Expr::Name(name) if !name.ctx.is_load() => *self.stored.entry(name.id.as_str()).or_default() += 1,
            Expr::Name(name) => *self.read.entry(name.id.as_str()).or_default() += 1,
            Expr::Subscript(s) => self.by_key += usize::from(!s.ctx.is_load()),
            Expr::Call(call) => {
                if let Expr::Attribute(a) = call.func.as_ref() {
                    match (a.attr.as_str(), a.value.as_ref(), call.arguments.args.as_ref()) {
                        ("append", Expr::Name(name), [row]) => self.appended.entry(name.id.as_str()).or_default().push(row),
                        ("extend" | "insert" | "update" | "setdefault" | "pop" | "append", ..) => self.changed = true,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

struct Returns<'a> {
    source: Source<'a>,
    lists: &'a Lists<'a>,
    found: Vec<Expression>,
}

impl Returns<'_> {
    fn result(&mut self, expr: &Expr) {
        if matches!(expr, Expr::Dict(_) | Expr::List(_) | Expr::Tuple(_) | Expr::StringLiteral(_) | Expr::NumberLiteral(_)) {
            self.found.push(self.outline(expr, true));
        }
        if let Expr::Name(name) = expr
            && let Some(dict) = self.lists.result(name.id.as_str())
        {
            let mut result = self.dict(dict, true);
            for (_, keys, value) in self.lists.set.iter().filter(|(root, ..)| *root == name.id.as_str()) {
                let set = self.outline(value, true);
                self.put(&mut result, keys, set);
            }
            self.found.push(Expression::new(self.source.span(dict.range()), result));
        }
    }

    /// Sets a value in the outline of a map.
    fn put(&self, map: &mut Kind, keys: &[&Expr], value: Expression) {
        let (Kind::Dict(items), [key, rest @ ..]) = (map, keys) else { return };
        let name = literal(key);
        let there = items.iter_mut().find_map(|item| match item {
            DictItem::Pair(Expression { kind: Kind::Text(text), .. }, inner) if Some(text.as_str()) == name => Some(inner),
            DictItem::Pair(..) | DictItem::Spread(_) => None,
        });
        match (there, rest, name) {
            (Some(there), [], _) => *there = value,
            (Some(there), ..) => self.put(&mut there.kind, rest, value),
            (None, [], Some(_)) => items.push(DictItem::Pair(self.outline(key, false), value)),
            (None, ..) => items.push(DictItem::Spread(Expression::new(value.span, UNKNOWN))),
        }
    }

    fn dict(&self, dict: &ExprDict, follows: bool) -> Kind {
        let item = |item: &rustpython_compiler::ast::DictItem| match &item.key {
            Some(key) => DictItem::Pair(self.outline(key, follows), self.outline(&item.value, follows)),
            None => DictItem::Spread(self.outline(&item.value, follows)),
        };
        Kind::Dict(dict.items.iter().map(item).collect())
    }

    /// The parser bounds the depth. A list may hold itself: names in the rows of one are not followed.
    fn outline(&self, expr: &Expr, follows: bool) -> Expression {
        let kind = match expr {
            Expr::Dict(dict) => self.dict(dict, follows),
            Expr::List(list) => Kind::List(list.elts.iter().map(|e| self.outline(e, follows)).collect()),
            Expr::ListComp(rows) if !self.lists.is_changed() => Kind::List(vec![self.outline(&rows.elt, follows)]),
            Expr::Name(name) if follows => match (self.lists.rows(name.id.as_str()), self.lists.made(name.id.as_str())) {
                (Some(rows), _) => Kind::List(rows.iter().map(|row| self.outline(row, false)).collect()),
                (None, Some(made)) => self.outline(made, false).kind,
                (None, None) => UNKNOWN,
            },
            Expr::FString(text) => self.f_string(text),
            Expr::Call(call) => of_call(call, self.source),
            Expr::Tuple(tuple) => Kind::Tuple(tuple.elts.iter().map(|e| self.outline(e, follows)).collect()),
            Expr::BooleanLiteral(b) => Kind::Bool(b.value),
            Expr::NumberLiteral(_) => Kind::Int(0),
            _ => literal(expr).map_or(UNKNOWN, |text| Kind::Text(text.to_owned())),
        };
        Expression::new(self.source.span(expr.range()), kind)
    }
}

impl Returns<'_> {
    /// The literal parts of an f-string, between what is not known.
    fn f_string(&self, text: &ExprFString) -> Kind {
        let at = |range, kind| Expression::new(self.source.span(range), kind);
        let mut parts = Vec::new();
        for part in text.value.iter() {
            match part {
                FStringPart::Literal(literal) => parts.push(at(literal.range, Kind::Text(literal.as_str().to_owned()))),
                FStringPart::FString(f) => parts.extend(f.elements.iter().map(|element| match element {
                    InterpolatedStringElement::Literal(literal) => at(literal.range, Kind::Text(literal.value.to_string())),
                    InterpolatedStringElement::Interpolation(value) => at(value.range, UNKNOWN),
                })),
            }
        }
        Kind::Concat(parts)
    }
}

/// A call that gives text, and what is known of it: the form of a date.
fn of_call(call: &ExprCall, source: Source<'_>) -> Kind {
    match (call.func.as_ref(), call.arguments.args.as_ref()) {
        (Expr::Attribute(a), [form]) if a.attr.as_str() == "strftime" => match literal(form) {
            Some(form) => {
                let value = Box::new(Expression::new(source.span(a.value.range()), UNKNOWN));
                Kind::Format { value, conversion: Conversion::None, spec: form.to_owned() }
            }
            None => UNKNOWN,
        },
        (Expr::Attribute(a), []) if matches!(a.attr.as_str(), "lower" | "upper" | "title" | "strip" | "capitalize" | "casefold") => {
            Kind::Call { function: Function::Str, arguments: Vec::new() }
        }
        (Expr::Name(name), [_]) if name.id.as_str() == "str" => Kind::Call { function: Function::Str, arguments: Vec::new() },
        _ => UNKNOWN,
    }
}

impl<'a> Visitor<'a> for Returns<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Return(returned) => returned.value.iter().for_each(|value| self.result(value)),
            // What functions return is not what the parser does.
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => visitor::walk_stmt(self, stmt),
        }
    }
}
