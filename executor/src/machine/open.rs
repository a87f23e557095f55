//! What a stored state says about what was open: for whoever goes on with it.

use std::sync::Arc;

use sequor_plan_format::{NodeId, Op, Plan};

use super::frame::{Activation, Frame, FrameId, State};
use super::http_request::Requesting;
use super::phase::Phase;
use crate::error::StackEntry;

/// A loop or an `http_request` that holds something open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFrame {
    pub frame: FrameId,
    pub node: NodeId,
    pub activation: Activation,
    pub position: Position,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// A `for_each`: members that have been taken.
    Members { taken: u64 },
    /// An `http_request`: the item whose pages are asked for, or the next one; and the replies that have been read.
    Requests { ordinal: u64, page: Option<u64>, read: u64 },
}

impl State {
    /// What is open, outermost first.
    #[must_use]
    pub fn open_frames(&self) -> Vec<OpenFrame> {
        let place = |index: usize| FrameId(u32::try_from(index).unwrap_or(u32::MAX));
        self.frames
            .iter()
            .enumerate()
            .filter_map(|(index, frame)| match frame {
                Frame::Node(node) => {
                    let position = match &node.phase {
                        Phase::ForEach(looping) => looping.taken().map(|taken| Position::Members { taken }),
                        Phase::Http(requesting) => requesting.position(),
                        Phase::New
                        | Phase::When
                        | Phase::Pausing
                        | Phase::Effect
                        | Phase::Body
                        | Phase::If(_)
                        | Phase::While(_)
                        | Phase::Try(_)
                        | Phase::Call(_)
                        | Phase::Leaving
                        | Phase::Parallel => None,
                    };
                    position.map(|position| OpenFrame { frame: place(index), node: node.node, activation: node.activation, position })
                }
                Frame::Flow(_) | Frame::Block(_) => None,
            })
            .collect()
    }

    /// The node of a frame, and which of its activations it is.
    #[must_use]
    pub fn node_of(&self, frame: FrameId) -> Option<(NodeId, Activation)> {
        match self.frames.get(frame.0 as usize)? {
            Frame::Node(node) => Some((node.node, node.activation)),
            Frame::Flow(_) | Frame::Block(_) => None,
        }
    }

    /// The nodes that are running, outermost first, with how often a loop among them has gone round.
    #[must_use]
    pub fn position(&self) -> Vec<(NodeId, Activation, Option<u64>)> {
        self.frames
            .iter()
            .filter_map(|frame| match frame {
                Frame::Node(node) => {
                    let round = match &node.phase {
                        Phase::ForEach(looping) => looping.taken(),
                        Phase::While(looping) => Some(looping.iterations()),
                        Phase::New
                        | Phase::When
                        | Phase::Pausing
                        | Phase::Effect
                        | Phase::Body
                        | Phase::If(_)
                        | Phase::Try(_)
                        | Phase::Call(_)
                        | Phase::Http(_)
                        | Phase::Leaving
                        | Phase::Parallel => None,
                    };
                    Some((node.node, node.activation, round))
                }
                Frame::Flow(_) | Frame::Block(_) => None,
            })
            .collect()
    }

    /// The running nodes that have begun, outermost first: one whose `when` is being evaluated, or that waits for its next attempt, has not.
    #[must_use]
    pub fn begun_nodes(&self) -> Vec<(NodeId, Activation)> {
        let begun = |frame: &Frame| match frame {
            Frame::Node(node) if !matches!(node.phase, Phase::New | Phase::When | Phase::Pausing) => Some((node.node, node.activation)),
            Frame::Node(_) | Frame::Flow(_) | Frame::Block(_) => None,
        };
        self.frames.iter().filter_map(begun).collect()
    }

    /// Attempts of the innermost running node that have failed.
    #[must_use]
    pub fn failures(&self) -> u32 {
        match self.frames.last() {
            Some(Frame::Node(node)) => node.failures,
            Some(Frame::Flow(_) | Frame::Block(_)) | None => 0,
        }
    }

    /// Nodes of each running block that have not started, innermost block first. Those of a loop's body come again with each round.
    #[must_use]
    pub fn ahead(&self, plan: &Plan) -> Vec<NodeId> {
        let blocks = self.frames.iter().rev().filter_map(|frame| match frame {
            Frame::Block(block) => plan.block(block.block).nodes.get(block.next..),
            Frame::Flow(_) | Frame::Node(_) => None,
        });
        blocks.flatten().copied().collect()
    }

    /// Whether a loop is around the innermost running node, which may start any number of times then. It may be a loop itself.
    #[must_use]
    pub fn is_in_loop(&self, plan: &Plan) -> bool {
        let nodes = self.frames.iter().rev().filter_map(|frame| match frame {
            Frame::Node(node) => Some(node.node),
            Frame::Flow(_) | Frame::Block(_) => None,
        });
        nodes.skip(1).any(|node| matches!(plan.node(node).op, Op::WhileLoop(_) | Op::ForEach(_)))
    }

    /// The flows that run with the step that each is at, outermost first.
    #[must_use]
    pub fn stack(&self) -> Vec<StackEntry> {
        let mut stack = Vec::new();
        let mut flow = None;
        let mut innermost = None;
        for frame in &self.frames {
            match frame {
                Frame::Flow(frame) => {
                    if let Some(flow) = flow.replace(frame.flow) {
                        stack.push(StackEntry { flow, node: innermost });
                    }
                    innermost = None;
                }
                Frame::Block(_) => {}
                Frame::Node(frame) => innermost = Some(frame.node),
            }
        }
        stack.extend(flow.map(|flow| StackEntry { flow, node: innermost }));
        stack
    }

    /// Whether the run is over: nothing is left to do.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.frames.is_empty()
    }

    /// Whether an error is on its way up and a `finally` runs before it goes on.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.frames.iter().any(|frame| match frame {
            Frame::Node(node) => match &node.phase {
                Phase::Try(trying) => trying.is_failing(),
                Phase::New
                | Phase::When
                | Phase::Pausing
                | Phase::Effect
                | Phase::Body
                | Phase::If(_)
                | Phase::While(_)
                | Phase::ForEach(_)
                | Phase::Call(_)
                | Phase::Http(_)
                | Phase::Leaving
                | Phase::Parallel => false,
            },
            Frame::Flow(_) | Frame::Block(_) => false,
        })
    }

    /// The same state, whose nodes to come are named as if those of `other` had started before them: `other` went on from here, and its effects stay.
    #[must_use]
    pub fn after(mut self, other: &Self) -> Self {
        self.counter = self.counter.after(other.counter);
        self.project = Arc::clone(&other.project);
        self
    }
}

impl Requesting {
    fn position(&self) -> Option<Position> {
        self.at().map(|(ordinal, page)| Position::Requests { ordinal, page, read: self.read() })
    }
}
