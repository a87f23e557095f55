//! Filling the arenas of a [`Plan`]. Texts, spans and scalar constants are stored once however often they are added.

use std::collections::BTreeMap;

use crate::{Block, BlockId, Expr, ExprId, FlowId, Node, NodeId, Plan, Source, SourceId, Span, SpanId, TextId, Value, ValueId};

/// Adds entries to a plan. Children are added before their owners, which is what
/// [`validate`](crate::validate::validate) asks for.
#[derive(Debug, Default)]
pub struct PlanBuilder {
    plan: Plan,
    texts: BTreeMap<String, TextId>,
    spans: BTreeMap<(TextId, u32, u32, u32, u32), SpanId>,
}

/// An arena with more than `u32::MAX` entries cannot be built: the compiler's input budget is far below.
fn next(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

impl PlanBuilder {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn text(&mut self, text: &str) -> TextId {
        if let Some(id) = self.texts.get(text) {
            return *id;
        }
        let id = TextId(next(self.plan.texts.len()));
        self.plan.texts.push(text.to_owned());
        self.texts.insert(text.to_owned(), id);
        id
    }

    pub fn span(&mut self, span: Span) -> SpanId {
        let key = (span.file, span.line, span.column, span.end_line, span.end_column);
        if let Some(id) = self.spans.get(&key) {
            return *id;
        }
        let id = SpanId(next(self.plan.spans.len()));
        self.plan.spans.push(span);
        self.spans.insert(key, id);
        id
    }

    pub fn value(&mut self, value: Value) -> ValueId {
        let id = ValueId(next(self.plan.values.len()));
        self.plan.values.push(value);
        id
    }

    pub fn expr(&mut self, expr: Expr) -> ExprId {
        let id = ExprId(next(self.plan.exprs.len()));
        self.plan.exprs.push(expr);
        id
    }

    /// A constant expression.
    pub fn constant(&mut self, value: Value) -> ExprId {
        let value = self.value(value);
        self.expr(Expr::Const(value))
    }

    /// A constant text.
    pub fn text_constant(&mut self, text: &str) -> ExprId {
        let text = self.text(text);
        self.constant(Value::Text(text))
    }

    pub fn node(&mut self, node: Node) -> NodeId {
        let id = NodeId(next(self.plan.nodes.len()));
        self.plan.nodes.push(node);
        id
    }

    pub fn block(&mut self, nodes: Vec<NodeId>) -> BlockId {
        let id = BlockId(next(self.plan.blocks.len()));
        self.plan.blocks.push(Block { nodes });
        id
    }

    pub fn flow(&mut self, flow: crate::Flow) -> FlowId {
        let id = FlowId(next(self.plan.flows.len()));
        self.plan.flows.push(flow);
        id
    }

    pub fn source(&mut self, source: Source) -> SourceId {
        let id = SourceId(next(self.plan.sources.len()));
        self.plan.sources.push(source);
        id
    }

    /// What has been added so far.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Project, lines and manifest are set on the plan directly.
    pub fn plan_mut(&mut self) -> &mut Plan {
        &mut self.plan
    }

    #[must_use]
    pub fn finish(self) -> Plan {
        self.plan
    }
}
