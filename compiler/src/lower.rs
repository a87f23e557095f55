//! The resolved project to a plan. Reports nothing: what could not be lowered has been refused before.
//!
//! Ids follow the order of the resolved lists, and every list is in a fixed order, so the same text gives the same plan.

mod hosts;
mod lines;
mod manifest;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sequor_plan_format as plan;
use sequor_plan_format::{BlockId, Expr, ExprId, FlowId, Node, NodeId, Plan, PlanBuilder, SourceId, SpanId, TextId, Value};

use crate::compile::Parsed;
use crate::diagnostic::{SourceFile, Span};
use crate::resolve::Resolved;
use crate::snippet;
use crate::snippet::expression::{Expression, Named};
use crate::source::Definition;
use crate::syntax::{Assign, Flow, Rows, SourceRef, Step, TableRef};

/// A name without an id: an earlier step let it pass.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' was not resolved")]
pub struct Unresolved(String);

/// Lowers the reached flows. `needed` are the variables that must come from outside of the project.
pub(crate) fn lower(
    parsed: &Parsed,
    resolved: &Resolved<'_>,
    needed: &BTreeSet<String>,
    files: &BTreeMap<&str, &Arc<SourceFile>>,
) -> Result<Plan, Unresolved> {
    let mut lowering = Lowering { builder: PlanBuilder::new(), resolved, python: Vec::new(), snippets: 0 };
    lowering.project(parsed);
    for source in &resolved.sources {
        let source = source.lower(&mut lowering);
        lowering.builder.source(source);
    }
    for flow in &resolved.flows {
        lowering.add_flow(flow)?;
    }
    let Lowering { mut builder, python, .. } = lowering;
    lines::fill(&mut builder, files);
    manifest::fill(&mut builder, resolved, needed, python);
    Ok(builder.finish())
}

/// The plan while it is filled.
pub struct Lowering<'r> {
    builder: PlanBuilder,
    resolved: &'r Resolved<'r>,
    /// Nodes with Python, once for each snippet.
    python: Vec<NodeId>,
    /// Python snippets of the node that is being lowered.
    snippets: usize,
}

