//! A program that runs beside the test: watched, stopped, continued, killed.

use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A process that takes longer is stuck.
const LIMIT: Duration = Duration::from_secs(180);
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A process. Killed when it is dropped.
pub struct Running {
    child: Child,
    output: PathBuf,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Nothing where a signal ended it.
    pub status: Option<i32>,
    /// Both outputs.
    pub output: String,
}

impl Running {
    /// Starts a command, with both outputs in a file: a full pipe would stop it.
    #[must_use]
    pub fn start(mut command: Command, output: PathBuf) -> Self {
        let file = File::create(&output).expect("a file for the output");
        let errors = file.try_clone().expect("the file a second time");
        command.stdin(Stdio::null()).stdout(file).stderr(errors);
        Self { child: command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}")), output }
    }

    pub fn kill(&mut self) {
        // An error says that it has ended already.
        let _ = self.child.kill();
    }

    /// Sends a signal by its name, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "the process takes SIG{name}");
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a process of ours").is_none()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// Where it does not end.
    #[must_use]
    pub fn wait(mut self) -> Ended {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a process of ours") {
                return self.ended(status);
            }
            assert!(started.elapsed() < LIMIT, "the process does not end\n{}", self.output());
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// What it has printed so far.
    #[must_use]
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.output).unwrap_or_default()).into_owned()
    }

    fn ended(&self, status: ExitStatus) -> Ended {
        // strace ends as its child did, a shell with 128 and the signal's number: a test must not mistake the one for the other.
        let status = if status.signal().is_some() { None } else { status.code() };
        Ended { status, output: self.output() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// Fails the test, with everything printed, unless the program ended with this status.
    #[must_use]
    #[track_caller]
    pub fn with(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "\n{}", self.output);
        self
    }

    /// Fails the test unless this was printed.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.output.contains(text), "nothing says {text:?}\n{}", self.output);
        self
    }
}
