//! Conditions that say nothing. C301: the same in every run. C302: neither true nor false. C307, C308: the same for `while` of a reply, where null ends the loop.

use sequor_plan_format::expr::{Function, Method, Unary};

use super::graph::constant;
use crate::diagnostic::Diagnostic;
use crate::op::Op;
use crate::op::assert::Check;
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Kind};
use crate::syntax::Step;
use crate::syntax::visit::{self, Visitor};
use crate::tables::text;

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        visit::steps(&flow.steps, &mut Conditions { faults });
    }
}

struct Conditions<'f> {
    faults: &'f mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Conditions<'_> {
    fn enter_step(&mut self, step: &'p Step) {
        if let Some(when) = &step.when {
            self.condition(when, true);
        }
        match &step.op {
            Op::IfElse(op) => op.arms.iter().for_each(|arm| self.condition(&arm.condition, true)),
            // `while: true` with a step that leaves is a usual form; one without is reported as endless.
            Op::WhileLoop(op) => self.condition(&op.condition, constant(&op.condition) == Some(false)),
            Op::Assert(op) => match &op.check {
                Check::Condition(condition) => self.condition(condition, constant(condition) == Some(true)),
                Check::Query { .. } => {}
            },
            Op::HttpRequest(op) => {
                if let Some(repeat) = &op.response.repeat {
                    self.repeat(repeat);
                }
            }
            Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::ForEach(_)
            | Op::TryCatch(_)
            | Op::Parallel(_)
            | Op::Block(_)
            | Op::RunFlow(_)
            | Op::Sleep(_)
            | Op::Leave(_) => {}
        }
    }
}

impl Conditions<'_> {
    fn condition(&mut self, condition: &Expression, constants: bool) {
        if let Some(value) = constant(condition).filter(|_| constants) {
            let message = format!("this condition is {value} in every run");
            self.faults.push(
                Diagnostic::warning("C301", condition.span.clone(), message)
                    .help("compare something that differs from run to run, or take the condition out"),
            );
        } else if is_mixed_text(condition) {
            self.faults.push(
                Diagnostic::error("C302", condition.span.clone(), "this condition is a text, which is neither true nor false")
                    .help("write the whole comparison inside one {{ … }}, or as condition_expression"),
            );
        } else if matches!(condition.kind, Kind::List(_) | Kind::Dict(_) | Kind::Tuple(_)) {
            self.faults.push(
                Diagnostic::warning("C302", condition.span.clone(), "this condition is a list or a map, and not true or false")
                    .help("write a comparison"),
            );
        }
    }

    fn repeat(&mut self, repeat: &Expression) {
        if is_never_boolean(repeat) {
            self.faults.push(
                Diagnostic::error("C308", repeat.span.clone(), "'while' is never true or false, so the first reply fails")
                    .help("write a comparison, for example `response.json()['next'] is not None`"),
            );
        } else if constant(repeat) == Some(true) {
            self.faults.push(
                Diagnostic::warning(
                    "C301",
                    repeat.span.clone(),
                    "'while' is true after every reply: the loop ends only at its limit, with an error",
                )
                .help("write what is true while there is another page, for example `len(response.json()['data']) == 100`"),
            );
        } else if let Some(cursor) = cursor_of(repeat) {
            let message =
                format!("'while' must be true or false, and '{cursor}' of a reply is a text or a number: the first page with one fails");
            self.faults.push(
                Diagnostic::warning("C308", repeat.span.clone(), message)
                    .help("ask whether it is there: `… is not none` in a template, `… is not None` in Python"),
            );
        } else if is_plain_get(repeat) {
            self.faults.push(
                Diagnostic::warning(
                    "C307",
                    repeat.span.clone(),
                    "'while' is null where the reply lacks the field, which ends the loop without a word",
                )
                .help("give get() a default, as in .get('has_more', False), or compare the value"),
            );
        }
    }
}

/// The field of a reply with the next page that a value is, as it is.
fn cursor_of(value: &Expression) -> Option<&str> {
    const CURSORS: &[&str] =
        &["next", "cursor", "nextcursor", "nextpage", "nexturl", "nextlink", "nextpagetoken", "nexttoken", "nextpageurl"];
    let name = match &value.kind {
        Kind::Index { key, .. } => text(key)?,
        Kind::Attribute { name, .. } => name,
        Kind::Method { method: Method::Get, arguments, .. } => text(arguments.first()?)?,
        _ => return None,
    };
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    (CURSORS.contains(&plain.as_str()) && value.uses().response).then_some(name)
}

/// Text with something written around what is computed; `tr{{ x }}` could be true, but nobody writes that.
fn is_mixed_text(condition: &Expression) -> bool {
    match &condition.kind {
        Kind::Concat(parts) => parts.iter().any(|p| matches!(&p.kind, Kind::Text(text) if compares(text))),
        _ => false,
    }
}

fn compares(text: &str) -> bool {
    text.contains(['=', '<', '>', '!']) || text.split_whitespace().any(|word| matches!(word, "and" | "or" | "not" | "in" | "is"))
}

fn is_never_boolean(value: &Expression) -> bool {
    match &value.kind {
        Kind::Int(_)
        | Kind::Float(_)
        | Kind::Number(_)
        | Kind::Text(_)
        | Kind::Concat(_)
        | Kind::Format { .. }
        | Kind::List(_)
        | Kind::Tuple(_)
        | Kind::Dict(_)
        | Kind::Comprehension { .. } => true,
        Kind::Unary { operator, .. } => *operator != Unary::Not,
        Kind::Call { function, .. } => !matches!(function, Function::Bool | Function::All | Function::Any | Function::Max | Function::Min),
        Kind::Or(parts) | Kind::And(parts) => parts.iter().all(is_never_boolean),
        _ => false,
    }
}

/// `.get('name')` of the reply, as the whole value.
fn is_plain_get(value: &Expression) -> bool {
    matches!(&value.kind, Kind::Method { method: Method::Get, arguments, .. } if arguments.len() == 1)
}
