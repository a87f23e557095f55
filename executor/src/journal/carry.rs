//! What the journal knows of a run, carried over to another plan.

use super::record::Snapshot;
use super::restore::Restored;
use crate::machine::{Begun, Carrier, Event, Lost};

/// What becomes of the step that the run stopped at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GoOn {
    /// The command that waits is performed.
    AtCommand,
    /// Nothing has come of the step: it is left, and the other plan's step of that place starts.
    Anew(Begun),
}

impl Restored {
    /// # Errors
    /// The other plan does not have the place where the run is, or a source that holds something of the run; what is lost is named.
    pub(crate) fn carried(&self, carrier: Carrier<'_>, go_on: GoOn) -> Result<Self, Lost> {
        let mut effects = self.effects.clone();
        let progress = match go_on {
            GoOn::AtCommand => self.progress.carried_here(carrier)?,
            GoOn::Anew(begun) => {
                effects.end(begun.activation);
                self.progress.carried(carrier, &self.progress.state.before_begun(begun), None)?
            }
        };
        let effects = effects.with_sources(|source| carrier.source(source));
        let effects = effects.map_err(|source| Lost(format!("source {}", carrier.old.text(carrier.old.source(source).name))))?;
        let mut carried = Self { progress, effects };
        if let GoOn::Anew(_) = go_on {
            match carried.step(carrier.new, &[], Event::Start, Vec::new()) {
                Ok(false) => {}
                Ok(true) => return Err(Lost("what comes next fails before it begins".to_owned())),
                Err(error) => return Err(Lost(error.message.clone())),
            }
        }
        Ok(carried)
    }
}

impl Snapshot {
    /// A point that another run may start from: nothing is in doubt there.
    ///
    /// # Errors
    /// The other plan does not have the place.
    pub(crate) fn carried(self, carrier: Carrier<'_>) -> Result<Self, Lost> {
        let Self { progress, effects } = self;
        Ok(Self { progress: progress.carried_here(carrier)?, effects })
    }
}
