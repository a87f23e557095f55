//! The files of `fixtures/crash`: a project, its databases, its service, and what may end in doubt.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::program::workspace;

/// One flow with everything around it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The file's.
    #[serde(skip)]
    pub name: String,
    /// What the compiler must know for it; it is left out, and named, while that does not compile.
    #[serde(default)]
    pub needs: Option<String>,
    #[serde(default)]
    pub service: Behaviour,
    /// By the name of their source.
    #[serde(default)]
    pub databases: BTreeMap<String, Database>,
    /// Name and text; `main` is run.
    pub flows: BTreeMap<String, String>,
    /// How requests and statements in doubt are answered.
    #[serde(default)]
    pub doubt: Answer,
    /// What the flow itself answers.
    #[serde(default)]
    pub chooses: Answer,
    /// What is missing where the reply of a request is given up.
    #[serde(default)]
    pub lost: Lost,
    /// The undisturbed run fails.
    #[serde(default)]
    pub fails: bool,
    /// Where the state is.
    #[serde(default)]
    pub state: StateKind,
    /// Beginnings of paths that may be asked for again whatever the method.
    #[serde(default)]
    pub repeatable: Vec<String>,
    /// Requests under way together.
    #[serde(default = "one")]
    pub concurrency: usize,
}

/// How the service answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    pub name: BehaviourName,
    #[serde(default = "some_records")]
    pub records: u64,
    /// Records of a page.
    #[serde(default = "some_records")]
    pub page: u64,
    /// Of `refusing`: the last parts of the paths that are refused.
    #[serde(default)]
    pub numbers: Vec<u64>,
    /// Of `refusing` and `limited`.
    #[serde(default)]
    pub status: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BehaviourName {
    /// Everything is answered well.
    Shop,
    /// Some numbers never.
    Refusing,
    /// Everything only when it is asked for the second time.
    Limited,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub kind: DatabaseKind,
    #[serde(default)]
    pub setup: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseKind {
    Sqlite,
    Postgres,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateKind {
    #[default]
    Sqlite,
    Postgres,
}

/// An answer to `--in-doubt`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing may be in doubt.
    #[default]
    None,
    Send,
    Skip,
    /// Where the request arrived; `send` where it did not.
    Done,
}

/// What is not compared for requests whose reply was given up.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lost {
    /// `database.table` and the column that has the last part of the request's path.
    pub rows: BTreeMap<String, String>,
    /// Tables made of those.
    pub tables: Vec<String>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { name: BehaviourName::Shop, records: some_records(), page: some_records(), numbers: Vec::new(), status: 0 }
    }
}

fn one() -> usize {
    1
}

fn some_records() -> u64 {
    12
}

/// The folder of the cases.
#[must_use]
pub fn folder() -> PathBuf {
    workspace().join("fixtures/crash")
}

/// All cases, by name.
#[must_use]
pub fn all() -> Vec<Case> {
    let entries = std::fs::read_dir(folder()).expect("fixtures/crash");
    let mut paths: Vec<_> = entries.map(|e| e.expect("an entry").path()).filter(|p| p.extension().is_some_and(|e| e == "yaml")).collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Case {
    let text = std::fs::read_to_string(path).expect("a readable file");
    let mut case: Case = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    case.name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    case
}

impl Case {
    /// Whether a request must not be made twice.
    #[must_use]
    pub fn is_unsafe(&self, method: &str, path: &str) -> bool {
        matches!(method, "POST" | "PATCH") && !self.repeatable.iter().any(|start| path.starts_with(start))
    }

    /// Writes the project's files.
    pub fn write_project(&self, folder: &Path) {
        let write = |path: &str, text: &str| {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
            std::fs::write(path, text).expect("a written file");
        };
        write("project.yaml", "name: crash\n");
        write(
            "sources/api.yaml",
            "type: http\nbase_url: \"{{ var('api') }}\"\nretry: {attempts: 4, on: [429, 5xx, network], backoff: constant, delay: 2ms}\n",
        );
        for (name, database) in &self.databases {
            let source = match database.kind {
                DatabaseKind::Sqlite => format!("type: sqlite\npath: {name}.db\n"),
                DatabaseKind::Postgres => format!("type: postgres\nconn_str: \"{{{{ var('{name}_url') }}}}\"\n"),
            };
            write(&format!("sources/{name}.yaml"), &source);
        }
        for (name, text) in &self.flows {
            write(&format!("flows/{name}.yaml"), text);
        }
    }
}
