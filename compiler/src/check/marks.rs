//! Q727: the rows that a loop works off are marked as what they are already, and come again.

use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::while_loop::WhileLoop;
use crate::resolve::Resolved;
use crate::snippet::expression::Expression;
use crate::sql::marks::{self, Mark};
use crate::syntax::{Flow, Rows, Step};
use crate::tables::{Catalog, text};

pub(super) fn check(resolved: &Resolved<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        block(&flow.steps, flow, catalog, &mut Vec::new(), faults);
    }
}

/// The depth of steps is bounded by the YAML reader.
fn block(steps: &[Step], flow: &Flow, catalog: &Catalog<'_>, asked: &mut Vec<Mark>, faults: &mut Vec<Diagnostic>) {
    for step in steps {
        let before = asked.len();
        match &step.op {
            Op::ForEach(op) => of_rows(&op.rows, flow, asked),
            Op::WhileLoop(op) => {
                of_condition(&op.condition, catalog, asked);
                faults.extend(never_done(op, flow, catalog));
            }
            Op::Execute(op) => {
                for outline in op.statements.iter().filter_map(|s| flow.sql.get(&s.span.start)) {
                    for (mark, at) in marks::set(outline) {
                        if asked.contains(&mark) {
                            let message =
                                format!("the loop goes over rows with {} = {}, and this sets it again", mark.column, mark.literal);
                            let fault = Diagnostic::warning("Q727", at, message);
                            faults.push(fault.help("set the value that says that the row is done: the rows come again otherwise"));
                        }
                    }
                }
            }
            _ => {}
        }
        for inner in step.op.blocks() {
            block(inner, flow, catalog, asked, faults);
        }
        asked.truncate(before);
    }
}

/// A loop that goes on as long as rows have a mark, and changes other columns of them alone.
fn never_done(op: &WhileLoop, flow: &Flow, catalog: &Catalog<'_>) -> Option<Diagnostic> {
    let [query] = op.condition.uses().queries.as_slice() else { return None };
    let (outline, _) = catalog.query(query.source.as_deref(), &query.sql.name, &query.sql.span)?;
    let mark = marks::selected(&outline).into_iter().next()?;
    let asked = outline.text.to_lowercase();
    let mut writes = Vec::new();
    if !only_updates(&op.steps, flow, &mark.table, &mut writes) {
        return None;
    }
    // Another column that the condition looks at may be what ends the loop.
    if writes.iter().any(|(column, _)| asked.contains(column.as_str())) {
        return None;
    }
    let (column, at) = writes.into_iter().next()?;
    let message =
        format!("the loop goes on while rows have {} = {}, and its rounds change '{column}' of them alone", mark.column, mark.literal);
    let fault = Diagnostic::warning("Q727", at, message).also(op.condition.span.clone(), "this is asked before each round");
    Some(fault.help(format!("set '{}' of the rows that are done as well", mark.column)))
}

/// Gathers the columns of a table that steps update; `false` where anything else may change its rows. The depth of steps is bounded by the YAML reader.
fn only_updates(steps: &[Step], flow: &Flow, table: &str, found: &mut Vec<(String, Span)>) -> bool {
    let is_it = |name: &Expression| text(name).is_none_or(|name| name.eq_ignore_ascii_case(table));
    steps.iter().all(|step| {
        let own = match &step.op {
            Op::Execute(op) => op.statements.iter().all(|sql| match flow.sql.get(&sql.span.start) {
                Some(outline) => match marks::updated(outline) {
                    Some((updated, columns)) => {
                        if updated == table {
                            found.extend(columns);
                        }
                        true
                    }
                    None => !outline.text.to_lowercase().contains(table),
                },
                None => false,
            }),
            Op::RunFlow(_) | Op::Leave(_) => false,
            Op::Transform(op) => !is_it(&op.target.name),
            Op::Copy(op) => !is_it(&op.target.name),
            Op::HttpRequest(op) => op.response.tables.iter().all(|t| !is_it(&t.table.name)),
            _ => true,
        };
        own && step.op.blocks().into_iter().all(|steps| only_updates(steps, flow, table, found))
    })
}

fn of_rows(rows: &Rows, flow: &Flow, asked: &mut Vec<Mark>) {
    if let Rows::Query { sql, .. } = rows
        && let Some(outline) = flow.sql.get(&sql.span.start)
    {
        asked.extend(marks::selected(outline));
    }
}

fn of_condition(condition: &Expression, catalog: &Catalog<'_>, asked: &mut Vec<Mark>) {
    for query in &condition.uses().queries {
        if let Some((outline, _)) = catalog.query(query.source.as_deref(), &query.sql.name, &query.sql.span) {
            asked.extend(marks::selected(&outline));
        }
    }
}
