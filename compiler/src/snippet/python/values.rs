//! What each line of a snippet can make of its values, followed from line to line: P607 names that are not set on every way, P619 operations that no value
//! of their kinds allows, P621 loops without a way out, P622 comparisons whose answer is always the same. Also members of values whose kind is known (P608),
//! names that are read before they are set (P604), and results that no parser may have (P611).
//!
//! Said is what is certain. A name that is set in a loop is of any kind there; what a list or map holds is known only while nothing may change it; where the
//! text has names that are computed, nothing is looked at.

mod calls;
mod compared;
mod expressions;
mod format;
mod functions;
mod methods;
mod names;
mod statements;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ruff_text_size::{Ranged, TextRange};
use rustpython_compiler::ast::{Expr, Stmt};

use super::super::Place;
use super::Source;
use super::form::Form;
use super::names::Names;
use super::rules::Roots;
use crate::diagnostic::{Diagnostic, Severity};
use crate::kinds::Kinds;
use functions::Function;
use names::{Env, Mutated};

/// Longest text that is looked at, and the parts of expressions that are; more is nobody's snippet.
const MAX_BYTES: usize = 64 << 10;
const MAX_WORK: usize = 200_000;

pub(super) fn check(form: &Form<'_>, roots: &Roots, names: &Names, source: Source<'_>, place: Place, faults: &mut Vec<Diagnostic>) {
    // What cannot be read or is not there would be reported again by what follows from it.
    if names.dynamic || source.origin.text().len() > MAX_BYTES {
        return;
    }
    let mut look = Look {
        source,
        names,
        roots,
        place,
        mutated: Mutated::of(form),
        env: Env::default(),
        outer: BTreeMap::new(),
        functions: Vec::new(),
        found: Vec::new(),
        quiet: 0,
        conditions: 0,
        work: 0,
        returned: Kinds::NOTHING,
        loops: Vec::new(),
        told: BTreeSet::new(),
    };
    look.form(form);
    if look.work > MAX_WORK {
        return;
    }
    // A place that another rule has reported has its reason there.
    let told: Vec<(u32, u32)> =
        faults.iter().filter(|f| f.severity != Severity::Hint).filter_map(|f| f.span.as_ref()).map(|s| (s.start, s.end)).collect();
    for fault in look.found {
        let Some(span) = &fault.span else { continue };
        if !told.iter().any(|(start, end)| *start < span.end && span.start < *end) {
            faults.push(fault);
        }
    }
}

/// What is known of a value.
#[derive(Clone, Debug, PartialEq)]
struct Value {
    kinds: Kinds,
    detail: Detail,
}

#[derive(Clone, Debug, PartialEq)]
enum Detail {
    Nothing,
    Text(Rc<str>),
    Int(i64),
    /// A value of a variable, a row or a reply: so are its members.
    Data,
    /// All members of a list or tuple.
    Items(Rc<[Value]>),
    /// Each member of a list or an iterator.
    Each(Rc<Value>),
    /// All keys of a map.
    Keys(Rc<BTreeMap<String, Value>>),
    /// A function of the snippet.
    Function(usize),
    Builtin(&'static str),
    /// A module or what is in it: `datetime`, `datetime.datetime`.
    Member(Rc<str>),
    /// `base.name`, to be called.
    Method(Rc<Value>, Rc<str>),
}

impl Value {
    const UNKNOWN: Self = Self::of(Kinds::UNKNOWN);
    const NONE: Self = Self::of(Kinds::NULL);

    const DATA: Self = Self { kinds: Kinds::DATA, detail: Detail::Data };

    const fn of(kinds: Kinds) -> Self {
        Self { kinds, detail: Detail::Nothing }
    }

    fn list_of(element: Self) -> Self {
        Self { kinds: Kinds::LIST, detail: Detail::Each(Rc::new(element)) }
    }

    fn iterator_of(element: Self) -> Self {
        Self { kinds: Kinds::ITERATOR, detail: Detail::Each(Rc::new(element)) }
    }

    fn tuple(items: Vec<Self>) -> Self {
        Self { kinds: Kinds::TUPLE, detail: Detail::Items(items.into()) }
    }

    fn text(text: &str) -> Self {
        Self { kinds: Kinds::TEXT, detail: Detail::Text(text.into()) }
    }

    fn int(number: i64) -> Self {
        Self { kinds: Kinds::INT, detail: Detail::Int(number) }
    }

    /// A value that is either.
    fn or(self, other: Self) -> Self {
        // An empty list says nothing about its members.
        let detail = if self.detail == other.detail || other.is_empty() || other.kinds == Kinds::NULL {
            self.detail
        } else if self.is_empty() || self.kinds == Kinds::NULL {
            other.detail
        } else {
            Detail::Nothing
        };
        Self { kinds: self.kinds.or(other.kinds), detail }
    }

