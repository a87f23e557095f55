//! How a node's automaton talks to the stack.

use std::sync::Arc;

use sequor_plan_format::{BlockId, ExprId, FlowId, NodeId, Op, Plan};
use serde::{Deserialize, Serialize};

use super::{Activation, Command, FrameId, http_request, unexpected};
use crate::error::{ErrorKind, RunError};
use crate::op::leave::{self, Exit};
use crate::op::{for_each, if_else, parallel, run_flow, try_catch, while_loop};
use crate::scope::Assigned;
use crate::value::{Map, Value};

/// What an automaton is told.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// It starts.
    Begin,
    /// Its expression's value.
    Value(Value),
    /// Its command was performed.
    Done,
    Item(Option<Value>),
    /// A page was read; whether there is another one.
    Page {
        again: bool,
    },
    /// Its block, or the flow it called, ended well.
    Ended,
    /// Its command, its block or the flow it called failed.
    Failed(RunError),
    /// A step of its block leaves; or the flow it called has returned.
    Left(Exit),
}

/// What an automaton wants.
#[derive(Debug)]
pub(crate) enum Next {
    Evaluate(ExprId),
    Command(Command),
    /// Runs a block; `Ended` or `Failed` follows.
    Enter(BlockId),
    /// Runs a flow; `Ended` or `Failed` follows.
    Call(FlowId, Map),
    /// Reports an error that ends nothing, then asks the automaton again with `Done`.
    Tolerate(RunError),
    /// Reports an error that a block takes care of, then runs the block.
    Catch(RunError, BlockId),
    End,
    /// Ends well, with variables to set.
    Set(Vec<Assigned>),
    /// Ends well, and what is around it is left too.
    Leave(Exit),
    Fail(RunError),
}

/// What an automaton may use beside its own fields.
pub(crate) struct Frame<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) id: FrameId,
    pub(crate) node: NodeId,
    pub(crate) activation: Activation,
    pub(crate) bound: &'a mut Vec<(Arc<str>, Value)>,
}

/// Where a node is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Phase {
    New,
    /// `when` is being evaluated.
    When,
    /// An attempt has failed, and the next one is waited for.
    Pausing,
    /// An op that is one effect is being performed.
    Effect,
    /// A block's steps run.
    Body,
    If(if_else::Choosing),
    While(while_loop::Looping),
    ForEach(for_each::Looping),
    Try(try_catch::Trying),
    Call(run_flow::Calling),
    Http(http_request::Requesting),
    /// A `return` evaluates its value.
    Leaving,
    /// Branches run.
    Parallel,
}

impl Phase {
    /// The first phase of an op, once `when` is settled.
    pub(super) fn of(op: &Op) -> Self {
        match op {
            Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::Sleep(_)
            | Op::Assert(_) => Self::Effect,
            Op::Leave(_) => Self::Leaving,
            Op::Parallel(_) => Self::Parallel,
            Op::HttpRequest(_) => Self::Http(http_request::Requesting::default()),
            Op::IfElse(_) => Self::If(if_else::Choosing::default()),
            Op::WhileLoop(_) => Self::While(while_loop::Looping::default()),
            Op::ForEach(_) => Self::ForEach(for_each::Looping::default()),
            Op::TryCatch(_) => Self::Try(try_catch::Trying::default()),
            Op::Block(_) => Self::Body,
            Op::RunFlow(_) => Self::Call(run_flow::Calling::default()),
        }
    }

    /// Tells the automaton what happened.
    pub(super) fn on(&mut self, frame: &mut Frame<'_>, op: &Op, input: Input) -> Next {
        match (self, op) {
            (Self::Effect, _) => effect(frame, input),
            (Self::Body, Op::Block(group)) => match input {
                Input::Begin => Next::Enter(group.body),
                Input::Ended => Next::End,
                Input::Failed(error) => Next::Fail(error),
                Input::Left(exit) => Next::Leave(exit),
                other @ (Input::Value(_) | Input::Done | Input::Item(_) | Input::Page { .. }) => unexpected(&other),
            },
            (Self::Leaving, Op::Leave(op)) => leave::on(op, input),
            (Self::Parallel, Op::Parallel(_)) => parallel::on(frame, input),
            (Self::If(phase), Op::IfElse(op)) => phase.on(op, input),
            (Self::While(phase), Op::WhileLoop(op)) => phase.on(op, input),
            (Self::ForEach(phase), Op::ForEach(op)) => phase.on(frame, op, input),
            (Self::Try(phase), Op::TryCatch(op)) => phase.on(frame, op, input),
            (Self::Call(phase), Op::RunFlow(op)) => phase.on(frame.plan, op, input),
            (Self::Http(phase), Op::HttpRequest(op)) => phase.on(frame, op, input),
            // A phase is made from its node's op, so no other pair comes up.
            (
                Self::New
                | Self::When
                | Self::Pausing
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
            ) => unexpected(&input),
        }
    }

    /// Whether the driver holds something open for the frame.
    pub(super) fn holds_resources(&self) -> bool {
        match self {
            Self::ForEach(_) | Self::Http(_) | Self::Parallel => true,
            Self::New
            | Self::When
            | Self::Pausing
            | Self::Effect
            | Self::Body
            | Self::If(_)
            | Self::While(_)
            | Self::Try(_)
            | Self::Call(_)
            | Self::Leaving => false,
        }
    }
}

fn effect(frame: &Frame<'_>, input: Input) -> Next {
    match input {
        Input::Begin => Next::Command(Command::Run { node: frame.node, activation: frame.activation }),
        Input::Done => Next::End,
        Input::Failed(error) => Next::Fail(error),
        other @ (Input::Value(_) | Input::Item(_) | Input::Page { .. } | Input::Ended | Input::Left(_)) => unexpected(&other),
    }
}

/// Whether a condition's value counts as true: Python's truth, except that text is `true` or `false` in any case, and empty text is false.
///
/// # Errors
/// Of kind `Expression` for any other text: it is a condition that was printed instead of computed.
pub(crate) fn holds(value: &Value) -> Result<bool, RunError> {
    let Value::Text(text) = value else { return Ok(value.is_true()) };
    match text.trim() {
        "" => Ok(false),
        word if word.eq_ignore_ascii_case("true") => Ok(true),
        word if word.eq_ignore_ascii_case("false") => Ok(false),
        other => {
            let shown: String = other.chars().take(LONGEST_SHOWN).collect();
            let dots = if shown.len() < other.len() { "…" } else { "" };
            Err(RunError::new(
                ErrorKind::Expression,
                format!(
                    "the condition gave the text '{shown}{dots}', which is neither true nor false: compare it with something, or, where this \
                     is the condition itself, write it as condition_expression or as one whole {{{{ … }}}}"
                ),
            ))
        }
    }
}

/// Characters of a condition's text that its error shows.
const LONGEST_SHOWN: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_true_false_or_an_error() {
        for (value, expected) in [
            (Value::text(" TRUE\n"), true),
            (Value::text("False"), false),
            (Value::text("  "), false),
            (Value::Null, false),
            (Value::Int(0), false),
            (Value::Float(0.5), true),
            (Value::List(Arc::default()), false),
        ] {
            assert_eq!(holds(&value).unwrap(), expected, "{value:?}");
        }
        let error = holds(&Value::text("3 > 2")).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Expression);
        assert_eq!(
            error.message,
            "the condition gave the text '3 > 2', which is neither true nor false: compare it with something, or, where this is the condition \
             itself, write it as condition_expression or as one whole {{ … }}"
        );
    }
}
