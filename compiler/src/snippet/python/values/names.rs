//! The names of a snippet: what each holds, whether it is set, and whether anything may change what it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, Pattern, Stmt};

use super::super::form::Form;
use super::{Detail, Value};
use crate::kinds::Kinds;

/// A name that is set, perhaps.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) value: Value,
    /// It is not set on every way; the number of conditions around the place where the ways met.
    pub(super) unset: Option<u32>,
}

/// What is known of names at a line.
#[derive(Clone, Debug, Default)]
pub(super) struct Env<'a> {
    slots: BTreeMap<&'a str, Slot>,
    /// Names that this scope binds, and that are not bound in ways that are not followed.
    own: std::rc::Rc<BTreeSet<&'a str>>,
    /// Names of which nothing is known.
    loose: std::rc::Rc<BTreeSet<&'a str>>,
    outermost: bool,
}

/// What a name is at a line.
pub(super) enum Read {
    Set(Value),
    /// Not on every way.
    Perhaps(Value, u32),
    /// On no way.
    Never,
    /// Of another scope.
    Elsewhere,
}

impl<'a> Env<'a> {
    /// Begins a scope with these statements.
    pub(super) fn scope(&mut self, statements: &'a [Stmt], outermost: bool) {
        let mut bound = Bound::default();
        bound.visit_body(statements);
        self.own = bound.own.difference(&bound.loose).copied().collect::<BTreeSet<_>>().into();
        self.loose = bound.loose.into();
        self.outermost = outermost;
    }

    pub(super) fn is_outermost(&self) -> bool {
        self.outermost
    }

    pub(super) fn read(&self, name: &str) -> Read {
        match self.slots.get(name) {
            _ if self.loose.contains(name) => Read::Set(Value::UNKNOWN),
            Some(Slot { value, unset: None }) => Read::Set(value.clone()),
            Some(Slot { value, unset: Some(conditions) }) => Read::Perhaps(value.clone(), *conditions),
            None if self.own.contains(name) => Read::Never,
            None => Read::Elsewhere,
        }
    }

    pub(super) fn set(&mut self, name: &'a str, value: Value) {
        self.slots.insert(name, Slot { value, unset: None });
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.slots.remove(name);
    }

    /// Takes what is perhaps set as set.
    pub(super) fn trust(&mut self) {
        self.slots.values_mut().for_each(|slot| slot.unset = None);
    }

    /// Nothing is known any more of what the name holds.
    pub(super) fn widen(&mut self, name: &str) {
        if let Some(slot) = self.slots.get_mut(name) {
            slot.value = Value::UNKNOWN;
        }
    }

    /// A name that is not set is set in later rounds of a loop.
    pub(super) fn may_be_set(&mut self, name: &'a str, conditions: u32) {
        self.slots.entry(name).or_insert(Slot { value: Value::UNKNOWN, unset: Some(conditions) });
    }

    /// What is known where several ways meet.
    pub(super) fn meet(ways: Vec<Self>, conditions: u32) -> Option<Self> {
        let mut ways = ways.into_iter();
        let mut met = ways.next()?;
        for other in ways {
            for (name, slot) in &mut met.slots {
                match other.slots.get(name) {
                    Some(there) => {
                        slot.value = slot.value.clone().or(there.value.clone());
                        slot.unset = slot.unset.or(there.unset);
                    }
                    None => slot.unset = Some(conditions),
                }
            }
            for (name, slot) in other.slots {
                met.slots.entry(name).or_insert(Slot { unset: Some(conditions), ..slot });
            }
        }
        Some(met)
    }
}

/// Names that statements bind. `loose` ones in ways that are not followed.
#[derive(Default)]
pub(super) struct Bound<'a> {
    pub(super) own: BTreeSet<&'a str>,
    pub(super) loose: BTreeSet<&'a str>,
}

impl<'a> Visitor<'a> for Bound<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(f) => {
                self.own.insert(f.name.as_str());
                // A function may set names of this scope.
                let mut inner = Outwards(&mut self.loose);
                inner.visit_body(&f.body);
                return;
            }
            Stmt::ClassDef(c) => {
                self.loose.insert(c.name.as_str());
                return;
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let module = alias.name.as_str();
                    self.own.insert(alias.asname.as_ref().map_or_else(|| module.split('.').next().unwrap_or(module), |a| a.as_str()));
                }
            }
            Stmt::ImportFrom(import) => {
                self.own.extend(import.names.iter().map(|a| a.asname.as_ref().unwrap_or(&a.name).as_str()));
            }
            Stmt::Global(g) => self.loose.extend(g.names.iter().map(|n| n.as_str())),
            Stmt::Nonlocal(n) => self.loose.extend(n.names.iter().map(|n| n.as_str())),
            Stmt::TypeAlias(t) => {
                if let Expr::Name(name) = t.name.as_ref() {
                    self.loose.insert(name.id.as_str());
                }
            }
            Stmt::Try(t) => {
                for handler in &t.handlers {
                    let rustpython_compiler::ast::ExceptHandler::ExceptHandler(handler) = handler;
                    self.loose.extend(handler.name.iter().map(|n| n.as_str()));
                }
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.ctx.is_store() => {
                self.own.insert(name.id.as_str());
            }
            // A name of `del` may be set in another round.
            Expr::Name(name) if name.ctx.is_del() => {
                self.loose.insert(name.id.as_str());
            }
            Expr::Named(named) => {
                if let Expr::Name(name) = named.target.as_ref() {
                    self.loose.insert(name.id.as_str());
                }
            }
            // Their names are their own; `:=` in them is not.
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) | Expr::Lambda(_) => {
                let mut walrus = Walrus(&mut self.loose);
                walrus.visit_expr(expr);
                return;
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(p) => p.name.as_ref(),
            Pattern::MatchStar(p) => p.name.as_ref(),
            Pattern::MatchMapping(p) => p.rest.as_ref(),
            _ => None,
        };
        self.loose.extend(name.map(|n| n.as_str()));
        visitor::walk_pattern(self, pattern);
    }
}

