//! docs/reference is what the compiler's tables say, its links lead somewhere, and its examples compile.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use common::fixtures;
use sequor_compiler::op::OPS;
use sequor_compiler::reference::{Page, pages};
use sequor_compiler::render::{Format, render};
use sequor_compiler::source::TYPES;
use sequor_compiler::{Options, Project, compile};

/// The files below a folder, by their path from it.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        let entries = fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display()));
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn the_folder_is_what_the_command_writes() {
    let there = files(&fixtures("../docs/reference"));
    let wanted: BTreeMap<String, String> = pages().into_iter().map(|page| (page.path, page.text)).collect();
    let names: BTreeSet<&String> = there.keys().chain(wanted.keys()).collect();
    let stale: Vec<_> = names.into_iter().filter(|name| there.get(*name) != wanted.get(*name)).collect();
    assert!(stale.is_empty(), "not up to date in docs/reference: {stale:?}; run `cargo run -p sequor-compiler --example reference`");
}

#[test]
fn every_op_and_kind_of_source_has_a_page_with_an_example() {
    let pages: BTreeMap<String, String> = pages().into_iter().map(|page| (page.path, page.text)).collect();
    for spec in &OPS {
        let page = &pages[&format!("ops/{}.md", spec.name)];
        let (_, example) = page.split_once("## Example").unwrap_or_else(|| panic!("op '{}' has no example", spec.name));
        assert!(example.contains(&format!("op: {}\n", spec.name)), "the example of '{}' does not use it", spec.name);
    }
    for (_, kind) in TYPES {
        assert!(pages[&format!("sources/{}.md", kind.name())].contains("## Example"), "{kind:?}");
    }
}

#[test]
fn every_example_compiles_without_any_fault() {
    let project = Project::open(&fixtures("projects/reference"), Options { env: Some("test".to_owned()), ..Options::default() }).unwrap();
    let pages = pages();
    for file in project.flows.iter().chain(&project.sources) {
        let shown = pages.iter().any(|page| page.text.contains(file.file.text.trim_end()));
        assert!(shown, "{} is on no page", file.file.path);
    }
    let compiled = compile(&project, &[] as &[&str]).unwrap();
    assert!(compiled.diagnostics.is_empty(), "{}", render(Format::Full, &compiled.diagnostics, false));
}

/// The places that a page's links lead to.
fn links(page: &Page) -> Vec<&str> {
    let mut links: Vec<&str> = page.text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target)).collect();
    links.retain(|target| !target.starts_with("https://"));
    links
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut is_code = false;
    for line in text.lines() {
        is_code ^= line.starts_with("```");
        let Some(heading) = Some(line.trim_start_matches('#')).filter(|h| !is_code && h.len() < line.len()) else { continue };
        let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let anchor = kept.collect::<String>().to_lowercase().replace(' ', "-");
        let again = (1..).map(|n| format!("{anchor}-{n}")).find(|a| !anchors.contains(a)).unwrap();
        let is_new = anchors.insert(anchor);
        if !is_new {
            anchors.insert(again);
        }
    }
    anchors
}

#[test]
fn every_link_leads_to_a_page_and_heading() {
    let folder = fixtures("../docs/reference");
    for page in pages() {
        let here = folder.join(&page.path);
        for link in links(&page) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target: PathBuf = if file.is_empty() { here.clone() } else { here.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link}", page.path);
            if !anchor.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                assert!(anchors(&text).contains(anchor), "{}: no heading for {link}", page.path);
            }
        }
    }
}
