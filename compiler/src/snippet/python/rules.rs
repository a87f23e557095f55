//! Rules about Python that is sound as far as its syntax goes, one family each. They report and change nothing.
//!
//! Each of them stays silent where a name may mean something else than it seems to: what a snippet binds itself is not the run's.

mod attributes;
mod computed;
mod counters;
mod forgotten;
mod indexing;
mod keys;
mod literals;
mod members;
mod methods;
mod paths;
mod printed;
mod rounds;
mod status;
mod unused;

use super::super::Place;
use super::Source;
use super::form::Form;
use super::names::Names;
use super::values::{self, Surroundings};
use crate::diagnostic::{Diagnostic, Severity};
use crate::kinds::value::Value;
pub(in crate::snippet::python) use members::Roots;

pub(crate) use members::{CONTEXT as CONTEXT_MEMBERS, RESPONSE as RESPONSE_MEMBERS, SOURCES as SOURCES_MEMBERS};
pub(crate) use methods::FOREIGN as FOREIGN_METHODS;

pub(super) fn check(form: &Form<'_>, names: &Names, source: Source<'_>, place: Place, faults: &mut Vec<Diagnostic>) {
    let roots = Roots::of(form, names, place);
    paths::check(form, source, faults);
    members::check(form, &roots, source, faults);
    attributes::check(form, source, faults);
    methods::check(form, source, faults);
    status::check(form, &roots, source, faults);
    printed::check(form, &roots, names, source, faults);
    literals::check(form, source, faults);
    values::check(form, &roots, names, source, place, None, faults);
    indexing::check(form, &roots, source, faults);
    if faults.iter().all(|f| f.severity != Severity::Error) {
        computed::check(form, &roots, source, faults);
    }
    rounds::check(form, source, faults);
    keys::check(form, source, faults);
    forgotten::check(form, names, source, faults);
    // What is wrong elsewhere may be why a name is not used.
    if !names.dynamic && faults.iter().all(|f| f.severity == Severity::Hint) {
        unused::check(form, source, faults);
    }
}

/// Only what is found by following values, with what is known of the run.
pub(super) fn values(
    form: &Form<'_>,
    names: &Names,
    source: Source<'_>,
    place: Place,
    surroundings: Option<&dyn Surroundings>,
    faults: &mut Vec<Diagnostic>,
) -> Value {
    values::check(form, &Roots::of(form, names, place), names, source, place, surroundings, faults)
}
