//! What a run depends on beside its steps: sources that it has something in, constants that steps read in the middle of their work.

use std::collections::BTreeSet;

use sequor_plan_format::path::node_path;
use sequor_plan_format::refs::Refs;
use sequor_plan_format::{Expr, NodeId, Op, Plan, SourceId};

use super::standing::{Standing, Standings};
use crate::journal::restore::Restored;

pub(super) struct Held<'a> {
    plan: &'a Plan,
    /// Databases with markers or staging tables of the run.
    targets: BTreeSet<SourceId>,
    /// Those among them that steps have written to, and services that a running step talks to.
    used: BTreeSet<SourceId>,
    /// Steps that evaluate their expressions again: for the next page, the next round.
    at_work: Vec<NodeId>,
    /// One of them has templates or Python that may query the default source.
    queries_default: bool,
}

impl<'a> Held<'a> {
    pub(super) fn new(plan: &'a Plan, restored: &Restored, standings: &Standings<'_>) -> Self {
        let targets = restored.effects.targets().clone();
        let mut used = BTreeSet::new();
        for (node, standing) in standings.all().filter(|(_, standing)| !standing.is_free()) {
            match &plan.node(node).op {
                Op::Transform(op) => {
                    used.insert(op.target.source);
                }
                Op::Copy(op) => {
                    used.insert(op.target.source);
                }
                Op::Execute(op) => {
                    used.insert(op.source);
                }
                Op::HttpRequest(op) => {
                    used.extend(op.request.source.filter(|_| standing == Standing::Running));
                    used.extend(op.response.tables.iter().map(|table| table.table.source));
                    // A parser may name any database of the plan.
                    if op.response.parser.is_some() {
                        used.extend(&targets);
                    }
                }
                Op::SetVariable(_)
                | Op::Print(_)
                | Op::Fail(_)
                | Op::Sleep(_)
                | Op::Assert(_)
                | Op::Leave(_)
                | Op::IfElse(_)
                | Op::WhileLoop(_)
                | Op::ForEach(_)
                | Op::TryCatch(_)
                | Op::Parallel(_)
                | Op::Block(_)
                | Op::RunFlow(_) => {}
            }
        }
        let again = |(node, standing): &(NodeId, Standing)| match standing {
            Standing::Running => evaluates_again(&plan.node(*node).op) || standings.rounds_of(*node).is_some(),
            Standing::Done => standings.rounds_of(*node).is_some(),
            Standing::NotStarted | Standing::Skipped | Standing::Stopped => false,
        };
        let at_work: Vec<NodeId> = standings.all().filter(again).map(|(node, _)| node).collect();
        let queries_default = at_work.iter().any(|node| may_query(plan, plan.node(*node)));
        Self { plan, targets, used, at_work, queries_default }
    }

    /// Whether a source must stay: the run has left something there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.plan.source_named(name).is_some_and(|source| self.targets.contains(&source))
    }

    /// Whether what a running step does may depend on the default source.
    pub(super) fn queries_default(&self) -> bool {
        self.queries_default
    }

    /// Why a constant of the project must stay as it is.
    pub(super) fn by_variable(&self, name: &str) -> Option<String> {
        let uses = |payload: &dyn Refs| self.names(payload).is_none_or(|names| names.contains(name));
        if let Some(source) = self.used.iter().map(|source| self.plan.source(*source)).find(|source| uses(*source)) {
            return Some(format!("source '{}' is in use by this run, and what it says depends on it", self.plan.text(source.name)));
        }
        let step = self.at_work.iter().find(|node| uses(self.plan.node(**node)))?;
        Some(format!("{} uses it, and has done a part of its work with the old value", node_path(self.plan, *step)))
    }

    /// The variables that a payload uses, with those that constants among them use; `None` where it asks for variables by computed names.
    fn names(&self, payload: &dyn Refs) -> Option<BTreeSet<&'a str>> {
        let mut names = BTreeSet::new();
        let mut open = payload.child_exprs();
        while let Some(id) = open.pop() {
            let expr = self.plan.expr(id);
            open.extend(expr.child_exprs());
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

/// Whether text among the expressions of a payload runs queries, whose source it may leave out.
fn may_query(plan: &Plan, payload: &dyn Refs) -> bool {
    let mut open = payload.child_exprs();
    while let Some(id) = open.pop() {
        let expr = plan.expr(id);
        match expr {
            Expr::Jinja { code, .. } | Expr::Python { code, .. } if code.queries => return true,
            _ => open.extend(expr.child_exprs()),
        }
    }
    false
}

/// Whether a step that has begun evaluates more of its expressions until it ends.
fn evaluates_again(op: &Op) -> bool {
    match op {
        Op::HttpRequest(_)
        | Op::Transform(_)
        | Op::Copy(_)
        | Op::Execute(_)
        | Op::SetVariable(_)
        | Op::Print(_)
        | Op::Fail(_)
        | Op::Sleep(_)
        | Op::Assert(_)
        | Op::Leave(_)
        | Op::WhileLoop(_) => true,
        // What they evaluate they have evaluated before they run other steps.
        Op::IfElse(_) | Op::ForEach(_) | Op::TryCatch(_) | Op::Parallel(_) | Op::Block(_) | Op::RunFlow(_) => false,
    }
}