struct Walrus<'l, 'a>(&'l mut BTreeSet<&'a str>);

impl<'a> Visitor<'a> for Walrus<'_, 'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Named(named) = expr
            && let Expr::Name(name) = named.target.as_ref()
        {
            self.0.insert(name.id.as_str());
        }
        visitor::walk_expr(self, expr);
    }
}

/// Names that a function takes from around it to set them.
struct Outwards<'l, 'a>(&'l mut BTreeSet<&'a str>);

impl<'a> Visitor<'a> for Outwards<'_, 'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Global(g) => self.0.extend(g.names.iter().map(|n| n.as_str())),
            Stmt::Nonlocal(n) => self.0.extend(n.names.iter().map(|n| n.as_str())),
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }
}

/// Functions and modules that the outermost statements define once and for all.
pub(super) fn constant<'a>(statements: &'a [Stmt], mutated: &Mutated<'a>) -> Vec<(&'a str, Value)> {
    let mut found = Vec::new();
    for stmt in statements {
        match stmt {
            Stmt::Import(import) => found.extend(import.names.iter().filter_map(|alias| {
                let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                (!alias.name.contains('.')).then(|| (name, member(alias.name.as_str())))
            })),
            Stmt::ImportFrom(import) => {
                if let Some(module) = &import.module {
                    found.extend(
                        import.names.iter().map(|alias| {
                            (alias.asname.as_ref().unwrap_or(&alias.name).as_str(), member(&format!("{module}.{}", alias.name)))
                        }),
                    );
                }
            }
            _ => {}
        }
    }
    found.retain(|(name, _)| mutated.stores(name) == 1);
    found
}

pub(super) fn member(path: &str) -> Value {
    Value { kinds: Kinds::OTHER, detail: Detail::Member(Rc::from(path)) }
}

/// What may change behind its name.
#[derive(Default)]
pub(super) struct Mutated<'a> {
    names: BTreeSet<&'a str>,
    /// How often each name is bound, anywhere.
    stored: BTreeMap<&'a str, usize>,
    /// Something changes that no name reaches.
    members: bool,
    /// Names for what an expression gives, or for its members.
    aliases: Vec<(&'a str, &'a Expr)>,
}

/// Methods that change what they are called on.
const CHANGING: &[&str] = &[
    "append",
    "extend",
    "insert",
    "remove",
    "pop",
    "popitem",
    "clear",
    "update",
    "setdefault",
    "sort",
    "reverse",
    "add",
    "discard",
    "difference_update",
    "intersection_update",
];

/// Functions that keep what they are given as it is, and keep no hold of it.
const KEEPING: &[&str] = &[
    "len",
    "str",
    "repr",
    "int",
    "float",
    "bool",
    "sum",
    "any",
    "all",
    "print",
    "isinstance",
    "type",
    "range",
    "round",
    "abs",
    "hash",
    "id",
    "ascii",
    "format",
    "log",
    "var",
    "query",
    "query_value",
    "query_scalar",
    "table",
];

impl<'a> Mutated<'a> {
    pub(super) fn of(form: &Form<'a>) -> Self {
        let mut mutated = Self::default();
        form.visit(&mut mutated);
        // What is changed under one name is under the other.
        let aliases = std::mem::take(&mut mutated.aliases);
        loop {
            let before = mutated.names.len();
            for (name, source) in &aliases {
                if mutated.names.contains(name) {
                    mutated.touch(source, true);
                } else if let Some(root) = root(source)
                    && mutated.names.contains(root)
                {
                    mutated.names.insert(name);
                }
            }
            if mutated.names.len() == before {
                return mutated;
            }
        }
    }

