//! The table of codes, and the pages that `sequor explain` prints.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod common;

use std::collections::BTreeSet;

use common::{files, fixtures};
use sequor_compiler::codes::{CODES, explain, find, suggest};
use sequor_compiler::diagnostic::SourceFile;
use sequor_compiler::project::File;
use sequor_compiler::sql::{Dialect, query};
use sequor_compiler::yaml::{Kind, Language, Node, Scalar, ScalarValue, Style, TextMap, ambiguous, folded_code, parse};
use sequor_compiler::{Options, Project, compile};

fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    let start = page.find(heading).unwrap_or_else(|| panic!("no {heading} in:\n{page}")) + heading.len();
    let rest = &page[start..];
    rest.find("\n## ").map_or(rest, |i| &rest[..i])
}

fn example<'p>(page: &'p str, heading: &str) -> &'p str {
    let block = section(page, heading);
    let start = block
        .find("```")
        .and_then(|i| block[i..].find('\n').map(|j| i + j + 1))
        .unwrap_or_else(|| panic!("no example in {heading}:\n{page}"));
    block[start..].split("```").next().unwrap()
}

#[test]
fn every_code_has_a_complete_page() {
    for code in CODES {
        let page = explain(code.code).unwrap();
        assert!(page.starts_with(&format!("# {}: {}\n", code.code, code.name)), "{}", code.code);
        assert!(page.contains(code.summary), "{} has another summary than its page", code.code);
        for heading in ["## Cause", "## Why it matters", "## Fix"] {
            assert!(section(page, heading).trim().len() > 20, "{} {heading}", code.code);
        }
        let (wrong, right) = (example(page, "## Wrong"), example(page, "## Right"));
        assert!(!wrong.trim().is_empty() && !right.trim().is_empty() && wrong != right, "{}", code.code);
    }
}

#[test]
fn every_page_has_a_code() {
    for path in files(&fixtures("../docs/codes"), "md") {
        let code = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(find(&code).is_some(), "{code}");
    }
}

#[test]
fn codes_and_names_are_unique_and_in_order() {
    let codes: Vec<&str> = CODES.iter().map(|c| c.code).collect();
    assert!(codes.is_sorted());
    assert_eq!(CODES.iter().map(|c| c.code).collect::<BTreeSet<_>>().len(), CODES.len());
    assert_eq!(CODES.iter().map(|c| c.name).collect::<BTreeSet<_>>().len(), CODES.len());
}

#[test]
fn codes_are_found_in_any_case_and_guessed_when_misspelt() {
    assert_eq!(find(" y001").map(|c| c.code), Some("Y001"));
    assert!(find("Y999").is_none());
    assert_eq!(suggest("S10").map(|c| &c.code[..3]), Some("S10"));
    assert_eq!(suggest("unknown-keys").map(|c| c.code), Some("S103"));
    assert_eq!(suggest("Duplicate-Key").map(|c| c.code), Some("Y003"));
    assert!(suggest("hello world").is_none());
}

fn values(node: &Node) -> Vec<&Node> {
    match &node.kind {
        Kind::Scalar(_) => vec![node],
        Kind::Sequence(items) => items.iter().flat_map(values).collect(),
        Kind::Mapping(entries) => entries.iter().flat_map(|e| values(&e.value)).collect(),
    }
}

/// All that is reported about an example, including what depends on what a value is for.
fn yaml_codes(text: &str) -> Vec<&'static str> {
    let (node, faults) = parse(&SourceFile::new("x.yaml", text));
    let scalars: Vec<&Node> = node.iter().flat_map(values).collect();
    let later = scalars.iter().flat_map(|n| [ambiguous(n), folded_code(n, Language::Python)]).flatten();
    faults.iter().map(|d| d.code).chain(later.map(|d| d.code)).collect()
}

