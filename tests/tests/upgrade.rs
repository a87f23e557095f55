//! State files that earlier versions left: a run that was killed goes on, as it would have with the version that began it, or is refused before anything is touched.
//!
//! `fixtures/state/vN` is what version N of the state store left, with a folder for each version of the plans in it; they are made once, by the ignored test, and never
//! again.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sequor_plan_format::codec::FORMAT_VERSION;
use sequor_tests::crash::books::Shop;
use sequor_tests::crash::case::Behaviour;
use sequor_tests::crash::trial::{asked, titles};
use sequor_tests::program::{Project, executor, run, workspace};
use sequor_tests::sqlite;

/// What `make` writes.
const NEWEST: &str = "v2/plan4";
/// Of plan formats that are not read any more.
const OLD: [(&str, u16); 2] = [("v2/unfinished", 2), ("v2/plan3", 3)];

fn golden(version: &str) -> PathBuf {
    workspace().join("fixtures/state").join(version)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).expect("a copied file");
        }
    }
}

fn behaviour() -> Behaviour {
    Behaviour { records: 43, page: 10, ..Behaviour::default() }
}

fn posts(shop: &Shop) -> Vec<String> {
    shop.entries().into_iter().filter(|entry| entry.method == "POST").map(|entry| entry.path).collect()
}

#[test]
fn an_unfinished_run_of_each_version_goes_on() {
    for version in [NEWEST] {
        let from = golden(version);
        let project = Project::empty();
        copy(&from, &project.path());
        let before: Vec<String> = serde_json::from_slice(&project.read("posts.json")).expect("a list");
        assert!(before.len() >= 3 && before.len() < 12, "{version}: it was killed in the middle");
        let shop = Shop::start(&behaviour());
        let mapping = format!("https://api.example.com={}", shop.url());
        let resume = |arguments: &[&str]| {
            let mut command = project.command(&executor());
            command.args(["resume", "--state", "state.db", "--report", "report.json", "--map-url", &mapping]).args(arguments);
            run(&mut command)
        };
        let told = project.executor(["status", "--state", "state.db"]).ended(0);
        told.says("interrupted").says("sign_up");
        let _ = resume(&["--in-doubt", "send"]).ended(0);

        let report: serde_json::Value = serde_json::from_slice(&project.read("report.json")).expect("a report");
        let listed: BTreeSet<String> = titles(&report["in_doubt"]).iter().filter_map(|title| asked(title)).map(|(_, path)| path).collect();
        let mut times = BTreeMap::<String, usize>::new();
        for path in before.iter().cloned().chain(posts(&shop)) {
            *times.entry(path).or_default() += 1;
        }
        assert_eq!(times.len(), 12, "{version}: {times:?}");
        for (path, times) in &times {
            assert!(*times == 1 || listed.contains(path), "{version}: {path} was sent {times} times, and in doubt were {listed:?}");
        }
        assert!(shop.entries().iter().all(|entry| entry.path != "/records"), "{version}: what was loaded is loaded again");
        let stage = project.path().join("stage.db");
        let value = |sql: &str| sqlite::value(&stage, sql);
        assert_eq!(value("select count(*) || ' ' || sum(id) from records"), "43 946", "{version}");
        let numbers = "select group_concat(number, ' ') from (select number from signed order by rowid)";
        assert_eq!(value(numbers), "1 2 3 4 5 6 7 8 9 10 11 12 0", "{version}: in the order of the rows");
        assert_eq!(value("select city from signed where number = 0"), "Köln", "{version}: a variable from before the crash");
        assert_eq!(
            value("select count(*) from sqlite_master where type = 'table' and name like '%sequor%' and name <> '_sequor_commit'"),
            "0",
            "{version}"
        );
    }
}

#[test]
fn a_run_of_an_older_plan_format_is_refused_and_left_as_it_is() {
    for (old, format) in OLD {
        let project = Project::empty();
        copy(&golden(old), &project.path());
        let before = (project.read("state.db"), project.read("stage.db"));
        for arguments in [&["resume"][..], &["resume", "--in-doubt", "send"], &["resume", "--dry-run"], &["status"]] {
            let mut command = project.command(&executor());
            run(command.args(arguments).args(["--state", "state.db"]))
                .ended(2)
                .says(&format!("plan format version {format}; this version of Sequor reads version {FORMAT_VERSION}"))
                .says("finish it with the version of Sequor that began it");
        }
        project.executor(["runs", "--state", "state.db"]).ended(0).says("interrupted");
        assert!((project.read("state.db"), project.read("stage.db")) == before, "files of {old} were changed");
    }
}

