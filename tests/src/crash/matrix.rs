//! Which trials there are, and carrying them out in parallel.
//!
//! Each case runs undisturbed first, and lists the failpoints it passes. A trial kills the first, second or last pass of one of them; others kill the process that
//! resumes as well, or several in a row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use super::case::Case;
use super::databases::Databases;
use super::judge::{Fault, Kind, judge};
use super::trial::{self, Left};
use super::world::{self, Ended, Shot, World};

/// Trials with several crashes, for each case.
const SEQUENCES: u64 = 6;

/// A case that has run undisturbed.
pub struct Prepared {
    pub case: Case,
    pub undisturbed: Left,
    /// Failpoint → how often it is passed.
    pub passed: BTreeMap<String, u64>,
    /// A crash in the middle of the run, and what the process passes that resumes it.
    pub resumed: Option<(Shot, BTreeMap<String, u64>)>,
    pub plan: PathBuf,
    _folder: TempDir,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    Once,
    /// The process that resumes is killed too.
    InResume,
    /// Two to five crashes.
    Several,
}

/// One trial of a prepared case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Trial {
    /// Its place in the list.
    pub case: usize,
    pub mode: Mode,
    /// The n-th process is killed at the n-th of these.
    pub shots: Vec<Shot>,
}

/// What came of a trial.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub trial: Trial,
    pub flow: String,
    pub crashes: usize,
    pub listed: usize,
    pub faults: Vec<Fault>,
    pub steps: Vec<String>,
}

/// A case that does not compile yet, with what the compiler says.
pub struct Waiting {
    pub case: String,
    pub needs: String,
}

/// Runs `work` for every index below `count`, each worker with databases of its own. Results are in order.
fn in_parallel<T: Send>(count: usize, workers: usize, work: impl Fn(usize, &Databases) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let databases = Databases::default();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        break;
                    }
                    let result = work(index, &databases);
                    results.lock().expect("results").push((index, result));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("results");
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Compiles the cases and runs each undisturbed.
///
/// # Panics
/// Where one does not end as it says.
#[must_use]
pub fn prepare(cases: &[Case], workers: usize) -> (Vec<Prepared>, Vec<Waiting>) {
    let mut ready = Vec::new();
    let mut waiting = Vec::new();
    for result in in_parallel(cases.len(), workers, |index, databases| prepare_one(&cases[index], databases)) {
        match result {
            Ok(prepared) => ready.push(prepared),
            Err(one) => waiting.push(one),
        }
    }
    (ready, waiting)
}

fn prepare_one(case: &Case, databases: &Databases) -> Result<Prepared, Waiting> {
    let folder = world::temporary_folder();
    let plan = match world::compile(case, folder.path()) {
        Ok(plan) => plan,
        Err(faults) => match &case.needs {
            Some(needs) => return Err(Waiting { case: case.name.clone(), needs: needs.clone() }),
            None => panic!("{} does not compile:\n{faults}", case.name),
        },
    };
    let trace = folder.path().join("trace");
    let world = World::new(case, &plan, databases);
    let ended = world.run(None, Some(&trace));
    let status = i32::from(case.fails);
    assert_eq!(ended, Ended::Status(status), "{} ended so:\n{}", case.name, world.output());
    let undisturbed = trial::left(&world, status);
    drop(world);
    let lines = lines(&trace);
    let resumed = middle(&lines).map(|shot| {
        let trace = folder.path().join("resumed");
        let world = World::new(case, &plan, databases);
        if world.run(Some(&shot), None) == Ended::Killed {
            world.resume(None, None, Some(&trace));
        }
        (shot, counted(&self::lines(&trace)))
    });
    Ok(Prepared { case: case.clone(), undisturbed, passed: counted(&lines), resumed, plan, _folder: folder })
}

fn lines(trace: &std::path::Path) -> Vec<String> {
    std::fs::read_to_string(trace).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn counted(lines: &[String]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(line.clone()).or_default() += 1;
    }
    counts
}

fn middle(lines: &[String]) -> Option<Shot> {
    let index = lines.len() / 2;
    let failpoint = lines.get(index)?.clone();
    let pass = lines[..=index].iter().filter(|line| **line == failpoint).count() as u64;
    Some(Shot { failpoint, pass })
}

