//! Nodes: the steps of flows, lowered.

use serde::{Deserialize, Serialize};

use crate::op::http_request::Backoff;
use crate::{ExprId, NodeId, Op, SpanId, TextId};

/// Nodes that run one after the other. A block is owned by one flow or one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub nodes: Vec<NodeId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The step's `id`, or one made from its op and position. Unique in its block.
    pub id: TextId,
    pub title: Option<TextId>,
    pub span: SpanId,
    /// The node is skipped unless this is true.
    pub when: Option<ExprId>,
    /// What is done when the op fails.
    pub retry: Option<Retry>,
    /// How long one attempt may take, in milliseconds, the steps inside included.
    pub timeout_ms: Option<u64>,
    pub replay: Replay,
    pub op: Op,
}

/// When an op that failed is started again. One that is a single effect goes on with that effect; any other begins anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// Including the first one.
    pub attempts: u32,
    /// Kinds of error that are tried again; all where there are none.
    pub kinds: Vec<TextId>,
    pub backoff: Backoff,
    /// Before the second attempt, in milliseconds.
    pub delay_ms: u64,
    /// The longest wait, in milliseconds.
    pub max_delay_ms: u64,
}

/// What may happen to a node's effect when a run is resumed, decided by the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Replay {
    /// Has no effect outside the run.
    Pure,
    /// Rows and checkpoint are committed in one database transaction.
    Transactional,
    /// May be repeated without harm.
    Idempotent,
    /// An idempotency key that the other side honours is in force.
    Keyed,
    /// Must not be repeated: at most once, and what is in doubt is reported.
    Once,
}
