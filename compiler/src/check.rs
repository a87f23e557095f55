//! Rules over the resolved project, one file each. They report and change nothing.

mod appended;
mod asserts;
mod assigned;
mod attempts;
mod branches;
mod columns;
mod conditions;
mod control;
mod counting;
mod effects;
mod environments;
mod first_page;
mod gone_rows;
mod graph;
mod http;
mod ids;
mod kinds;
mod loop_tables;
mod loops;
mod marks;
mod names;
mod overwrites;
mod page_steps;
mod pages;
mod parameters;
mod parsed;
mod parsers;
mod requests;
mod rounds;
mod rows;
mod secrets;
mod sequence;
mod shadowing;
pub(crate) mod sql_text;
mod successive;
mod table_order;
mod timeouts;
mod types;
mod unreached;
mod unused;
mod values;
mod variables;
mod watermarks;
mod writers;

use std::collections::BTreeSet;

use crate::compile::Parsed;
use crate::diagnostic::Diagnostic;
use crate::resolve::Resolved;
use crate::tables::Catalog;
use crate::threads;

/// Runs every rule. Gives the names of the variables that must come from outside of the project, the faults, and what `meanwhile` makes of
/// those names and of the faults that are known by then, while other rules still run.
pub fn check<T>(
    parsed: &Parsed,
    resolved: &Resolved<'_>,
    meanwhile: impl FnOnce(&BTreeSet<String>, &[Diagnostic]) -> T,
) -> (BTreeSet<String>, Vec<Diagnostic>, T) {
    let of_variables = || {
        let (needed, faults) = of_variables(parsed, resolved);
        let made = meanwhile(&needed, &faults);
        (needed, faults, made)
    };
    let (mut faults, (needed, others, made)) = threads::both(|| of_tables(parsed, resolved), of_variables);
    faults.extend(others);
    environments::check(parsed, &needed, &mut faults);
    (needed, faults, made)
}

/// The rules that look at steps by themselves, and at tables and their columns.
fn of_tables(parsed: &Parsed, resolved: &Resolved<'_>) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    branches::check(parsed, resolved, &mut faults);
    asserts::check(resolved, &mut faults);
    control::check(resolved, &mut faults);
    unreached::check(resolved, &mut faults);
    ids::check(resolved, &mut faults);
    kinds::check(resolved, &mut faults);
    parameters::check(resolved, &mut faults);
    timeouts::check(resolved, &mut faults);
    requests::check(parsed, resolved, &mut faults);
    let catalog = Catalog::collect(parsed);
    columns::check(parsed, resolved, &catalog, &mut faults);
    effects::check(parsed, resolved, &catalog, &mut faults);
    attempts::check(resolved, &catalog, &mut faults);
    appended::check(parsed, resolved, &catalog, &mut faults);
    gone_rows::check(resolved, &catalog, &mut faults);
    writers::check(resolved, &catalog, &mut faults);
    sequence::check(resolved, &catalog, &mut faults);
    overwrites::check(resolved, &catalog, &mut faults);
    table_order::check(resolved, &catalog, &mut faults);
    loop_tables::check(resolved, &catalog, &mut faults);
    types::check(resolved, &mut faults);
    parsers::check(parsed, resolved, &mut faults);
    rows::check(resolved, &catalog, &mut faults);
    values::check(parsed, resolved, &catalog, &mut faults);
    marks::check(resolved, &catalog, &mut faults);
    http::check(parsed, resolved, &mut faults);
    secrets::check(resolved, &mut faults);
    sql_text::check(resolved, &mut faults);
    faults
}

/// The rules that follow variables.
fn of_variables(parsed: &Parsed, resolved: &Resolved<'_>) -> (BTreeSet<String>, Vec<Diagnostic>) {
    let mut faults = Vec::new();
    let assigned = assigned::Assigned::of(&resolved.flows);
    conditions::check(resolved, &mut faults);
    loops::check(parsed, resolved, &assigned, &mut faults);
    rounds::check(resolved, &assigned, &mut faults);
    pages::check(parsed, resolved, &mut faults);
    page_steps::check(resolved, &mut faults);
    let reported = first_page::check(parsed, resolved, &mut faults);
    shadowing::check(resolved, &mut faults);
    successive::check(resolved, &mut faults);
    watermarks::check(resolved, &mut faults);
    unused::check(parsed, resolved, &mut faults);
    names::check(parsed, resolved, &mut faults);
    let needed = variables::check(parsed, resolved, &assigned, &reported, &mut faults);
    (needed, faults)
}
