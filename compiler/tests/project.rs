//! What a command line gets: which flow is meant, what is compiled, and what is said when nothing can be.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use sequor_compiler::diagnostic::{Severity, SourceFile};
use sequor_compiler::project::File;
use sequor_compiler::{Options, Project, compile};

fn seed(options: Options) -> Project {
    Project::open(&fixture("projects/seed"), options).unwrap()
}

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(path)
}

fn with_flows(flows: &[(&str, &str)], options: Options) -> Project {
    let mut project = Project::open(&fixture("flows/base"), options).unwrap();
    project.flows = flows
        .iter()
        .map(|(name, text)| File { name: (*name).to_owned(), file: SourceFile::new(format!("flows/{name}.yaml"), *text) })
        .collect();
    project
}

fn entries(names: &[&str]) -> Vec<String> {
    let plan = compile(&seed(Options::default()), names).unwrap().plan.unwrap();
    plan.project.entries.iter().map(|e| plan.text(plan.flow(*e).name).to_owned()).collect()
}

#[test]
fn a_flow_is_named_in_any_way() {
    for name in
        ["load_customers", "load_customers.yaml", "flows/load_customers.yaml", "./flows/load_customers.yaml", "/x/flows/load_customers.yml"]
    {
        assert_eq!(entries(&[name]), ["load_customers"], "{name}");
    }
    assert_eq!(entries(&["update_if_needed", "load_customers", "load_customers"]), ["update_if_needed", "load_customers"]);
}

#[test]
fn a_plan_holds_what_its_entries_reach() {
    let plan = compile(&seed(Options::default()), &["update_if_needed"]).unwrap().plan.unwrap();
    let flows: Vec<&str> = plan.flows.iter().map(|f| plan.text(f.name)).collect();
    let sources: Vec<&str> = plan.sources.iter().map(|s| plan.text(s.name)).collect();
    assert_eq!(flows, ["update_if_needed", "update_inventory"]);
    assert_eq!(sources, ["postgres"]);
}

#[test]
fn an_unknown_flow_is_one_clear_error() {
    let error = compile(&seed(Options::default()), &["load_customer"]).unwrap_err();
    assert_eq!(error.to_string(), "there is no flow 'load_customer'; did you mean 'load_customers'?");
}

#[test]
fn folders_that_are_no_project() {
    let open = |path: &Path| Project::open(path, Options::default()).unwrap_err().to_string();
    assert_eq!(open(Path::new("no/such/folder")), "there is no folder 'no/such/folder'");
    let empty = fixture("flows/err");
    assert!(open(&empty).contains("has no project.yaml; 'sequor init' makes a new project"), "{}", open(&empty));
    assert!(open(&fixture("flows/base/project.yaml")).contains("is a file, not a project folder"));
}

#[test]
fn a_project_needs_flows_but_no_sources() {
    let none = with_flows(&[], Options::default());
    assert!(compile(&none, &[] as &[&str]).unwrap_err().to_string().contains("no flows"));
    let mut plain = with_flows(&[("main", "- op: print\n  message: hi\n")], Options::default());
    plain.sources.clear();
    plain.settings = SourceFile::new("project.yaml", "name: plain\n");
    let compiled = compile(&plain, &["main"]).unwrap();
    assert_eq!(compiled.diagnostics.len(), 0, "{:?}", compiled.diagnostics);
    assert!(compiled.plan.is_some());
}

#[test]
fn faults_of_flows_that_are_not_reached_do_not_stop_a_named_one() {
    let flows = [("good", "- op: print\n  message: hi\n"), ("bad", "- op: prnt\n")];
    let project = with_flows(&flows, Options::default());
    assert!(compile(&project, &["good"]).unwrap().plan.is_some());
    assert!(compile(&project, &[] as &[&str]).unwrap().plan.is_none());
}

const READS: &str = "- op: print\n  message: \"{{ var('api_token') }} {{ var('rate') }}\"\n";

#[test]
fn a_chosen_environment_must_define_what_is_read() {
    let codes = |env: &str, variables: &[&str]| {
        let options =
            Options { env: Some(env.to_owned()), variables: variables.iter().map(|v| (*v).to_owned()).collect(), ..Options::default() };
        let compiled = compile(&with_flows(&[("main", READS)], options), &["main"]).unwrap();
        compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(|d| (d.code, d.message.clone())).collect::<Vec<_>>()
    };
    assert_eq!(codes("test", &[]), [("R208", "environment 'test' does not define the variable 'rate'".to_owned())]);
    assert_eq!(codes("test", &["rate"]), []);
    assert!(codes("tst", &["rate", "api_token"]).contains(&("R207", "there is no environment 'tst'".to_owned())));
}

