//! Where a node stands: its flow, file, line and column.

use std::collections::BTreeMap;

use sequor_plan_format::{BlockId, FlowId, NodeId, Plan, Span};

/// `file:line:column`.
pub(super) fn at(plan: &Plan, span: &Span) -> String {
    format!("{}:{}:{}", plan.text(span.file), span.line, span.column)
}

/// The flow that each node belongs to.
pub(super) fn flows(plan: &Plan) -> BTreeMap<NodeId, FlowId> {
    let mut owners = BTreeMap::new();
    for (index, flow) in (0u32..).zip(&plan.flows) {
        let mut open: Vec<BlockId> = vec![flow.body];
        while let Some(block) = open.pop() {
            for node in &plan.block(block).nodes {
                owners.insert(*node, FlowId(index));
                open.extend(plan.node(*node).op.blocks());
            }
        }
    }
    owners
}
