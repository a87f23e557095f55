//! Where a trial takes place: a folder with the plan and the state, databases, a service, and the executor's processes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::books::Shop;
use super::case::{Case, DatabaseKind, StateKind};
use super::databases::Databases;
use crate::program;

/// A process that takes longer is stuck.
const LIMIT: Duration = Duration::from_secs(60);

/// A place where a process is killed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shot {
    pub failpoint: String,
    /// From 1.
    pub pass: u64,
}

impl std::fmt::Display for Shot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.failpoint, self.pass)
    }
}

impl Shot {
    /// `NAME@PASS`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (failpoint, pass) = text.rsplit_once('@')?;
        Some(Self { failpoint: failpoint.to_owned(), pass: pass.parse().ok()? })
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Killed,
    Status(i32),
    Stuck,
}

/// A trial's surroundings.
pub struct World<'a> {
    pub case: &'a Case,
    pub shop: Shop,
    databases: &'a Databases,
    folder: TempDir,
    plan: &'a Path,
}

/// In memory where there is room: what a killed process wrote is there all the same.
#[must_use]
pub fn temporary_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    made.expect("a temporary folder")
}

/// Compiles a case. Gives what the compiler said where it does not.
///
/// # Errors
/// The compiler's faults.
pub fn compile(case: &Case, folder: &Path) -> Result<PathBuf, String> {
    case.write_project(folder);
    let plan = folder.join("main.plan");
    let ran =
        program::run(Command::new(program::sequor()).current_dir(folder).env("NO_COLOR", "1").args(["compile", "main", "-o"]).arg(&plan));
    if ran.status == 0 { Ok(plan) } else { Err(ran.output()) }
}

impl<'a> World<'a> {
    #[must_use]
    pub fn new(case: &'a Case, plan: &'a Path, databases: &'a Databases) -> Self {
        let folder = temporary_folder();
        databases.make(case, folder.path());
        Self { case, shop: Shop::start(&case.service), databases, folder, plan }
    }

    /// Starts the run and waits for its end.
    pub fn run(&self, shot: Option<&Shot>, trace: Option<&Path>) -> Ended {
        let plan = self.plan.to_string_lossy().into_owned();
        self.wait(&["run", &plan], shot, trace)
    }

    /// Goes on with the run.
    pub fn resume(&self, answer: Option<&str>, shot: Option<&Shot>, trace: Option<&Path>) -> Ended {
        let mut arguments = vec!["resume"];
        arguments.extend(answer.iter().flat_map(|answer| ["--in-doubt", answer]));
        self.wait(&arguments, shot, trace)
    }

    /// The executor in this world, ready to start.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program::executor());
        command.args(arguments).current_dir(self.folder.path()).env("NO_COLOR", "1").env_remove("SEQUOR_ENV");
        command.env("SEQUOR_HOME", self.folder.path()).env("SEQUOR_VAR_api", self.shop.url());
        for (name, database) in &self.case.databases {
            if database.kind == DatabaseKind::Postgres {
                command.env(format!("SEQUOR_VAR_{name}_url"), self.databases.url(name));
            }
        }
        let state = match self.case.state {
            StateKind::Sqlite => "state.db".to_owned(),
            StateKind::Postgres => self.databases.url("state"),
        };
        command.args(["--state", &state, "--report", "report.json"]);
        command
    }

    /// Starts the executor: for tests that do something while it runs. Its output and report are as those of the others.
    #[must_use]
    pub fn spawn(&self, command: &mut Command) -> Child {
        let _ = std::fs::remove_file(self.folder.path().join("report.json"));
        let output = File::create(self.folder.path().join("output")).expect("a file");
        command.stdin(Stdio::null()).stderr(output.try_clone().expect("a file")).stdout(output);
        command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"))
    }

    fn wait(&self, arguments: &[&str], shot: Option<&Shot>, trace: Option<&Path>) -> Ended {
        let mut command = self.command(arguments);
        if let Some(shot) = shot {
            command.env("SEQUOR_FAILPOINT", shot.to_string());
        }
        if let Some(trace) = trace {
            command.env("SEQUOR_FAILPOINT_TRACE", trace);
        }
        let ended = await_end(&mut self.spawn(&mut command));
        if ended == Ended::Killed {
            self.shop.settle();
        }
        ended
    }

    /// What the last process printed.
    #[must_use]
    pub fn output(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("output")).unwrap_or_default()
    }

    /// The report of the last process, if it wrote one.
    #[must_use]
    pub fn report(&self) -> Option<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("report.json")).ok()?;
        serde_json::from_str(&text).ok()
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    #[must_use]
    pub fn databases(&self) -> &Databases {
        self.databases
    }
}

/// Waits for a process; ends it where it takes too long.
pub fn await_end(child: &mut Child) -> Ended {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return status.code().map_or(Ended::Killed, Ended::Status);
        }
        if started.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            return Ended::Stuck;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
