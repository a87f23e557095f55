//! `sequor graph`: what it prints is read by the programs it is written for.
//!
//! No parser of Mermaid is installed: it needs Node and a document. What is printed for it is compared in `plan-format/tests/drawing.rs`.

#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

use sequor_tests::program::Project;
use sequor_tests::readers;

/// Names and texts that each notation could read as something of its own.
const FLOW: &str = r#"steps:
  - {op: set_variable, id: end, set: {a: "\" \\ ; # %% <b> & ]] } }"}}
  - op: for_each
    id: subgraph
    items: [1, 2]
    as: n
    steps:
      - op: if
        id: choose
        title: "-->|no| \\l `x` &quot; </title>"
        condition_expression: var('n') < 2
        then: [{op: continue}]
        else: [{op: run_flow, id: call, flow: other}]
  - op: try
    id: guarded
    steps: [{op: fail, message: "日本語 😀"}]
    catch: [{steps: []}]
    finally: [{op: print, message: end}]
"#;

fn project() -> Project {
    Project::of(&[("project.yaml", "name: shop\n"), ("flows/main.yaml", FLOW), ("flows/other.yaml", "- {op: print, message: hello}\n")])
}

/// Draws the flow into a file and has it read: what was found in it. `None` where no readers are installed.
fn read(format: &str) -> Option<String> {
    let project = project();
    let ran = project.sequor(["graph", "main", "--format", format, "-o", "drawing"]).ended(0);
    assert_eq!(ran.stdout, "", "the file has all of it");
    Some(readers::read(&[format, &project.path().join("drawing").display().to_string()])?.ended(0).stdout)
}

#[test]
fn graphviz_gets_a_graph() {
    let Some(found) = read("dot") else { return };
    assert_eq!(found, "13 nodes, 15 edges, 7 clusters\n");
}

#[test]
fn browsers_get_a_picture() {
    let Some(found) = read("svg") else { return };
    assert_eq!(found, "9 steps\n");
}

#[test]
fn a_run_is_drawn_by_its_stored_plan() {
    let project = project();
    let _ = project.sequor(["run", "other"]).ended(0);
    let runs: serde_json::Value = serde_json::from_str(&project.sequor(["runs", "--json"]).ended(0).stdout).expect("JSON");
    let run = runs["run"].as_str().expect("a name");
    project.write("flows/other.yaml", "- {op: print, message: something else}\n");
    let drawn = project.sequor(["graph", run]).ended(0).stdout;
    assert!(drawn.contains("\"hello\"") && !drawn.contains("something else"), "{drawn}");
}
