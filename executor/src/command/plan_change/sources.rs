//! Sources that a run has something in: another address would lead past it.

use std::collections::BTreeSet;

use sequor_plan_format::refs::{Ref, Refs};
use sequor_plan_format::{Expr, ExprId, Op, Plan, SourceId};

use crate::journal::restore::Restored;

pub(super) struct Held<'a> {
    plan: &'a Plan,
    sources: BTreeSet<SourceId>,
}

impl<'a> Held<'a> {
    /// Databases with markers or staging tables of the run, and services that a running step talks to.
    pub(super) fn new(plan: &'a Plan, restored: &Restored) -> Self {
        let mut sources = restored.effects.targets().clone();
        for open in restored.progress.state.open_frames() {
            sources.extend(restored.effects.tables_of(open.activation).iter().map(|table| table.source));
            if let Op::HttpRequest(op) = &plan.node(open.node).op {
                sources.extend(op.request.source);
            }
        }
        Self { plan, sources }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.plan.source_named(name).is_some_and(|source| self.sources.contains(&source))
    }

    /// A source whose address or credentials use a constant of the project, itself or through other constants.
    pub(super) fn by_variable(&self, name: &str) -> Option<&'a str> {
        let uses = |source: &&SourceId| self.names(self.plan.source(**source)).is_none_or(|names| names.contains(name));
        self.sources.iter().find(uses).map(|source| self.plan.text(self.plan.source(*source).name))
    }

    /// The variables that a payload uses, with those that constants among them use; `None` where it asks for variables by computed names.
    fn names(&self, payload: &dyn Refs) -> Option<BTreeSet<&'a str>> {
        let mut names = BTreeSet::new();
        let mut open: Vec<ExprId> = Vec::new();
        let expressions = |payload: &dyn Refs, open: &mut Vec<ExprId>| {
            payload.refs(&mut |r| {
                if let Ref::Expr(expr) = r {
                    open.push(expr);
                }
            });
        };
        expressions(payload, &mut open);
        while let Some(id) = open.pop() {
            let expr = self.plan.expr(id);
            expressions(expr, &mut open);
            let used = match expr {
                Expr::Var(name) => std::slice::from_ref(name),
                Expr::Jinja { code, .. } | Expr::Python { code, .. } if code.computed_variables => return None,
                Expr::Jinja { code, .. } | Expr::Python { code, .. } => &code.variables,
                _ => &[],
            };
            for name in used {
                let name = self.plan.text(*name);
                if names.insert(name) {
                    let constants = self.plan.project.variables.iter().filter(|(constant, _)| self.plan.text(*constant) == name);
                    open.extend(constants.map(|(_, value)| *value));
                }
            }
        }
        Some(names)
    }
}
