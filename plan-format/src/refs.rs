//! Which ids a payload refers to: the one place that knows it.
//!
//! Validation and the graph are built on [`Refs`]. Every implementation takes its payload apart field by field and every match names
//! each variant, so that the Rust compiler asks for an answer when a field or a variant is added. Nothing here looks an id up.

mod expr;
mod op;
mod plan;

use std::fmt;

use crate::{BlockId, ExprId, FlowId, NodeId, SourceId, SpanId, TextId, ValueId};

/// An id that a payload refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ref {
    Text(TextId),
    Value(ValueId),
    Expr(ExprId),
    Node(NodeId),
    Block(BlockId),
    Flow(FlowId),
    Source(SourceId),
    Span(SpanId),
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(id) => write!(f, "text {}", id.0),
            Self::Value(id) => write!(f, "constant {}", id.0),
            Self::Expr(id) => write!(f, "expression {}", id.0),
            Self::Node(id) => write!(f, "node {}", id.0),
            Self::Block(id) => write!(f, "block {}", id.0),
            Self::Flow(id) => write!(f, "flow {}", id.0),
            Self::Source(id) => write!(f, "source {}", id.0),
            Self::Span(id) => write!(f, "span {}", id.0),
        }
    }
}

/// A payload that refers to entries of the arenas.
pub trait Refs {
    /// Calls `visit` with each id of the payload itself, in the order of its fields. What those entries refer to is not followed.
    fn refs(&self, visit: &mut dyn FnMut(Ref));

    /// The expressions of the payload, in order.
    fn child_exprs(&self) -> Vec<ExprId> {
        let mut exprs = Vec::new();
        self.refs(&mut |r| {
            if let Ref::Expr(id) = r {
                exprs.push(id);
            }
        });
        exprs
    }
}

macro_rules! id_refs {
    ($($id:ident $variant:ident)*) => {$(
        impl From<$id> for Ref {
            fn from(id: $id) -> Self {
                Self::$variant(id)
            }
        }

        impl Refs for $id {
            fn refs(&self, visit: &mut dyn FnMut(Ref)) {
                visit(Ref::$variant(*self));
            }
        }
    )*};
}

id_refs! {
    TextId Text
    ValueId Value
    ExprId Expr
    NodeId Node
    BlockId Block
    FlowId Flow
    SourceId Source
    SpanId Span
}

impl<T: Refs> Refs for Option<T> {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        if let Some(inner) = self {
            inner.refs(visit);
        }
    }
}

impl<T: Refs> Refs for Vec<T> {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        for entry in self {
            entry.refs(visit);
        }
    }
}

impl<A: Refs, B: Refs> Refs for (A, B) {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        self.0.refs(visit);
        self.1.refs(visit);
    }
}