#[test]
fn variables_from_outside_are_in_the_manifest() {
    let options = Options { variables: vec!["rate".to_owned()], ..Options::default() };
    let plan = compile(&with_flows(&[("main", READS)], options), &["main"]).unwrap().plan.unwrap();
    let names: Vec<&str> = plan.manifest.variables.iter().map(|v| plan.text(*v)).collect();
    assert_eq!(names, ["api_token", "rate"]);
}

#[test]
fn names_of_files_must_be_easy_to_write_and_to_tell_apart() {
    const HI: &str = "- {op: print, message: hi}\n";
    let found = |names: &[&str]| {
        let flows: Vec<(&str, &str)> = names.iter().map(|name| (*name, HI)).collect();
        let compiled = compile(&with_flows(&flows, Options::default()), names).unwrap();
        assert!(compiled.plan.is_some());
        compiled.diagnostics.iter().map(|d| format!("{} {}", d.code, d.message)).collect::<Vec<_>>()
    };
    assert_eq!(found(&["load orders"]), ["S113 the name of the flow 'load orders' has a space in it"]);
    assert_eq!(found(&["shop/orders", "Shop/Orders"]), ["S113 the flows 'Shop/Orders' and 'shop/orders' differ in capitals only"]);
    assert_eq!(found(&["2026/load-orders.v2", "2026/load_orders"]), [""; 0]);
}

#[test]
fn names_of_variables_are_looked_at_wherever_they_are_given() {
    let mut project = with_flows(&[("main", "- op: http_request\n  request: {source: api, url: /orders}\n")], Options::default());
    let file = |name: &str, path: &str, text: &str| File { name: name.to_owned(), file: SourceFile::new(path, text) };
    project.settings = SourceFile::new("project.yaml", "name: shop\nvariables: {a b: 1}\n");
    project.sources = vec![file("api", "sources/api.yaml", "type: http\nbase_url: https://api.example.com\nvariables: {Key: 1, key: 2}\n")];
    project.environments = vec![file("test", "envs/test.yaml", "variables: {1st: 1, second: 2}\n")];
    let compiled = compile(&project, &["main"]).unwrap();
    let found: Vec<_> = compiled.diagnostics.iter().map(|d| format!("{} {}", d.span.as_ref().unwrap().file.path, d.message)).collect();
    assert_eq!(
        found,
        [
            "envs/test.yaml the name of the variable '1st' starts with a digit",
            "project.yaml the name of the variable 'a b' has a space in it",
            "sources/api.yaml the variables 'Key' and 'key' differ in capitals only",
        ]
    );
}

#[test]
fn sources_are_unused_only_where_the_whole_project_is_looked_at() {
    let flows = [("main", "- {op: execute, source: warehouse, statement: select 1}\n"), ("bad", "- {op: execte, source: api}\n")];
    let unused = |flows: &[(&str, &str)], names: &[&str]| {
        let compiled = compile(&with_flows(flows, Options::default()), names).unwrap();
        let found = compiled.diagnostics.into_iter().filter(|d| d.code == "R210");
        found.map(|d| d.span.unwrap().file.path.clone()).collect::<Vec<_>>()
    };
    assert_eq!(unused(&flows[..1], &[]), ["sources/api.yaml"], "stage is the default");
    assert_eq!(unused(&flows[..1], &["main"]), [""; 0]);
    assert_eq!(unused(&flows, &[]), [""; 0], "a step that cannot be read names it");
}

/// Every beginning of every fixture, and every fixture without one of its lines, gives a plan or faults, and never a panic or an internal fault.
#[test]
fn broken_files_are_reported() {
    for folder in ["flows/ok", "flows/err"] {
        for entry in std::fs::read_dir(fixture(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|e| e != "yaml") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            let without = (0..lines.len()).map(|i| [&lines[..i], &lines[i + 1..]].concat().join("\n"));
            let beginnings = text.char_indices().step_by(17).map(|(i, _)| text[..i].to_owned());
            for text in without.chain(beginnings) {
                let compiled = compile(&with_flows(&[("main", &text)], Options::default()), &["main"]);
                let compiled = compiled.unwrap_or_else(|e| panic!("{}: {e}\n{text}", path.display()));
                assert_eq!(compiled.plan.is_some(), !compiled.has_errors());
            }
        }
    }
}
