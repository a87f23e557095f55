//! Q727: the rows that a loop works off are marked as what they are already, and come again.

use crate::diagnostic::Diagnostic;
use crate::op::Op;
use crate::resolve::Resolved;
use crate::snippet::expression::Expression;
use crate::sql::marks::{self, Mark};
use crate::syntax::{Flow, Rows, Step};
use crate::tables::Catalog;

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
            Op::WhileLoop(op) => of_condition(&op.condition, catalog, asked),
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
