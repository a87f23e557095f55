//! The two programs, run as processes in a project of their own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

/// The workspace folder.
#[must_use]
pub fn workspace() -> PathBuf {
    let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.pop();
    path
}

/// The folder of the built programs. They are built here unless `tests/run` has done so: `cargo test -p sequor-tests` alone would not.
fn programs() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let running = std::env::current_exe().expect("the path of the running program");
        // A test is in target/PROFILE/deps, the benchmark in target/PROFILE.
        let folder = running.parent().expect("a program is in a folder");
        let profile_dir = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder }.to_path_buf();
        if std::env::var_os("SEQUOR_PROGRAMS_BUILT").is_some() {
            return profile_dir;
        }
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--workspace", "--bins"]).current_dir(workspace());
        if profile_dir.file_name() == Some(OsStr::new("release")) {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo runs").success(), "the programs do not build");
        profile_dir
    })
}

/// The `sequor` program.
#[must_use]
pub fn sequor() -> PathBuf {
    programs().join("sequor")
}

/// The `sequor-executor` program.
#[must_use]
pub fn executor() -> PathBuf {
    programs().join("sequor-executor")
}

/// A copy of a project, with a home of its own; removed at the end.
pub struct Project {
    dir: TempDir,
}

/// What a program printed and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// A copy of `fixtures/projects/NAME`.
    #[must_use]
    pub fn fixture(name: &str) -> Self {
        let project = Self::empty();
        copy(&workspace().join("fixtures/projects").join(name), &project.path());
        project
    }

    /// A folder with nothing in it.
    #[must_use]
    pub fn empty() -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        std::fs::create_dir(dir.path().join("project")).expect("a folder in it");
        std::fs::create_dir(dir.path().join("home")).expect("a folder in it");
        Self { dir }
    }

    /// A project of these files: path and text.
    #[must_use]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let project = Self::empty();
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    /// The folder of the environments (`--home-dir`).
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a written file");
    }

    #[must_use]
    pub fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.path().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// Runs `sequor ARGUMENTS` in the project's folder.
    pub fn sequor<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ran {
        run(self.command(&sequor()).args(arguments))
    }

    /// Runs `sequor-executor ARGUMENTS` in the project's folder.
    pub fn executor<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ran {
        run(self.command(&executor()).args(arguments))
    }

    /// A program in this project, with nothing of the caller's Sequor settings.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path()).env("SEQUOR_HOME", self.home()).env("NO_COLOR", "1").env_remove("SEQUOR_ENV");
        command
    }
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let text = |bytes| String::from_utf8(bytes).expect("programs print UTF-8");
    Ran { status: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
}

impl Ran {
    /// Fails the test, with everything printed, unless the program ended with this status.
    #[must_use]
    #[track_caller]
    pub fn ended(self, status: i32) -> Self {
        assert_eq!(self.status, status, "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Both outputs.
    #[must_use]
    pub fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Fails the test unless this was printed.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.output().contains(text), "nothing says {text:?}\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails the test if this was printed.
    #[track_caller]
    pub fn hides(&self, text: &str) -> &Self {
        assert!(!self.output().contains(text), "something says {text:?}\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).unwrap_or_else(|e| panic!("{}: {e}", from.display())) {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
