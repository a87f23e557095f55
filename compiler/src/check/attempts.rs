//! H817: a step that begins anew when it is tried again sends no request twice that must not be. T912: and adds no row twice. S116: a call starts with a step that there is.

use std::collections::BTreeMap;

use sequor_plan_format::op::WriteMode;
use sqlparser::ast::{SetExpr, Statement, TableFactor, TableObject};

use super::overwrites::takes_missing;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::op::Op;
use crate::op::execute::Execute;
use crate::op::run_flow::RunFlow;
use crate::op::transform::Transform;
use crate::resolve::Resolved;
use crate::snippet::expression::Expression;
use crate::sql::outline::Outline;
use crate::syntax::fields::instead;
use crate::syntax::{Flow, Step, TableRef};
use crate::tables::{Catalog, text};

pub(super) fn check(resolved: &Resolved<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    let flows = resolved.flows.iter().map(|flow| (flow.name.as_str(), *flow)).collect();
    for flow in &resolved.flows {
        steps(&flow.steps, &flows, faults);
        added(&flow.steps, &Added { flow, catalog }, faults);
    }
}

/// Flows by name.
type Flows<'p> = BTreeMap<&'p str, &'p Flow>;

/// The depth of steps is bounded by the YAML reader.
fn steps(list: &[Step], flows: &Flows<'_>, faults: &mut Vec<Diagnostic>) {
    for step in list {
        if let Some(retry) = &step.retry
            && let Some((request, method)) = step.op.blocks().into_iter().find_map(|block| sent_again(block, flows, flows.len()))
        {
            let message = format!("each attempt sends this {method} again, also where it has been sent");
            faults.push(Diagnostic::warning("H817", retry.span.clone(), message).also(request.clone(), format!("this {method}")).help(
                "put 'retry' on the request and on the steps that fail, or say 'idempotent: true' where sending it twice does no harm",
            ));
        }
        if let Op::RunFlow(call) = &step.op {
            faults.extend(flows.get(call.flow.name.as_str()).and_then(|flow| bad_start(call, flow)));
        }
        step.op.blocks().into_iter().for_each(|block| steps(block, flows, faults));
    }
}

/// What is asked about the tables of a flow.
struct Added<'r, 'p> {
    flow: &'p Flow,
    catalog: &'r Catalog<'p>,
}

/// T912: a block that begins anew adds the same rows once more.
fn added(list: &[Step], of: &Added<'_, '_>, faults: &mut Vec<Diagnostic>) {
    for step in list {
        if let (Some(retry), Op::Block(block)) = (&step.retry, &step.op)
            && let Some((at, name)) = of.again(&block.steps)
        {
            let message = format!("each attempt adds the rows to '{name}' again, also where they have been added");
            faults.push(Diagnostic::warning("T912", retry.span.clone(), message).also(at, "they are added here").help(
                "put 'retry' on the steps that fail, behind this one; or empty the table, or delete these rows, at the start of the block",
            ));
        }
        step.op.blocks().into_iter().for_each(|block| added(block, of, faults));
    }
}

impl Added<'_, '_> {
    /// The first table that gets rows more than once, where a step behind it may fail.
    fn again(&self, steps: &[Step]) -> Option<(Span, String)> {
        let fails = |step: &Step| !matches!(step.op, Op::Print(_) | Op::SetVariable(_) | Op::Sleep(_) | Op::Leave(_));
        let last = steps.iter().rposition(fails)?;
        // What is deleted or made anew first may be just these rows.
        let before = steps.iter().position(|step| self.removes(step)).unwrap_or(usize::MAX);
        steps.iter().enumerate().take(last).filter(|(i, _)| *i < before).find_map(|(_, step)| self.adds(step))
    }

    /// The table to which a step adds rows whatever is there, with the place that says so.
    fn adds(&self, step: &Step) -> Option<(Span, String)> {
        match &step.op {
            Op::Copy(op) if op.write_mode == WriteMode::Append => target(&op.target),
            Op::Transform(op) if op.write_mode == WriteMode::Append && !self.takes_missing(op) => target(&op.target),
            Op::Execute(op) => op.statements.iter().find_map(|sql| self.inserts(op, sql)),
            _ => None,
        }
    }