    fn is_empty(&self) -> bool {
        match &self.detail {
            Detail::Items(items) => items.is_empty(),
            Detail::Keys(keys) => keys.is_empty(),
            _ => false,
        }
    }

    /// The same without what a change of it would make wrong.
    fn loosened(self) -> Self {
        match self.detail {
            Detail::Items(_) if self.kinds == Kinds::TUPLE => self,
            Detail::Items(_) | Detail::Each(_) | Detail::Keys(_) => Self::of(self.kinds),
            _ => self,
        }
    }

    /// What going over it gives.
    fn element(&self) -> Self {
        match &self.detail {
            // Keys, which are text in rows.
            Detail::Each(_) if self.kinds == Kinds::MAP => Self::of(Kinds::TEXT),
            Detail::Items(items) => items.iter().cloned().reduce(Self::or).unwrap_or(Self::UNKNOWN),
            Detail::Each(element) => element.as_ref().clone(),
            _ if self.kinds == Kinds::RANGE => Self::of(Kinds::INT),
            _ if self.kinds == Kinds::TEXT => Self::of(Kinds::TEXT),
            Detail::Data => Self::DATA,
            _ => Self::UNKNOWN,
        }
    }
}

/// Ways out of a loop.
#[derive(Default)]
struct Loop<'a> {
    /// What is known behind it, by each `break` and `continue`.
    breaks: Vec<Env<'a>>,
    continues: Vec<Env<'a>>,
}

struct Look<'a> {
    source: Source<'a>,
    names: &'a Names,
    roots: &'a Roots,
    place: Place,
    mutated: Mutated<'a>,
    env: Env<'a>,
    /// Names of the outermost scope that never change: functions and modules.
    outer: BTreeMap<&'a str, Value>,
    functions: Vec<Function<'a>>,
    found: Vec<Diagnostic>,
    /// Nothing is reported: the lines are looked at for their values alone, or what fails is caught.
    quiet: usize,
    /// Conditions around the line.
    conditions: u32,
    work: usize,
    /// What the function at hand returns.
    returned: Kinds,
    loops: Vec<Loop<'a>>,
    /// Names that have been reported once.
    told: BTreeSet<&'a str>,
}

impl<'a> Look<'a> {
    fn form(&mut self, form: &Form<'a>) {
        match form {
            Form::Expression(expr) => {
                self.env.scope(&[], true);
                let value = self.value(expr);
                self.result(expr, &value);
            }
            Form::Body(statements) => {
                self.env.scope(statements, true);
                self.outermost(statements);
                self.block(statements);
                self.bodies();
            }
            Form::Evaluate { module, function } => {
                self.env.scope(module, true);
                self.outermost(module);
                self.block(module);
                let (context, response) = form.parameters(self.place);
                self.evaluate(function, context, response);
                self.bodies();
            }
        }
    }

    fn fault(&mut self, code: &'static str, at: TextRange, message: impl Into<String>, help: impl Into<String>) {
        if self.quiet == 0 {
            self.found.push(Diagnostic::error(code, self.source.span(at), message.into()).help(help.into()));
        }
    }

    fn warn(&mut self, code: &'static str, at: TextRange, message: impl Into<String>, help: impl Into<String>) {
        if self.quiet == 0 {
            self.found.push(Diagnostic::warning(code, self.source.span(at), message.into()).help(help.into()));
        }
    }

    /// Whether this has become too much to look at.
    fn tired(&mut self) -> bool {
        self.work += 1;
        self.work > MAX_WORK
    }

    /// What the snippet gives. Literal results are looked at by the rules on parsers.
    fn result(&mut self, expr: &Expr, value: &Value) {
        let literal = matches!(expr, Expr::Dict(_) | Expr::List(_) | Expr::Tuple(_) | Expr::StringLiteral(_) | Expr::NumberLiteral(_));
        if self.place.parser && !literal && value.kinds.within(Kinds::UNKNOWN.without(Kinds::MAP.or(Kinds::OTHER).or(Kinds::NULL))) {
            self.fault(
                "P611",
                expr.range(),
                format!("the parser returns {}, and a map is expected", value.kinds),
                "return {\"tables\": …, \"variables\": …, \"while\": …}; each of them may be missing",
            );
        } else if value.kinds == Kinds::FUNCTION {
            self.fault("P619", expr.range(), "a function is no value of a flow", "call it, with parentheses behind it");
        }
    }

    /// The statements of a function that is looked at by itself, with its own names.
    fn function_scope<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let env = std::mem::take(&mut self.env);
        let loops = std::mem::take(&mut self.loops);
        let (conditions, returned) = (self.conditions, self.returned);
        (self.conditions, self.returned) = (0, Kinds::NOTHING);
        let given = work(self);
        (self.env, self.loops, self.conditions, self.returned) = (env, loops, conditions, returned);
        given
    }

    fn outermost(&mut self, statements: &'a [Stmt]) {
        for (name, value) in names::constant(statements, &self.mutated) {
            self.outer.insert(name, value);
        }
    }
}
