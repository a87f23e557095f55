//! Statements: what is known behind each of them. A way that leaves the statements knows nothing behind itself.

use ruff_text_size::Ranged;
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{CmpOp, ExceptHandler, Expr, Stmt, StmtFor, StmtIf, StmtTry, StmtWhile};

use super::expressions::operator_of;
use super::names::{self, Bound, Env, Read};
use super::ways_out::leaves;
use super::{Detail, Look, Loop, Value};
use crate::kinds::Kinds;

impl<'a> Look<'a> {
    /// Goes over statements. `false`: their end is not reached.
    pub(super) fn block(&mut self, statements: &'a [Stmt]) -> bool {
        for statement in statements {
            if self.tired() || !self.statement(statement) {
                return false;
            }
        }
        true
    }

    fn statement(&mut self, statement: &'a Stmt) -> bool {
        match statement {
            Stmt::Expr(e) => {
                self.value(&e.value);
                self.narrow(&e.value);
            }
            Stmt::Assign(a) => {
                let value = self.value(&a.value);
                self.narrow(&a.value);
                a.targets.iter().for_each(|target| self.bind(target, &value));
            }
            Stmt::AnnAssign(a) => {
                if let Some(value) = &a.value {
                    let value = self.value(value);
                    self.bind(&a.target, &value);
                }
            }
            Stmt::AugAssign(a) => {
                let before = self.target_value(&a.target);
                let change = self.value(&a.value);
                // `list += anything that can be gone over`
                let extends = before.kinds.meets(Kinds::LIST) && change.kinds.meets(Kinds::ITERABLE);
                let mut kinds = if extends { before.kinds } else { self.operate(operator_of(a.op), &before, &change, statement.range()) };
                if kinds.is_nothing() {
                    kinds = Kinds::UNKNOWN;
                }
                self.bind(&a.target, &Value::of(kinds));
            }
            Stmt::Return(r) => {
                if let Some(expr) = &r.value {
                    let value = self.value(expr);
                    self.returned = self.returned.or(value.kinds);
                    if self.is_result() {
                        self.result(expr, &value);
                    }
                } else {
                    self.returned = self.returned.or(Kinds::NULL);
                }
                return false;
            }
            Stmt::Raise(r) => {
                if let Some(exc) = &r.exc {
                    let value = self.value(exc);
                    if value.kinds.within(Kinds::UNKNOWN.without(Kinds::OTHER.or(Kinds::FUNCTION))) {
                        let message = format!("only exceptions can be raised, and this is {}", value.kinds);
                        self.fault("P619", exc.range(), message, "write `raise ValueError('…')`");
                    }
                }
                r.cause.iter().for_each(|e| {
                    self.value(e);
                });
                return false;
            }
            Stmt::If(i) => return self.condition(i),
            Stmt::While(w) => return self.repeat(w),
            Stmt::For(f) => return self.over(f),
            Stmt::Try(t) => return self.attempt(t),
            Stmt::With(w) => {
                for item in &w.items {
                    self.value(&item.context_expr);
                    item.optional_vars.iter().for_each(|target| self.bind(target, &Value::UNKNOWN));
                }
                // `contextlib.suppress(KeyError)`
                let suppressed = w.items.iter().any(|item| self.source.text(item.context_expr.range()).contains("suppress("));
                self.quiet += usize::from(suppressed);
                let ends = self.block(&w.body);
                self.quiet -= usize::from(suppressed);
                return ends || suppressed;
            }
            Stmt::Match(m) => {
                self.value(&m.subject);
                let before = self.env.clone();
                let mut ways = Vec::new();
                let mut all = false;
                self.conditions += 1;
                for case in &m.cases {
                    all |= case.guard.is_none() && case.pattern.is_irrefutable();
                    self.env = before.clone();
                    case.guard.iter().for_each(|g| {
                        self.value(g);
                    });
                    if self.block(&case.body) {
                        ways.push(std::mem::take(&mut self.env));
                    }
                }
                self.conditions -= 1;
                if !all {
                    ways.push(before);
                }
                return self.go_on(ways);
            }
            Stmt::FunctionDef(f) => {
                f.parameters.iter_non_variadic_params().filter_map(|p| p.default.as_deref()).for_each(|d| {
                    self.value(d);
                });
                let value = self.define(f);
                self.env.set(f.name.as_str(), value);
            }
            Stmt::ClassDef(_) | Stmt::TypeAlias(_) | Stmt::Pass(_) | Stmt::Global(_) | Stmt::Nonlocal(_) | Stmt::IpyEscapeCommand(_) => {}
            Stmt::Import(import) => {
                for alias in &import.names {
                    let module = alias.name.as_str();
                    let first = module.split('.').next().unwrap_or(module);
                    match &alias.asname {
                        Some(name) => self.env.set(name.as_str(), names::member(module)),
                        None => self.env.set(first, names::member(first)),
                    }
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |m| m.as_str());
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    self.env.set(name, names::member(&format!("{module}.{}", alias.name)));
                }
            }
            Stmt::Delete(d) => {
                for target in &d.targets {
                    match target {
                        Expr::Name(name) => self.env.forget(name.id.as_str()),
                        other => {
                            self.value(other);
                        }
                    }
                }
            }
            Stmt::Assert(a) => {
                self.value(&a.test);
                a.msg.iter().for_each(|m| {
                    self.value(m);
                });
                self.widen_tested(&a.test);
                return !matches!(a.test.as_ref(), Expr::BooleanLiteral(b) if !b.value);
            }
            Stmt::Break(_) | Stmt::Continue(_) => {
                let env = std::mem::take(&mut self.env);
                if let Some(around) = self.loops.last_mut() {
                    if matches!(statement, Stmt::Break(_)) { around.breaks.push(env) } else { around.continues.push(env) }
                }
                return false;
            }
        }
        true
    }

    /// A name of which a key has been read is a map. Looked at is what is certainly evaluated.
    fn narrow(&mut self, expr: &'a Expr) {
        let mut pending = vec![expr];
        while let Some(expr) = pending.pop() {
            match expr {
                Expr::Subscript(s) => {
                    if let (Expr::Name(name), Expr::StringLiteral(_)) = (s.value.as_ref(), s.slice.as_ref())
                        && matches!(self.env.read(name.id.as_str()), Read::Set(value) if value == Value::DATA)
                    {
                        self.env.set(name.id.as_str(), Value::map_of(Value::DATA));
                    }
                    pending.extend([s.value.as_ref(), s.slice.as_ref()]);
                }
                Expr::Attribute(a) => pending.push(&a.value),
                Expr::Call(c) => pending.extend(std::iter::once(c.func.as_ref()).chain(c.arguments.args.iter())),
                Expr::BinOp(b) => pending.extend([b.left.as_ref(), b.right.as_ref()]),
                Expr::UnaryOp(u) => pending.push(&u.operand),
                Expr::Compare(c) => pending.extend(std::iter::once(c.left.as_ref()).chain(c.comparators.first())),
                Expr::BoolOp(b) => pending.extend(b.values.first()),
                Expr::If(i) => pending.push(&i.test),
                _ => {}
            }
        }
    }

    /// The value of what `x += 1` changes.
    fn target_value(&mut self, target: &'a Expr) -> Value {
        match target {
            Expr::Name(name) => self.name(name.id.as_str(), name.range),
            other => self.value(other),
        }
    }

    /// Sets what a target names.
    pub(super) fn bind(&mut self, target: &'a Expr, value: &Value) {
        match target {
            Expr::Name(name) => self.env.set(name.id.as_str(), value.clone()),
            Expr::Tuple(t) => self.unpack(&t.elts, value, target),
            Expr::List(l) => self.unpack(&l.elts, value, target),
            Expr::Starred(s) => self.bind(&s.value, &Value::of(Kinds::LIST)),
            Expr::Subscript(s) => {
                let base = self.value(&s.value);
                self.value(&s.slice);
                if base.kinds.within(Kinds::NULL.or(Kinds::NUMBER).or(Kinds::TEXT).or(Kinds::TUPLE).or(Kinds::FUNCTION)) {
                    let message = format!("nothing can be stored in {}", base.kinds);
                    self.fault("P619", target.range(), message, "only lists and maps have places to store in");
                }
            }
            other => {
                if let Expr::Attribute(a) = other {
                    self.value(&a.value);
                }
            }
        }
    }

    fn unpack(&mut self, targets: &'a [Expr], value: &Value, whole: &Expr) {
        let starred = targets.iter().any(|t| matches!(t, Expr::Starred(_)));
        match &value.detail {
            Detail::Items(items) if !starred => {
                if items.len() != targets.len() {
                    let message = format!("{} names for {} values", targets.len(), items.len());
                    self.fault("P619", whole.range(), message, "give as many names as there are values");
                }
                for (i, target) in targets.iter().enumerate() {
                    self.bind(target, items.get(i).unwrap_or(&Value::UNKNOWN));
                }
                return;
            }
            _ if value.kinds.within(Kinds::NULL.or(Kinds::NUMBER).or(Kinds::FUNCTION)) => {
                let message = format!("{} cannot be taken apart into {} names", value.kinds, targets.len());
                self.fault("P619", whole.range(), message, "only lists, tuples and the like can");
            }
            _ => {}
        }
        targets.iter().for_each(|target| self.bind(target, &Value::UNKNOWN));
    }

    /// Goes on with what is known where these ways meet.
    fn go_on(&mut self, ways: Vec<Env<'a>>) -> bool {
        match Env::meet(ways, self.conditions) {
            Some(env) => {
                self.env = env;
                true
            }
            None => false,
        }
    }

    fn condition(&mut self, i: &'a StmtIf) -> bool {
        let mut ways = Vec::new();
        let present = self.present(&i.test);
        self.test(&i.test);
        let mut otherwise = self.env.clone();
        match present {
            Some((name, value, true)) => otherwise.set(name, value),
            Some((name, value, false)) => self.env.set(name, value),
            None => {}
        }
        self.conditions += 1;
        if self.block(&i.body) {
            ways.push(std::mem::take(&mut self.env));
        }
        let mut all = false;
        for clause in &i.elif_else_clauses {
            self.env = otherwise;
            match &clause.test {
                Some(test) => self.test(test),
                None => all = true,
            }
            otherwise = self.env.clone();
            if self.block(&clause.body) {
                ways.push(std::mem::take(&mut self.env));
            }
        }
        self.conditions -= 1;
        let branches = 1 + i.elif_else_clauses.len() + usize::from(!all);
        if !all {
            ways.push(otherwise);
        }
        // `if not found: raise` may be what makes sure that a name is set.
        let left = ways.len() < branches;
        let reached = self.go_on(ways);
        if left {
            self.env.trust();
        }
        reached
    }

    /// What a name holds that a condition compares with None, where it is not None, and whether that is where the condition is false.
    fn present(&self, test: &'a Expr) -> Option<(&'a str, Value, bool)> {
        let Expr::Compare(c) = test else { return None };
        let (Expr::Name(name), [op], [Expr::NoneLiteral(_)]) = (c.left.as_ref(), c.ops.as_ref(), c.comparators.as_ref()) else {
            return None;
        };
        let otherwise = match op {
            CmpOp::Is => true,
            CmpOp::IsNot => false,
            _ => return None,
        };
        match self.env.read(name.id.as_str()) {
            Read::Set(value) if value.kinds.meets(Kinds::NULL) && value.kinds != Kinds::UNKNOWN => {
                let value = Value { kinds: value.kinds.without(Kinds::NULL), ..value };
                (!value.kinds.is_nothing()).then_some((name.id.as_str(), value, otherwise))
            }
            _ => None,
        }
    }

    /// A condition, and what its answer makes uncertain.
    fn test(&mut self, test: &'a Expr) {
        self.value(test);
        self.narrow(test);
        self.always(test);
        self.widen_tested(test);
    }

    /// Of a name that a condition looks at, a kind is not sure behind it.
    pub(super) fn widen_tested(&mut self, test: &'a Expr) {
        struct Tested<'a> {
            names: Vec<&'a str>,
            asks_kind: bool,
        }
        impl<'a> Visitor<'a> for Tested<'a> {
            fn visit_expr(&mut self, expr: &'a Expr) {
                match expr {
                    Expr::Name(name) => {
                        self.asks_kind |= matches!(name.id.as_str(), "isinstance" | "type" | "hasattr" | "callable" | "issubclass");
                        self.names.push(name.id.as_str());
                    }
                    _ => visitor::walk_expr(self, expr),
                }
            }
        }
        let mut tested = Tested { names: Vec::new(), asks_kind: false };
        tested.visit_expr(test);
        for name in tested.names {
            let may_be_none = matches!(self.env.read(name), Read::Set(v) | Read::Perhaps(v, _) if v.kinds.meets(Kinds::NULL));
            if tested.asks_kind || may_be_none {
                self.env.widen(name);
            }
        }
    }

    /// The names that a loop sets may hold anything behind it and in its condition.
    fn widen_set(&mut self, body: &'a [Stmt]) {
        let mut bound = Bound::default();
        bound.visit_body(body);
        bound.own.iter().for_each(|name| self.env.widen(name));
    }

    /// Those that it sets first are not set in its first round.
    fn first_round(&mut self, body: &'a [Stmt]) {
        let mut bound = Bound::default();
        bound.visit_body(body);
        bound.own.iter().for_each(|name| self.env.may_be_set(name, self.conditions));
    }

    fn repeat(&mut self, w: &'a StmtWhile) -> bool {
        self.widen_set(&w.body);
        self.value(&w.test);
        self.always(&w.test);
        self.widen_tested(&w.test);
        let forever = matches!(w.test.as_ref(), Expr::BooleanLiteral(b) if b.value)
            || matches!(self.value_quietly(&w.test).detail, Detail::Int(n) if n != 0);
        if forever && !leaves(&w.body) {
            let message = "this loop has no way out: no `break`, `return` or `raise`";
            self.fault("P621", w.test.range(), message, "leave it with `break` when the work is done");
        }
        let before = self.env.clone();
        self.loops.push(Loop::default());
        self.conditions += u32::from(!forever);
        self.first_round(&w.body);
        let ends = self.block(&w.body);
        self.conditions -= u32::from(!forever);
        let Loop { breaks, continues } = self.loops.pop().unwrap_or_default();
        let mut ways = Vec::new();
        if !forever {
            ways.push(before);
            ways.extend(ends.then(|| std::mem::take(&mut self.env)));
            ways.extend(continues);
            if self.go_on(ways) && self.block(&w.orelse) {
                ways = vec![std::mem::take(&mut self.env)];
            } else {
                ways = Vec::new();
            }
        }
        ways.extend(breaks);
        self.after_loop(ways, &w.body)
    }

    fn over(&mut self, f: &'a StmtFor) -> bool {
        let iterated = self.value(&f.iter);
        self.narrow(&f.iter);
        self.iterates(&iterated, &f.iter);
        self.pairs(&f.target, &iterated, &f.iter);
        let surely = matches!(&iterated.detail, Detail::Items(items) if !items.is_empty());
        let before = self.env.clone();
        self.widen_set(&f.body);
        self.bind(&f.target, &iterated.element());
        self.loops.push(Loop::default());
        self.conditions += 1;
        self.first_round(&f.body);
        let ends = self.block(&f.body);
        self.conditions -= 1;
        let Loop { breaks, continues } = self.loops.pop().unwrap_or_default();
        let mut ways: Vec<Env<'a>> = Vec::new();
        if !surely {
            ways.push(before);
        }
        ways.extend(ends.then(|| std::mem::take(&mut self.env)));
        ways.extend(continues);
        let mut after = Vec::new();
        if self.go_on(ways) && self.block(&f.orelse) {
            after.push(std::mem::take(&mut self.env));
        }
        after.extend(breaks);
        self.after_loop(after, &f.body)
    }

    fn after_loop(&mut self, ways: Vec<Env<'a>>, body: &'a [Stmt]) -> bool {
        let reached = self.go_on(ways);
        if reached {
            self.widen_set(body);
        }
        reached
    }

    fn attempt(&mut self, t: &'a StmtTry) -> bool {
        let before = self.env.clone();
        let caught = !t.handlers.is_empty();
        self.quiet += usize::from(caught);
        let mut ends = self.block(&t.body);
        self.quiet -= usize::from(caught);
        // Where the body fails, nobody knows how far it came.
        let mut failed = before;
        let mut bound = Bound::default();
        bound.visit_body(&t.body);
        for name in &bound.own {
            match failed.read(name) {
                Read::Set(_) | Read::Perhaps(..) => failed.widen(name),
                Read::Never | Read::Elsewhere => failed.set(name, Value::UNKNOWN),
            }
        }
        if ends {
            ends = self.block(&t.orelse);
        }
        let mut ways: Vec<Env<'a>> = ends.then(|| std::mem::take(&mut self.env)).into_iter().collect();
        self.conditions += 1;
        for handler in &t.handlers {
            let ExceptHandler::ExceptHandler(handler) = handler;
            self.env = failed.clone();
            if self.block(&handler.body) {
                ways.push(std::mem::take(&mut self.env));
            }
        }
        self.conditions -= 1;
        let goes_on = self.go_on(ways);
        if !goes_on {
            self.env = failed;
        }
        // It runs after failures, too.
        self.quiet += 1;
        let finished = self.block(&t.finalbody);
        self.quiet -= 1;
        goes_on && finished
    }
}
