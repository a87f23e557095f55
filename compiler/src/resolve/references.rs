//! What one flow names: other flows and sources.

use std::collections::BTreeSet;

use crate::diagnostic::Span;
use crate::op::run_flow::RunFlow;
use crate::snippet::expression::{Expression, Kind as Expr};
use crate::source::Kind;
use crate::syntax::visit::{Visitor, Wanted};
use crate::syntax::{SourceIndex, SourceRef};

#[derive(Debug)]
pub(super) struct References<'p> {
    pub(super) calls: Vec<&'p RunFlow>,
    pub(super) sources: Vec<(SourceRef, Wanted)>,
    /// Databases that parsers may give tables for.
    pub(super) parser_sources: BTreeSet<&'p str>,
    /// Snippets that query a source whose name they compute.
    pub(super) computed: Vec<&'p Span>,
    index: &'p SourceIndex,
}

impl<'p> References<'p> {
    pub(super) fn new(index: &'p SourceIndex) -> Self {
        Self { calls: Vec::new(), sources: Vec::new(), parser_sources: BTreeSet::new(), computed: Vec::new(), index }
    }

    fn databases(&self) -> impl Iterator<Item = &'p str> + use<'p> {
        self.index.kinds.iter().filter(|(_, kind)| kind.is_some_and(Kind::is_database)).map(|(name, _)| name.as_str())
    }
}

impl<'p> Visitor<'p> for References<'p> {
    fn call(&mut self, call: &'p RunFlow) {
        self.calls.push(call);
    }

    fn source(&mut self, source: &'p SourceRef, wanted: Wanted) {
        self.sources.push((source.clone(), wanted));
    }

    fn expression(&mut self, expression: &'p Expression) {
        let uses = expression.uses();
        for source in &uses.query_sources {
            let source = source.clone().map_or_else(|| SourceRef::Default(expression.span.clone()), SourceRef::Named);
            self.sources.push((source, Wanted::Database));
        }
        if uses.computed_sources {
            self.parser_sources.extend(self.databases());
            self.computed.push(&expression.span);
        }
    }

    /// The databases that a parser names among its texts; every one where it gives tables and names none that the flow declares.
    fn parser(&mut self, parser: &'p Expression, declared: bool) {
        let uses = parser.uses();
        let named: Vec<&str> = self.databases().filter(|d| uses.texts.iter().any(|t| t == d)).collect();
        let gives_tables = match &parser.kind {
            Expr::Python { code, .. } => code.text.contains("tables"),
            _ => uses.texts.iter().any(|t| t == "tables"),
        };
        if named.is_empty() && gives_tables && !declared {
            self.parser_sources.extend(self.databases());
        } else {
            self.parser_sources.extend(named);
        }
    }
}
