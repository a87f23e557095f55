//! The pool of Python workers: processes that run snippets, so that a snippet cannot harm the run.
//!
//! A call takes a free worker, sends it the snippet (once) and what the snippet uses, and answers its questions until it has a result. A worker that
//! dies, overruns its time or talks nonsense is ended, and the call fails; the next call gets another one.

mod conversation;
mod process;

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use sequor_plan_format::expr::PythonForm;
use sequor_plan_format::{Code, ExprId, Plan};

use super::fault::{Outcome, expression, limit};
use super::{Context, place};
use crate::value::Value;
use conversation::{Broken, Call};
use process::Process;

/// What the workers may use.
#[derive(Clone, Copy, Debug)]
pub struct PythonLimits {
    /// Wall-clock time of one call, without the time that its queries wait for a database.
    pub call: Duration,
    /// Address space of a worker.
    pub memory_bytes: u64,
    /// Workers that run at the same time, beside those whose snippet waits for a database for long.
    pub workers: usize,
}

impl Default for PythonLimits {
    /// Ten seconds, 2 GiB, and a worker per core up to four.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { call: Duration::from_secs(10), memory_bytes: 2 << 30, workers: cores.min(4) }
    }
}

/// Workers of one plan: they keep its snippets by expression id. Cheap to clone.
#[derive(Clone)]
pub struct PythonPool {
    shared: Arc<Shared>,
}

struct Shared {
    executable: PathBuf,
    limits: PythonLimits,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Process>,
    /// Workers in use and idle ones.
    running: usize,
    /// Of those in use, the ones whose snippet waits for a database.
    asking: usize,
}

/// How long a worker that waits for a database keeps its place from others.
const KEPT: Duration = Duration::from_millis(100);

impl PythonPool {
    /// No worker is started yet. `executable` is a program that calls [`worker_main`](crate::python::worker_main) when
    /// [`is_worker`](crate::python::is_worker) says so.
    #[must_use]
    pub fn new(executable: PathBuf, limits: PythonLimits) -> Self {
        let limits = PythonLimits { workers: limits.workers.max(1), ..limits };
        Self { shared: Arc::new(Shared { executable, limits, state: Mutex::default(), freed: Condvar::new() }) }
    }

    /// Starts a worker ahead of its first use, without waiting for it. A worker that does not start is reported by the first call.
    pub fn warm(&self) {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.running == 0
            && let Ok(process) = self.start()
        {
            state.running += 1;
            state.idle.push(process);
        }
    }

    fn start(&self) -> std::io::Result<Process> {
        Process::start(&self.shared.executable, &self.shared.limits)
    }

    pub(crate) fn call(
        &self,
        plan: &Plan,
        id: ExprId,
        code: &Code,
        form: PythonForm,
        inputs: &[(&str, Value)],
        context: &dyn Context,
    ) -> Outcome {
        let call = Call { pool: self, plan, id, code, form, inputs, context };
        let mut ended_early = 0;
        loop {
            let mut lease = self.take()?;
            let Some(process) = lease.process.as_mut() else { continue };
            match conversation::hold(&call, process, self.shared.limits.call) {
                Ok(outcome) => {
                    lease.give_back();
                    return outcome;
                }
                // The worker had died while it was idle: the snippet has not run.
                Err(Broken::BeforeCall) if ended_early < 2 => ended_early += 1,
                Err(broken) => {
                    let mut error = match broken {
                        Broken::BeforeCall => {
                            expression("the Python worker does not start: check that the program file is still in its place")
                        }
                        Broken::Overrun(time) => limit(format!("the snippet ran longer than {} seconds and was stopped", time.as_secs())),
                        Broken::Died => limit(process.cause_of_death(self.shared.limits.memory_bytes)),
                    };
                    error.place = Some(place::of_line(plan, code, 1));
                    return Err(error);
                }
            }
        }
    }

    /// Waits for a database. What it waits for may need a worker itself: this one's place is lent to others after a while.
    fn asking<T>(&self, wait: impl FnOnce() -> T) -> T {
        let state = || self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        state().asking += 1;
        let waited = wait();
        state().asking -= 1;
        waited
    }

    /// A free worker, a new one, or the next that becomes free.
    fn take(&self) -> Outcome<Lease<'_>> {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lent = 0;
        loop {
            if let Some(process) = state.idle.pop() {
                return Ok(Lease { pool: self, process: Some(process) });
            }
            if state.running < self.shared.limits.workers + lent {
                state.running += 1;
                drop(state);
                let mut lease = Lease { pool: self, process: None };
                let process = self.start().map_err(|error| expression(format!("the Python worker does not start: {error}")))?;
                lease.process = Some(process);
                return Ok(lease);
            }
            let (woken, waited) = self.shared.freed.wait_timeout(state, KEPT).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            lent = if waited.timed_out() { state.asking } else { 0 };
        }
    }
}

/// A worker in use. Dropped without [`Lease::give_back`], the worker is ended.
struct Lease<'p> {
    pool: &'p PythonPool,
    process: Option<Process>,
}

impl Lease<'_> {
    fn give_back(mut self) {
        let shared = &self.pool.shared;
        let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        // One that was started in a place that was lent ends.
        if state.running <= shared.limits.workers
            && let Some(process) = self.process.take()
        {
            state.idle.push(process);
            // The place counts as taken still: undo what the drop of this lease does.
            state.running += 1;
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.process = None;
        let shared = &self.pool.shared;
        shared.state.lock().unwrap_or_else(PoisonError::into_inner).running -= 1;
        shared.freed.notify_one();
    }
}
