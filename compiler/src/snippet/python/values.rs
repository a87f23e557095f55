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
mod ways_out;

pub(super) use ways_out::leaves;

use std::collections::{BTreeMap, BTreeSet};

use ruff_text_size::{Ranged, TextRange};
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{CmpOp, Expr, Stmt};

use super::super::Place;
use super::Source;
use super::form::Form;
use super::names::Names;
use super::rules::Roots;
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::kinds::Kinds;
use crate::kinds::value::{Detail, Problem, Value, Verdict};
use functions::Function;
use names::{Env, Mutated};

/// Longest text that is looked at, and the parts of expressions that are; more is nobody's snippet.
const MAX_BYTES: usize = 64 << 10;
const MAX_WORK: usize = 200_000;

/// What is known of the run around a snippet.
pub(crate) trait Surroundings {
    /// What a variable holds.
    fn variable(&self, name: &str) -> Value;
    /// A row of a query, which is written there.
    fn row(&self, source: Option<&str>, sql: &str, at: &Span) -> Value;
    /// A row of a table.
    fn table(&self, source: &str, table: &str) -> Value;
}

pub(super) fn check(
    form: &Form<'_>,
    roots: &Roots,
    names: &Names,
    source: Source<'_>,
    place: Place,
    surroundings: Option<&dyn Surroundings>,
    faults: &mut Vec<Diagnostic>,
) -> Value {
    // What cannot be read or is not there would be reported again by what follows from it.
    if names.dynamic || source.origin.text().len() > MAX_BYTES {
        return Value::UNKNOWN;
    }
    let mut look = Look {
        source,
        names,
        roots,
        place,
        surroundings,
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
        given: Value::of(Kinds::NOTHING),
        asked: asked(form, source),
    };
    look.form(form);
    if look.work > MAX_WORK {
        return Value::UNKNOWN;
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
    look.given
}

/// The texts of what the snippet asks for its members.
pub(super) fn asked(form: &Form<'_>, source: Source<'_>) -> BTreeSet<String> {
    struct Asked<'s> {
        source: Source<'s>,
        found: BTreeSet<String>,
    }
    impl Asked<'_> {
        fn insert(&mut self, expr: &Expr) {
            self.found.insert(self.source.text(expr.range()).to_owned());
        }
    }
    impl<'a> Visitor<'a> for Asked<'_> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            match expr {
                Expr::Compare(c) => {
                    for (op, right) in c.ops.iter().zip(&c.comparators) {
                        if matches!(op, CmpOp::In | CmpOp::NotIn) {
                            self.insert(right);
                        }
                    }
                }
                Expr::Call(call) => match (call.func.as_ref(), call.arguments.args.as_ref()) {
                    (Expr::Name(name), [only]) if name.id.as_str() == "len" => self.insert(only),
                    (Expr::Attribute(a), []) if a.attr.as_str() == "keys" => self.insert(&a.value),
                    _ => {}
                },
                _ => {}
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut asked = Asked { source, found: BTreeSet::new() };
    form.visit(&mut asked);
    asked.found
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
    surroundings: Option<&'a dyn Surroundings>,
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
    /// What the snippet gives.
    given: Value,
    /// Lists and maps that are asked what they have: `'a' in x`, `len(x)`, `x.keys()`.
    asked: BTreeSet<String>,
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
                if self.block(statements) {
                    self.given = std::mem::replace(&mut self.given, Value::NONE).or(Value::NONE);
                }
                self.bodies();
            }
            Form::Evaluate { module, function } => {
                self.env.scope(module, true);
                self.outermost(module);
                self.block(module);
                self.evaluate(function);
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

    fn problem(&mut self, whole: TextRange, key: TextRange, problem: Problem) {
        let code = if problem.verdict == Verdict::NoColumn { "P612" } else { "P619" };
        self.fault(code, if problem.of_key { key } else { whole }, problem.message, problem.help);
    }

    /// Whether this has become too much to look at.
    fn tired(&mut self) -> bool {
        self.work += 1;
        self.work > MAX_WORK
    }

    /// What the snippet gives. Literal results are looked at by the rules on parsers.
    fn result(&mut self, expr: &Expr, value: &Value) {
        self.given = std::mem::replace(&mut self.given, Value::of(Kinds::NOTHING)).or(value.clone());
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
