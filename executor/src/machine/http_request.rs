//! The loop of an `http_request`: for each row, for each page, exchange and absorb.
//!
//! Commands name the item and the page they are about, one after the other, in input order. How many requests are under way at a time is the op's affair: it may
//! send ahead of what it is asked for.

use sequor_plan_format::op::HttpRequest;
use serde::{Deserialize, Serialize};

use super::phase::{Frame, Input, Next};
use super::{Command, unexpected};
use crate::value::Value;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Requesting {
    stage: Stage,
    /// The ordinal of the next item, from 0.
    next: u64,
    /// Replies that have been read: batches of rows on their way into the op's tables.
    read: u64,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
enum Stage {
    #[default]
    Opening,
    /// The next item was asked for.
    Fetching,
    Exchanging(Flight),
    Absorbing(Flight),
    Closing,
}

/// An item whose pages are being asked for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Flight {
    ordinal: u64,
    /// From 1.
    page: u64,
}

impl Requesting {
    pub(crate) fn on(&mut self, frame: &mut Frame<'_>, op: &HttpRequest, input: Input) -> Next {
        match (self.stage, input) {
            (_, Input::Failed(error)) => Next::Fail(error),
            (Stage::Opening, Input::Begin) => {
                Next::Command(Command::HttpOpen { frame: frame.id, node: frame.node, activation: frame.activation })
            }
            (Stage::Opening, Input::Done) => self.fetch(frame),
            (Stage::Fetching, Input::Item(Some(value))) => {
                let ordinal = self.next;
                self.next += 1;
                bind(frame, op, value);
                self.exchange(frame, Flight { ordinal, page: 1 })
            }
            (Stage::Fetching, Input::Item(None)) => {
                self.stage = Stage::Closing;
                Next::Command(Command::HttpClose { frame: frame.id, batch: self.read + 1 })
            }
            (Stage::Exchanging(flight), Input::Done) => {
                self.stage = Stage::Absorbing(flight);
                let (Flight { ordinal, page }, batch) = (flight, self.read + 1);
                Next::Command(Command::HttpAbsorb { frame: frame.id, ordinal, page, batch })
            }
            (Stage::Absorbing(flight), Input::Page { again }) => {
                self.read += 1;
                if again { self.exchange(frame, Flight { page: flight.page + 1, ..flight }) } else { self.fetch(frame) }
            }
            (Stage::Closing, Input::Done) => Next::End,
            (_, other) => unexpected(&other),
        }
    }

    /// The item that is worked on with its page, or the next one; nothing before the op is open.
    pub(super) fn at(&self) -> Option<(u64, Option<u64>)> {
        match self.stage {
            Stage::Opening => None,
            Stage::Fetching | Stage::Closing => Some((self.next, None)),
            Stage::Exchanging(flight) | Stage::Absorbing(flight) => Some((flight.ordinal, Some(flight.page))),
        }
    }

    /// No reply has been read, and none is left to be.
    pub(super) fn is_beginning(&self) -> bool {
        match self.stage {
            Stage::Opening | Stage::Fetching | Stage::Exchanging(_) | Stage::Absorbing(_) => self.read == 0,
            Stage::Closing => false,
        }
    }

    /// Replies that have been read.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    fn fetch(&mut self, frame: &mut Frame<'_>) -> Next {
        frame.bound.clear();
        self.stage = Stage::Fetching;
        Next::Command(Command::HttpNext { frame: frame.id })
    }

    fn exchange(&mut self, frame: &Frame<'_>, flight: Flight) -> Next {
        self.stage = Stage::Exchanging(flight);
        Next::Command(Command::HttpExchange { frame: frame.id, ordinal: flight.ordinal, page: flight.page })
    }
}

fn bind(frame: &mut Frame<'_>, op: &HttpRequest, value: Value) {
    frame.bound.clear();
    if let Some(for_each) = &op.for_each {
        frame.bound.push((frame.plan.text(for_each.item).into(), value));
    }
}
