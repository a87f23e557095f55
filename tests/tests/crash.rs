//! The crash matrix: runs that are killed at every place where it could hurt end as if nothing had happened. `tests/crash --all` does all of it.
//!
//! Needs programs with failpoints, which `tests/run` builds; it says so with `SEQUOR_FAILPOINTS_BUILT`.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test that cannot go on fails; the figures are for people")]

use std::collections::BTreeSet;
use std::io::Write as _;

use sequor_tests::crash::summary::{self, Figures};
use sequor_tests::crash::{case, matrix};
use sequor_tests::failpoints;

/// Trials of a usual run of the tests.
const TRIALS: usize = 1700;
const WORKERS: usize = 3;

#[test]
fn a_run_that_is_killed_ends_like_one_that_was_not() {
    if std::env::var_os("SEQUOR_FAILPOINTS_BUILT").is_none() {
        return;
    }
    let cases = case::all();
    let (prepared, waiting) = matrix::prepare(&cases, WORKERS);
    let all = matrix::trials(&prepared, 1);
    let trials = matrix::select(&all, TRIALS);
    let outcomes = matrix::carry_out(&prepared, &trials, WORKERS, |_| {});
    // Past the test harness, which keeps what passing tests print: the figures are part of what `tests/run` says.
    let text = format!("\n{}\n", summary::text(&prepared, &waiting, &trials, &outcomes, false));
    std::io::stdout().lock().write_all(text.as_bytes()).expect("standard output");
    let faults: Vec<_> = outcomes.iter().filter(|outcome| !outcome.faults.is_empty()).take(20).map(summary::fault).collect();
    assert!(Figures::of(&outcomes).is_clean(), "{}", faults.join("\n"));
    assert!(trials.len() >= 1500, "only {} trials", trials.len());
    assert!(prepared.len() >= 40, "only {} flows", prepared.len());

    let passed: BTreeSet<&str> = prepared
        .iter()
        .flat_map(|one| one.passed.keys().chain(one.resumed.iter().flat_map(|(_, passed)| passed.keys())))
        .map(String::as_str)
        .collect();
    let missed: Vec<_> = failpoints::in_sources().into_iter().filter(|place| !passed.contains(place.name.as_str())).collect();
    let missed: Vec<_> = missed.iter().filter(|place| !failpoints::NOT_PASSED.iter().any(|(name, _)| *name == place.name)).collect();
    assert!(missed.is_empty(), "no flow of fixtures/crash passes {missed:?}");
    assert!(passed.len() >= 60, "only {} failpoints are passed", passed.len());
}
