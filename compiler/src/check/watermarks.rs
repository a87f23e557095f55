//! What a run remembers for the next one. V414: a request asks for what came after the last run, and not after this moment. V415: a local variable is gone
//! when the next run asks for it.

use sequor_plan_format::op::Scope;

use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::http_request::{HttpRequest, Pairs};
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Kind};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, Flow, Step};

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        if flow.unreadable {
            continue;
        }
        asked_for_now(&flow.steps, faults);
        not_kept(flow, faults);
    }
}

/// V414. The depth of steps is bounded by the YAML reader.
fn asked_for_now(steps: &[Step], faults: &mut Vec<Diagnostic>) {
    // The variables that are the moment of this run, with where they are set.
    let mut now: Vec<(&str, &Span)> = Vec::new();
    for step in steps {
        match &step.op {
            Op::SetVariable(op) if step.when.is_none() => {
                for assign in &op.assigns {
                    now.retain(|(name, _)| *name != assign.name.name);
                    if is_now(&assign.value) {
                        now.push((&assign.name.name, &assign.name.span));
                    }
                }
            }
            Op::HttpRequest(op) => {
                for (parameter, value) in parameters(op) {
                    let mut used = value.uses().variables.iter();
                    if let (Some(used), None) = (used.next(), used.next())
                        && since(parameter)
                        && let Some((name, at)) = now.iter().find(|(name, _)| *name == used.name)
                        && is_value_itself(value, name)
                    {
                        let message = format!("'{name}' is this moment, so that '{parameter}' asks for nothing that came before it");
                        let fault = Diagnostic::warning("V414", used.span.clone(), message)
                            .also((*at).clone(), "it is set here, before the request");
                        faults
                            .push(fault.help("set it behind the request, or keep the moment in another variable until the rows are there"));
                    }
                }
            }
            _ => {}
        }
        if !step.op.blocks().is_empty() || matches!(step.op, Op::RunFlow(_) | Op::SetVariable(_)) && step.when.is_some() {
            now.clear();
        }
        step.op.blocks().into_iter().for_each(|inner| asked_for_now(inner, faults));
    }
}

/// The variable, or something else where it is not defined.
fn is_value_itself(value: &Expression, name: &str) -> bool {
    match &value.seen().kind {
        Kind::Var(var) => var == name,
        Kind::If { then, otherwise, .. } => is_value_itself(then, name) || is_value_itself(otherwise, name),
        Kind::Or(parts) => parts.first().is_some_and(|first| is_value_itself(first, name)),
        Kind::Concat(parts) => matches!(parts.as_slice(), [only] if is_value_itself(only, name)),
        _ => false,
    }
}

fn parameters(op: &HttpRequest) -> Vec<(&str, &Expression)> {
    match &op.request.parameters {
        Pairs::Listed(pairs) => pairs.iter().map(|(name, value)| (name.name.as_str(), value)).collect(),
        Pairs::Computed(_) => Vec::new(),
    }
}

/// Names of parameters from which on an API gives what has changed. `from` alone may ask for what is to come.
fn since(parameter: &str) -> bool {
    let name = parameter.to_lowercase();
    let change = ["updat", "modif", "chang", "creat", "sync"].iter().any(|word| name.contains(word));
    let lower = ["after", "from", "gte", "gt", "start", "min"].iter().any(|end| name.trim_end_matches(']').ends_with(end));
    name.contains("since") || (change && lower)
}

/// The moment at which it is computed, and nothing that is subtracted from it.
fn is_now(value: &Expression) -> bool {
    let text = match &value.kind {
        Kind::Python { code, .. } => code.text.as_str(),
        _ => value.span.file.text.get(value.span.start as usize..value.span.end as usize).unwrap_or_default(),
    };
    let moment = ["datetime.now(", "datetime.utcnow(", "date.today(", "time.time("].iter().any(|call| text.contains(call));
    let other = ["timedelta", "var(", "query", "response", " - ", "replace(day", "weekday"].iter().any(|word| text.contains(word));
    moment && !other
}

/// V415
fn not_kept(flow: &Flow, faults: &mut Vec<Diagnostic>) {
    let mut places = Places::default();
    visit::steps(&flow.steps, &mut places);
    if places.computed {
        return;
    }
    for (set, at) in &places.sets {
        let name = set.name.name.as_str();
        let sets = places.sets.iter().filter(|(other, _)| other.name.name == name).count();
        let mut reads = places.reads.iter().filter(|(read, ..)| read == name).peekable();
        // Read under the question whether an earlier run has set it, and never again.
        let earlier = reads.peek().is_some() && reads.all(|(_, place, tested)| place < at && *tested);
        let given = flow.parameters.iter().flatten().any(|p| p.name.name == name) || flow.may_name(name);
        if set.scope == Scope::Local && sets == 1 && earlier && !given && !places.in_loop.contains(&name) {
            let message = format!("'{name}' is a local variable: it is gone when this run ends, and nothing reads it until then");
            let fault = Diagnostic::warning("V415", set.name.span.clone(), message);
            faults.push(fault.help("leave `scope: local` out: a variable of the project is there in the next run"));
        }
    }
}

/// Where a flow sets and reads variables, in the order in which it does.
#[derive(Default)]
struct Places<'p> {
    seen: usize,
    loops: usize,
    computed: bool,
    sets: Vec<(&'p Assign, usize)>,
    /// Each with whether the same expression asks whether it is defined.
    reads: Vec<(String, usize, bool)>,
    in_loop: Vec<&'p str>,
}

impl<'p> Visitor<'p> for Places<'p> {
    fn enter_step(&mut self, step: &'p Step) {
        self.loops += usize::from(matches!(step.op, Op::WhileLoop(_) | Op::ForEach(_)));
    }

    fn leave_step(&mut self, step: &'p Step) {
        self.loops -= usize::from(matches!(step.op, Op::WhileLoop(_) | Op::ForEach(_)));
    }

    fn expression(&mut self, expression: &'p Expression) {
        self.seen += 1;
        let uses = expression.uses();
        self.computed |= uses.computed_variables;
        for read in uses.variables.iter().chain(&uses.tested) {
            let tested = uses.tested.iter().any(|tested| tested.name == read.name);
            self.reads.push((read.name.clone(), self.seen, tested));
        }
    }

    fn assign(&mut self, assign: &'p Assign) {
        self.seen += 1;
        self.sets.push((assign, self.seen));
        if self.loops > 0 {
            self.in_loop.push(&assign.name.name);
        }
    }
}
