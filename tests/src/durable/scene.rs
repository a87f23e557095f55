//! One run with everything around it: the plan, the state, the database, the API. Its processes are started here, and its books are read here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use super::process::{Ended, Running};
use super::{flows, shop::Shop};
use crate::postgres::Database;
use crate::program::{self, Project};
use crate::sqlite;

/// Processes of one run at most.
const PATIENCE: u32 = 60;

/// A folder with a compiled flow, and where its effects go.
pub struct Scene<'a> {
    pub shop: &'a Shop,
    project: Project,
    store: Store<'a>,
    /// Of `--state`.
    state: String,
    /// As seen by the run: the shop's, or that of something in between.
    api: String,
    processes: AtomicU32,
}

enum Store<'a> {
    Sqlite,
    /// The URL as seen by the run, and the database.
    Postgres(String, &'a Database<'a>),
}

/// What came to pass until a run was done.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// `METHOD url` of everything that was listed as in doubt; all of it was sent again.
    pub listed: BTreeSet<String>,
    /// The status of every process, and what it printed.
    pub processes: Vec<Ended>,
}

/// What a run left behind.
#[derive(Clone, Debug)]
pub struct Books {
    /// By name.
    pub tables: BTreeMap<String, Vec<String>>,
    /// For each op of the report: how often it was done, rows in and out. Nothing where the last process was killed before it wrote it.
    pub report: BTreeMap<String, (u64, u64, u64)>,
    /// Requests that must not be repeated.
    pub asked: BTreeSet<String>,
}

impl<'a> Scene<'a> {
    /// With a SQLite file as the store.
    #[must_use]
    pub fn sqlite(flow: &str, shop: &'a Shop) -> Self {
        let scene = Self::new(flow, shop, Store::Sqlite);
        sqlite::execute(&scene.file("store.db"), flows::SETUP);
        scene
    }

    /// With a new, empty PostgreSQL database as the store.
    #[must_use]
    pub fn postgres(flow: &str, shop: &'a Shop, database: &'a Database<'a>) -> Self {
        database.psql(flows::SETUP);
        Self::new(flow, shop, Store::Postgres(database.url(), database))
    }

    fn new(flow: &str, shop: &'a Shop, store: Store<'a>) -> Self {
        let source = match store {
            Store::Sqlite => "type: sqlite\npath: store.db\n",
            Store::Postgres(..) => "type: postgres\nconn_str: \"{{ var('store_url') }}\"\n",
        };
        let project = Project::of(&[
            ("project.yaml", "name: durable\n"),
            ("sources/store.yaml", source),
            (
                "sources/api.yaml",
                "type: http\nbase_url: \"{{ var('api') }}\"\ntimeout: 5s\nretry: {attempts: 4, on: [429, 5xx, network], backoff: constant, delay: 5ms}\n",
            ),
            ("flows/main.yaml", flow),
        ]);
        let _ = project.sequor(["compile", "main", "-o", "main.plan"]).ended(0);
        Self { shop, project, store, state: "state.db".into(), api: shop.url(), processes: AtomicU32::new(0) }
    }

    /// The state is there: a URL, or a file.
    #[must_use]
    pub fn with_state(mut self, place: impl Into<String>) -> Self {
        self.state = place.into();
        self
    }

    /// The run reaches the API there.
    #[must_use]
    pub fn with_api(mut self, url: impl Into<String>) -> Self {
        self.api = url.into();
        self
    }

    /// The run reaches its PostgreSQL database at this port.
    #[must_use]
    pub fn with_store_at(mut self, port: u16) -> Self {
        if let Store::Postgres(url, database) = &mut self.store {
            *url = database.url().replace(&format!(":{}/", database.port()), &format!(":{port}/"));
        }
        self
    }

