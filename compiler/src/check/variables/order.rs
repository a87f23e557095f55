//! V402: a variable is set on every way to where it is read. V403: and not only afterwards. V404: and not only by flows that do not run before.

use sequor_plan_format::op::Scope;

use super::Rule;
use crate::check::assigned::Standing;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::snippet::expression::Named;
use crate::syntax::{Flow, Step};

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
        let fault = Diagnostic::warning("V402", used.span.clone(), format!("variable '{name}' is not set on every way to here"))
            .help(format!("give it a first value before, set it on the other ways too, or ask is_var_defined('{name}')"));
        let fault = match self.setter(name, flow) {
            Some((place, _)) => fault.also(place.clone(), "set here"),
            None => fault,
        };
        self.perhaps.push((used.clone(), fault));
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
