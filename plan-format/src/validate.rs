//! Every rule that the executor relies on.
//!
//! Takes a plan whose ids may be anything, gives the first rule that it breaks. Run by [`encode`](crate::codec::encode) before writing and by
//! [`decode`](crate::codec::decode) after reading, so a plan from either side can be trusted: no lookup fails, no walk over it goes deeper
//! than [`MAX_DEPTH`], nothing is reached on two ways except what may be shared.
//!
//! The rules are checked in the order of the modules below; each module relies on those before it. Walks are loops over the arenas, or recursive only
//! where the depth has been checked before.
//!
//! **What may be shared**: texts, spans, sources, flows (by calls) and scalar constants. Expressions, blocks, nodes, and constants that are
//! lists or maps have one owner each: a small file could otherwise unfold to any size.

mod error;
mod manifest;
mod names;
mod payload;
mod ranges;
mod repeat;
mod slots;
mod trees;

pub use error::{Invalid, Owner};

use crate::codec::PlanError;
use crate::refs::{Ref, Refs};
use crate::{BlockId, ExprId, FlowId, NodeId, Plan, SourceId, SpanId, ValueId, graph};

/// Nodes in a plan.
pub const MAX_NODES: usize = 1_000_000;
/// Sources in a plan.
pub const MAX_SOURCES: usize = 10_000;
/// Entries in any other arena. Bounds the memory that a small file can ask for.
pub const MAX_ENTRIES: usize = 4_000_000;
/// Levels of nested expressions, constants or blocks, each counted by itself.
pub const MAX_DEPTH: u16 = 128;
/// Slots of one root expression are numbered below this.
pub const MAX_SLOTS: u32 = 1024;

/// Names of flows, sources and steps, and paths of files.
pub const MAX_NAME_BYTES: usize = 1000;
/// All texts of a plan, each counted as often as it is used: a small file could otherwise print as one of any size.
pub const MAX_TEXT_BYTES: u64 = 256 * 1024 * 1024;

/// # Errors
/// The first rule that the plan breaks.
pub fn validate(plan: &Plan) -> Result<(), PlanError> {
    check(plan).map_err(PlanError::from)
}

fn check(plan: &Plan) -> Result<(), Invalid> {
    ranges::check(plan)?;
    trees::check(plan)?;
    slots::check(plan)?;
    names::check(plan)?;
    payload::check(plan)?;
    recursion(plan)?;
    manifest::check(plan)
}

/// Flows must not call each other in a circle: the executor's stack, and every walk over calls, is bounded by that.
fn recursion(plan: &Plan) -> Result<(), Invalid> {
    match graph::recursion(plan) {
        None => Ok(()),
        Some(circle) => {
            let names: Vec<&str> = circle.iter().chain(circle.first()).map(|&flow| plan.text(plan.flow(flow).name)).collect();
            Err(Invalid::Recursion { flows: names.join(" → ") })
        }
    }
}

/// Every payload of the plan that refers to others, with its name.
fn payloads(plan: &Plan) -> impl Iterator<Item = (Owner, &dyn Refs)> {
    fn arena<T: Refs, I: Into<Ref>>(entries: &[T], id: fn(u32) -> I) -> impl Iterator<Item = (Owner, &dyn Refs)> {
        (0u32..).zip(entries).map(move |(i, entry)| (Owner::Entry(id(i).into()), entry as &dyn Refs))
    }
    arena(&plan.values, ValueId)
        .chain(arena(&plan.exprs, ExprId))
        .chain(arena(&plan.nodes, NodeId))
        .chain(arena(&plan.blocks, BlockId))
        .chain(arena(&plan.flows, FlowId))
        .chain(arena(&plan.sources, SourceId))
        .chain(arena(&plan.spans, SpanId))
        .chain(std::iter::once((Owner::Project, &plan.project as &dyn Refs)))
        .chain((0u32..).zip(&plan.lines).map(|(i, line)| (Owner::Line(i), line as &dyn Refs)))
        .chain(std::iter::once((Owner::Manifest, &plan.manifest as &dyn Refs)))
}
