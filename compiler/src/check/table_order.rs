//! T910: a table is there when it is read. C316: and no branch beside it makes it anew meanwhile.

use std::collections::BTreeMap;

use sequor_plan_format::manifest::Access;
use sqlparser::ast::{ObjectType, Statement};

use super::effects::read_by;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::parallel::Parallel;
use crate::resolve::Resolved;
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Flow, Step, TableRef};
use crate::tables::{Catalog, How, Key, Table};

pub(super) fn check(resolved: &Resolved<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    let before = faults.len();
    for flow in &resolved.flows {
        too_early(flow, catalog, faults);
        branches(flow, &flow.steps, catalog, faults);
    }
    // Of a table that has been dropped before, that is said.
    let place = |fault: &Diagnostic| fault.span.as_ref().map(|span| (span.file.path.clone(), span.start));
    let told: Vec<_> = faults.iter().take(before).filter(|f| f.code == "Q723").filter_map(place).collect();
    let own = faults.split_off(before);
    faults.extend(own.into_iter().filter(|fault| place(fault).is_none_or(|at| !told.contains(&at))));
}

/// Looks at tables that only this flow makes, and that it drops itself: they are not there when it begins.
fn too_early(flow: &Flow, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    let drops = drops(flow, catalog);
    if drops.is_empty() {
        return;
    }
    let mut told: Vec<Key> = Vec::new();
    for step in flow.steps.iter().filter(|step| step.when.is_none() && step.op.blocks().is_empty()) {
        for (key, name, at) in read_by(flow, std::slice::from_ref(step), catalog) {
            let (Some(table), Some(drop)) = (catalog.tables.get(&key), drops.get(&key)) else { continue };
            let (Some(first), Some(last)) = (first(table), table.writers.iter().map(|w| w.at.start).max()) else { continue };
            let own = table.writers.iter().all(|w| w.flow == flow.name && w.at.file.path == at.file.path && w.at.start > at.end);
            let is_gone = drop.iter().any(|drop| drop.start > last);
            if !own || !is_gone || catalog.is_hidden(&key) || told.contains(&key) {
                continue;
            }
            faults.push(
                Diagnostic::warning("T910", at, format!("there is no table '{name}' yet: only a later step makes it"))
                    .also(first.clone(), "it is made here")
                    .help("put the step that makes it before this one"),
            );
            told.push(key);
        }
    }
}

/// Where the table is made.
fn first<'t>(table: &'t Table<'_>) -> Option<&'t Span> {
    let made = table.writers.iter().filter(|w| w.how != How::Change);
    made.map(|w| &w.at).min_by_key(|at| at.start)
}

/// The tables that every run of the flow drops.
fn drops(flow: &Flow, catalog: &Catalog<'_>) -> BTreeMap<Key, Vec<Span>> {
    let mut found: BTreeMap<Key, Vec<Span>> = BTreeMap::new();
    for step in flow.steps.iter().filter(|step| step.when.is_none()) {
        let Op::Execute(op) = &step.op else { continue };
        let Some(source) = catalog.source(op.source.name()) else { continue };
        for outline in op.statements.iter().filter_map(|statement| flow.sql.get(&statement.span.start)) {
            let Some(Statement::Drop { object_type: ObjectType::Table, names, .. }) = outline.statement.as_deref() else { continue };
            let keys = names.iter().filter_map(|name| catalog.key_in_sql(name, outline, source));
            for (key, _) in keys {
                found.entry(key).or_default().push(outline.span_of(0, outline.text.len()));
            }
        }
    }
    found
}

/// The depth of steps is bounded by the YAML reader.
fn branches(flow: &Flow, steps: &[Step], catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    for step in steps {
        if let Op::Parallel(op) = &step.op {
            side_by_side(flow, op, catalog, faults);
        }
        for inner in step.op.blocks() {
            branches(flow, inner, catalog, faults);
        }
    }
}

fn side_by_side(flow: &Flow, op: &Parallel, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    let made: Vec<BTreeMap<Key, &Span>> = op
        .branches
        .iter()
        .map(|branch| {
            let mut makes = Makes { catalog, found: BTreeMap::new() };
            visit::steps(&branch.steps, &mut makes);
            makes.found
        })
        .collect();
    for (index, branch) in op.branches.iter().enumerate() {
        let mut told: Vec<Key> = Vec::new();
        for (key, name, at) in read_by(flow, &branch.steps, catalog) {
            // What both make is reported as such.
            if made.get(index).is_some_and(|own| own.contains_key(&key)) || told.contains(&key) {
                continue;
            }
            let other = made.iter().zip(&op.branches).find_map(|(made, other)| Some((*made.get(&key)?, other)));
            let Some((place, other)) = other else { continue };
            let message = format!("branch '{}' reads '{name}' while branch '{}' makes it anew", branch.name.name, other.name.name);
            faults.push(
                Diagnostic::warning("C316", at, message)
                    .also(place.clone(), "the other branch")
                    .help("the rows of this run may or may not be there yet: read the table after the parallel"),
            );
            told.push(key);
        }
    }
}

/// What the steps of a branch make anew.
struct Makes<'r, 'p> {
    catalog: &'r Catalog<'p>,
    found: BTreeMap<Key, &'p Span>,
}

impl<'p> Visitor<'p> for Makes<'_, 'p> {
    fn table(&mut self, table: &'p TableRef, access: Access) {
        if access == Access::Create
            && let Some(key) = self.catalog.key_of(table)
        {
            self.found.entry(key).or_insert(&table.name.span);
        }
    }
}
