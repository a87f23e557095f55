//! Flows and projects under `fixtures/`, each with the report or the plan that it must give beside it.
//!
//! `flows/ok/NAME.yaml` and `flows/err/NAME.yaml` are compiled as a flow that is named, of the project `flows/base`; a folder there is a project of its
//! own, compiled as a whole.
//! `INSTA_UPDATE=always` writes what is expected.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sequor_compiler::diagnostic::SourceFile;
use sequor_compiler::project::File;
use sequor_compiler::render::{Format, render};
use sequor_compiler::{Compiled, Options, Project, compile};
use sequor_plan_format::codec;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

struct Case {
    name: String,
    project: Project,
    /// None: all of the project.
    flow: Option<String>,
}

impl Case {
    fn compile(&self) -> Compiled {
        compile(&self.project, self.flow.as_slice()).unwrap()
    }
}

fn cases(folder: &str) -> Vec<Case> {
    let dir = fixtures().join(folder);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(&dir).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_none_or(|e| e == "yaml")).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no cases in {}", dir.display());
    paths
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            match path.is_dir() {
                true => Case { project: Project::open(&path, Options::default()).unwrap(), name, flow: None },
                false => Case { project: alone(&path, &name), flow: Some(name.clone()), name },
            }
        })
        .collect()
}

/// One flow with the sources of the base project.
fn alone(path: &Path, name: &str) -> Project {
    let mut project = Project::open(&fixtures().join("flows/base"), Options::default()).unwrap();
    let file = SourceFile::new(format!("flows/{name}.yaml"), fs::read_to_string(path).unwrap());
    project.flows = vec![File { name: name.to_owned(), file }];
    project
}

fn all(project: &Project) -> Compiled {
    compile(project, &[] as &[&str]).unwrap()
}

fn report(compiled: &Compiled) -> String {
    render(Format::Concise, &compiled.diagnostics, false)
}

/// Compares with `NAME.snap` in the folder.
fn expect(folder: &str, name: &str, text: &str) {
    insta::with_settings!({snapshot_path => fixtures().join(folder), prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(name, text);
    });
}

/// Every expected file belongs to a case that is still there.
fn no_forgotten(folder: &str, names: &BTreeSet<String>) {
    for entry in fs::read_dir(fixtures().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "snap") {
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            assert!(names.contains(&stem), "{} belongs to no case", path.display());
        }
    }
}

#[test]
fn faults_are_reported_all_at_once() {
    let mut names = BTreeSet::new();
    for case in cases("flows/err") {
        let (compiled, name) = (case.compile(), case.name);
        assert!(compiled.has_errors() || !compiled.diagnostics.is_empty(), "{name}: nothing is reported");
        assert_eq!(compiled.plan.is_some(), !compiled.has_errors(), "{name}");
        expect("flows/err", &name, &report(&compiled));
        names.insert(name);
    }
    no_forgotten("flows/err", &names);
}

#[test]
fn sound_flows_give_the_expected_plan() {
    let mut names = BTreeSet::new();
    for case in cases("flows/ok") {
        let (compiled, name) = (case.compile(), case.name);
        let plan = compiled.plan.as_ref().unwrap_or_else(|| panic!("{name} does not compile:\n{}", report(&compiled)));
        let text = format!("{}\n{}", report(&compiled), sequor_plan_format::render::render(plan));
        expect("flows/ok", &name, &text);
        names.insert(name);
    }
    no_forgotten("flows/ok", &names);
}

#[test]
fn projects_give_the_expected_plan() {
    for name in ["calls", "seed"] {
        let project = Project::open(&fixtures().join("projects").join(name), Options::default()).unwrap();
        let compiled = all(&project);
        let plan = compiled.plan.as_ref().unwrap_or_else(|| panic!("{name} does not compile:\n{}", report(&compiled)));
        let text = format!("{}\n{}", report(&compiled), sequor_plan_format::render::render(plan));
        expect("flows", &format!("project_{name}"), &text);
    }
}

#[test]
fn the_same_text_gives_the_same_bytes_from_any_folder() {
    let from = fixtures().join("projects/seed");
    let elsewhere = std::env::temp_dir().join(format!("sequor-compiler-{}", std::process::id()));
    for folder in ["flows", "sources", "envs"] {
        fs::create_dir_all(elsewhere.join(folder)).unwrap();
        for entry in fs::read_dir(from.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, elsewhere.join(folder).join(path.file_name().unwrap())).unwrap();
        }
    }
    fs::copy(from.join("project.yaml"), elsewhere.join("project.yaml")).unwrap();
    let bytes = |dir: &Path| {
        let compiled = all(&Project::open(dir, Options::default()).unwrap());
        codec::encode(&compiled.plan.unwrap()).unwrap()
    };
    let (first, again, copied) = (bytes(&from), bytes(&from), bytes(&elsewhere));
    fs::remove_dir_all(&elsewhere).unwrap();
    assert_eq!(first, again);
    assert_eq!(first, copied);
    let text = String::from_utf8_lossy(&first);
    assert!(!text.contains(fixtures().parent().unwrap().to_str().unwrap()), "the plan holds an absolute path");
    assert!(!text.contains("not-a-secret"), "the plan holds a value of the environment");
}
