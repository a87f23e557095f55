//! Random flows in a world where the process is killed at any place and goes on from its journal: what happens must be what the model tells of a run without
//! crashes.
//!
//! `SEQUOR_SIMULATE=FIRST..LAST cargo test -p sequor-executor --lib simulation` tries other seeds than the usual ones; a failing seed prints its plan, where it crashed and
//! what differs.

use std::fmt::Write as _;
use std::ops::Range;

use sequor_plan_format::render::render;
use sequor_plan_format::{FlowId, Plan};

use crate::value::{Map, Value};

mod answers;
mod branches;
mod compare;
mod expression;
mod generate;
mod journal;
mod landing;
mod life;
mod memory;
mod model;
mod outside;
mod perform;
mod random;
mod trace;
mod twin;

use answers::Answers;
use life::{Discipline, Simulation};
use random::Random;
use twin::Twin;

/// Tried in every run of the tests.
const SEEDS: Range<u64> = 0..3000;

/// What a seed stands for, and what went wrong with it.
struct Case {
    plan: Plan,
    crashes: Vec<String>,
    /// Effects and steps, to see that flows are neither trivial nor endless.
    entries: usize,
    failed: bool,
    wrong: Option<String>,
}

fn try_seed(seed: u64, discipline: Discipline) -> Case {
    try_beside(seed, discipline, None)
}

/// `other`: the same plan with other numbers, which the run is carried over to whenever it is loaded.
fn try_beside(seed: u64, discipline: Discipline, other: Option<Plan>) -> Case {
    let mut random = Random::new(seed ^ 0xfeed);
    let (plan, main) = generate::generate(seed);
    let answers = Answers { seed, failing: *random.pick(&[0, 0, 0, 2, 2, 6, 15]) };
    let (parameters, project) = (parameters(&plan, main, &mut random), project(&mut random));
    let (told, fills) = model::tell(&plan, &answers, main, parameters.clone(), project.clone());
    let crashes = random.between(0, 5);
    let span = told.entries.len() as u64 * 3 + 10;
    let mut simulation = Simulation::new(&plan, &answers, (main, parameters, project), crashes, span);
    simulation.discipline = discipline;
    simulation.twin = other.map(|other| Twin::new(&plan, other));
    let wrong = match simulation.run() {
        Ok(happened) => compare::stories(&told, &happened).or_else(|| compare::tables(&plan, &fills, &simulation.outside)),
        Err(wrong) => Some(wrong),
    };
    let crashes = std::mem::take(&mut simulation.crashes);
    Case { crashes, entries: told.entries.len(), failed: told.outcome.is_err(), wrong, plan }
}

/// Rarely, one that the flow needs is missing.
fn parameters(plan: &Plan, flow: FlowId, random: &mut Random) -> Map {
    let mut given = Map::new();
    for parameter in &plan.flow(flow).parameters {
        if !random.one_in(if parameter.default.is_some() { 2 } else { 30 }) {
            given.insert(plan.text(parameter.name).into(), Value::Int(1));
        }
    }
    given
}

fn project(random: &mut Random) -> Map {
    if random.one_in(2) { Map::new() } else { [("p".into(), Value::Int(3))].into_iter().collect() }
}

fn describe(seed: u64, case: &Case) -> String {
    let mut text = format!("seed {seed}: {}\n", case.wrong.as_deref().unwrap_or_default());
    for (number, place) in case.crashes.iter().enumerate() {
        let _ = writeln!(text, "crash {}: {place}", number + 1);
    }
    text.push_str(&render(&case.plan));
    text
}

fn seeds() -> Range<u64> {
    let Ok(given) = std::env::var("SEQUOR_SIMULATE") else { return SEEDS };
    let (first, last) = given.split_once("..").expect("SEQUOR_SIMULATE=FIRST..LAST");
    first.parse().expect("a number")..last.parse().expect("a number")
}

#[test]
fn a_run_that_crashes_does_what_a_run_that_does_not_would_do() {
    let seeds = seeds();
    let (mut entries, mut failed, mut crashes) = (0, 0, 0);
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let case = try_seed(seed, Discipline::ALL);
        assert!(case.wrong.is_none(), "{}", describe(seed, &case));
        entries += case.entries as u64;
        failed += u64::from(case.failed);
        crashes += case.crashes.len() as u64;
    }
    // The flows are worth it.
    assert!(entries > count * 20 && entries < count * 200, "{entries} entries in {count} runs");
    assert!(failed > count / 10 && failed < count * 2 / 3, "{failed} of {count} runs fail");
    assert!(crashes > count, "{crashes} crashes in {count} runs");
}

#[test]
fn a_run_that_is_carried_over_to_another_plan_goes_on_where_it_was() {
    for seed in SEEDS.take(600) {
        let case = try_beside(seed, Discipline::ALL, Some(generate::renumbered(seed)));
        assert!(case.wrong.is_none(), "{}", describe(seed, &case));
    }
}

#[test]
fn a_careless_executor_is_found_out() {
    let all = Discipline::ALL;
    for careless in [
        Discipline { flushes: false, ..all },
        Discipline { asks: false, ..all },
        Discipline { spools: false, ..all },
        Discipline { holds: false, ..all },
    ] {
        assert!(SEEDS.take(600).any(|seed| try_seed(seed, careless).wrong.is_some()), "nobody notices {careless:?}");
    }
}
