//! Ids into the arenas of a [`Plan`](crate::Plan). Each arena has its own type, so that a node id cannot be used as an expression id.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in the arena.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// An entry of `Plan::texts`.
    TextId
    /// An entry of `Plan::values`.
    ValueId
    /// An entry of `Plan::exprs`.
    ExprId
    /// An entry of `Plan::nodes`.
    NodeId
    /// An entry of `Plan::blocks`.
    BlockId
    /// An entry of `Plan::flows`.
    FlowId
    /// An entry of `Plan::sources`.
    SourceId
    /// An entry of `Plan::spans`.
    SpanId
}
