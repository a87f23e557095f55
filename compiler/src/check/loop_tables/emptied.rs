//! C312 for a table that a loop empties or drops before it adds to it.

use sqlparser::ast::{ObjectName, ObjectType, Statement, TableObject};

use super::body::Body;
use crate::check::effects::unguarded;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::execute::Execute;
use crate::sql::outline::Outline;
use crate::syntax::Step;
use crate::tables::Key;

impl<'p> super::Rule<'_, 'p, '_> {
    /// Looks at the steps that every turn comes to.
    pub(super) fn emptied(&mut self, step: &'p Step, steps: &'p [Step], body: &Body<'p>) {
        let executes = steps.iter().filter(|step| step.when.is_none()).filter_map(|step| match &step.op {
            Op::Execute(op) => Some(op),
            _ => None,
        });
        let read: Vec<_> = executes.flat_map(|op| self.read(op)).collect();
        for (op, outline, statement) in read {
            let Some((name, what)) = empties(statement) else { continue };
            let Some((key, shown)) = self.catalog.source(op.source.name()).and_then(|s| self.catalog.key_in_sql(name, outline, s)) else {
                continue;
            };
            let at = outline.span_of(0, outline.text.trim_end().lines().next().map_or(0, str::len));
            let Some(added) = self.added_behind(body, &key, at.start) else { continue };
            if body.reads(&shown) || !self.told.insert(at.start) {
                continue;
            }
            let message = format!("each turn of this loop {what} '{shown}', so that only the rows of the last turn are left");
            self.faults.push(
                Diagnostic::warning("C312", at, message)
                    .also(added, "rows are added here")
                    .also(step.span.clone(), "the loop")
                    .help("do it once before the loop"),
            );
        }
    }

    fn read(&self, op: &'p Execute) -> Vec<(&'p Execute, &'p Outline, &'p Statement)> {
        let outlines = op.statements.iter().filter_map(|statement| self.flow.sql.get(&statement.span.start));
        outlines.filter_map(|outline| Some((op, outline, outline.statement.as_deref()?))).collect()
    }

    /// Where rows are added to the table after that place.
    fn added_behind(&self, body: &Body<'p>, key: &Key, start: u32) -> Option<Span> {
        let by_keys = body.written.iter().filter(|(_, creates)| !creates).map(|(table, _)| *table);
        let by_keys = by_keys.filter(|table| self.catalog.key_of(table).as_ref() == Some(key)).map(|table| table.name.span.clone());
        let by_sql = body.statements.iter().flat_map(|op| self.read(op)).filter_map(|(op, outline, statement)| {
            let Statement::Insert(insert) = statement else { return None };
            let TableObject::TableName(name) = &insert.table else { return None };
            let (found, _) = self.catalog.key_in_sql(name, outline, self.catalog.source(op.source.name())?)?;
            (found == *key).then(|| outline.span_of(0, 6))
        });
        by_keys.chain(by_sql).find(|at| at.start > start)
    }
}

fn empties(statement: &Statement) -> Option<(&ObjectName, &'static str)> {
    match statement {
        Statement::Drop { object_type: ObjectType::Table, names, .. } => Some((names.first()?, "drops")),
        Statement::Truncate(truncate) => Some((&truncate.table_names.first()?.name, "empties")),
        _ => match unguarded(statement)? {
            ("DELETE", name) => Some((name?, "empties")),
            _ => None,
        },
    }
}
