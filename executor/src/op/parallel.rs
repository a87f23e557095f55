//! `parallel`: one command that the driver performs by running every branch, each a run of its own within the run.

use crate::machine::{Command, Frame, Input, Next, unexpected};

pub(crate) fn on(frame: &Frame<'_>, input: Input) -> Next {
    match input {
        Input::Begin => Next::Command(Command::Branches { frame: frame.id, node: frame.node, activation: frame.activation }),
        Input::Done => Next::End,
        Input::Failed(error) => Next::Fail(error),
        other @ (Input::Value(_) | Input::Item(_) | Input::Page { .. } | Input::Ended | Input::Left(_)) => unexpected(&other),
    }
}
