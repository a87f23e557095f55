//! What a matrix came to, in figures.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::judge::Kind;
use super::matrix::{Mode, Outcome, Prepared, Trial, Waiting};

/// The figures of trials that share something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub run: usize,
    pub equal: usize,
    /// Trials in which something was listed.
    pub listed: usize,
    pub lost: usize,
    pub doubled: usize,
    /// Wrong in another way.
    pub different: usize,
}

impl Figures {
    #[must_use]
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let mut figures = Self::default();
        for outcome in outcomes {
            let has = |kind| usize::from(outcome.faults.iter().any(|fault| fault.kind == kind));
            figures.run += 1;
            figures.equal += usize::from(outcome.faults.is_empty());
            figures.listed += usize::from(outcome.listed > 0);
            figures.lost += has(Kind::Lost);
            figures.doubled += has(Kind::Doubled);
            figures.different += has(Kind::Different);
        }
        figures
    }

    /// Whether nothing was wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.equal == self.run
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { run, equal, listed, lost, doubled, different } = self;
        write!(f, "{run} run, {equal} equal, {listed} in doubt listed, {lost} lost, {doubled} doubled, {different} different")
    }
}

/// The text for people: figures as a whole, by kind of trial, by failpoint.
#[must_use]
pub fn text(prepared: &[Prepared], waiting: &[Waiting], trials: &[Trial], outcomes: &[Outcome], table: bool) -> String {
    let mut out = String::new();
    let failpoints: BTreeSet<_> = trials.iter().flat_map(|trial| &trial.shots).map(|shot| &shot.failpoint).collect();
    let _ = writeln!(out, "crash matrix: {} cases, {}", trials.len(), Figures::of(outcomes));
    let _ = writeln!(
        out,
        "  {} flows, {} failpoints, {} kills",
        prepared.len(),
        failpoints.len(),
        outcomes.iter().map(|o| o.crashes).sum::<usize>()
    );
    for (mode, name) in [(Mode::Once, "one crash"), (Mode::InResume, "a crash in a resume"), (Mode::Several, "2 to 5 crashes")] {
        let _ = writeln!(out, "  {name}: {}", Figures::of(outcomes.iter().filter(|outcome| outcome.trial.mode == mode)));
    }
    let missed = outcomes.iter().filter(|outcome| outcome.crashes == 0).count();
    if missed > 0 {
        let _ = writeln!(out, "  in {missed} the process was not killed: it did not come that way this time");
    }
    for one in waiting {
        let _ = writeln!(out, "  left out: {} needs {}", one.case, one.needs);
    }
    if table {
        let mut by_failpoint = BTreeMap::<&str, Vec<&Outcome>>::new();
        for outcome in outcomes {
            if let Some(shot) = outcome.trial.shots.last() {
                by_failpoint.entry(&shot.failpoint).or_default().push(outcome);
            }
        }
        let _ = writeln!(
            out,
            "\n{:<44}{:>6}{:>7}{:>8}{:>6}{:>9}{:>11}",
            "last crash at", "run", "equal", "listed", "lost", "doubled", "different"
        );
        for (failpoint, outcomes) in by_failpoint {
            let Figures { run, equal, listed, lost, doubled, different } = Figures::of(outcomes);
            let _ = writeln!(out, "{failpoint:<44}{run:>6}{equal:>7}{listed:>8}{lost:>6}{doubled:>9}{different:>11}");
        }
    }
    out
}

/// One trial that went wrong, with how to see it again.
#[must_use]
pub fn fault(outcome: &Outcome) -> String {
    let shots: Vec<_> = outcome.trial.shots.iter().map(ToString::to_string).collect();
    let mut out = format!("\ntests/crash --flow {} --shots {}\n", outcome.flow, shots.join(","));
    for step in &outcome.steps {
        let _ = writeln!(out, "  {step}");
    }
    for fault in &outcome.faults {
        let _ = writeln!(out, "  {:?}: {}", fault.kind, fault.message);
    }
    out
}