    /// Whether what the name holds may be changed by another way than setting the name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.members || self.names.contains(name)
    }

    pub(super) fn stores(&self, name: &str) -> usize {
        self.stored.get(name).copied().unwrap_or_default()
    }

    /// The object behind an expression is changed, or may be from elsewhere.
    fn touch(&mut self, expr: &'a Expr, inside: bool) {
        match expr {
            Expr::Name(name) => {
                self.names.insert(name.id.as_str());
            }
            Expr::Subscript(s) if inside => self.touch(&s.value, true),
            Expr::Attribute(a) if inside => self.touch(&a.value, true),
            // What a method gives may be a part of its object or of what it was given.
            Expr::Call(call) if inside => match call.func.as_ref() {
                Expr::Attribute(a) => {
                    self.touch(&a.value, true);
                    call.arguments.args.iter().filter(|a| matches!(a, Expr::Name(_))).for_each(|a| self.touch(a, true));
                }
                _ => self.members = true,
            },
            Expr::If(i) => {
                self.touch(&i.body, inside);
                self.touch(&i.orelse, inside);
            }
            Expr::BoolOp(b) => b.values.iter().for_each(|v| self.touch(v, inside)),
            Expr::Starred(s) => self.touch(&s.value, inside),
            _ => {}
        }
    }

    fn alias(&mut self, target: &'a Expr, source: &'a Expr) {
        match target {
            Expr::Name(name) => self.aliases.push((name.id.as_str(), source)),
            Expr::Tuple(t) => t.elts.iter().for_each(|e| self.alias(e, source)),
            Expr::List(l) => l.elts.iter().for_each(|e| self.alias(e, source)),
            Expr::Starred(s) => self.alias(&s.value, source),
            _ => self.touch(source, false),
        }
    }

    fn store(&mut self, name: &'a str) {
        *self.stored.entry(name).or_default() += 1;
    }
}

impl<'a> Visitor<'a> for Mutated<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            // Another name for the same object.
            Stmt::Assign(assign) => {
                assign.targets.iter().for_each(|t| self.alias(t, &assign.value));
                if assign.targets.len() > 1 {
                    assign.targets.iter().for_each(|t| self.touch(t, false));
                }
            }
            Stmt::AnnAssign(assign) => assign.value.iter().for_each(|v| self.alias(&assign.target, v)),
            Stmt::AugAssign(assign) => self.touch(&assign.target, false),
            // The members have the name of the loop.
            Stmt::For(f) => self.alias(&f.target, &f.iter),
            Stmt::With(w) => w.items.iter().for_each(|i| self.touch(&i.context_expr, false)),
            Stmt::Match(m) => self.touch(&m.subject, false),
            Stmt::FunctionDef(f) => self.store(f.name.as_str()),
            Stmt::ClassDef(c) => {
                self.store(c.name.as_str());
                self.members = true;
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let module = alias.name.as_str();
                    self.store(alias.asname.as_ref().map_or_else(|| module.split('.').next().unwrap_or(module), |a| a.as_str()));
                }
            }
            Stmt::ImportFrom(import) => {
                import.names.iter().for_each(|a| self.store(a.asname.as_ref().unwrap_or(&a.name).as_str()));
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if !name.ctx.is_load() => self.store(name.id.as_str()),
            Expr::Subscript(s) if !s.ctx.is_load() => self.touch(&s.value, true),
            Expr::Attribute(a) if !a.ctx.is_load() => self.touch(&a.value, true),
            Expr::Call(call) => {
                let keeps = match call.func.as_ref() {
                    Expr::Name(name) => KEEPING.contains(&name.id.as_str()),
                    Expr::Attribute(a) => {
                        if CHANGING.contains(&a.attr.as_str()) {
                            self.touch(&a.value, true);
                        }
                        matches!(a.attr.as_str(), "dumps" | "format" | "join" | "get" | "startswith" | "endswith" | "info" | "debug")
                    }
                    _ => false,
                };
                if !keeps {
                    call.arguments.args.iter().for_each(|a| self.touch(a, false));
                    call.arguments.keywords.iter().for_each(|k| self.touch(&k.value, false));
                }
            }
            Expr::List(list) => list.elts.iter().for_each(|e| self.touch(e, false)),
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|e| self.touch(e, false)),
            Expr::Dict(dict) => dict.items.iter().for_each(|i| self.touch(&i.value, false)),
            Expr::ListComp(c) => {
                c.generators.iter().for_each(|g| self.alias(&g.target, &g.iter));
                self.touch(&c.elt, false);
            }
            Expr::SetComp(c) => c.generators.iter().for_each(|g| self.alias(&g.target, &g.iter)),
            Expr::DictComp(c) => c.generators.iter().for_each(|g| self.alias(&g.target, &g.iter)),
            Expr::Generator(c) => c.generators.iter().for_each(|g| self.alias(&g.target, &g.iter)),
            Expr::Lambda(l) => self.touch(&l.body, false),
            Expr::Named(n) => self.touch(&n.value, false),
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }

    fn visit_parameter(&mut self, parameter: &'a rustpython_compiler::ast::Parameter) {
        self.store(parameter.name.as_str());
        visitor::walk_parameter(self, parameter);
    }
}

/// The name that an expression begins with.
fn root(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Subscript(s) => root(&s.value),
        Expr::Attribute(a) => root(&a.value),
        _ => None,
    }
}
