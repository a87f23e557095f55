//! The manifest: gathered from the finished arenas, sorted by text.

use std::collections::BTreeSet;

use sequor_plan_format::manifest::{Access, TableUse};
use sequor_plan_format::op::copy::From;
use sequor_plan_format::op::{Rows, Table, WriteMode};
use sequor_plan_format::{Expr, ExprId, Manifest, NodeId, Op, Plan, PlanBuilder, Replay, SourceId, SourceKind, TextId};

use super::hosts::{self, Host};
use super::literal;
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Kind};
use crate::syntax::visit::{self, Visitor};

pub(super) fn fill(builder: &mut PlanBuilder, resolved: &Resolved<'_>, needed: &BTreeSet<String>, mut python: Vec<NodeId>) {
    let mut gathered = Gathered::default();
    let plan = builder.plan();
    for node in &plan.nodes {
        gathered.op(plan, &node.op);
    }
    for expr in &plan.exprs {
        match expr {
            Expr::Query { source, .. } | Expr::QueryValue { source, .. } => gathered.sql(*source),
            _ => {}
        }
    }
    gathered.snippets(resolved);
    let effects = (0..).map(NodeId).zip(&plan.nodes).filter(|(_, n)| n.replay != Replay::Pure).map(|(id, n)| (id, n.replay)).collect();
    python.sort();
    let mut names = |names: &BTreeSet<String>| -> Vec<TextId> { names.iter().map(|n| builder.text(n)).collect() };
    let hosts = names(&gathered.hosts);
    let variables = names(needed);
    let methods = gathered.methods.iter().map(|m| builder.text(m)).collect();
    let tables = gathered
        .tables
        .iter()
        .map(|(source, table, access)| TableUse { source: *source, table: table.as_ref().map(|t| builder.text(t)), access: *access })
        .collect();
    builder.plan_mut().manifest = Manifest { hosts, computed_hosts: gathered.computed_hosts, methods, tables, variables, python, effects };
}

#[derive(Debug, Default)]
struct Gathered {
    hosts: BTreeSet<String>,
    computed_hosts: bool,
    methods: BTreeSet<&'static str>,
    tables: BTreeSet<(SourceId, Option<String>, Access)>,
}

impl Gathered {
    fn op(&mut self, plan: &Plan, op: &Op) {
        match op {
            Op::HttpRequest(op) => {
                for request in std::iter::once(&op.request).chain(op.verify.as_ref().map(|verify| &verify.request)) {
                    self.methods.insert(request.method.name());
                    self.host(plan, request.url, request.source);
                }
                if let Some(for_each) = &op.for_each {
                    self.rows(plan, &for_each.rows);
                }
                for table in &op.response.tables {
                    self.table(plan, &table.table, written(table.write_mode));
                }
            }
            Op::Transform(op) => {
                self.sql(op.source);
                self.table(plan, &op.target, written(op.write_mode));
            }
            Op::Copy(op) => {
                match &op.from {
                    From::Table(from) => self.table(plan, from, Access::Read),
                    From::Query { source, .. } => self.sql(*source),
                }
                self.table(plan, &op.target, written(op.write_mode));
            }
            Op::Execute(op) => self.sql(op.source),
            Op::ForEach(op) => self.rows(plan, &op.rows),
            Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::Sleep(_)
            | Op::Assert(_)
            | Op::Leave(_)
            | Op::IfElse(_)
            | Op::WhileLoop(_)
            | Op::TryCatch(_)
            | Op::Parallel(_)
            | Op::Block(_)
            | Op::RunFlow(_) => {}
        }
    }

    fn host(&mut self, plan: &Plan, url: ExprId, source: Option<SourceId>) {
        let base = source.and_then(|s| match &plan.source(s).kind {
            SourceKind::Http(http) => http.base_url,
            SourceKind::Sqlite(_) | SourceKind::Postgres(_) => None,
        });
        let host = match (hosts::of(plan, url), base) {
            (Host::Relative, Some(base)) => hosts::of(plan, base),
            (host, _) => host,
        };
        match host {
            Host::Named(host) => {
                self.hosts.insert(host);
            }
            Host::Relative | Host::Computed => self.computed_hosts = true,
        }
    }

    fn rows(&mut self, plan: &Plan, rows: &Rows) {
        match rows {
            Rows::Table(table) => self.table(plan, table, Access::Read),
            Rows::Query { source, .. } => self.sql(*source),
            Rows::Items(_) => {}
        }
    }

    fn table(&mut self, plan: &Plan, table: &Table, access: Access) {
        let name = literal(plan, table.name).map(|t| plan.text(t).to_owned());
        self.tables.insert((table.source, name, access));
    }

    fn sql(&mut self, source: SourceId) {
        self.tables.insert((source, None, Access::Sql));
    }

    /// Queries and tables of snippets that are not native: the sources that they name, as far as they say it.
    fn snippets(&mut self, resolved: &Resolved<'_>) {
        let mut used = Snippets { resolved, gathered: self };
        for flow in &resolved.flows {
            visit::flow(flow, &mut used);
        }
    }
}

fn written(mode: WriteMode) -> Access {
    match mode {
        WriteMode::Create => Access::Create,
        WriteMode::Append => Access::Append,
    }
}

struct Snippets<'s, 'r> {
    resolved: &'r Resolved<'r>,
    gathered: &'s mut Gathered,
}

impl<'p> Visitor<'p> for Snippets<'_, '_> {
    fn expression(&mut self, expression: &'p Expression) {
        use crate::snippet::Names;
        for source in &expression.uses().query_sources {
            if let Some(id) = self.resolved.source(source.as_ref().map(|n| n.name.as_str())) {
                self.gathered.sql(id);
            }
        }
    }

    /// A parser that names its tables itself may create any table of the sources it names.
    fn parser(&mut self, parser: &'p Expression, declared: bool) {
        use crate::snippet::Names;
        let texts = &parser.uses().texts;
        let gives_tables = match &parser.kind {
            Kind::Python { code, .. } => code.text.contains("tables"),
            _ => texts.iter().any(|t| t == "tables"),
        };
        if declared || !gives_tables {
            return;
        }
        let named: Vec<SourceId> = texts.iter().filter_map(|t| self.resolved.source(Some(t))).collect();
        let databases = || self.resolved.sources.iter().filter(|s| s.is_database()).filter_map(|s| self.resolved.source(Some(&s.name)));
        let mut sources: Vec<SourceId> = databases().filter(|d| named.contains(d)).collect();
        if sources.is_empty() {
            sources = databases().collect();
        }
        self.gathered.tables.extend(sources.into_iter().map(|s| (s, None, Access::Create)));
    }
}
