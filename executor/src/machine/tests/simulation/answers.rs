//! What the world answers: a pure function of the seed and of which execution of which node asks. Model and simulation read the same answers.

use sequor_plan_format::NodeId;

use super::random::hash;
use super::trace::What;
use crate::error::{ErrorKind, RunError};
use crate::value::{Map, Value};

#[derive(Clone, Debug)]
pub(super) struct Answers {
    pub(super) seed: u64,
    /// Of a hundred effects, so many fail.
    pub(super) failing: u64,
}

/// What an API answers.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Reply {
    pub(super) value: i64,
    /// Another page follows.
    pub(super) more: bool,
}

impl Answers {
    /// Whether an effect of the `n`-th execution of a node fails.
    pub(super) fn failure(&self, node: NodeId, n: u64, what: What) -> Option<RunError> {
        let (stage, ordinal, page) = match what {
            What::Run => (0, 0, 0),
            What::RunAgain(failures) => (0, failures.into(), 0),
            What::Statement(number) => (1, number, 0),
            What::Items => (2, 0, 0),
            What::Open => (3, 0, 0),
            What::Exchange { ordinal, page } => (4, ordinal, page),
            What::Absorb { ordinal, page, .. } => (5, ordinal, page),
            What::Close { .. } => (6, 0, 0),
        };
        let drawn = hash(&[self.seed, 1, node.0.into(), n, stage, ordinal, page]);
        if drawn % 100 >= self.failing {
            return None;
        }
        let kind = match drawn / 100 % 4 {
            0 => ErrorKind::Network,
            1 => ErrorKind::Data,
            2 => ErrorKind::Sql,
            _ => ErrorKind::Failed("quota".to_owned()),
        };
        Some(RunError::new(kind, format!("{}/{n} {stage}/{ordinal}/{page}", node.0)))
    }

    /// The answer to a page's request. It depends on what was posted before: an API remembers.
    pub(super) fn reply(&self, node: NodeId, n: u64, ordinal: u64, page: u64, posted: usize) -> Reply {
        let drawn = hash(&[self.seed, 2, node.0.into(), n, ordinal, page]);
        let posted = i64::try_from(posted).unwrap();
        Reply { value: i64::try_from(drawn % 7).unwrap() + 100 * posted, more: page < 3 && (drawn / 7).is_multiple_of(3) }
    }
}

impl Reply {
    /// As expressions see it.
    pub(super) fn json(&self) -> Value {
        let members = [("value", Value::Int(self.value)), ("more", Value::Bool(self.more))];
        Value::Map(std::sync::Arc::new(members.into_iter().map(|(name, value)| (name.into(), value)).collect::<Map>()))
    }
}
