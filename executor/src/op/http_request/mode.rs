//! How the replies of an op survive a crash.

use std::collections::BTreeSet;

use sequor_plan_format::op::HttpRequest;
use sequor_plan_format::refs::Refs as _;
use sequor_plan_format::{Expr, ExprId, Plan, SourceId};

/// What is decided once for an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mode {
    /// Replies are durable before they are read: they could not be had again, or they are read once more after a crash. Otherwise a request is made again,
    /// and what came of a reply is committed together with its rows.
    pub(super) recorded: bool,
    /// Something that is evaluated after the rows are loaded may look for them in a database.
    pub(super) queries: bool,
    /// Something that is evaluated for each request or reply may look into a database, and finds the rows of the replies before.
    pub(super) looks: bool,
}

impl Mode {
    pub(super) fn of(plan: &Plan, op: &HttpRequest) -> Self {
        let repeatable = op.request.idempotent || op.request.method.is_idempotent();
        let after = op.response.variables.iter().map(|assign| assign.value).chain(op.response.repeat);
        let queries = after.into_iter().any(|expr| may_query(plan, expr));
        let looks = op.child_exprs().into_iter().any(|expr| may_query(plan, expr));
        Self { recorded: !repeatable || queries || fills_several_databases(plan, op), queries, looks }
    }
}

fn fills_several_databases(plan: &Plan, op: &HttpRequest) -> bool {
    let declared: BTreeSet<SourceId> = op.response.tables.iter().map(|table| table.table.source).collect();
    // A parser may name any database of the plan.
    let computed = op.response.parser.is_some() && declared.is_empty();
    declared.len() > 1 || (computed && plan.sources.iter().filter(|source| source.kind.is_database()).count() > 1)
}

fn may_query(plan: &Plan, expr: ExprId) -> bool {
    let mut open = vec![expr];
    while let Some(id) = open.pop() {
        let expr = plan.expr(id);
        match expr {
            Expr::QueryValue { .. } | Expr::Query { .. } => return true,
            Expr::Jinja { code, .. } | Expr::Python { code, .. } if code.queries => return true,
            _ => open.extend(expr.child_exprs()),
        }
    }
    false
}