    /// An INSERT of values. A query may take only what is not there yet.
    fn inserts(&self, op: &Execute, sql: &Expression) -> Option<(Span, String)> {
        let outline = self.outline(sql)?;
        let Statement::Insert(insert) = outline.statement.as_deref()? else { return None };
        let TableObject::TableName(name) = &insert.table else { return None };
        let refuses = insert.on.is_some() || insert.or.is_some() || insert.replace_into;
        if refuses || !matches!(insert.source.as_ref()?.body.as_ref(), SetExpr::Values(_)) {
            return None;
        }
        let (_, shown) = self.catalog.key_in_sql(name, outline, self.catalog.source(op.source.name())?)?;
        let line = outline.text.trim_end().lines().next().map_or(0, str::len);
        Some((outline.span_of(0, line), shown))
    }

    /// The query takes only what the target does not have.
    fn takes_missing(&self, op: &Transform) -> bool {
        let (Some(outline), Some(source), Some(key)) =
            (self.outline(&op.query), self.catalog.source(op.source.name()), self.catalog.key_of(&op.target))
        else {
            return true;
        };
        let own = |factor: &TableFactor| match factor {
            TableFactor::Table { name, .. } => self.catalog.key_in_sql(name, outline, source).is_some_and(|(found, _)| found == key),
            _ => false,
        };
        takes_missing(outline, &own)
    }

    /// A step that deletes or drops something, or of which that is not known.
    fn removes(&self, step: &Step) -> bool {
        let Op::Execute(op) = &step.op else { return false };
        op.statements.iter().any(|sql| match self.outline(sql).and_then(|outline| outline.statement.as_deref()) {
            Some(statement) => matches!(statement, Statement::Delete(_) | Statement::Truncate { .. } | Statement::Drop { .. }),
            None => true,
        })
    }

    fn outline(&self, sql: &Expression) -> Option<&Outline> {
        self.flow.sql.get(&sql.span.start)
    }
}

fn target(table: &TableRef) -> Option<(Span, String)> {
    Some((table.name.span.clone(), text(&table.name)?.to_owned()))
}

/// The first request among the steps, and in flows that they call, that must not be sent twice. Calls in a circle are refused elsewhere: `depth` ends them.
fn sent_again<'p>(list: &'p [Step], flows: &Flows<'p>, depth: usize) -> Option<(&'p Span, &'static str)> {
    list.iter().find_map(|step| match &step.op {
        // An automatic key is another one with each attempt.
        Op::HttpRequest(op) if op.request.key.as_ref().is_none_or(|key| key.given.is_none()) && !op.request.may_be_repeated() => {
            Some((&step.span, op.request.method.name()))
        }
        Op::RunFlow(call) if depth > 0 => sent_again(&flows.get(call.flow.name.as_str())?.steps, flows, depth - 1),
        op => op.blocks().into_iter().find_map(|block| sent_again(block, flows, depth)),
    })
}

fn bad_start(call: &RunFlow, flow: &Flow) -> Option<Diagnostic> {
    let start = call.start.as_ref()?;
    let ids = || flow.steps.iter().filter_map(|step| step.id.as_ref()).map(|id| id.name.as_str());
    if ids().any(|id| id == start.name) {
        return None;
    }
    let fault = Diagnostic::error("S116", start.span.clone(), format!("flow '{}' has no step '{}' to start with", flow.name, start.name));
    let inside = |step: &&Step| step.op.blocks().into_iter().any(|block| holds(block, &start.name));
    Some(if let Some(around) = flow.steps.iter().find(inside) {
        fault
            .also(around.span.clone(), "it is inside of this step")
            .help("start with a step of the flow itself; those inside of others cannot be started with")
    } else if let Some(near) = did_you_mean(&start.name, ids()) {
        instead(fault, &start.name, near).help(format!("did you mean '{near}'?"))
    } else if ids().next().is_none() {
        fault.help("give the step an 'id'")
    } else {
        fault.help(format!("steps with an id: {}", ids().collect::<Vec<_>>().join(", ")))
    })
}

fn holds(list: &[Step], id: &str) -> bool {
    list.iter().any(|step| step.id.as_ref().is_some_and(|own| own.name == id) || step.op.blocks().into_iter().any(|block| holds(block, id)))
}
