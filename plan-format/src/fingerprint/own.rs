//! What belongs to a payload itself: its content without the steps that it owns and calls, and without what its sources say.
//!
//! Two plans are compared with it, part by part. Blocks count as nothing, called flows and sources by their names.

use std::collections::BTreeSet;

use serde::Serialize;

use super::content::Contents;
use super::{Counted, Fingerprint, named_sources};
use crate::{Flow, FlowId, NodeId, Plan, Source, SourceId};

/// The own contents of one validated plan.
pub(crate) struct Own<'a> {
    plan: &'a Plan,
    contents: Contents<'a>,
}

impl<'a> Own<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        let mut contents = Contents::new(plan);
        for (index, flow) in (0u32..).zip(&plan.flows) {
            let name = contents.of(&flow.name);
            contents.set_flow(FlowId(index), name);
        }
        Self { plan, contents }
    }

    /// Of a payload, or of several in a tuple. What fingerprints leave out is left out here too.
    pub(crate) fn of<T: Serialize>(&self, payload: &T) -> Fingerprint {
        self.contents.of(payload)
    }

    pub(crate) fn flow(&self, flow: &Flow) -> Fingerprint {
        self.of(&flow.parameters)
    }

    /// Without the sources that its own expressions query.
    pub(crate) fn source(&self, source: &Source) -> Fingerprint {
        self.of(source)
    }

    /// The sources that a step uses for what counts, in the order of their ids.
    pub(crate) fn sources(&self, node: NodeId) -> BTreeSet<SourceId> {
        named_sources(self.plan, &Counted(self.plan.node(node)))
    }
}