    /// A file in the scene's folder.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.project.path().join(name)
    }

    /// `sequor-executor`, with everything but its arguments.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.around(Command::new(program::executor()), arguments)
    }

    /// The same, started by another program, whose own arguments are there already.
    #[must_use]
    pub fn around(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).args(["--state", &self.state]);
        if matches!(arguments.first(), Some(&"run" | &"resume" | &"fork")) && !arguments.contains(&"--dry-run") {
            command.args(["--report", "report.json"]);
        }
        command.current_dir(self.project.path()).env("SEQUOR_HOME", self.project.home()).env("NO_COLOR", "1").env_remove("SEQUOR_ENV");
        command.env("SEQUOR_VAR_api", &self.api);
        if let Store::Postgres(url, _) = &self.store {
            command.env("SEQUOR_VAR_store_url", url);
        }
        command
    }

    #[must_use]
    pub fn start(&self, command: Command) -> Running {
        let number = self.processes.fetch_add(1, Ordering::Relaxed);
        Running::start(command, self.file(&format!("output.{number}")))
    }

    /// Starts the run.
    #[must_use]
    pub fn run(&self) -> Running {
        self.start(self.command(&["run", "main.plan"]))
    }

    /// Goes on with it.
    #[must_use]
    pub fn resume(&self) -> Running {
        self.start(self.command(&["resume"]))
    }

    /// Starts the run, or goes on with it where it was recorded.
    #[must_use]
    pub fn go(&self) -> Running {
        if self.is_recorded() == Some(false) { self.run() } else { self.resume() }
    }

    /// Goes on with the run until it is done, as a person would: an answer where something is in doubt, patience where something is not there.
    ///
    /// # Panics
    /// Where it does not end well.
    pub fn go_on_until_done(&self, story: &mut Story) {
        for _ in 0..PATIENCE {
            let doubted = story.processes.last().is_some_and(|last| last.status == Some(75)) && story.note_doubts(self);
            let arguments: &[&str] = if doubted { &["resume", "--in-doubt", "send"] } else { &["resume"] };
            let recorded = self.is_recorded();
            // Without an answer of the state store, a new run could be a second one.
            let process = if recorded == Some(false) { self.run() } else { self.start(self.command(arguments)) };
            let ended = process.wait();
            let status = ended.status;
            // It was done when its process was killed.
            let over = status == Some(2) && ended.output.contains("no unfinished run");
            story.processes.push(ended);
            if status == Some(0) || over {
                return;
            }
            let may_go_on = matches!(status, Some(1 | 75) | None) || (status == Some(2) && self.has_remote_state());
            assert!(may_go_on, "it cannot go on\n{}", story.told());
        }
        panic!("not done after {PATIENCE} processes\n{}", story.told());
    }

    /// Whether the state store knows the run; nothing where it does not answer.
    #[must_use]
    pub fn is_recorded(&self) -> Option<bool> {
        let ended = self.start(self.command(&["runs"])).wait();
        match ended.status {
            Some(0) => Some(!ended.output.contains("no runs")),
            _ if ended.output.contains("there is no state file") => Some(false),
            _ => None,
        }
    }

    /// A state store behind a network may be out of reach for a while.
    fn has_remote_state(&self) -> bool {
        self.state.starts_with("postgres")
    }

    /// The last report.
    #[must_use]
    pub fn report(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.file("report.json")).unwrap_or_default()).unwrap_or_default()
    }

    /// What the run has left behind.
    #[must_use]
    pub fn books(&self) -> Books {
        let number = |op: &Value, key: &str| op[key].as_u64().unwrap_or_default();
        let ops = self.report()["ops"].as_array().cloned().unwrap_or_default();
        let report = ops
            .iter()
            .map(|op| {
                (op["id"].as_str().unwrap_or_default().to_owned(), (number(op, "executed"), number(op, "rows_in"), number(op, "rows_out")))
            })
            .collect();
        Books { tables: self.tables(), report, asked: self.shop.unsafe_requests().into_keys().collect() }
    }

    /// Every table with its rows, sorted. Of the executor's own tables there is only what must not be left.
    #[must_use]
    pub fn tables(&self) -> BTreeMap<String, Vec<String>> {
        let mut tables = match &self.store {
            Store::Sqlite => sqlite_tables(&self.file("store.db")),
            Store::Postgres(_, database) => postgres_tables(database),
        };
        tables.retain(|name, rows| name != "_sequor_commit" || !rows.is_empty());
        tables
    }

    /// Fails the test if a request that must not be repeated arrived twice and was not listed before.
    #[track_caller]
    pub fn assert_nothing_sent_twice(&self, story: &Story) {
        for (request, count) in self.shop.unsafe_requests() {
            let path = request.trim_start_matches("POST ");
            let listed = story.listed.iter().any(|title| title.starts_with("POST ") && title.ends_with(path));
            assert!(count == 1 || listed, "{request} was sent {count} times, and was not listed as in doubt\n{}", story.told());
        }
        let mut keys: BTreeMap<String, String> = BTreeMap::new();
        for (path, key) in self.shop.keyed_requests() {
            let known = keys.entry(path.clone()).or_insert_with(|| key.clone());
            assert_eq!(*known, key, "{path} was sent with another key");
        }
    }
}

