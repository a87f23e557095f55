//! Processes, measured: wall time and peak memory, and the line that compares them.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sequor_tests::program::executor;

/// What a process took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    /// Peak resident memory in KiB.
    pub(crate) memory: u64,
}

/// Runs a command to its end.
pub(crate) fn measure(command: &mut Command) -> Cost {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let stderr = child.stderr.take().expect("a pipe");
    let reader = std::thread::spawn(move || std::io::read_to_string(stderr).unwrap_or_default());
    let mut memory = 0;
    let status = loop {
        memory = peak_memory(&child).unwrap_or(memory);
        match child.try_wait().expect("a child") {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_micros(500)),
        }
    };
    let wall = started.elapsed();
    assert!(status.success(), "{command:?} failed:\n{}", reader.join().unwrap_or_default());
    Cost { wall, memory }
}

fn peak_memory(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// The median run of `n`, after one that does not count.
pub(crate) fn median(n: usize, mut run: impl FnMut() -> Cost) -> Cost {
    run();
    let mut costs: Vec<_> = (0..n).map(|_| run()).collect();
    costs.sort_by_key(|c| c.wall);
    costs[n / 2]
}

/// The median runs of two commands that take turns, `n` times each after one that does not count: what disturbs the machine disturbs both.
pub(crate) fn paired(n: usize, mut one: impl FnMut() -> Cost, mut other: impl FnMut() -> Cost) -> (Cost, Cost) {
    let mut costs: Vec<_> = (0..=n).map(|_| (one(), other())).skip(1).collect();
    costs.sort_by_key(|(cost, _)| cost.wall);
    let first = costs[n / 2].0;
    costs.sort_by_key(|(_, cost)| cost.wall);
    (first, costs[n / 2].1)
}

pub(crate) fn print(what: &str, cost: Cost, limit: &str, limit_cost: Cost) {
    let ratio = limit_cost.wall.as_secs_f64() / cost.wall.as_secs_f64();
    println!(
        "{what:<52} {:>8.1} ms  {:>6.1} MiB   {limit}: {:.1} ms   ratio {ratio:.2}",
        cost.wall.as_secs_f64() * 1e3,
        mebibytes(cost.memory),
        limit_cost.wall.as_secs_f64() * 1e3,
    );
}

#[allow(clippy::cast_precision_loss, reason = "printed with one digit")]
fn mebibytes(kibibytes: u64) -> f64 {
    kibibytes as f64 / 1024.0
}

/// Says why a figure is missing.
pub(crate) fn skip(what: &str, reason: &str) {
    println!("{what:<52} skipped: {reason}");
}

/// Whether a command of `sequor-executor` has an option.
pub(crate) fn has_option(command: &str, option: &str) -> bool {
    let help = Command::new(executor()).args([command, "--help"]).output().expect("the executor");
    help.status.success() && String::from_utf8_lossy(&help.stdout).contains(option)
}
