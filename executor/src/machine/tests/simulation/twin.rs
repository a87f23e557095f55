//! The same run by a plan in which everything has another number: carried over when a process loads its state, it must go on step by step like the run itself.

use sequor_plan_format::Plan;
use sequor_plan_format::compare::{Comparison, compare};

use super::journal::encode;
use crate::machine::{Begun, Carrier, Command, Event, Lost, State, step};

pub(super) struct Twin<'a> {
    old: &'a Plan,
    new: Plan,
    comparison: Comparison,
}

/// The twin of a state, with the command that waits.
#[derive(Clone)]
pub(super) struct Twinned {
    state: State,
    command: Option<Command>,
}

impl<'a> Twin<'a> {
    pub(super) fn new(old: &'a Plan, new: Plan) -> Self {
        let comparison = compare(old, &new);
        Self { old, new, comparison }
    }

    pub(super) fn of(&self, state: &State, command: Option<&Command>) -> Result<Twinned, String> {
        let carrier = Carrier { old: self.old, new: &self.new, comparison: &self.comparison };
        let carried = || {
            let state = carrier.state(state)?;
            let command = command.map(|command| carrier.command(command, &state)).transpose()?;
            Ok(Twinned { state, command })
        };
        let twinned = carried().map_err(|Lost(what)| format!("not carried over: {what}"))?;
        if let Some(begun) = state.begun() {
            self.begins_anew(state, begun)?;
        }
        Ok(twinned)
    }

    /// The node that has begun begins again, as another activation.
    fn begins_anew(&self, state: &State, begun: Begun) -> Result<(), String> {
        let carrier = Carrier { old: self.old, new: &self.new, comparison: &self.comparison };
        let mut anew = carrier.state(&state.before_begun(begun)).map_err(|Lost(what)| format!("not carried over anew: {what}"))?;
        let _ = step(&self.new, &mut anew, Event::Start);
        let at = anew.position().last().map(|(node, activation, _)| (*node, *activation));
        let before = state.position().iter().map(|(_, activation, _)| activation.0).max().unwrap_or_default();
        match (at, carrier.node(begun.node)) {
            (Some((node, activation)), Some(expected)) if node == expected && activation.0 > before => Ok(()),
            (at, _) => Err(format!("{begun:?} begins anew at {at:?}")),
        }
    }

    /// Takes the step that the run itself has taken, and comes to where the run is.
    pub(super) fn step(&self, twinned: &mut Twinned, event: Event, state: &State, command: Option<&Command>) -> Result<(), String> {
        let last = step(&self.new, &mut twinned.state, event).pop();
        twinned.command = last.filter(Command::is_answered);
        let expected = self.of(state, command)?;
        let text = |twinned: &Twinned| encode(&(&twinned.state, &twinned.command));
        if text(twinned) == text(&expected) {
            return Ok(());
        }
        Err(format!("the twin is at {} instead of {}", text(twinned), text(&expected)))
    }
}
