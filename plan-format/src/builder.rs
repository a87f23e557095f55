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
    scalars: BTreeMap<Scalar, ValueId>,
}

/// A constant that may be shared. Floats by their bits, so that `0.0` and `-0.0` stay two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Float(u64),
    Number(TextId),
    Text(TextId),
}

impl Scalar {
    /// `None` for lists and maps, which have one owner each.
    fn of(value: &Value) -> Option<Self> {
        match *value {
            Value::Null => Some(Self::Null),
            Value::Bool(value) => Some(Self::Bool(value)),
            Value::Int(value) => Some(Self::Int(value)),
            Value::Float(value) => Some(Self::Float(value.to_bits())),
            Value::Number(text) => Some(Self::Number(text)),
            Value::Text(text) => Some(Self::Text(text)),
            Value::List(_) | Value::Map(_) => None,
        }
    }
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
        let scalar = Scalar::of(&value);
        if let Some(id) = scalar.and_then(|scalar| self.scalars.get(&scalar)) {
            return *id;
        }
        let id = ValueId(next(self.plan.values.len()));
        self.plan.values.push(value);
        if let Some(scalar) = scalar {
            self.scalars.insert(scalar, id);
        }
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

    /// `var('name')`.
    pub fn var(&mut self, name: &str) -> ExprId {
        let name = self.text(name);
        self.expr(Expr::Var(name))
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

    /// A constant list.
    pub fn list(&mut self, members: Vec<ValueId>) -> ValueId {
        self.value(Value::List(members))
    }

    /// A constant map. Keys must differ.
    pub fn map(&mut self, members: &[(&str, ValueId)]) -> ValueId {
        let members = members.iter().map(|(key, member)| (self.text(key), *member)).collect();
        self.value(Value::Map(members))
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
