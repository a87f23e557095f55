//! What a step reads and writes.

use std::collections::BTreeSet;

use sequor_plan_format::manifest::Access;
use sqlparser::ast::Statement;

use crate::diagnostic::Span;
use crate::op::Op;
use crate::op::assert::Check;
use crate::op::copy::Origin;
use crate::snippet::expression::Expression;
use crate::sql::outline::Outline;
use crate::sql::schema::{Effect, effect};
use crate::syntax::visit::Visitor;
use crate::syntax::{Flow, Rows, SourceRef, Step, TableRef};
use crate::tables::{Catalog, Key};

/// What a step reads and writes, with the steps in it.
pub(super) struct Uses<'w, 'p> {
    pub(super) flow: &'p Flow,
    pub(super) catalog: &'w Catalog<'p>,
    pub(super) reads: Vec<(Key, Span)>,
    pub(super) writes: BTreeSet<Key>,
    pub(super) queries: Vec<(std::rc::Rc<Outline>, &'p str)>,
    pub(super) outlines: Vec<(&'p Outline, &'p str)>,
    pub(super) unsure: bool,
}

impl<'p> Visitor<'p> for Uses<'_, 'p> {
    fn enter_step(&mut self, step: &'p Step) {
        match &step.op {
            Op::RunFlow(_) => self.unsure = true,
            Op::Execute(op) => {
                let Some(source) = self.catalog.source(op.source.name()) else { return };
                for statement in &op.statements {
                    let Some(outline) = self.flow.sql.get(&statement.span.start) else {
                        self.unsure = true;
                        continue;
                    };
                    self.reads(outline, source);
                    match effect(outline) {
                        Effect::Changes(changes) => {
                            self.writes.extend(changes.iter().map(|c| self.catalog.key(source, c.schema.as_deref(), &c.name)));
                        }
                        Effect::Hidden | Effect::Anything => self.unsure = true,
                    }
                    self.unsure |= matches!(outline.statement.as_deref(), Some(Statement::Drop { .. }));
                }
            }
            Op::Transform(op) => self.sql(&op.source, &op.query),
            Op::Copy(op) => {
                if let Origin::Query { source, sql } = &op.from {
                    self.sql(source, sql);
                }
            }
            Op::Assert(op) => {
                if let Check::Query { source, query, .. } = &op.check {
                    self.sql(source, query);
                }
            }
            Op::ForEach(op) => self.rows(&op.rows),
            Op::HttpRequest(op) => {
                if let Some(for_each) = &op.for_each {
                    self.rows(&for_each.rows);
                }
            }
            _ => {}
        }
    }

    fn table(&mut self, table: &'p TableRef, access: Access) {
        match (self.catalog.key_of(table), access) {
            (Some(key), Access::Read) => self.reads.push((key, table.name.span.clone())),
            (Some(key), _) => {
                self.writes.insert(key);
            }
            (None, _) => self.unsure |= access != Access::Read,
        }
    }

    fn parser(&mut self, parser: &'p Expression, declared: bool) {
        self.unsure |= !declared && (!parser.uses().tables.is_empty() || parser.uses().texts.iter().any(|t| t == "tables"));
    }

    fn expression(&mut self, expression: &'p Expression) {
        if let Some(outline) = self.flow.sql.get(&expression.span.start)
            && outline.statement.is_none()
        {
            self.unsure |= outline.has_templates();
        }
        for query in &expression.uses().queries {
            let query = self.catalog.query(query.source.as_deref(), &query.sql.name, &query.sql.span);
            let Some((outline, source)) = query else { continue };
            self.reads(&outline, source);
            self.queries.push((outline, source));
        }
    }
}

impl<'p> Uses<'_, 'p> {
    fn rows(&mut self, rows: &'p Rows) {
        if let Rows::Query { source, sql } = rows {
            self.sql(source, sql);
        }
    }

    fn sql(&mut self, source: &'p SourceRef, sql: &Expression) {
        if let (Some(outline), Some(source)) = (self.flow.sql.get(&sql.span.start), self.catalog.source(source.name())) {
            self.reads(outline, source);
            self.outlines.push((outline, source));
        }
    }

    fn reads(&mut self, outline: &Outline, source: &'p str) {
        let looked = self.catalog.look(outline, source);
        let named = looked.tables.iter().map(|(schema, name, at)| (self.catalog.key(source, schema.as_deref(), name), at.clone()));
        self.reads.extend(named);
    }
}
