//! V402: a variable is set on every way to where it is read. V403: and not only afterwards. V404: and not only by flows that do not run before.

use sequor_plan_format::op::Scope;

use super::Rule;
use crate::check::assigned::Standing;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::snippet::expression::{Expression, Named};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, Flow, Step};

impl Rule<'_> {
    /// For a name that something sets.
    pub(super) fn order(&mut self, used: &Named, flow: &Flow) {
        let name = used.name.as_str();
        let given = self.definitions.is_given(&flow.name, name) || self.parsed.environments.names.contains(name);
        if given || self.definitions.maybe(name) || self.reported.contains(&(flow.name.clone(), used.span.start)) {
            return;
        }
        match self.assigned.standing(&flow.name, used) {
            // What is never reached is reported as that.
            Some(Standing::Set) | None => {}
            Some(Standing::Perhaps) => self.perhaps(used, flow),
            Some(Standing::Unset) => self.unset(used, flow),
        }
    }

    /// Where this flow sets the variable.
    fn setter(&self, name: &str, flow: &Flow) -> Option<(&Span, Scope)> {
        let setters = self.definitions.setters.get(name)?;
        setters.iter().find(|(by, _, _)| *by == flow.name).map(|(_, place, scope)| (&place.span, *scope))
    }

    fn perhaps(&mut self, used: &Named, flow: &Flow) {
        let name = used.name.as_str();
        if set_under_the_same_conditions(used, flow) {
            return;
        }
        let fault = Diagnostic::warning("V402", used.span.clone(), format!("variable '{name}' is not set on every way to here"))
            .help(format!("give it a first value before, set it on the other ways too, or ask is_var_defined('{name}')"));
        let fault = match self.setter(name, flow) {
            Some((place, _)) => fault.also(place.clone(), "set here"),
            None => fault,
        };
        self.faults.push(fault);
    }

    fn unset(&mut self, used: &Named, flow: &Flow) {
        let name = used.name.as_str();
        let fault = match self.setter(name, flow) {
            Some((place, scope)) if in_another_branch(&flow.steps, place, &used.span) => {
                let message = format!("variable '{name}' is set in another branch of this parallel, which this branch does not see");
                let fault = match scope {
                    Scope::Local => Diagnostic::error("V403", used.span.clone(), message),
                    // The run before may have left a value.
                    Scope::Project => Diagnostic::warning("V403", used.span.clone(), message),
                };
                fault.also(place.clone(), "set here").help("set it before the parallel, or read it after the parallel")
            }
            Some((place, Scope::Local)) => {
                Diagnostic::error("V403", used.span.clone(), format!("variable '{name}' is read before it is set"))
                    .also(place.clone(), "set only here")
                    .help("move the step that sets it up, or give it a first value before")
            }
            Some((place, Scope::Project)) => {
                let message = format!("variable '{name}' is read before this flow sets it: the first run has no value");
                Diagnostic::warning("V403", used.span.clone(), message).also(place.clone(), "set only here").help(format!(
                    "give it a first value before, or ask is_var_defined('{name}'); later runs find the value of the run before"
                ))
            }
            None if self.definitions.tested.contains(name) => return,
            None => {
                let Some((by, place, _)) = self.definitions.setters.get(name).and_then(|s| s.iter().find(|s| s.2 == Scope::Project)) else {
                    return;
                };
                let message = format!("variable '{name}' is set only by flow '{by}', which has not run before this place");
                Diagnostic::warning("V404", used.span.clone(), message)
                    .also(place.span.clone(), "set here")
                    .help(format!("call '{by}' before, hand the value over as a parameter, or ask is_var_defined('{name}')"))
            }
        };
        self.faults.push(fault);
    }
}

/// Whether a step sets the variable before, under conditions (`when`) that hold wherever it is read.
fn set_under_the_same_conditions(used: &Named, flow: &Flow) -> bool {
    /// A step around a place.
    #[derive(Clone, Copy)]
    struct Around<'p> {
        step: &'p Step,
        condition: Option<&'p str>,
    }
    struct Places<'p, 'u> {
        used: &'u Named,
        around: Vec<Around<'p>>,
        set: Vec<Vec<Around<'p>>>,
        read: Option<Vec<Around<'p>>>,
    }
    impl<'p> Visitor<'p> for Places<'p, '_> {
        fn enter_step(&mut self, step: &'p Step) {
            let written = |span: &'p Span| span.file.text.get(span.start as usize..span.end as usize).map(str::trim);
            self.around.push(Around { step, condition: step.when.as_ref().and_then(|when| written(&when.span)) });
        }
        fn leave_step(&mut self, _: &'p Step) {
            self.around.pop();
        }
        fn expression(&mut self, expression: &'p Expression) {
            let (span, at) = (&expression.span, &self.used.span);
            if self.read.is_none() && span.file.path == at.file.path && span.start <= at.start && at.end <= span.end {
                self.read = Some(self.around.clone());
            }
        }
        fn assign(&mut self, assign: &'p Assign) {
            if self.read.is_none() && assign.name.name == self.used.name {
                self.set.push(self.around.clone());
            }
        }
    }
    let mut places = Places { used, around: Vec::new(), set: Vec::new(), read: None };
    visit::steps(&flow.steps, &mut places);
    let Places { set, read: Some(read), .. } = places else { return false };
    let holds = |around: &Around<'_>| {
        let same = read.iter().any(|r| std::ptr::eq(r.step, around.step));
        // Other steps than these are left, or repeated, or not done at all.
        let is_plain = matches!(around.step.op, Op::Block(_) | Op::SetVariable(_) | Op::HttpRequest(_) | Op::RunFlow(_));
        same || (is_plain && around.condition.is_none_or(|condition| read.iter().any(|r| r.condition == Some(condition))))
    };
    set.iter().any(|around| around.iter().any(|a| a.condition.is_some()) && around.iter().all(holds))
}

/// Two places are in different branches of one `parallel`. The depth of steps is bounded by the YAML reader.
fn in_another_branch(steps: &[Step], one: &Span, other: &Span) -> bool {
    let Some(step) = steps.iter().rfind(|step| step.span.start <= one.start.min(other.start)) else { return false };
    let blocks = step.op.blocks();
    let branch = |place: &Span| blocks.iter().rposition(|block| block.first().is_some_and(|first| first.span.start <= place.start));
    match (branch(one), branch(other)) {
        (Some(a), Some(b)) if a == b => in_another_branch(blocks[a], one, other),
        (Some(_), Some(_)) => matches!(step.op, Op::Parallel(_)),
        _ => false,
    }
}
