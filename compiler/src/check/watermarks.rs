//! What a run remembers for the next one. V414: a request asks for what came after the last run, and not after this moment. V415: a local variable is gone
//! when the next run asks for it.

use std::collections::{BTreeMap, BTreeSet};

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
    let mut now: BTreeMap<&str, &Span> = BTreeMap::new();
    for step in steps {
        match &step.op {
            Op::SetVariable(op) if step.when.is_none() => {
                for assign in &op.assigns {
                    now.remove(assign.name.name.as_str());
                    if is_now(&assign.value) {
                        now.insert(&assign.name.name, &assign.name.span);
                    }
                }
            }
            Op::HttpRequest(op) => {
                for (parameter, value) in parameters(op) {
                    let mut used = value.uses().variables.iter();
                    if let (Some(used), None) = (used.next(), used.next())
                        && since(parameter)
                        && let Some((name, at)) = now.get_key_value(used.name.as_str())
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
    for (name, known) in &places.names {
        let Some((set, at)) = known.only_set else { continue };
        // Read under the question whether an earlier run has set it, and never again.
        let earlier = known.last_read.is_some_and(|last| last < at) && known.always_tested;
        if !earlier || set.scope != Scope::Local || known.sets != 1 || known.in_loop {
            continue;
        }
        let given = flow.parameters.iter().flatten().any(|p| p.name.name == *name) || flow.may_name(name);
        if !given {
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
    names: BTreeMap<&'p str, Known<'p>>,
}

/// What a flow does with one variable.
struct Known<'p> {
    sets: usize,
    only_set: Option<(&'p Assign, usize)>,
    in_loop: bool,
    last_read: Option<usize>,
    /// Each expression that reads it asks whether it is defined.
    always_tested: bool,
}

impl Default for Known<'_> {
    fn default() -> Self {
        Self { sets: 0, only_set: None, in_loop: false, last_read: None, always_tested: true }
    }
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
        let tested: BTreeSet<&str> = uses.tested.iter().map(|tested| tested.name.as_str()).collect();
        for read in uses.variables.iter().chain(&uses.tested) {
            let known = self.names.entry(read.name.as_str()).or_default();
            known.last_read = Some(self.seen);
            known.always_tested &= tested.contains(read.name.as_str());
        }
    }

    fn assign(&mut self, assign: &'p Assign) {
        self.seen += 1;
        let known = self.names.entry(assign.name.name.as_str()).or_default();
        known.sets += 1;
        known.only_set = Some((assign, self.seen));
        known.in_loop |= self.loops > 0;
    }
}
