//! T911: rows that are the same in every run are added to a table, and nothing takes the old ones out.
//!
//! Said only where the project shows all of it: what is asked for does not differ between runs, and no statement deletes from the table, drops it or picks the
//! newest of its rows.

use std::cell::OnceCell;
use std::collections::HashSet;

use sequor_plan_format::op::WriteMode;

use crate::compile::Parsed;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::copy::{Copy, Origin};
use crate::op::http_request::HttpRequest;
use crate::resolve::Resolved;
use crate::snippet::expression::Expression;
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Flow, Step, TableRef};
use crate::tables::{Catalog, How, text};

/// Words of statements that keep a table from growing, or tell its rows apart when it is read.
const REMEDIES: [&str; 8] = ["delete", "truncate", "drop", "distinct", "row_number", "max(", "replace", "conflict"];
/// Tables that are meant to grow.
const GROWING: [&str; 6] = ["log", "history", "snapshot", "audit", "archive", "journal"];

pub(super) fn check(parsed: &Parsed, resolved: &Resolved<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    let rule = Rule { parsed, catalog, remedies: OnceCell::new() };
    // A flow with parameters is called for one part after the other.
    for flow in resolved.flows.iter().filter(|flow| flow.parameters.as_ref().is_none_or(Vec::is_empty)) {
        rule.block(&flow.steps, flow, faults);
    }
}

/// The words of statements that keep a table from growing, or tell its rows apart: the names of such tables are among them.
struct Remedies(HashSet<String>);

impl Remedies {
    fn of(parsed: &Parsed) -> Self {
        let mut remedies = Self(HashSet::new());
        for flow in parsed.all_flows() {
            flow.sql.values().for_each(|outline| remedies.read(&outline.text));
            visit::flow(flow, &mut remedies);
        }
        remedies
    }

    fn read(&mut self, sql: &str) {
        let sql = sql.to_lowercase();
        if REMEDIES.iter().any(|word| sql.contains(word)) {
            self.0.extend(words(&sql).map(str::to_owned));
        }
    }
}

impl<'p> Visitor<'p> for Remedies {
    fn expression(&mut self, expression: &'p Expression) {
        expression.uses().queries.iter().for_each(|query| self.read(&query.sql.name));
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

struct Rule<'r, 'p> {
    parsed: &'r Parsed,
    catalog: &'r Catalog<'p>,
    /// Gathered once something is appended.
    remedies: OnceCell<Remedies>,
}

impl Rule<'_, '_> {
    /// The depth of steps is bounded by the YAML reader.
    fn block(&self, steps: &[Step], flow: &Flow, faults: &mut Vec<Diagnostic>) {
        for step in steps.iter().filter(|step| step.when.is_none()) {
            match &step.op {
                Op::HttpRequest(op) if asks_for_the_same(op) => {
                    let tables = op.response.tables.iter().filter(|table| table.write_mode == WriteMode::Append);
                    faults.extend(tables.filter_map(|table| self.grows(&table.table, table.write_mode_at.as_ref(), "reply")));
                }
                Op::Copy(op) => faults.extend(whole_table(op).and_then(|at| self.grows(&op.target, at, "table"))),
                Op::Transform(op) if op.write_mode == WriteMode::Append && self.asks_for_all(op.query.span.start, &op.target, flow) => {
                    faults.extend(self.grows(&op.target, op.write_mode_at.as_ref(), "result"));
                }
                // Their steps are done only now and then, or for one part after the other.
                Op::IfElse(_) | Op::TryCatch(_) | Op::ForEach(_) | Op::WhileLoop(_) => continue,
                _ => {}
            }
            step.op.blocks().into_iter().for_each(|steps| self.block(steps, flow, faults));
        }
    }

    /// Whether a query gives all rows in every run: nothing in it says which, or leaves out those that are there.
    fn asks_for_all(&self, query: u32, target: &TableRef, flow: &Flow) -> bool {
        const WHICH: [&str; 10] = ["{{", "{%", "now", "current_", "not in", "exists", "except", "is null", "limit", "today"];
        let Some(outline) = flow.sql.get(&query) else { return false };
        let sql = outline.text.to_lowercase();
        let reads_target = text(&target.name).is_none_or(|name| words(&sql).any(|word| word.eq_ignore_ascii_case(name)));
        outline.statement.is_some() && !reads_target && !WHICH.iter().any(|word| sql.contains(word))
    }

    fn grows(&self, table: &TableRef, at: Option<&Span>, what: &str) -> Option<Diagnostic> {
        let catalog = self.catalog;
        let key = catalog.key_of(table)?;
        let name = text(&table.name)?;
        let lower = name.to_lowercase();
        let known = catalog.tables.get(&key)?;
        // Another step may make it anew, and keys refuse a row that is there.
        let only = known.writers.iter().all(|w| w.how == How::Append || w.how == How::CreateIfMissing);
        let unique = catalog.columns(&key).keys.is_some_and(|keys| keys.primary.is_some() || !keys.unique.is_empty());
        if !only || unique || catalog.is_hidden(&key) || !catalog.is_kept(&key.source) || GROWING.iter().any(|word| lower.contains(word)) {
            return None;
        }
        let remedies = self.remedies.get_or_init(|| Remedies::of(self.parsed));
        if words(&lower).all(|word| remedies.0.contains(word)) {
            return None;
        }
        let message = format!("every run adds the whole {what} to '{name}' once more: nothing tells the rows of one run from those before");
        let help = "write `write_mode: create`, ask only for what is new, or delete the old rows in a step before";
        Some(Diagnostic::warning("T911", at.unwrap_or(&table.name.span).clone(), message).help(help))
    }
}

/// Nothing in the request differs between two runs but the page.
fn asks_for_the_same(op: &HttpRequest) -> bool {
    let first = |name: &str| op.init.iter().any(|assign| assign.name.name == name);
    let is_fixed = |value: &Expression| {
        let uses = value.uses();
        let asks = uses.computed_variables || uses.response || !uses.query_sources.is_empty() || !value.is_native();
        !asks && uses.variables.iter().all(|v| first(&v.name))
    };
    let init = op.init.iter().all(|assign| is_fixed(&assign.value) && assign.value.uses().variables.is_empty());
    op.for_each.is_none() && op.response.parser.is_none() && init && op.request.expressions().into_iter().all(is_fixed)
}

/// Where a copy of a whole table says that it appends.
fn whole_table(op: &Copy) -> Option<Option<&Span>> {
    (op.write_mode == WriteMode::Append && matches!(op.from, Origin::Table(_))).then_some(op.write_mode_at.as_ref())
}
