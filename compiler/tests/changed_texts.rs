//! Changed texts of all fixtures: every one ends in a report or a plan, soon, and without a panic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(unreachable_pub, clippy::cast_possible_truncation, reason = "shared with the fuzz targets, which are programs of their own")]

#[path = "support/exercise.rs"]
mod exercise;
#[path = "support/mutate.rs"]
mod mutate;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mutate::{Random, mutate as mutated};
use sequor_compiler::diagnostic::SourceFile;
use sequor_compiler::yaml::{Kind, Node, parse};

/// No single text of this size needs anywhere near as long, however slow the machine.
const LIMIT: Duration = Duration::from_secs(20);

/// The texts of all YAML files below a folder, in the order of their paths.
fn texts(folder: &str) -> Vec<String> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(folder)];
    let mut paths: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "yaml") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    assert!(paths.len() > 10, "few fixtures in {folder}");
    paths.iter().map(|p| std::fs::read_to_string(p).unwrap()).collect()
}

/// Runs a case and names it where it fails or takes too long.
fn case(text: &str, run: impl FnOnce(&str) + std::panic::UnwindSafe) {
    let started = Instant::now();
    if let Err(panic) = std::panic::catch_unwind(|| run(text)) {
        panic!(
            "{:?} for the text\n{text:?}",
            panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
        );
    }
    assert!(started.elapsed() < LIMIT, "{:?} for the text\n{text:?}", started.elapsed());
}

const SETTINGS: &str = "name: p\ndefault_source: stage\nvariables: {x: 1}\n";
const API: &str = "type: http\nbase_url: https://api.example.com/v1\nauth: {type: bearer_token, token: \"{{ var('api_token') }}\"}\n";

#[test]
fn changed_flows_end_in_a_report_or_a_plan() {
    let mut texts = texts("flows");
    texts.extend(self::texts("crash"));
    texts.extend(self::texts("projects"));
    let mut random = Random(0x5EED);
    for text in &texts {
        case(text, |t| exercise::whole(&exercise::project(SETTINGS, t, API)));
    }
    for _ in 0..2500 {
        let (one, two) = (random.below(texts.len()), random.below(texts.len()));
        let text = mutated(&mut random, &texts[one], &texts[two]);
        case(&text, |t| exercise::whole(&exercise::project(SETTINGS, t, API)));
    }
}

#[test]
fn changed_sources_and_settings_end_in_a_report_or_a_plan() {
    let flow = "- op: http_request\n  request: {source: api, url: /x, headers: {X-Auth-Token: a}}\n";
    let mut random = Random(0xC0FFEE);
    let sources = texts("projects");
    for _ in 0..800 {
        let other = &sources[random.below(sources.len())];
        let source = mutated(&mut random, API, other);
        case(&source, |t| exercise::whole(&exercise::project(SETTINGS, flow, t)));
        let settings = mutated(&mut random, SETTINGS, API);
        case(&settings, |t| exercise::whole(&exercise::project(t, flow, API)));
    }
}

/// The scalars of a file's values.
fn scalars(node: &Node, found: &mut Vec<String>) {
    match &node.kind {
        Kind::Scalar(scalar) => found.push(scalar.text.clone()),
        Kind::Sequence(items) => items.iter().for_each(|n| scalars(n, found)),
        Kind::Mapping(entries) => entries.iter().for_each(|e| scalars(&e.value, found)),
    }
}

/// Snippets of the fixtures that hold one of these.
fn snippets(signs: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for text in texts("flows").into_iter().chain(texts("crash")).chain(texts("projects")) {
        if let (Some(node), _) = parse(&SourceFile::new("x.yaml", text)) {
            scalars(&node, &mut found);
        }
    }
    found.retain(|text| signs.iter().any(|s| text.contains(s)));
    found.sort();
    found.dedup();
    assert!(found.len() > 20, "{signs:?}: {}", found.len());
    found
}

fn changed_snippets(signs: &[&str], seed: u64, count: usize, run: fn(&str)) {
    let texts = snippets(signs);
    let mut random = Random(seed);
    for _ in 0..count {
        let (one, two) = (random.below(texts.len()), random.below(texts.len()));
        let text = mutated(&mut random, &texts[one], &texts[two]);
        case(&text, run);
    }
}

