//! One worker process and the pipes to it.

use std::collections::HashSet;
use std::io::{self, Read as _, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sequor_plan_format::ExprId;

use super::PythonLimits;
use crate::python::WORKER_ARGUMENT;
use crate::python::protocol::{HEADER, MAX_ANSWER};

/// Ended when dropped.
pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    /// Bytes read but not yet taken.
    buffer: Vec<u8>,
    /// The worker has said that its interpreter is there.
    pub(super) is_ready: bool,
    /// Snippets that the worker knows.
    pub(super) defined: HashSet<ExprId>,
}

/// Why no frame came.
#[derive(Debug)]
pub(super) enum NoFrame {
    Ended,
    Late,
}

impl Process {
    /// Starts a worker, with nothing of this process's environment, and in a group of its own, so that an interrupt on the terminal leaves it alone.
    pub(super) fn start(executable: &Path, limits: &PythonLimits) -> io::Result<Self> {
        let mut child = Command::new(executable)
            .arg(WORKER_ARGUMENT)
            .arg(limits.memory_bytes.to_string())
            .arg(limits.call.as_secs().max(1).to_string())
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Ok(Self { child, input, output, buffer: Vec::new(), is_ready: false, defined: HashSet::new() }),
            _ => Err(io::Error::other("no pipes to the worker")),
        }
    }

    pub(super) fn send(&mut self, frame: &[u8]) -> Result<(), NoFrame> {
        self.input.write_all(frame).map_err(|_| NoFrame::Ended)
    }

    /// The next frame, if it comes before the deadline.
    pub(super) fn receive(&mut self, deadline: Instant) -> Result<Vec<u8>, NoFrame> {
        self.fill(HEADER, deadline)?;
        let header: [u8; HEADER] = self.buffer.get(..HEADER).and_then(|header| header.try_into().ok()).ok_or(NoFrame::Ended)?;
        let length = u64::from_le_bytes(header);
        if length > MAX_ANSWER + (1 << 20) {
            return Err(NoFrame::Ended);
        }
        let end = HEADER + usize::try_from(length).map_err(|_| NoFrame::Ended)?;
        self.fill(end, deadline)?;
        let rest = self.buffer.split_off(end);
        let mut frame = std::mem::replace(&mut self.buffer, rest);
        frame.drain(..HEADER);
        Ok(frame)
    }

    /// Reads until the buffer holds `length` bytes.
    fn fill(&mut self, length: usize, deadline: Instant) -> Result<(), NoFrame> {
        let mut chunk = [0; 64 << 10];
        while self.buffer.len() < length {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(NoFrame::Late);
            }
            let timeout = Timespec { tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX), tv_nsec: i64::from(left.subsec_nanos()) };
            match poll(&mut [PollFd::new(&self.output, PollFlags::IN)], Some(&timeout)) {
                Ok(0) => return Err(NoFrame::Late),
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return Err(NoFrame::Ended),
            }
            match self.output.read(&mut chunk) {
                Ok(0) => return Err(NoFrame::Ended),
                Ok(count) => self.buffer.extend_from_slice(chunk.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(NoFrame::Ended),
            }
        }
        Ok(())
    }

    /// Why the worker is gone, as its exit status tells.
    pub(super) fn cause_of_death(&mut self, memory_bytes: u64) -> String {
        // A worker that talked nonsense may still be running.
        let _ = self.child.kill();
        let signal = self.child.wait().ok().and_then(|status| status.signal());
        let memory = memory_bytes >> 20;
        match signal {
            // Rust and the system both abort on memory that cannot be had and on a stack that is full.
            Some(6 | 11 | 7) => format!("the snippet used more than {memory} MiB of memory, or nested too deep, and was stopped"),
            Some(24) => "the snippet used too much processor time and was stopped".to_owned(),
            _ => "the Python worker ended while it ran the snippet".to_owned(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