/// All trials of these cases. The same seed gives the same ones.
#[must_use]
pub fn trials(prepared: &[Prepared], seed: u64) -> Vec<Trial> {
    let mut trials = BTreeSet::new();
    for (case, one) in prepared.iter().enumerate() {
        for shot in shots(&one.passed, true) {
            trials.insert(Trial { case, mode: Mode::Once, shots: vec![shot] });
        }
        let Some((first, passed)) = &one.resumed else { continue };
        for shot in shots(passed, false) {
            trials.insert(Trial { case, mode: Mode::InResume, shots: vec![first.clone(), shot] });
        }
        let mut random = Random(hash(&one.case.name) ^ seed);
        for _ in 0..SEQUENCES {
            trials.insert(Trial { case, mode: Mode::Several, shots: sequence(&one.passed, passed, &mut random) });
        }
    }
    trials.into_iter().collect()
}

/// First, second and last pass of each.
fn shots(passed: &BTreeMap<String, u64>, second: bool) -> BTreeSet<Shot> {
    let mut shots = BTreeSet::new();
    for (failpoint, count) in passed {
        for pass in [1, if second { 2.min(*count) } else { 1 }, *count] {
            shots.insert(Shot { failpoint: failpoint.clone(), pass });
        }
    }
    shots
}

fn sequence(passed: &BTreeMap<String, u64>, resumed: &BTreeMap<String, u64>, random: &mut Random) -> Vec<Shot> {
    let count = 2 + random.below(4);
    let mut shots = Vec::new();
    for number in 0..count {
        let from = if number == 0 || resumed.is_empty() { passed } else { resumed };
        let Some((failpoint, count)) = from.iter().nth(usize::try_from(random.below(from.len() as u64)).unwrap_or(0)) else { break };
        shots.push(Shot { failpoint: failpoint.clone(), pass: 1 + random.below(*count) });
    }
    shots
}

/// At most `count` of them, the same each time: every failpoint and every case, and the rest by lot.
#[must_use]
pub fn select(trials: &[Trial], count: usize) -> Vec<Trial> {
    let mut by_lot: Vec<_> = trials.iter().map(|trial| (hash(&format!("{trial:?}")), trial)).collect();
    by_lot.sort();
    let mut failpoints = BTreeSet::new();
    let mut cases = BTreeSet::new();
    let (needed, others): (Vec<_>, Vec<_>) = by_lot.into_iter().partition(|(_, trial)| {
        let new_failpoint = trial.shots.last().is_some_and(|shot| failpoints.insert(&shot.failpoint));
        let new_case = cases.insert((trial.case, trial.mode));
        new_failpoint || new_case
    });
    let mut chosen: Vec<Trial> = needed.into_iter().chain(others).take(count).map(|(_, trial)| trial.clone()).collect();
    chosen.sort();
    chosen
}

/// Carries trials out. `seen` gets each outcome as it comes.
#[must_use]
pub fn carry_out(prepared: &[Prepared], trials: &[Trial], workers: usize, seen: impl Fn(&Outcome) + Sync) -> Vec<Outcome> {
    in_parallel(trials.len(), workers, |index, databases| {
        let trial = &trials[index];
        let outcome = carry_out_one(&prepared[trial.case], trial, databases);
        seen(&outcome);
        outcome
    })
}

fn carry_out_one(prepared: &Prepared, trial: &Trial, databases: &Databases) -> Outcome {
    let case = &prepared.case;
    let world = World::new(case, &prepared.plan, databases);
    let mut outcome =
        Outcome { trial: trial.clone(), flow: case.name.clone(), crashes: 0, listed: 0, faults: Vec::new(), steps: Vec::new() };
    match trial::carry_out(&world, &trial.shots) {
        Ok((left, story)) => {
            outcome.faults = judge(case, &prepared.undisturbed, &left, &story);
            outcome.crashes = story.crashes;
            outcome.listed = story.listed;
            outcome.steps = story.steps;
        }
        Err(message) => outcome.faults.push(Fault { kind: Kind::Different, message }),
    }
    outcome
}

/// Splitmix64: numbers that look random and depend on the seed alone.
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `limit`; 0 where that is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.draw() % limit.max(1)
    }
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