#[test]
fn changed_templates_are_survived() {
    changed_snippets(&["{{", "{%"], 1, 3000, exercise::jinja);
}

#[test]
fn changed_python_is_survived() {
    changed_snippets(&["return", "response.", "var("], 2, 3000, exercise::python);
}

#[test]
fn changed_sql_is_survived() {
    changed_snippets(&["select", "insert", "create table"], 3, 2000, exercise::sql);
}

/// Bytes that a debug build has to read in a second; the optimised one does several times as much.
const BYTES_A_SECOND: usize = 200_000;

/// How long this thread has worked, where the system tells it: other tests share the processors. Else, how long the test runs.
fn worked() -> Duration {
    static STARTED: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let since_start = STARTED.elapsed();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok().and_then(|s| s.split(' ').next()?.parse().ok());
    told.map_or(since_start, Duration::from_nanos)
}

fn in_time(what: &str, text: &str) {
    let before = worked();
    exercise::whole(&exercise::project(SETTINGS, text, API));
    let taken = worked().saturating_sub(before);
    let limit = Duration::from_secs(5) + Duration::from_millis((text.len() * 1000 / BYTES_A_SECOND) as u64);
    assert!(taken < limit, "{what}: {taken:?} for {} bytes", text.len());
}

#[test]
fn large_and_deep_flows_end_in_time() {
    let print = "- op: print\n  message: \"{{ var('x') }}\"\n";
    in_time("many steps", &print.repeat(20_000));
    in_time("many faults", &"- op: prnt\n  mesage: \"{{ x }}\"\n".repeat(2_000));
    in_time("many errors of syntax", &"- op: print\n  message: \"{{ x\"\n".repeat(2_000));
    in_time("a long text", &format!("- op: print\n  message: \"{}\"\n", "lorem ipsum ".repeat(200_000)));
    in_time("a long snippet", &format!("- op: print\n  message_expression: |\n{}    return 1\n", "    x = var('x')\n".repeat(5_000)));
    in_time("a wide list", &format!("- op: set_variable\n  set:\n    a: [{}]\n", "1, ".repeat(100_000)));
    let keys: String = (0..20_000).map(|i| format!("    k{i}: {i}\n")).collect();
    in_time("a wide map", &format!("- op: set_variable\n  set:\n{keys}"));
    in_time("the same key", &format!("- op: set_variable\n  set:\n{}", "    k: 1\n".repeat(5_000)));
    for open in ["[", "{a: ", "- ", "? "] {
        in_time(open, &format!("- op: print\n  message: {}", open.repeat(10_000)));
    }
    let nested: String =
        (0..10_000).map(|i| format!("{}- op: block\n{}  steps:\n", " ".repeat(i.min(300)), " ".repeat(i.min(300)))).collect();
    in_time("nested blocks", &nested);
    let bomb: String = (1..30).map(|i| format!("a{i}: &a{i} [*a{0}, *a{0}, *a{0}, *a{0}]\n", i - 1)).collect();
    in_time("an alias bomb", &format!("a0: &a0 x\n{bomb}steps: *a29\n"));
    in_time("merges", &format!("a: &a {{x: 1}}\nsteps:\n{}", "- {<<: *a, op: print, message: m}\n".repeat(5_000)));
    in_time("brackets in Jinja", &format!("- op: print\n  message: \"{{{{ {}1\"\n", "(".repeat(100_000)));
    in_time("brackets in Python", &format!("- op: print\n  message_expression: \"{}1\"\n", "(".repeat(100_000)));
    in_time("templates", &format!("- op: print\n  message: \"{}\"\n", "{{ var('x') }}".repeat(20_000)));
    in_time("unquoted templates", &"- op: print\n  message: {{ var('x') }}\n".repeat(500));
    in_time("a long line of signs", &format!("- op: print\n  message: {}\n", ": - ? ".repeat(50_000)));
}

#[test]
fn a_hundred_thousand_steps_end_in_a_plan() {
    let text = "- {op: print, message: m}\n".repeat(100_000);
    in_time("a hundred thousand steps", &text);
}

#[test]
fn ten_megabytes_end_in_a_report_or_a_plan() {
    let lines = format!("- op: print\n  message: |\n{}", "    a line of text that is long enough to be one\n".repeat(210_000));
    assert!(lines.len() > 10_000_000);
    in_time("ten megabytes", &lines);
}
