//! Limits of a worker process. The parent holds the time limit of a call; these hold for what the parent cannot see, and when it is gone.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Limits memory, and takes files away.
pub(super) fn apply(memory_bytes: u64) -> rustix::io::Result<()> {
    let fixed = |value: u64| Rlimit { current: Some(value), maximum: Some(value) };
    setrlimit(Resource::Core, fixed(0))?;
    setrlimit(Resource::Fsize, fixed(0))?;
    setrlimit(Resource::Nofile, fixed(16))?;
    setrlimit(Resource::As, fixed(memory_bytes))
}

/// Lets the process use `seconds` of processor time since its start; at the end the system stops it.
pub(super) fn allow_processor_time(seconds: u64) -> rustix::io::Result<()> {
    setrlimit(Resource::Cpu, Rlimit { current: Some(seconds), maximum: None })
}
