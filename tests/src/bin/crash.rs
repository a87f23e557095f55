//! The crash matrix for developers: all of it, or the part that is being worked on. Started by `tests/crash`, which builds the programs first.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program for developers: it prints, and stops where it stands"
)]

use std::process::ExitCode;

use sequor_tests::crash::case::{self, Case};
use sequor_tests::crash::matrix::{self, Mode, Trial};
use sequor_tests::crash::summary::{self, Figures};
use sequor_tests::crash::world::Shot;

const USAGE: &str =
    "usage: tests/crash [--all | --limit N] [--flow NAME] [--failpoint NAME] [--shots NAME@N,…] [--seed N] [--jobs N] [--trace]

  --all             every trial (without it: 1500, the same each time)
  --limit N         so many
  --flow NAME       only this case of fixtures/crash
  --failpoint NAME  only trials whose last crash is there; the beginning of a name is enough
  --shots LIST      one trial: the n-th process is killed at the n-th of these (needs --flow)
  --seed N          other sequences of crashes
  --jobs N          trials at once [default: 3]
  --trace           only list which failpoints each flow passes";

struct Options {
    limit: usize,
    flow: Option<String>,
    failpoint: Option<String>,
    shots: Vec<Shot>,
    seed: u64,
    jobs: usize,
    trace: bool,
}

fn options() -> Option<Options> {
    let mut options = Options { limit: 1500, flow: None, failpoint: None, shots: Vec::new(), seed: 1, jobs: 3, trace: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--all" => options.limit = usize::MAX,
            "--limit" => options.limit = arguments.next()?.parse().ok()?,
            "--flow" => options.flow = Some(arguments.next()?),
            "--failpoint" => options.failpoint = Some(arguments.next()?),
            "--shots" => options.shots = arguments.next()?.split(',').map(Shot::parse).collect::<Option<_>>()?,
            "--seed" => options.seed = arguments.next()?.parse().ok()?,
            "--jobs" => options.jobs = arguments.next()?.parse().ok()?,
            "--trace" => options.trace = true,
            _ => return None,
        }
    }
    (options.shots.is_empty() || options.flow.is_some()).then_some(options)
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        println!("{USAGE}");
        return ExitCode::from(2);
    };
    let mut cases = case::all();
    if let Some(flow) = &options.flow {
        cases.retain(|case: &Case| case.name == *flow);
        if cases.is_empty() {
            println!("no case {flow} in fixtures/crash");
            return ExitCode::from(2);
        }
    }
    let (prepared, waiting) = matrix::prepare(&cases, options.jobs);
    if options.trace {
        for one in &prepared {
            println!("{}:", one.case.name);
            for (failpoint, passes) in &one.passed {
                println!("  {passes:>4} {failpoint}");
            }
        }
        return ExitCode::SUCCESS;
    }
    let mut trials = if options.shots.is_empty() {
        matrix::trials(&prepared, options.seed)
    } else {
        vec![Trial { case: 0, mode: if options.shots.len() == 1 { Mode::Once } else { Mode::Several }, shots: options.shots }]
    };
    if let Some(failpoint) = &options.failpoint {
        trials.retain(|trial| trial.shots.last().is_some_and(|shot| shot.failpoint.starts_with(failpoint.as_str())));
    }
    let trials = matrix::select(&trials, options.limit);
    let outcomes = matrix::carry_out(&prepared, &trials, options.jobs, |outcome| {
        if !outcome.faults.is_empty() {
            println!("{}", summary::fault(outcome));
        }
    });
    println!("\n{}", summary::text(&prepared, &waiting, &trials, &outcomes, true));
    if Figures::of(&outcomes).is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
