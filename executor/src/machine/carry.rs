//! A stored state carried over to another plan: the same position, by the other plan's numbers.
//!
//! Takes two validated plans and what is known of their steps ([`Comparison`]). Whether a run may go on with the other plan is not decided here; a state whose
//! position the other plan does not have is refused all the same, so that no run goes on at another place than it was.

use sequor_plan_format::compare::{Comparison, Kept, Part};
use sequor_plan_format::op::Leave;
use sequor_plan_format::path::{blocks, node_path};
use sequor_plan_format::{BlockId, ExprId, FlowId, Node, NodeId, Op, Plan, SourceId, Span, TextId};

use super::frame::{BlockFrame, FlowFrame, Frame, NodeFrame, State};
use super::phase::Phase;
use super::{Activation, Command};
use crate::error::{Place, RunError, StackEntry};

/// From one plan to another.
#[derive(Clone, Copy)]
pub(crate) struct Carrier<'a> {
    pub(crate) old: &'a Plan,
    pub(crate) new: &'a Plan,
    pub(crate) comparison: &'a Comparison,
}

/// The other plan does not have the place that is named, or has it elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lost(pub(crate) String);

/// A running block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenBlock {
    pub(crate) old: BlockId,
    /// The other plan's.
    pub(crate) new: Option<BlockId>,
    /// Steps of it that have started, skipped ones and the running one included.
    pub(crate) started: usize,
}

/// The innermost node, where nothing has come of it but evaluations as far as the state says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) node: NodeId,
    pub(crate) activation: Activation,
    /// The flow that it calls, while its parameters are being settled.
    pub(crate) calls: Option<FlowId>,
    /// Its place in the stack.
    frame: usize,
}

impl State {
    /// The flows that run, outermost first.
    pub(crate) fn flows(&self) -> Vec<FlowId> {
        let flow = |frame: &Frame| match frame {
            Frame::Flow(flow) => Some(flow.flow),
            Frame::Block(_) | Frame::Node(_) => None,
        };
        self.frames.iter().filter_map(flow).collect()
    }

    /// No step has started yet.
    pub(crate) fn is_at_start(&self) -> bool {
        self.counter == super::Counter::default()
    }

    /// Before the first step, with the project variables of this state.
    pub(crate) fn restarted(&self, flow: FlowId, parameters: crate::value::Map) -> Self {
        Self::before(flow, parameters, self.project.as_ref().clone())
    }

    pub(crate) fn begun(&self) -> Option<Begun> {
        let last = self.frames.len().checked_sub(1)?;
        let (frame, calls) = match self.frames.get(last)? {
            Frame::Flow(flow) => (last.checked_sub(1)?, Some(flow.flow)),
            Frame::Node(_) => (last, None),
            Frame::Block(_) => return None,
        };
        let Frame::Node(node) = self.frames.get(frame)? else { return None };
        node.phase.is_beginning().then_some(Begun { node: node.node, activation: node.activation, calls, frame })
    }

    /// The state before a node began that is to begin again: its block starts the next step.
    pub(crate) fn before_begun(&self, begun: Begun) -> Self {
        let mut state = self.clone();
        state.frames.truncate(begun.frame);
        if let Some(Frame::Block(block)) = state.frames.last_mut() {
            block.next = block.next.saturating_sub(1);
        }
        state
    }
}

impl Phase {
    /// Nothing has come of the node: it evaluates what it begins with, or its only effect is being performed.
    fn is_beginning(&self) -> bool {
        match self {
            Self::New | Self::When | Self::Effect | Self::If(_) | Self::Call(_) | Self::Leaving => true,
            // What the attempts before have done may stay.
            Self::Pausing | Self::Body | Self::Try(_) | Self::Parallel => false,
            Self::While(looping) => looping.iterations() == 0,
            Self::ForEach(looping) => looping.taken().is_none(),
            Self::Http(requesting) => requesting.is_beginning(),
        }
    }

    /// The expression whose value is waited for.
    fn awaited(&self, node: &Node) -> Option<ExprId> {
        match (self, &node.op) {
            (Self::When, _) => node.when,
            (Self::If(choosing), Op::IfElse(op)) => op.arms.get(choosing.arm()).map(|arm| arm.condition),
            (Self::While(_), Op::WhileLoop(op)) => Some(op.condition),
            (Self::Leaving, Op::Leave(Leave::Return(value))) => *value,
            (Self::Call(calling), Op::RunFlow(op)) => op.parameters.get(calling.given()).map(|(_, expr)| *expr),
            (
                Self::New
                | Self::Pausing
                | Self::Effect
                | Self::Body
                | Self::If(_)
                | Self::While(_)
                | Self::ForEach(_)
                | Self::Try(_)
                | Self::Call(_)
                | Self::Http(_)
                | Self::Leaving
                | Self::Parallel,
                _,
            ) => None,
        }
    }
}

