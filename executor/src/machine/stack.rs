//! The stack of frames: what starts, what ends, and where an error goes.

use std::sync::Arc;

use sequor_plan_format::op::RunFlow;
use sequor_plan_format::{BlockId, FlowId, NodeId, Op, Plan};

use super::branch::Branch;
use super::frame::{BlockFrame, FlowFrame, Frame, FrameId, NodeFrame, State};
use super::phase::{self, Input, Next, Phase, holds};
use super::{Command, Event};
use crate::error::{ErrorKind, RunError};
use crate::op::leave::Exit;
use crate::value::Map;

/// One step in the making.
pub(super) struct Stepper<'a> {
    plan: &'a Plan,
    state: &'a mut State,
    commands: Vec<Command>,
    /// The state in which an error arose.
    failed_in: Option<State>,
}

impl<'a> Stepper<'a> {
    pub(super) fn new(plan: &'a Plan, state: &'a mut State) -> Self {
        Self { plan, state, commands: Vec::new(), failed_in: None }
    }

    pub(super) fn step(mut self, event: Event) -> (Vec<Command>, Option<State>) {
        let told_of_error = matches!(event, Event::Failed(_));
        let mut input = Some(self.input(event));
        // Each round hands one input to the innermost frame, until a command waits for the driver.
        while let Some(told) = input {
            input = match self.state.frames.last() {
                None => self.finish(told),
                Some(Frame::Flow(_)) => self.flow(told),
                Some(Frame::Block(_)) => self.block(told),
                Some(Frame::Node(_)) => self.node(told),
            };
        }
        (self.commands, self.failed_in.filter(|_| !told_of_error))
    }

    /// Variables are set before the automaton hears of what set them.
    fn input(&mut self, event: Event) -> Input {
        let (assigned, input) = match event {
            Event::Start => return Input::Begin,
            Event::Value(value) => return Input::Value(value),
            Event::Item(item) => return Input::Item(item),
            Event::Failed(error) => return Input::Failed(error),
            Event::Done { assigned } => (assigned, Input::Done),
            Event::Absorbed { assigned, again } => (assigned, Input::Page { again }),
        };
        match self.state.assign(assigned) {
            Ok(()) => input,
            Err(error) => Input::Failed(error),
        }
    }

    fn finish(&mut self, input: Input) -> Option<Input> {
        let outcome = match input {
            Input::Failed(error) => Err(error),
            Input::Begin | Input::Value(_) | Input::Done | Input::Item(_) | Input::Page { .. } | Input::Ended | Input::Left(_) => Ok(()),
        };
        self.commands.push(Command::Finish { outcome });
        None
    }

    fn flow(&mut self, input: Input) -> Option<Input> {
        let Some(Frame::Flow(frame)) = self.state.frames.last_mut() else { return None };
        if let Some(branch) = frame.branch {
            return self.branch(branch, input);
        }
        let flow = self.plan.flow(frame.flow);
        match input {
            Input::Begin => {}
            Input::Value(value) => {
                if let Some(parameter) = flow.parameters.get(frame.parameter) {
                    Arc::make_mut(&mut frame.locals).insert(self.plan.text(parameter.name).into(), value);
                    frame.parameter += 1;
                }
            }
            Input::Failed(mut error) => {
                self.locate(&mut error);
                self.state.frames.pop();
                return Some(Input::Failed(error));
            }
            Input::Ended | Input::Done | Input::Item(_) | Input::Page { .. } => {
                self.state.frames.pop();
                return Some(Input::Ended);
            }
            Input::Left(exit @ Exit::Return(_)) => {
                self.state.frames.pop();
                return Some(Input::Left(exit));
            }
            Input::Left(exit @ (Exit::Break | Exit::Continue)) => {
                // The compiler has refused it.
                let message = format!("'{}' stands outside of a loop", exit.name());
                return self.flow(Input::Failed(RunError::new(ErrorKind::Configuration, message)));
            }
        }
        while let Some(parameter) = flow.parameters.get(frame.parameter) {
            let name = self.plan.text(parameter.name);
            match parameter.default {
                _ if frame.locals.contains_key(name) => frame.parameter += 1,
                Some(expr) => {
                    self.commands.push(Command::Evaluate { node: None, expr });
                    return None;
                }
                None => {
                    let message = format!("flow '{}' needs the parameter '{name}'", self.plan.text(flow.name));
                    return Some(Input::Failed(RunError::new(ErrorKind::Configuration, message)));
                }
            }
        }
        let next = self.first_step(flow.body);
        self.state.frames.push(Frame::Block(BlockFrame { block: flow.body, next }));
        Some(Input::Begin)
    }