/// A newer version's file is refused, and not a byte of it changes.
#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let project = Project::empty();
    copy(&golden(NEWEST), &project.path());
    sqlite::execute(&project.path().join("state.db"), "pragma user_version = 99");
    sqlite::execute(&project.path().join("state.db"), "pragma wal_checkpoint(truncate)");
    let before = project.read("state.db");
    for arguments in [&["resume"][..], &["status"], &["runs"], &["gc"]] {
        let mut command = project.command(&executor());
        run(command.args(arguments).args(["--state", "state.db"]))
            .ended(2)
            .says("newer version of Sequor (format 99")
            .says("update Sequor");
    }
    assert!(project.read("state.db") == before, "the file was changed");
}

const FLOW: &str = "\
- op: set_variable
  set: {city: Köln}
- op: http_request
  id: load
  init: {variables: {page: 1}}
  request: {source: api, url: /records, method: GET, parameters: {page: \"{{ var('page') }}\"}}
  response:
    tables:
      - {source: stage, table: records, columns: {id: bigint, name: text}, data_path: data}
    variables: {page_expression: \"response.json()['page'] + 1\"}
    while_expression: response.json()['more']
- op: http_request
  id: sign_up
  for_each: {source: stage, query: select id from records where id <= 12 order by id, as: member, key: [id], concurrency: 3}
  request:
    source: api
    url: \"/orders/{{ var('member').id }}\"
    method: POST
    body: {city: \"{{ var('city') }}\"}
  response:
    tables:
      - {source: stage, table: signed, columns: {number: bigint, city: text}, data_path: \"\"}
- op: execute
  source: stage
  statement: \"insert into signed values (0, '{{ var('city') }}')\"
";

/// `cargo test --test upgrade -- --ignored`, once for each version of the state store, with programs that have failpoints.
#[test]
#[ignore = "makes golden data"]
fn make() {
    let into = golden(NEWEST);
    assert!(!into.exists(), "{} is never made again", into.display());
    // The folder's name is in the data.
    let folder = Path::new("/var/tmp/sequor-golden");
    let _ = fs::remove_dir_all(folder);
    let shop = Shop::start(&behaviour());
    for (name, text) in [
        ("project.yaml", "name: golden\n"),
        ("sources/api.yaml", "type: http\nbase_url: https://api.example.com\n"),
        ("sources/stage.yaml", "type: sqlite\npath: stage.db\n"),
        ("flows/main.yaml", FLOW),
    ] {
        fs::create_dir_all(folder.join(name).parent().expect("a folder")).expect("a folder");
        fs::write(folder.join(name), text).expect("a file");
    }
    let sequor = |program: &Path| {
        let mut command = Command::new("unshare");
        command.args(["--uts", "sh", "-c", "hostname elsewhere; exec \"$0\" \"$@\""]).arg(program);
        command.current_dir(folder).env("SEQUOR_HOME", folder.join("home")).env("NO_COLOR", "1");
        command
    };
    let _ = run(sequor(&sequor_tests::program::sequor()).args(["compile", "-o", "main.plan"])).ended(0);
    let mapping = format!("https://api.example.com={}", shop.url());
    let mut command = sequor(&executor());
    command.args(["run", "main.plan", "--state", "state.db", "--map-url", &mapping]).env("SEQUOR_FAILPOINT", "http.before_absorb@8");
    let _ = run(&mut command);
    shop.settle();
    fs::write(folder.join("posts.json"), serde_json::to_string(&posts(&shop)).expect("JSON")).expect("a file");
    for name in ["state.db", "stage.db"] {
        sqlite::execute(&folder.join(name), "pragma wal_checkpoint(truncate)");
    }
    for name in ["flows", "sources", "project.yaml", "main.plan", "home", "state.db-wal", "state.db-shm", "stage.db-wal", "stage.db-shm"] {
        let path = folder.join(name);
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
    copy(folder, &into);
    fs::remove_dir_all(folder).expect("a removed folder");
}
