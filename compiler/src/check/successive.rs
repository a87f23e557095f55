//! V413: of variables that one step sets, each sees what those before it were set to.

use sequor_plan_format::expr::Binary;

use super::counting::{number, variable};
use crate::diagnostic::Diagnostic;
use crate::op::Op;
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Kind};
use crate::syntax::Assign;
use crate::syntax::visit::{self, Visitor};

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        visit::steps(&flow.steps, &mut Walk { faults });
    }
}

struct Walk<'f> {
    faults: &'f mut Vec<Diagnostic>,
}

impl Visitor<'_> for Walk<'_> {
    fn enter_step(&mut self, step: &crate::syntax::Step) {
        match &step.op {
            Op::SetVariable(op) => self.assigns(&op.assigns),
            Op::HttpRequest(op) => self.assigns(&op.response.variables),
            _ => {}
        }
    }
}

/// As many variables of one step are compared with each other.
const MOST: usize = 50;

impl Walk<'_> {
    fn assigns(&mut self, assigns: &[Assign]) {
        for (i, first) in assigns.iter().take(MOST).enumerate() {
            // A number that is counted up is not what something is subtracted from.
            if variable(&first.value).is_some() || number(&first.value).is_some() {
                continue;
            }
            for later in assigns.iter().take(MOST).skip(i + 1).filter(|later| later.name.name != first.name.name) {
                let mut found = None;
                later.value.seen().walk(&mut |e| {
                    if let Kind::Binary { operator: Binary::Subtract, left, right } = &e.seen().kind
                        && [(left, right), (right, left)]
                            .into_iter()
                            .any(|(a, b)| variable(a) == Some(&first.name.name) && alike(b, &first.value))
                    {
                        found.get_or_insert_with(|| e.span.clone());
                    }
                });
                if let Some(at) = found {
                    let name = &first.name.name;
                    let message = format!("this is always 0: '{name}' has been set to the same value before, in this step");
                    let fault = Diagnostic::warning("V413", at, message).also(first.name.span.clone(), "it is set here, first");
                    self.faults.push(fault.help(format!("compute '{}' before '{name}': write it above", later.name.name)));
                }
            }
        }
    }
}

/// Whether both are the same, as far as they are names and members.
fn alike(one: &Expression, other: &Expression) -> bool {
    match (&one.seen().kind, &other.seen().kind) {
        (Kind::Var(a), Kind::Var(b)) => a == b,
        (Kind::Text(a), Kind::Text(b)) => a == b,
        (Kind::Int(a), Kind::Int(b)) => a == b,
        (Kind::Response(a), Kind::Response(b)) => a == b,
        (Kind::Attribute { base: a, name: x }, Kind::Attribute { base: b, name: y }) => x == y && alike(a, b),
        (Kind::Index { base: a, key: x }, Kind::Index { base: b, key: y }) => alike(a, b) && alike(x, y),
        (Kind::Call { function: f, arguments: a }, Kind::Call { function: g, arguments: b }) => f == g && all_alike(a, b),
        (Kind::Method { base: a, method: f, arguments: x }, Kind::Method { base: b, method: g, arguments: y }) => {
            f == g && alike(a, b) && all_alike(x, y)
        }
        _ => false,
    }
}

fn all_alike(one: &[Expression], other: &[Expression]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| alike(a, b))
}
