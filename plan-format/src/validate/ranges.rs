//! Counts are within their limits, and every id names an entry that is there.

use super::{Invalid, MAX_ENTRIES, MAX_NODES, MAX_SOURCES, MAX_TEXT_BYTES, Owner, payloads};
use crate::refs::Ref;
use crate::{Plan, TextId, Value};

pub(super) fn check(plan: &Plan) -> Result<(), Invalid> {
    limits(plan)?;
    for (owner, payload) in payloads(plan) {
        let mut fault = None;
        payload.refs(&mut |target| {
            if fault.is_none() {
                fault = in_range(plan, owner, target).err();
            }
        });
        if let Some(fault) = fault {
            return Err(fault);
        }
    }
    used_text(plan)
}

fn used_text(plan: &Plan) -> Result<(), Invalid> {
    let mut bytes = 0u64;
    let mut add = |id: TextId| bytes = bytes.saturating_add(plan.text(id).len() as u64);
    for (_, payload) in payloads(plan) {
        payload.refs(&mut |target| match target {
            Ref::Text(id) => add(id),
            // Scalars are shared like texts.
            Ref::Value(id) => match plan.value(id) {
                Value::Number(text) | Value::Text(text) => add(*text),
                Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::List(_) | Value::Map(_) => {}
            },
            Ref::Expr(_) | Ref::Node(_) | Ref::Block(_) | Ref::Flow(_) | Ref::Source(_) | Ref::Span(_) => {}
        });
    }
    if bytes > MAX_TEXT_BYTES { Err(Invalid::TooMuchText { bytes }) } else { Ok(()) }
}

fn limits(plan: &Plan) -> Result<(), Invalid> {
    let counts = [
        ("nodes", plan.nodes.len(), MAX_NODES),
        ("texts", plan.texts.len(), MAX_ENTRIES),
        ("constants", plan.values.len(), MAX_ENTRIES),
        ("expressions", plan.exprs.len(), MAX_ENTRIES),
        ("blocks", plan.blocks.len(), MAX_ENTRIES),
        ("flows", plan.flows.len(), MAX_ENTRIES),
        ("sources", plan.sources.len(), MAX_SOURCES),
        ("spans", plan.spans.len(), MAX_ENTRIES),
        ("source lines", plan.lines.len(), MAX_ENTRIES),
    ];
    match counts.into_iter().find(|(_, count, limit)| count > limit) {
        Some((what, count, limit)) => Err(Invalid::TooMany { what, count, limit }),
        None => Ok(()),
    }
}

fn in_range(plan: &Plan, owner: Owner, target: Ref) -> Result<(), Invalid> {
    let (index, size) = match target {
        Ref::Text(id) => (id.index(), plan.texts.len()),
        Ref::Value(id) => (id.index(), plan.values.len()),
        Ref::Expr(id) => (id.index(), plan.exprs.len()),
        Ref::Node(id) => (id.index(), plan.nodes.len()),
        Ref::Block(id) => (id.index(), plan.blocks.len()),
        Ref::Flow(id) => (id.index(), plan.flows.len()),
        Ref::Source(id) => (id.index(), plan.sources.len()),
        Ref::Span(id) => (id.index(), plan.spans.len()),
    };
    if index < size { Ok(()) } else { Err(Invalid::UnknownId { owner, target, size }) }
}
