//! Places where tests kill the process, as `kill -9` or a power loss would: before and after every step that changes what is durable.
//!
//! Compiled only with the feature `failpoints`; otherwise a call is nothing. `SEQUOR_FAILPOINT=NAME@N` kills the process at the N-th pass (from 1) of the place
//! NAME, `SEQUOR_FAILPOINT_TRACE=FILE` adds a line with the name to FILE at each pass.

#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub(crate) fn hit(_name: &'static str) {}

#[cfg(feature = "failpoints")]
pub(crate) use enabled::hit;

#[cfg(feature = "failpoints")]
mod enabled {
    use std::fs::{File, OpenOptions};
    use std::io::Write as _;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{LazyLock, Mutex, PoisonError};

    /// What the environment asks for.
    struct Orders {
        kill: Option<(String, u64)>,
        passes: AtomicU64,
        trace: Option<Mutex<File>>,
    }

    static ORDERS: LazyLock<Orders> = LazyLock::new(|| {
        let kill = std::env::var("SEQUOR_FAILPOINT").ok().map(|order| match order.rsplit_once('@') {
            Some((name, pass)) => (name.to_owned(), pass.parse().unwrap_or(1)),
            None => (order, 1),
        });
        let trace = std::env::var_os("SEQUOR_FAILPOINT_TRACE")
            .and_then(|path| OpenOptions::new().append(true).create(true).open(path).ok())
            .map(Mutex::new);
        Orders { kill, passes: AtomicU64::new(0), trace }
    });

    pub(crate) fn hit(name: &'static str) {
        let orders = &*ORDERS;
        if let Some(trace) = &orders.trace {
            let line = format!("{name}\n");
            // A trace that cannot be written shows in the test that reads it.
            let _ = trace.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
        }
        if let Some((wanted, pass)) = &orders.kill
            && wanted == name
            && orders.passes.fetch_add(1, Ordering::Relaxed) + 1 == *pass
        {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            // The signal ends every thread; this one goes no further until it does.
            loop {
                std::thread::park();
            }
        }
    }
}
