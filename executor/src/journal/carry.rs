//! What the journal knows of a run, carried over to another plan.

use std::collections::BTreeMap;

use sequor_plan_format::NodeId;

use super::progress::Progress;
use super::record::Snapshot;
use super::restore::Restored;
use crate::machine::{Begun, Carrier, Event, Lost};
use crate::report::Counters;

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
            GoOn::AtCommand => self.progress.carried(carrier, &self.progress.state, self.progress.pending.as_ref())?,
            GoOn::Anew(begun) => {
                effects.end(begun.activation);
                self.progress.carried(carrier, &self.progress.state.before_begun(begun), None)?
            }
        };
        let effects = effects.with_sources(|source| carrier.source(source));
        let effects = effects.map_err(|source| Lost(format!("source {}", carrier.old.text(carrier.old.source(source).name))))?;
        let counters = counters(carrier, self.counters.iter().map(|(node, counters)| (*node, *counters)));
        let mut carried = Self { progress, effects, counters };
        if let GoOn::Anew(_) = go_on {
            match carried.step(carrier.new, Event::Start) {
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
        let (progress, known, effects) = Progress::of(self);
        let progress = progress.carried(carrier, &progress.state, progress.pending.as_ref())?;
        Ok(progress.snapshot(counters(carrier, known.into_iter()).into_iter().collect(), effects))
    }
}

/// What steps did that the other plan does not have is not told any more: nothing, as only steps that did nothing may go.
fn counters(carrier: Carrier<'_>, known: impl Iterator<Item = (NodeId, Counters)>) -> BTreeMap<NodeId, Counters> {
    known.filter_map(|(node, counters)| Some((carrier.node(node)?, counters))).collect()
}
