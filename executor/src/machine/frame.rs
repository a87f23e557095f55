//! The state of a run as plain data.

use std::sync::Arc;

use sequor_plan_format::{BlockId, FlowId, NodeId};
use serde::{Deserialize, Serialize};

use super::branch::{Branch, Counter};
use super::phase::Phase;
use crate::value::{Map, Value};

/// Everything that decides how a run goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// The innermost is last. Empty when the run is over.
    pub(super) frames: Vec<Frame>,
    /// Project variables that flows have set.
    pub(super) project: Arc<Map>,
    /// What the next node that starts is called.
    pub(super) counter: Counter,
    /// The locals that a branch ended with.
    pub(super) left: Option<Arc<Map>>,
}

/// A frame's place in the stack, from the outside. It names what the driver holds open for the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FrameId(pub u32);

/// A start of a node in a run: no other start has its number ([`Counter`]). It names an effect of the run wherever traces of it are kept, and is the same when the run
/// is resumed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Activation(pub u64);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Frame {
    Flow(FlowFrame),
    Block(BlockFrame),
    Node(NodeFrame),
}

/// A flow that runs. Its locals end with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct FlowFrame {
    pub(super) flow: FlowId,
    pub(super) locals: Arc<Map>,
    /// The parameter whose default is looked at next; all of them once the body runs.
    pub(super) parameter: usize,
    /// It is a branch of a `parallel`: part of the flow, with a copy of its locals.
    pub(super) branch: Option<Branch>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct BlockFrame {
    pub(super) block: BlockId,
    /// The node that starts next.
    pub(super) next: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct NodeFrame {
    pub(super) node: NodeId,
    pub(super) activation: Activation,
    pub(super) phase: Phase,
    /// Variables that live in this node only: a loop's member, a caught error.
    pub(super) bound: Vec<(Arc<str>, Value)>,
    /// Project variables that the node has set and that are not durable yet.
    pub(super) dirty: Vec<Arc<str>>,
    /// Attempts that have failed.
    pub(super) failures: u32,
}

impl State {
    pub(super) fn before(flow: FlowId, parameters: Map, project: Map) -> Self {
        let frame = FlowFrame::new(flow, parameters);
        Self { frames: vec![Frame::Flow(frame)], project: Arc::new(project), counter: Counter::default(), left: None }
    }
}

impl FlowFrame {
    pub(super) fn new(flow: FlowId, locals: Map) -> Self {
        Self { flow, locals: Arc::new(locals), parameter: 0, branch: None }
    }
}

impl NodeFrame {
    pub(super) fn new(node: NodeId, activation: Activation) -> Self {
        Self { node, activation, phase: Phase::New, bound: Vec::new(), dirty: Vec::new(), failures: 0 }
    }
}
