//! Constants, expressions and blocks are trees of bounded depth.
//!
//! A child stands before its owner in its arena (for nodes: the nodes of a child block before the node that owns the block), so nothing contains itself and
//! one pass in arena order sees children first.

use super::{Invalid, MAX_DEPTH, Owner, payloads};
use crate::refs::{Ref, Refs};
use crate::{BlockId, ExprId, NodeId, Plan, Value, ValueId};

pub(super) fn check(plan: &Plan) -> Result<(), Invalid> {
    owners(plan)?;
    depths(&plan.values, |i| Ref::Value(ValueId(i)))?;
    depths(&plan.exprs, |i| Ref::Expr(ExprId(i)))?;
    node_depths(plan)
}

/// Every expression, list and map has at most one owner; every block and node exactly one.
fn owners(plan: &Plan) -> Result<(), Invalid> {
    let mut exprs = vec![false; plan.exprs.len()];
    let mut values = vec![false; plan.values.len()];
    let mut blocks = vec![false; plan.blocks.len()];
    let mut nodes = vec![false; plan.nodes.len()];
    for (owner, payload) in payloads(plan) {
        let mut fault = None;
        payload.refs(&mut |entry| {
            let owned = match entry {
                Ref::Expr(id) => Some(&mut exprs[id.index()]),
                Ref::Value(id) => match plan.value(id) {
                    Value::List(_) | Value::Map(_) => Some(&mut values[id.index()]),
                    Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) | Value::Text(_) => None,
                },
                Ref::Block(id) => Some(&mut blocks[id.index()]),
                // The manifest names nodes, blocks own them.
                Ref::Node(id) if owner != Owner::Manifest => Some(&mut nodes[id.index()]),
                Ref::Node(_) | Ref::Text(_) | Ref::Flow(_) | Ref::Source(_) | Ref::Span(_) => None,
            };
            if let Some(owned) = owned
                && std::mem::replace(owned, true)
                && fault.is_none()
            {
                fault = Some(Invalid::Shared { entry });
            }
        });
        if let Some(fault) = fault {
            return Err(fault);
        }
    }
    let orphan_block = (0u32..).zip(&blocks).find(|(_, owned)| !**owned).map(|(i, _)| Ref::Block(BlockId(i)));
    let orphan_node = (0u32..).zip(&nodes).find(|(_, owned)| !**owned).map(|(i, _)| Ref::Node(NodeId(i)));
    match orphan_block.or(orphan_node) {
        Some(entry) => Err(Invalid::Orphan { entry }),
        None => Ok(()),
    }
}

/// Order and depth of an arena whose entries own entries of the same arena.
fn depths<T: Refs>(arena: &[T], name: impl Fn(u32) -> Ref) -> Result<(), Invalid> {
    let mut depths: Vec<u16> = Vec::with_capacity(arena.len());
    for (index, entry) in (0u32..).zip(arena) {
        let owner = name(index);
        let mut deepest = 0;
        let mut late = None;
        entry.refs(&mut |child| {
            let child_index = match (owner, child) {
                (Ref::Value(_), Ref::Value(id)) => id.index(),
                (Ref::Expr(_), Ref::Expr(id)) => id.index(),
                _ => return,
            };
            match depths.get(child_index) {
                Some(depth) => deepest = deepest.max(*depth),
                None => late = late.or(Some(child)),
            }
        });
        if let Some(child) = late {
            return Err(Invalid::Order { owner, child });
        }
        if deepest >= MAX_DEPTH {
            return Err(Invalid::TooDeep { entry: owner });
        }
        depths.push(deepest + 1);
    }
    Ok(())
}

fn node_depths(plan: &Plan) -> Result<(), Invalid> {
    let mut depths: Vec<u16> = Vec::with_capacity(plan.nodes.len());
    for (index, node) in (0u32..).zip(&plan.nodes) {
        let owner = Ref::Node(NodeId(index));
        let mut deepest = 0;
        for block in node.op.blocks() {
            for &child in &plan.block(block).nodes {
                let Some(depth) = depths.get(child.index()) else {
                    return Err(Invalid::Order { owner, child: Ref::Node(child) });
                };
                deepest = deepest.max(*depth);
            }
        }
        if deepest >= MAX_DEPTH {
            return Err(Invalid::TooDeep { entry: owner });
        }
        depths.push(deepest + 1);
    }
    Ok(())
}
