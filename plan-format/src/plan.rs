//! The plan itself: the arenas, and what stands outside of them.

use serde::{Deserialize, Serialize};

use crate::{Block, BlockId, Expr, ExprId, FlowId, Manifest, Node, NodeId, Source, SourceId, Span, SpanId, TextId, Value, ValueId};

/// A compiled project, or the part of it that its entry flows reach.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub texts: Vec<String>,
    pub values: Vec<Value>,
    pub exprs: Vec<Expr>,
    pub nodes: Vec<Node>,
    pub blocks: Vec<Block>,
    pub flows: Vec<Flow>,
    pub sources: Vec<Source>,
    pub spans: Vec<Span>,
    pub project: Project,
    /// Lines of the project's files that run-time errors quote, sorted by file and line, each once.
    pub lines: Vec<SourceLine>,
    pub manifest: Manifest,
}

/// What project.yaml says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Project {
    pub name: TextId,
    /// Constants of the project, in the order of the file. They may use variables of the environment and earlier constants.
    pub variables: Vec<(TextId, ExprId)>,
    /// The database that queries of templates and Python mean when they name none.
    pub default_source: Option<SourceId>,
    /// Flows that a run may start with. Never empty; the first one is the default.
    pub entries: Vec<FlowId>,
}

impl Default for Project {
    fn default() -> Self {
        Self { name: TextId(0), variables: Vec::new(), default_source: None, entries: Vec::new() }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// The path in `flows/` without `.yaml`, with `/` between folders. Unique in the plan.
    pub name: TextId,
    pub description: Option<TextId>,
    pub parameters: Vec<Parameter>,
    pub body: BlockId,
    pub span: SpanId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    pub name: TextId,
    /// The caller must give a value where there is no default.
    pub default: Option<ExprId>,
}

/// One line of a project file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLine {
    pub file: TextId,
    pub line: u32,
    pub text: TextId,
}

/// Lookups by id. Ids of a validated plan are always in range; an id from elsewhere panics like any index.
impl Plan {
    #[must_use]
    pub fn text(&self, id: TextId) -> &str {
        &self.texts[id.index()]
    }
    #[must_use]
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.index()]
    }
    #[must_use]
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.index()]
    }
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }
    #[must_use]
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.index()]
    }
    #[must_use]
    pub fn flow(&self, id: FlowId) -> &Flow {
        &self.flows[id.index()]
    }
    #[must_use]
    pub fn source(&self, id: SourceId) -> &Source {
        &self.sources[id.index()]
    }
    #[must_use]
    pub fn span(&self, id: SpanId) -> &Span {
        &self.spans[id.index()]
    }

    /// The flow of that name.
    #[must_use]
    pub fn flow_named(&self, name: &str) -> Option<FlowId> {
        (0u32..).zip(&self.flows).find(|(_, f)| self.text(f.name) == name).map(|(i, _)| FlowId(i))
    }

    /// The source of that name.
    #[must_use]
    pub fn source_named(&self, name: &str) -> Option<SourceId> {
        (0u32..).zip(&self.sources).find(|(_, s)| self.text(s.name) == name).map(|(i, _)| SourceId(i))
    }

    /// The text of a line that run-time errors quote, where the plan carries it.
    #[must_use]
    pub fn line(&self, file: TextId, line: u32) -> Option<&str> {
        self.lines.iter().find(|l| l.file == file && l.line == line).map(|l| self.text(l.text))
    }
}
