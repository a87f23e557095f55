//! Rules over the resolved project, one file each. They report and change nothing.

mod assigned;
mod conditions;
mod control;
mod first_page;
mod graph;
mod ids;
mod loops;
mod pages;
mod parameters;
mod parsed;
mod requests;
mod variables;

use std::collections::BTreeSet;

use crate::compile::Parsed;
use crate::diagnostic::Diagnostic;
use crate::resolve::Resolved;

/// Runs every rule. Gives also the names of the variables that must come from outside of the project.
pub fn check(parsed: &Parsed, resolved: &Resolved<'_>) -> (BTreeSet<String>, Vec<Diagnostic>) {
    let mut faults = Vec::new();
    control::check(resolved, &mut faults);
    ids::check(resolved, &mut faults);
    parameters::check(resolved, &mut faults);
    requests::check(parsed, resolved, &mut faults);
    let assigned = assigned::Assigned::of(&resolved.flows);
    conditions::check(resolved, &mut faults);
    loops::check(resolved, &assigned, &mut faults);
    pages::check(parsed, resolved, &mut faults);
    let reported = first_page::check(parsed, resolved, &mut faults);
    let needed = variables::check(parsed, resolved, &assigned, &reported, &mut faults);
    (needed, faults)
}