    /// The place of the step that the innermost flow starts with, by what its call says.
    fn first_step(&self, body: BlockId) -> usize {
        let caller = self.state.frames.iter().rev().nth(1);
        let Some(Frame::Node(caller)) = caller else { return 0 };
        let Op::RunFlow(RunFlow { start: Some(start), .. }) = &self.plan.node(caller.node).op else { return 0 };
        self.plan.block(body).nodes.iter().position(|node| self.plan.node(*node).id == *start).unwrap_or_default()
    }

    /// A branch has a flow's frame of its own, whose locals are kept when it ends well.
    fn branch(&mut self, branch: Branch, input: Input) -> Option<Input> {
        match input {
            Input::Begin => match branch.body(self.plan) {
                Some(block) => {
                    self.state.frames.push(Frame::Block(BlockFrame { block, next: 0 }));
                    Some(Input::Begin)
                }
                None => self.branch(branch, Input::Ended),
            },
            Input::Failed(mut error) => {
                self.locate(&mut error);
                self.state.frames.pop();
                Some(Input::Failed(error))
            }
            Input::Left(exit) => {
                // The compiler has refused it.
                let message = format!("'{}' cannot leave a parallel branch", exit.name());
                self.branch(branch, Input::Failed(RunError::new(ErrorKind::Configuration, message)))
            }
            Input::Ended | Input::Value(_) | Input::Done | Input::Item(_) | Input::Page { .. } => {
                if let Some(Frame::Flow(frame)) = self.state.frames.pop() {
                    self.state.left = Some(frame.locals);
                }
                Some(Input::Ended)
            }
        }
    }

    fn block(&mut self, input: Input) -> Option<Input> {
        let Some(Frame::Block(frame)) = self.state.frames.last_mut() else { return None };
        if let Input::Failed(_) | Input::Left(_) = input {
            self.state.frames.pop();
            return Some(input);
        }
        match self.plan.block(frame.block).nodes.get(frame.next) {
            Some(node) => {
                frame.next += 1;
                let activation = self.state.counter.take();
                self.state.frames.push(Frame::Node(NodeFrame::new(*node, activation)));
                Some(Input::Begin)
            }
            None => {
                self.state.frames.pop();
                Some(Input::Ended)
            }
        }
    }

    fn node(&mut self, input: Input) -> Option<Input> {
        let id = self.top();
        let Some(Frame::Node(frame)) = self.state.frames.last_mut() else { return None };
        let node = self.plan.node(frame.node);
        let input = match (&frame.phase, input) {
            (Phase::New, _) => match node.when {
                Some(expr) => {
                    frame.phase = Phase::When;
                    self.commands.push(Command::Evaluate { node: Some(frame.node), expr });
                    return None;
                }
                None => Input::Begin,
            },
            (Phase::When, Input::Value(value)) => match holds(&value) {
                Ok(true) => Input::Begin,
                Ok(false) => {
                    self.commands.push(Command::Skipped { node: frame.node });
                    self.state.frames.pop();
                    return Some(Input::Ended);
                }
                Err(error) => return Some(self.fail(error)),
            },
            (Phase::When, Input::Failed(error)) => return Some(self.fail(error)),
            (Phase::Pausing, Input::Failed(error)) => return Some(self.fail(error)),
            (Phase::Pausing, _) => Input::Begin,
            (_, input) => input,
        };
        if matches!(frame.phase, Phase::New | Phase::When | Phase::Pausing) {
            frame.phase = Phase::of(&node.op);
            self.commands.push(Command::Began { node: frame.node, activation: frame.activation });
        }
        let NodeFrame { node: this, activation, phase, bound, dirty: _, failures: _ } = frame;
        let this = *this;
        let next = phase.on(&mut phase::Frame { plan: self.plan, id, node: this, activation: *activation, bound }, &node.op, input);
        self.follow(this, next)
    }

    fn follow(&mut self, node: NodeId, next: Next) -> Option<Input> {
        match next {
            Next::Evaluate(expr) => self.commands.push(Command::Evaluate { node: Some(node), expr }),
            Next::Command(command) => self.commands.push(command),
            Next::Enter(block) => {
                self.state.frames.push(Frame::Block(BlockFrame { block, next: 0 }));
                return Some(Input::Begin);
            }
            Next::Call(flow, parameters) => return Some(self.call(flow, parameters)),
            Next::Tolerate(error) => {
                self.commands.push(Command::Tolerated { node, error });
                return Some(Input::Done);
            }
            Next::Catch(error, block) => {
                self.commands.push(Command::Tolerated { node, error });
                return self.follow(node, Next::Enter(block));
            }
            Next::End => return Some(self.end()),
            Next::Set(assigned) => {
                return match self.state.assign(assigned) {
                    Ok(()) => Some(self.end()),
                    Err(error) => self.attempted(error),
                };
            }
            Next::Leave(exit) => {
                self.end();
                return Some(Input::Left(exit));
            }
            Next::Fail(error) => return self.attempted(error),
        }
        None
    }