#[test]
fn examples_of_yaml_faults_are_right() {
    // Y005 is about bytes that are no text, which no page can show.
    for code in CODES.iter().filter(|c| c.code.starts_with('Y') && c.code != "Y005") {
        let page = explain(code.code).unwrap();
        assert!(yaml_codes(example(page, "## Wrong")).contains(&code.code), "{} is not reported for its wrong example", code.code);
        assert_eq!(yaml_codes(example(page, "## Right")), [""; 0], "{}", code.code);
    }
}

#[test]
fn examples_of_other_faults_are_sound_yaml() {
    for code in CODES.iter().filter(|c| !c.code.starts_with(['Y', 'Q', 'M'])) {
        let page = explain(code.code).unwrap();
        for heading in ["## Wrong", "## Right"] {
            let (node, faults) = parse(&SourceFile::new("x.yaml", example(page, heading)));
            assert!(
                node.is_some() && faults.is_empty(),
                "{} {heading}: {:?}",
                code.code,
                faults.iter().map(|f| &f.message).collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn examples_of_sql_faults_are_right() {
    for code in CODES.iter().filter(|c| c.code.starts_with('Q')) {
        let page = explain(code.code).unwrap();
        if !page.contains("```sql") {
            continue;
        }
        let check = |text: &str| {
            let file = SourceFile::new("x.sql", text);
            let scalar =
                Scalar { text: text.to_owned(), value: ScalarValue::Text, style: Style::Literal, map: TextMap { anchors: vec![(0, 0)] } };
            let span = sequor_compiler::diagnostic::Span { file, start: 0, end: 1 };
            query(&scalar, &span, Dialect::Postgres).1.iter().map(|d| d.code).collect::<Vec<_>>()
        };
        assert_eq!(check(example(page, "## Wrong")), [code.code]);
        assert_eq!(check(example(page, "## Right")), [""; 0]);
    }
}

/// What is reported about a flow in the project `fixtures/flows/base`.
fn flow_codes(text: &str) -> Vec<&'static str> {
    let mut project = Project::open(&fixtures("flows/base"), Options::default()).unwrap();
    project.flows = vec![File { name: "example".to_owned(), file: SourceFile::new("flows/example.yaml", text) }];
    compile(&project, &["example"]).unwrap().diagnostics.iter().map(|d| d.code).collect()
}

#[test]
fn examples_of_faults_of_tables_and_columns_are_right() {
    let about_flows = |page: &str| page.contains("```yaml");
    let families = |code: &str| code.starts_with(['Q', 'T']) || ["P611", "P612"].contains(&code);
    let mut seen = 0;
    for code in CODES.iter().filter(|c| families(c.code) && about_flows(explain(c.code).unwrap())) {
        let page = explain(code.code).unwrap();
        let wrong = flow_codes(example(page, "## Wrong"));
        assert!(wrong.contains(&code.code), "{} is not reported for its wrong example: {wrong:?}", code.code);
        assert_eq!(flow_codes(example(page, "## Right")), [""; 0], "{}", code.code);
        seen += 1;
    }
    assert!(seen > 15, "only {seen} pages");
}

/// All Rust files below a folder.
fn sources(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn every_code_that_is_reported_is_in_the_table() {
    let mut seen = 0;
    for path in sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = std::fs::read_to_string(&path).unwrap();
        for literal in text.split('"').skip(1).step_by(2) {
            let bytes = literal.as_bytes();
            if bytes.len() == 4 && bytes[0].is_ascii_uppercase() && bytes[1..].iter().all(u8::is_ascii_digit) {
                assert!(find(literal).is_some(), "{literal} in {}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "only {seen} codes found");
}

/// What users see of snippets, requests and secrets is shown by a broken flow, and reviewed.
#[test]
fn faults_of_snippets_requests_and_secrets_have_a_broken_flow() {
    let reports: String = files(&fixtures("flows/err"), "snap").iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for code in CODES.iter().filter(|c| c.code.starts_with(['J', 'P', 'H', 'X'])) {
        assert!(reports.contains(&format!("[{}]", code.code)), "no broken flow shows {}", code.code);
    }
}