impl Carrier<'_> {
    /// The step of the other plan that a step is, wherever it stands.
    pub(crate) fn node(&self, old: NodeId) -> Option<NodeId> {
        self.comparison.kept(old).map(|kept| kept.new)
    }

    /// By its name.
    pub(crate) fn flow(&self, old: FlowId) -> Option<FlowId> {
        self.new.flow_named(self.old.text(self.old.flow(old).name))
    }

    /// By its name.
    pub(crate) fn source(&self, old: SourceId) -> Option<SourceId> {
        self.new.source_named(self.old.text(self.old.source(old).name))
    }

    /// # Errors
    /// The other plan does not have the place.
    pub(crate) fn state(&self, state: &State) -> Result<State, Lost> {
        let mut frames: Vec<Frame> = Vec::with_capacity(state.frames.len());
        for (index, frame) in state.frames.iter().enumerate() {
            let below = index.checked_sub(1).and_then(|below| state.frames.get(below)).zip(frames.last());
            let carried = match frame {
                Frame::Flow(frame) => Frame::Flow(self.flow_frame(frame)?),
                Frame::Block(frame) => {
                    let new = below.and_then(|(old, new)| self.counterpart(frame.block, old, new));
                    Frame::Block(self.block_frame(frame, new)?)
                }
                Frame::Node(frame) => Frame::Node(self.node_frame(frame)?),
            };
            frames.push(carried);
        }
        Ok(State { frames, project: state.project.clone(), counter: state.counter, left: state.left.clone() })
    }

    /// The command that waits, in a state that was carried over.
    ///
    /// # Errors
    /// As [`Self::state`].
    pub(crate) fn command(&self, command: &Command, carried: &State) -> Result<Command, Lost> {
        let step = |node: NodeId| self.step(node).map(|kept| kept.new);
        Ok(match command {
            Command::Evaluate { node, .. } => {
                let node = node.map(step).transpose()?;
                let expr = self.awaited(carried).ok_or_else(|| Lost("an expression that is being evaluated".to_owned()))?;
                Command::Evaluate { node, expr }
            }
            Command::Run { node, activation } => Command::Run { node: step(*node)?, activation: *activation },
            Command::Pause { node, activation, failures } => {
                Command::Pause { node: step(*node)?, activation: *activation, failures: *failures }
            }
            Command::Branches { frame, node, activation } => {
                Command::Branches { frame: *frame, node: step(*node)?, activation: *activation }
            }
            Command::OpenItems { frame, node, activation } => {
                Command::OpenItems { frame: *frame, node: step(*node)?, activation: *activation }
            }
            Command::HttpOpen { frame, node, activation } => {
                Command::HttpOpen { frame: *frame, node: step(*node)?, activation: *activation }
            }
            // The stack is as high as it was.
            Command::NextItem { .. }
            | Command::HttpNext { .. }
            | Command::HttpExchange { .. }
            | Command::HttpAbsorb { .. }
            | Command::HttpClose { .. } => command.clone(),
            Command::Began { .. }
            | Command::Skipped { .. }
            | Command::Ended { .. }
            | Command::Tolerated { .. }
            | Command::Commit { .. }
            | Command::Release { .. }
            | Command::Finish { .. } => return Err(Lost("what the run does next".to_owned())),
        })
    }

    /// The blocks that run, outermost first.
    pub(crate) fn open_blocks(&self, state: &State) -> Vec<OpenBlock> {
        let mut found = Vec::new();
        for pair in state.frames.windows(2) {
            let [below, Frame::Block(block)] = pair else { continue };
            let new = match below {
                Frame::Flow(FlowFrame { branch: Some(branch), .. }) => branch.carried(self).ok().and_then(|branch| branch.body(self.new)),
                Frame::Flow(frame) => self.flow(frame.flow).map(|flow| self.new.flow(flow).body),
                Frame::Node(frame) => self.node(frame.node).and_then(|new| self.same_field(block.block, frame.node, new)),
                Frame::Block(_) => None,
            };
            found.push(OpenBlock { old: block.block, new, started: block.next });
        }
        found
    }

    /// A step that the state is in must do what it did: how an `http_request` reads replies aside, which its position does not depend on.
    fn step(&self, old: NodeId) -> Result<&Kept, Lost> {
        let same = |kept: &&Kept| kept.parts.iter().all(|part| matches!(part, Part::Reply | Part::Settings | Part::Inside));
        self.comparison.kept(old).filter(same).ok_or_else(|| Lost(format!("step {}", node_path(self.old, old))))
    }

    fn counterpart(&self, block: BlockId, old: &Frame, new: &Frame) -> Option<BlockId> {
        match (old, new) {
            (Frame::Flow(_), Frame::Flow(FlowFrame { branch: Some(branch), .. })) => branch.body(self.new),
            (Frame::Flow(_), Frame::Flow(frame)) => Some(self.new.flow(frame.flow).body),
            (Frame::Node(old), Frame::Node(new)) => self.same_field(block, old.node, new.node),
            (Frame::Flow(_) | Frame::Block(_) | Frame::Node(_), _) => None,
        }
    }

    /// The block of a step that stands in the same field as a block of the other one.
    fn same_field(&self, block: BlockId, old: NodeId, new: NodeId) -> Option<BlockId> {
        let (_, field) = blocks(&self.old.node(old).op).into_iter().find(|(own, _)| *own == block)?;
        blocks(&self.new.node(new).op).into_iter().find(|(_, other)| *other == field).map(|(block, _)| block)
    }

    fn flow_frame(&self, frame: &FlowFrame) -> Result<FlowFrame, Lost> {
        let FlowFrame { flow, locals, parameter, branch } = frame;
        let new = self.flow(*flow).ok_or_else(|| Lost(format!("flow {}", self.old.text(self.old.flow(*flow).name))))?;
        let branch = branch.map(|branch| branch.carried(self)).transpose()?;
        Ok(FlowFrame { flow: new, locals: locals.clone(), parameter: *parameter, branch })
    }

    /// The block must begin with the steps that have started.
    fn block_frame(&self, frame: &BlockFrame, new: Option<BlockId>) -> Result<BlockFrame, Lost> {
        let BlockFrame { block, next } = *frame;
        let new = new.ok_or_else(|| Lost("the block that the run is in".to_owned()))?;
        let started = self.old.block(block).nodes.iter().take(next);
        for (position, &node) in started.enumerate() {
            if self.node(node).is_none() || self.new.block(new).nodes.get(position).copied() != self.node(node) {
                return Err(Lost(format!("step {}", node_path(self.old, node))));
            }
        }
        Ok(BlockFrame { block: new, next })
    }

    fn node_frame(&self, frame: &NodeFrame) -> Result<NodeFrame, Lost> {
        let NodeFrame { node, activation, phase, bound, dirty, failures } = frame;
        let new = self.step(*node)?.new;
        let mut phase = phase.clone();
        match &mut phase {
            Phase::Try(trying) => trying.change_error(|error| self.error(error)),
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
            | Phase::Parallel => {}
        }
        Ok(NodeFrame { node: new, activation: *activation, phase, bound: bound.clone(), dirty: dirty.clone(), failures: *failures })
    }

    /// An error on its way up: where it comes from is kept as far as the other plan has the place.
    fn error(&self, error: &mut RunError) {
        error.node = error.node.and_then(|node| self.node(node));
        let entry =
            |entry: &StackEntry| Some(StackEntry { flow: self.flow(entry.flow)?, node: entry.node.and_then(|node| self.node(node)) });
        error.stack = error.stack.iter().filter_map(entry).collect();
        error.place = error.place.take().and_then(|Place { span, quote }| {
            let name = self.old.text(span.file);
            let (file, _) = (0u32..).zip(&self.new.texts).find(|(_, text)| *text == name)?;
            Some(Place { span: Span { file: TextId(file), ..span }, quote })
        });
    }

    /// The expression whose value the innermost frame waits for.
    fn awaited(&self, state: &State) -> Option<ExprId> {
        match state.frames.last()? {
            Frame::Flow(frame) => self.new.flow(frame.flow).parameters.get(frame.parameter)?.default,
            Frame::Block(_) => None,
            Frame::Node(frame) => frame.phase.awaited(self.new.node(frame.node)),
        }
    }
}