impl Lowering<'_> {
    pub(crate) fn text(&mut self, text: &str) -> TextId {
        self.builder.text(text)
    }

    pub(crate) fn span(&mut self, span: &Span) -> SpanId {
        snippet::span(span, &mut self.builder)
    }

    pub(crate) fn expr(&mut self, expression: &Expression) -> ExprId {
        let before = self.builder.plan().exprs.len();
        let id = snippet::lower(expression, &mut self.builder, self.resolved);
        self.snippets += self.builder.plan().exprs[before..].iter().filter(|e| matches!(e, Expr::Python { .. })).count();
        id
    }

    pub(crate) fn optional(&mut self, expression: Option<&Expression>) -> Option<ExprId> {
        expression.map(|e| self.expr(e))
    }

    pub(crate) fn source(&self, source: &SourceRef) -> Result<SourceId, Unresolved> {
        self.resolved.source_of(source).ok_or_else(|| Unresolved(source.name().unwrap_or("the default source").to_owned()))
    }

    /// What the source file says; `None` where it could not be read.
    pub(crate) fn definition(&self, source: &SourceRef) -> Option<&Definition> {
        let id = self.resolved.source_of(source)?;
        self.resolved.sources.get(id.index()).map(|source| &source.definition)
    }

    pub(crate) fn flow(&self, flow: &Named) -> Result<FlowId, Unresolved> {
        self.resolved.flow(&flow.name).ok_or_else(|| Unresolved(flow.name.clone()))
    }

    pub(crate) fn table(&mut self, table: &TableRef) -> Result<plan::op::Table, Unresolved> {
        Ok(plan::op::Table {
            source: self.source(&table.source)?,
            database: self.optional(table.database.as_ref()),
            namespace: self.optional(table.namespace.as_ref()),
            name: self.expr(&table.name),
        })
    }

    pub(crate) fn rows(&mut self, rows: &Rows) -> Result<plan::op::Rows, Unresolved> {
        Ok(match rows {
            Rows::Table(table) => plan::op::Rows::Table(self.table(table)?),
            Rows::Query { source, sql } => plan::op::Rows::Query { source: self.source(source)?, sql: self.expr(sql) },
            Rows::Items(items) => plan::op::Rows::Items(self.expr(items)),
        })
    }

    pub(crate) fn assigns(&mut self, assigns: &[Assign]) -> Vec<plan::op::Assign> {
        assigns.iter().map(|a| plan::op::Assign { name: self.text(&a.name.name), scope: a.scope, value: self.expr(&a.value) }).collect()
    }

    /// The depth of steps is bounded by the YAML reader.
    pub(crate) fn block(&mut self, steps: &[Step]) -> Result<BlockId, Unresolved> {
        let mut ids: BTreeSet<String> = steps.iter().filter_map(|s| s.id.as_ref()).map(|id| id.name.clone()).collect();
        let mut nodes = Vec::with_capacity(steps.len());
        for (position, step) in steps.iter().enumerate() {
            let id = match &step.id {
                Some(id) => id.name.clone(),
                None => generated_id(step.op.name(), position + 1, &mut ids),
            };
            nodes.push(self.node(step, &id)?);
        }
        Ok(self.builder.block(nodes))
    }

    fn node(&mut self, step: &Step, id: &str) -> Result<NodeId, Unresolved> {
        let outer = std::mem::take(&mut self.snippets);
        let when = self.optional(step.when.as_ref());
        let retry = step.retry.as_ref().map(|retry| plan::Retry {
            attempts: retry.attempts,
            kinds: retry.kinds.iter().map(|kind| self.text(&kind.name)).collect(),
            backoff: retry.backoff,
            delay_ms: retry.delay_ms,
            max_delay_ms: retry.max_delay_ms,
        });
        let op = step.op.lower(self)?;
        let node = Node {
            id: self.text(id),
            title: step.title.as_ref().map(|t| self.text(t)),
            span: self.span(&step.span),
            when,
            retry,
            timeout_ms: step.timeout_ms,
            replay: step.op.replay(),
            op,
        };
        let node = self.builder.node(node);
        self.python.extend(std::iter::repeat_n(node, self.snippets));
        self.snippets = outer;
        Ok(node)
    }

    fn add_flow(&mut self, flow: &Flow) -> Result<(), Unresolved> {
        let parameters = flow
            .parameters
            .iter()
            .flatten()
            .map(|p| plan::Parameter { name: self.text(&p.name.name), default: self.optional(p.default.as_ref()) })
            .collect();
        let body = self.block(&flow.steps)?;
        let flow = plan::Flow {
            name: self.text(&flow.name),
            description: flow.description.as_ref().map(|d| self.text(d)),
            parameters,
            body,
            span: self.span(&flow.span),
        };
        self.builder.flow(flow);
        Ok(())
    }

    fn project(&mut self, parsed: &Parsed) {
        let name = self.text(&parsed.settings.name);
        let variables = parsed.settings.variables.iter().map(|(n, v)| (self.text(&n.name), self.expr(v))).collect();
        self.builder.plan_mut().project = plan::plan::Project {
            name,
            variables,
            default_source: crate::snippet::Names::source(self.resolved, None),
            entries: self.resolved.entries.clone(),
        };
    }
}

/// `op_N` by position in its block, and longer where a step has that id already.
fn generated_id(op: &str, position: usize, taken: &mut BTreeSet<String>) -> String {
    let mut id = format!("{op}_{position}");
    while !taken.insert(id.clone()) {
        id.push('_');
    }
    id
}

/// The literal text of an expression, where it is one.
fn literal(plan: &Plan, expr: ExprId) -> Option<TextId> {
    match plan.expr(expr) {
        Expr::Const(value) => match plan.value(*value) {
            Value::Text(text) => Some(*text),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) | Value::List(_) | Value::Map(_) => None,
        },
        _ => None,
    }
}