    fn call(&mut self, flow: FlowId, parameters: Map) -> Input {
        // Missing parameters are the caller's fault and are reported at its step.
        let definition = self.plan.flow(flow);
        let missing = definition.parameters.iter().find(|p| p.default.is_none() && !parameters.contains_key(self.plan.text(p.name)));
        if let Some(parameter) = missing {
            let message = format!("flow '{}' needs the parameter '{}'", self.plan.text(definition.name), self.plan.text(parameter.name));
            return Input::Failed(RunError::new(ErrorKind::Configuration, message));
        }
        self.state.frames.push(Frame::Flow(FlowFrame::new(flow, parameters)));
        Input::Begin
    }

    /// The innermost frame is a node that ended well.
    fn end(&mut self) -> Input {
        let id = self.top();
        if let Some(Frame::Node(frame)) = self.state.frames.pop() {
            if frame.phase.holds_resources() {
                self.commands.push(Command::Release { frame: id, activation: frame.activation });
            }
            if !frame.dirty.is_empty() {
                let project = &self.state.project;
                let values = frame.dirty.iter().filter_map(|name| Some((Arc::clone(name), project.get(name)?.clone()))).collect();
                self.commands.push(Command::Commit { values });
            }
            self.commands.push(Command::Ended { node: frame.node, activation: frame.activation, failed: false });
        }
        Input::Ended
    }

    /// An attempt of the innermost frame, a node, has failed: another one follows, or the node has failed.
    fn attempted(&mut self, mut error: RunError) -> Option<Input> {
        let id = self.top();
        let Some(Frame::Node(frame)) = self.state.frames.last() else { return Some(self.fail(error)) };
        let node = self.plan.node(frame.node);
        error.reaches(frame.activation);
        let Some(retry) = &node.retry else { return Some(self.fail(error)) };
        let is_tried = error.is_one_of(retry.kinds.iter().map(|kind| self.plan.text(*kind)));
        if !is_tried || frame.failures + 1 >= retry.attempts {
            return Some(self.fail(error));
        }
        self.locate(&mut error);
        let Some(Frame::Node(frame)) = self.state.frames.last_mut() else { return None };
        if frame.phase.holds_resources() {
            self.commands.push(Command::Release { frame: id, activation: frame.activation });
        }
        self.commands.push(Command::Ended { node: frame.node, activation: frame.activation, failed: true });
        self.commands.push(Command::Tolerated { node: frame.node, error });
        // A single effect goes on under its name: a database may know that it has happened although its answer was lost.
        if !matches!(frame.phase, Phase::Effect) {
            frame.activation = self.state.counter.take();
        }
        frame.phase = Phase::Pausing;
        frame.bound.clear();
        frame.failures += 1;
        self.commands.push(Command::Pause { node: frame.node, activation: frame.activation, failures: frame.failures });
        None
    }

    /// The innermost frame is a node that failed. What it set stays set for the rest of the run, but is not made durable.
    fn fail(&mut self, mut error: RunError) -> Input {
        self.locate(&mut error);
        let id = self.top();
        if let Some(Frame::Node(frame)) = self.state.frames.pop() {
            error.reaches(frame.activation);
            if matches!(frame.phase, Phase::When | Phase::Pausing) {
                // What ends has begun, also where `when` is what failed, or its time was over between two attempts.
                self.commands.push(Command::Began { node: frame.node, activation: frame.activation });
            }
            if frame.phase.holds_resources() {
                self.commands.push(Command::Release { frame: id, activation: frame.activation });
            }
            self.commands.push(Command::Ended { node: frame.node, activation: frame.activation, failed: true });
        }
        Input::Failed(error)
    }

    fn top(&self) -> FrameId {
        FrameId(u32::try_from(self.state.frames.len().saturating_sub(1)).unwrap_or(u32::MAX))
    }

    /// Notes where the run is, the first time an error is seen.
    fn locate(&mut self, error: &mut RunError) {
        if self.failed_in.is_none() {
            self.failed_in = Some(self.state.clone());
        }
        if !error.stack.is_empty() {
            return;
        }
        error.stack = self.state.stack();
        if error.node.is_none() {
            // A flow whose parameters fail has no node of its own yet: the call is to blame.
            error.node = error.stack.iter().rev().find_map(|entry| entry.node);
        }
    }
}