impl Books {
    /// Fails the test, with what differs, unless both are the same.
    #[track_caller]
    pub fn assert_same(&self, expected: &Self, what: &str, story: &Story) {
        assert_same_tables(&self.tables, &expected.tables, what, story);
        assert_eq!(self.asked, expected.asked, "{what}: other requests\n{}", story.told());
        if !self.report.is_empty() {
            assert_eq!(self.report, expected.report, "{what}: another report\n{}", story.told());
        }
    }
}

/// Fails the test, with what is missing and what is too much, unless both are the same.
#[track_caller]
pub fn assert_same_tables(left: &BTreeMap<String, Vec<String>>, expected: &BTreeMap<String, Vec<String>>, what: &str, story: &Story) {
    let names: BTreeSet<&String> = left.keys().chain(expected.keys()).collect();
    let none = Vec::new();
    let differences: Vec<String> = names
        .into_iter()
        .filter(|name| left.get(*name) != expected.get(*name))
        .map(|name| {
            let (found, wanted) = (left.get(name).unwrap_or(&none), expected.get(name).unwrap_or(&none));
            let missing = rest_of(wanted, found);
            let extra = rest_of(found, wanted);
            format!("{name}: {} rows instead of {}, missing {missing:?}, too many {extra:?}", found.len(), wanted.len())
        })
        .collect();
    assert!(differences.is_empty(), "{what}: {differences:#?}\n{}", story.told());
}

/// The first few of what is left of one list when the other is taken away.
fn rest_of(rows: &[String], taken: &[String]) -> Vec<String> {
    let mut taken = taken.to_vec();
    let keep = |row: &&String| match taken.iter().position(|other| other == *row) {
        Some(at) => {
            taken.swap_remove(at);
            false
        }
        None => true,
    };
    rows.iter().filter(keep).take(5).cloned().collect()
}

impl Story {
    /// Notes what the last report lists as in doubt. Says whether it lists something.
    fn note_doubts(&mut self, scene: &Scene<'_>) -> bool {
        let report = scene.report();
        let open = report["in_doubt"].as_array().into_iter().flatten().filter(|doubt| doubt["settled"].is_null());
        let titles: Vec<String> = open.filter_map(|doubt| doubt["title"].as_str().map(str::to_owned)).collect();
        let known = !titles.is_empty();
        self.listed.extend(titles);
        known
    }

    /// Everything the processes printed.
    #[must_use]
    pub fn told(&self) -> String {
        let one =
            |(number, ended): (usize, &Ended)| format!("--- process {}, exit status {:?}\n{}\n", number + 1, ended.status, ended.output);
        self.processes.iter().enumerate().map(one).collect()
    }
}

fn sqlite_tables(path: &Path) -> BTreeMap<String, Vec<String>> {
    let names =
        sqlite::value(path, "select group_concat(name, char(10)) from sqlite_master where type = 'table' and name not like 'sqlite_%'");
    let mut tables = BTreeMap::new();
    for name in names.lines() {
        let columns = sqlite::value(
            path,
            &format!("select group_concat('quote(\"' || name || '\")', ' || '','' || ') from pragma_table_info('{name}')"),
        );
        let rows = sqlite::value(
            path,
            &format!("select coalesce(group_concat(line, char(30)), '') from (select {columns} as line from \"{name}\")"),
        );
        tables.insert(name.to_owned(), sorted(&rows, '\u{1e}'));
    }
    tables
}

fn postgres_tables(database: &Database<'_>) -> BTreeMap<String, Vec<String>> {
    let names = database.psql("select table_name from information_schema.tables where table_schema = 'public' order by 1");
    let mut tables = BTreeMap::new();
    for name in names.lines() {
        let rows = database.psql(&format!("select coalesce(string_agg(t::text, chr(30)), '') from public.\"{name}\" t"));
        tables.insert(name.to_owned(), sorted(&rows, '\u{1e}'));
    }
    tables
}

fn sorted(rows: &str, separator: char) -> Vec<String> {
    let mut rows: Vec<String> = rows.split(separator).filter(|row| !row.is_empty()).map(str::to_owned).collect();
    rows.sort();
    rows
}
