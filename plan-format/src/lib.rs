//! The contract between `sequor compile` and `sequor-executor`: what a plan is and how it is written to bytes.
//!
//! A [`Plan`] is a set of flat arenas that point at each other by `u32` ids. The compiler fills it through
//! [`PlanBuilder`], [`codec::encode`] turns it into bytes, [`codec::decode`] checks and reads those bytes, and
//! [`validate::validate`] holds every rule that the executor relies on.
//!
//! This crate knows no YAML, Jinja, Python, HTTP or SQL driver, does no I/O and reads no clock.

pub mod builder;
pub mod codec;
pub mod column;
pub mod compare;
pub mod expr;
pub mod fingerprint;
pub mod graph;
pub mod ids;
pub mod manifest;
pub mod node;
pub mod op;
pub mod path;
pub mod plan;
pub mod refs;
pub mod render;
pub mod source;
pub mod span;
pub mod validate;
pub mod value;

pub use builder::PlanBuilder;
pub use column::{Column, ColumnType};
pub use expr::{Code, Expr};
pub use ids::{BlockId, ExprId, FlowId, NodeId, SourceId, SpanId, TextId, ValueId};
pub use manifest::Manifest;
pub use node::{Block, Node, Replay, Retry};
pub use op::Op;
pub use plan::{Flow, Parameter, Plan};
pub use source::{Source, SourceKind};
pub use span::Span;
pub use value::Value;
